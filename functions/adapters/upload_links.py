"""Signed upload URLs for the store of a laptop: what Cloud Storage's are in the cloud, served by this very service."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import quote

from functions.adapters.file_blobs import FileBlobs
from functions.domain import times
from functions.domain.errors import Conflict, Forbidden, InvalidRequest, PreconditionFailed
from functions.domain.ports import Clock, Sealer, SignedUpload, Unsealable

_CONTEXT = "upload"  # nothing else that is sealed with the same key opens as one of these


class UploadLinks:
    """The token is sealed, not only signed: a blob's name is nobody's business."""

    def __init__(self, sealer: Sealer, url: str, clock: Clock) -> None:
        self._sealer = sealer
        self._url = url
        self._clock = clock

    def sign(self, name: str, size: int, expires_at: datetime) -> SignedUpload:
        grant = json.dumps([name, size, expires_at.isoformat()]).encode()
        token = quote(self._sealer.seal(grant, _CONTEXT))
        headers = {"Content-Type": "application/octet-stream"}
        return SignedUpload("PUT", f"{self._url}?token={token}", headers, expires_at)

    def take(self, blobs: FileBlobs, token: str, blocks: Iterable[bytes]) -> None:
        """Store the blob that the token is for. Raises Forbidden, Conflict, InvalidRequest, Unavailable."""
        try:
            name, size, until = json.loads(self._sealer.open(token, _CONTEXT))
        except Unsealable:
            raise Forbidden("This upload URL is not valid.", remedy="Use it exactly as it was given.") from None
        expires_at = times.parse(until)
        if expires_at is None or expires_at <= self._clock():
            raise Forbidden("This upload URL has expired.", remedy="Ask for a new one with POST …/attachments/.")
        try:
            blobs.write(name, _exactly(size, blocks), once=True)
        except PreconditionFailed:
            raise Conflict("The file has been uploaded already.", remedy="Go on with POST …/complete/.") from None


def _exactly(size: int, blocks: Iterable[bytes]) -> Iterator[bytes]:
    left = size
    for block in blocks:
        left -= len(block)
        if left < 0:
            break
        yield block
    if left:
        raise InvalidRequest(f"The file must have {size} bytes, as was announced.")
