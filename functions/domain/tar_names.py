"""The names in a tar archive, read as its bytes pass (POSIX.1-2017 pax; GNU's long names)."""

from functions.domain.archives import Place, Reader

_BLOCK = 512
_LONG_LIMIT = 64 << 10  # bytes of a long name, or of a pax header
_FILES = (b"0", b"\0", b"7")


class TarNames:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._rest = b""
        self._left = 0  # bytes of the member that are still to come
        self._padding = 0
        self._reader: Reader | None = None
        self._long: bytearray | None = None  # being collected
        self._kind = b""
        self._name = ""  # of the next member, where it did not fit into its header
        self._broken = False

    def feed(self, data: bytes) -> None:
        data, self._rest = self._rest + data, b""
        at = 0
        while not self._broken and not self._place.findings.done:
            if self._left or self._padding:
                at = self._content(data, at)
                if self._left or self._padding:
                    return
            if len(data) - at < _BLOCK:
                self._rest = data[at:]
                return
            self._header(data[at : at + _BLOCK])
            at += _BLOCK

    def close(self) -> None:
        if self._reader:
            self._reader.close()

    def _content(self, data: bytes, at: int) -> int:
        mine = data[at : at + self._left]
        if self._reader:
            self._reader.feed(mine)
        elif self._long is not None and len(self._long) < _LONG_LIMIT:
            self._long += mine
        self._left -= len(mine)
        at += len(mine)
        if self._left:
            return at
        self._ended()
        skipped = min(self._padding, len(data) - at)
        self._padding -= skipped
        return at + skipped

    def _ended(self) -> None:
        if self._reader:
            self._reader.close()
            self._reader = None
        if self._long is not None:
            self._name = _long_name(self._kind, bytes(self._long))
            self._long = None

    def _header(self, block: bytes) -> None:
        if not any(block):
            return  # two of these are the end; what follows them is padding
        self._place.findings.budget.headers -= 1
        size = _number(block[124:136])
        if size is None or _number(block[148:156]) != sum(block[:148]) + 8 * 0x20 + sum(block[156:]):
            self._broken = True
            return
        self._kind = block[156:157]
        self._left, self._padding = size, -size % _BLOCK
        if self._kind in (b"L", b"x"):
            self._long = bytearray()
            return
        name, self._name = self._name or _short_name(block), ""
        if self._kind in _FILES:
            self._place.see(name)
            self._reader = self._place.within(name)


def _number(field: bytes) -> int | None:
    """Octal digits, or GNU's base 256 where the first bit is set."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ~(1 << (8 * len(field) - 1))
        return value if value < 1 << 60 else None
    digits = field.strip(b"\0 ")
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        return None


def _short_name(block: bytes) -> str:
    name, prefix = block[:100].partition(b"\0")[0], block[345:500].partition(b"\0")[0]
    whole = prefix + b"/" + name if prefix and block[257:263] == b"ustar\0" else name
    return whole.decode("utf-8", "replace")


def _long_name(kind: bytes, value: bytes) -> str:
    if kind == b"L":
        return value.partition(b"\0")[0].decode("utf-8", "replace")
    for line in value.split(b"\n"):  # "27 path=…"
        _, _, pair = line.partition(b" ")
        key, _, path = pair.partition(b"=")
        if key == b"path":
            return path.decode("utf-8", "replace")
    return ""
