"""Blobs in a bucket of Cloud Storage.

Writing is one resumable upload in chunks, of a stream that is pulled: it becomes an object only with its last chunk, so
what fails on the way leaves nothing (`Blob.open("wb")` would finish a broken upload when it is garbage-collected).
Reading fixes the generation first and fetches ranges of it, so a blob that is replaced meanwhile is not mixed with the
new one. Both ways the CRC32C that Cloud Storage keeps is compared with what passed through here.
"""

import base64
import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import google.auth
import google_crc32c
from google.api_core.exceptions import GoogleAPIError, NotFound
from google.auth.credentials import Signing
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage  # type: ignore[attr-defined]  # it ships no types
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse  # type: ignore[import-untyped]
from google.cloud.storage.retry import DEFAULT_RETRY  # type: ignore[import-untyped]
from requests import RequestException

from functions.adapters.blob_names import BLOCK, check_name, check_prefix
from functions.domain.errors import BlobMissing, Unavailable
from functions.domain.ports import BlobInfo, SignedUpload

_TYPE = "application/octet-stream"
_SIGNING_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_CHUNK = 8 * BLOCK  # 2 MiB: 13 requests for 25 MB, and no more memory than that


class CloudStorageBlobs:
    def __init__(self, bucket: str, *, deadline: float = 20, timeout: float = 10) -> None:
        """Connects at the first call; STORAGE_EMULATOR_HOST is the SDK's to read, then.

        `deadline`: seconds of retries for one request, where the SDK would take 120; `timeout`: seconds for one try.
        """
        self._name = bucket
        self._options: dict[str, Any] = {"retry": DEFAULT_RETRY.with_timeout(deadline), "timeout": timeout}
        self._lock = threading.Lock()
        self._client: Any = None
        self._credentials: Any = None

    def write(self, name: str, blocks: Iterable[bytes]) -> BlobInfo:
        check_name(name)
        stream = _Stream(blocks)
        with self._translated(stream):
            blob = self._bucket().blob(name, chunk_size=_CHUNK)
            blob.upload_from_file(stream, content_type=_TYPE, checksum="crc32c", **self._options)
        return BlobInfo(name, stream.tell(), stream.sha256.hexdigest())

    def read(self, name: str) -> Iterator[bytes]:
        check_name(name)
        with self._translated():
            blob = self._bucket().get_blob(name, **self._options)
        if blob is None:
            raise BlobMissing(name)
        return self._blocks(blob)

    def delete(self, name: str) -> None:
        check_name(name)
        with self._translated():
            try:
                self._bucket().blob(name).delete(**self._options)
            except NotFound:
                return

    def delete_all(self, prefix: str) -> None:
        check_prefix(prefix)
        with self._translated():
            bucket = self._bucket()
            for blob in list(bucket.list_blobs(prefix=prefix, fields="items(name),nextPageToken", **self._options)):
                self.delete(blob.name)

    def upload_url(self, name: str, size: int, expires_at: datetime) -> SignedUpload:
        """A V4 signed URL (https://cloud.google.com/storage/docs/access-control/signed-urls).

        Its headers are signed too: `x-goog-content-length-range` holds the size, and with generation 0 as the
        condition an object that is there can't be replaced, so what was looked at stays what it is.
        """
        check_name(name)
        headers = {"x-goog-content-length-range": f"{size},{size}", "x-goog-if-generation-match": "0"}
        with self._translated():
            url = (
                self._bucket()
                .blob(name)
                .generate_signed_url(
                    version="v4",
                    method="PUT",
                    expiration=expires_at,
                    content_type=_TYPE,
                    headers=dict(headers),  # it adds to them
                    **self._signer(),
                )
            )
        return SignedUpload("PUT", url, {"Content-Type": _TYPE, **headers}, expires_at)

    def _signer(self) -> dict[str, Any]:
        """With a key of its own where there is one; a function has none, and signs through IAM's signBlob."""
        with self._lock:
            if self._credentials is None:
                self._credentials, _ = google.auth.default(scopes=[_SIGNING_SCOPE])
            credentials = self._credentials
            if isinstance(credentials, Signing):
                return {"credentials": credentials}
            if not credentials.valid:
                from google.auth.transport.requests import Request

                credentials.refresh(Request())  # which also tells a service account its address
        email = getattr(credentials, "service_account_email", "")
        if not email:
            raise Unavailable(
                "These Google credentials can't sign upload URLs.",
                remedy="Run as a service account that has roles/iam.serviceAccountTokenCreator on itself.",
            )
        return {"service_account_email": email, "access_token": credentials.token}

    def _bucket(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = storage.Client(project=None)  # only a bucket's own making would need one
            return self._client.bucket(self._name)

    def _blocks(self, blob: Any) -> Iterator[bytes]:
        crc = 0
        for start in range(0, blob.size, _CHUNK):
            with self._translated():
                chunk = blob.download_as_bytes(start=start, end=start + _CHUNK - 1, checksum=None, **self._options)
            crc = google_crc32c.extend(crc, chunk)
            yield from (chunk[place : place + BLOCK] for place in range(0, len(chunk), BLOCK))
        if base64.b64encode(crc.to_bytes(4)).decode() != blob.crc32c:
            raise Unavailable(f"The blob {blob.name} did not arrive as it is stored.")

    @contextmanager
    def _translated(self, stream: "_Stream | None" = None) -> Iterator[None]:
        try:
            yield
        except (GoogleAPIError, GoogleAuthError, RequestException, InvalidResponse, DataCorruption) as exc:
            if stream and stream.failure:
                raise stream.failure  # noqa: B904 -- the caller's own, as it was
            raise Unavailable(
                f"The bucket {self._name} did not do what was asked: {type(exc).__name__}.",
                remedy=f"Check that gs://{self._name} exists, with roles/storage.objectUser for the service account.",
            ) from exc


class _Stream:
    """As much of a file as an upload reads, over blocks of any size."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._rest = bytearray()
        self._place = 0
        self.sha256 = hashlib.sha256()
        self.failure: BaseException | None = None

    def tell(self) -> int:
        return self._place

    def read(self, size: int) -> bytes:
        try:
            while len(self._rest) < size and (block := next(self._blocks, None)) is not None:
                self._rest += block
        except BaseException as exc:
            self.failure = exc
            raise
        data = bytes(self._rest[:size])
        del self._rest[:size]
        self.sha256.update(data)
        self._place += len(data)
        return data
