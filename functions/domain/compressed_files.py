"""One file that is compressed by itself: gzip (RFC 1952) and bzip2. What is in it is looked at as it is unpacked."""

import zlib
from typing import Any

from functions.domain.archives import Place

UNPACK_STEP = 64 << 10  # bytes
_MEMBER = 4  # headers: what it costs to begin another member, of which an empty one has nothing to unpack
_HAS_EXTRA, _HAS_NAME = 1 << 2, 1 << 3
_TAR = {"tgz": "tar", "taz": "tar", "tbz": "tar", "tbz2": "tar"}


class Gzip:
    def __init__(self, place: Place, name: str) -> None:
        self._place = place
        self._reader = place.alone(_inner_name(name))
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._begun = False
        self._broken = False

    def feed(self, data: bytes) -> None:
        if not self._begun:
            self._begun = True
            if name := _gzip_name(data):
                self._place.see(name)
        while data and not self._broken and not self._place.findings.done:
            try:
                out = self._inflate.decompress(data, UNPACK_STEP)
            except zlib.error:
                self._broken = True
                return
            self._place.findings.budget.unpacked -= len(out)
            self._reader.feed(out)
            if self._inflate.eof:  # another member may follow (§2.2)
                self._place.findings.budget.headers -= _MEMBER
                data = self._inflate.unused_data
                self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
            else:
                data = self._inflate.unconsumed_tail

    def close(self) -> None:
        self._reader.close()


class Bzip2:
    def __init__(self, place: Place, name: str) -> None:
        self._place = place
        self._reader = place.alone(_inner_name(name))
        self._unpack: Any = None
        self._broken = False

    def feed(self, data: bytes) -> None:
        from bz2 import BZ2Decompressor

        while not self._broken and not self._place.findings.done:
            if self._unpack is None or self._unpack.eof:
                self._place.findings.budget.headers -= _MEMBER
                data = self._unpack.unused_data if self._unpack else data
                self._unpack = BZ2Decompressor()
            if not data and self._unpack.needs_input:
                return
            try:
                out = self._unpack.decompress(data, UNPACK_STEP)
            except (OSError, ValueError):
                self._broken = True
                return
            data = b""  # it keeps what it has not come to
            self._place.findings.budget.unpacked -= len(out)
            self._reader.feed(out)

    def close(self) -> None:
        self._reader.close()


def _gzip_name(head: bytes) -> str:
    """The name that the file had before (§2.3.1)."""
    flags, at = head[3] if len(head) > 3 else 0, 10
    if flags & _HAS_EXTRA:
        at += 2 + int.from_bytes(head[at : at + 2], "little")
    return head[at:].partition(b"\0")[0].decode("latin-1") if flags & _HAS_NAME else ""


def _inner_name(name: str) -> str:
    stem, _, extension = name.rpartition(".")
    return f"{stem or name}.{inner}" if (inner := _TAR.get(extension.lower())) else stem or name
