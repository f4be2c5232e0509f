"""Blobs of what is not on record yet, and perhaps never will be."""

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from functions.domain.errors import Unavailable
from functions.domain.ports import BlobInfo, Blobs, SignedUpload


class Provisional:
    """The blobs under `prefix`. Whether they could be dropped changes no answer: nothing refers to one that stays. The
    blob store is asked only where one was written."""

    def __init__(self, blobs: Blobs, prefix: str) -> None:
        self.prefix = prefix
        self._blobs = blobs
        self._begun = False

    def drop(self) -> None:
        if self._begun:
            with contextlib.suppress(Unavailable):
                self._blobs.delete_all(self.prefix)

    def write(self, name: str, blocks: Iterable[bytes]) -> BlobInfo:
        self._begun = True
        return self._blobs.write(name, blocks)

    def read(self, name: str) -> Iterator[bytes]:
        return self._blobs.read(name)

    def delete(self, name: str) -> None:
        self._blobs.delete(name)

    def delete_all(self, prefix: str) -> None:
        self._blobs.delete_all(prefix)

    def upload_url(self, name: str, size: int, expires_at: datetime) -> SignedUpload:
        return self._blobs.upload_url(name, size, expires_at)
