"""The names in a ZIP, read as its bytes pass (PKWARE's APPNOTE.TXT, 4.3).

A ZIP says each name twice: before the file's bytes, and in the directory at the end. Both places begin with a mark, so
both are found by looking for marks; no end has to be seen, no directory kept, and a ZIP with something in front of it,
or cut short, is read as well. A mark among a file's own bytes is told by what follows it, or it is a ZIP that was
stored inside uncompressed, whose names count anyway.
"""

import zlib
from struct import Struct

from functions.domain.archives import Place, Reader

_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
_LOCAL_HEADER = Struct("<4x2B3H2xIIIHH")  # version, system, flags, method, time; CRC, sizes, name, extra
_CENTRAL_HEADER = Struct("<4x2x2B2H4xIIIHH")
_LONGEST_NAME = 4096
_NEWEST = 63  # the version 6.3 of the format, the last one that asks for anything
_METHODS = frozenset((*range(20), *range(91, 100)))
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 1 << 0, 1 << 3, 1 << 11
_IN_ZIP64 = 0xFFFFFFFF
UNPACK_STEP = 64 << 10  # bytes


class ZipNames:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._rest = b""  # the beginning of a header that has not come whole
        self._entry: _Stored | _Deflated | None = None

    def feed(self, data: bytes) -> None:
        data, self._rest = self._rest + data, b""
        at: int | None = 0
        while at is not None and not self._place.findings.done:
            if self._entry:
                data, at = self._entry.feed(data[at:]), 0
                if not self._entry.ended:
                    return
                self._entry = None
            at = self._header(data, at)

    def close(self) -> None:
        if self._entry:
            self._entry.reader.close()

    def _header(self, data: bytes, start: int) -> int | None:
        """Reads up to the end of the next header; None when all was looked at."""
        at = data.find(b"PK", start)
        if at < 0:
            self._rest = b"P" if data.endswith(b"P") else b""
            return None
        self._place.findings.budget.headers -= 1
        mark = data[at : at + 4]
        if len(mark) < 4:
            self._rest = data[at:]
            return None
        if mark == _LOCAL:
            return self._local(data, at)
        return self._central(data, at) if mark == _CENTRAL else at + 2

    def _local(self, data: bytes, at: int) -> int | None:
        begin = at + _LOCAL_HEADER.size
        if len(data) < begin:
            self._rest = data[at:]
            return None
        fields: tuple[int, ...] = _LOCAL_HEADER.unpack_from(data, at)
        version, _, flags, method, _, _, packed, _, named, extra = fields
        if not _possible(version, method, named):
            return at + 4
        if len(data) < begin + named + extra:
            self._rest = data[at:]
            return None
        name = _decoded(data[begin : begin + named], flags)
        self._place.see(name, encrypted=bool(flags & _ENCRYPTED))
        if not flags & _ENCRYPTED and (reader := self._place.within(name)):
            if method == _DEFLATED:
                self._entry = _Deflated(self._place, reader)
            elif method == _STORED and not flags & _SIZES_FOLLOW and packed != _IN_ZIP64:
                self._entry = _Stored(reader, packed)
        return begin + named + extra

    def _central(self, data: bytes, at: int) -> int | None:
        begin = at + 46
        if len(data) < begin:
            self._rest = data[at:]
            return None
        fields: tuple[int, ...] = _CENTRAL_HEADER.unpack_from(data, at)
        version, _, flags, method, _, _, _, named, _ = fields
        if not _possible(version, method, named):
            return at + 4
        if len(data) < begin + named:
            self._rest = data[at:]
            return None
        self._place.see(_decoded(data[begin : begin + named], flags), encrypted=bool(flags & _ENCRYPTED))
        return begin + named


def _possible(version: int, method: int, named: int) -> bool:
    return version <= _NEWEST and method in _METHODS and 0 < named <= _LONGEST_NAME


def _decoded(name: bytes, flags: int) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("utf-8" if flags & _UTF8 else "cp437", "replace")


class _Stored:
    """An archive that lies in the ZIP as it is."""

    def __init__(self, reader: Reader, size: int) -> None:
        self.reader = reader
        self._left = size
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """What is behind its end."""
        mine, rest = data[: self._left], data[self._left :]
        self._left -= len(mine)
        self.reader.feed(mine)
        if not self._left:
            self.ended = True
            self.reader.close()
        return rest


class _Deflated:
    """An archive that is compressed in the ZIP. Where it ends, its own bytes say (RFC 1951 §3.2.3)."""

    def __init__(self, place: Place, reader: Reader) -> None:
        self._place = place
        self.reader = reader
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """What is behind its end; all of it where this is not what it claims to be."""
        while data and not self._place.findings.done:
            try:
                out = self._inflate.decompress(data, UNPACK_STEP)
            except zlib.error:
                self.ended = True
                return data
            self._place.findings.budget.unpacked -= len(out)
            self.reader.feed(out)
            if self._inflate.eof:
                self.ended = True
                self.reader.close()
                return self._inflate.unused_data
            data = self._inflate.unconsumed_tail
        return b""
