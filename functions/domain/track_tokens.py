"""What a tracking link carries, as bytes, before it is sealed. No I/O, no keys.

    id of the owner │ id of the send │ day of issue (2 bytes, days since 1970) │ the rest, by kind

An id is a length byte and so many ASCII characters behind its prefix; length 0 stands for 16 raw bytes, which is what
nearly every id is made of. The rest is nothing for an open; for a click the link's index (2 bytes), a byte that says
whether the URL is deflated, and the URL; for an unsubscribe the address.

The kind is not in the bytes: each kind is sealed for a context of its own, so one never opens as another.
"""

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Kind = Literal["open", "click", "unsubscribe"]

LIFE = timedelta(days=400)  # of opens and clicks. An unsubscribe link works for as long as its key is kept
_EPOCH = date(1970, 1, 1)
_RAW = 16  # bytes of an id
_URL_LIMIT = 16 << 10  # bytes, once inflated
_WINDOW = -12  # raw deflate over 4 KiB: setting up a larger one takes longer than the packing
# Pieces that URLs in mails are made of, the commonest last (RFC 1950 §2.2: they are cheapest there). Never change it:
# links that were sent before would lead nowhere. A new dictionary needs a new number in `_click`.
_WORDS = (
    b".html.php.aspx/index/account/login/verify/reset-password/confirm?token=&email=/orders/invoice/products/blog/"
    b"articles/2026/2027/unsubscribe/docs.google.com/document/d/https://calendly.com/https://www.linkedin.com/in/"
    b"https://www.facebook.com/https://www.instagram.com/https://www.youtube.com/watch?v=https://x.com/"
    b"https://github.com/utm_id=&mc_cid=&mc_eid=&gclid=&utm_term=&utm_content=&utm_source=newsletter&utm_medium=email"
    b"&utm_campaign=?utm_source=&id=&ref=http://https://www..org/.net/.de/.co.uk/.com/en/https://"
)


@dataclass(frozen=True, slots=True)
class Tracked:
    """Whose link it is. `index` and `url` of a click, `address` of an unsubscribe."""

    kind: Kind
    owner: str
    send: str
    issued: date
    index: int = 0
    url: str = ""
    address: str = ""

    def expired(self, now: datetime) -> bool:
        return self.kind != "unsubscribe" and now.astimezone(UTC).date() - self.issued > LIFE


def pack(tracked: Tracked) -> bytes:
    """Raises ValueError for what no link can carry."""
    try:
        day = struct.pack(">H", (tracked.issued - _EPOCH).days)
        head = _pack_id("own_", tracked.owner) + _pack_id("snd_", tracked.send) + day
        if tracked.kind == "click":
            return head + _click(tracked.index, tracked.url.encode("ascii"))
        return head + tracked.address.encode()
    except (struct.error, UnicodeEncodeError) as exc:
        raise ValueError("too much for a link") from exc


def unpack(kind: Kind, packed: bytes) -> Tracked:
    """Raises ValueError: these are not the bytes of such a link."""
    owner, rest = _unpack_id("own_", packed)
    send, rest = _unpack_id("snd_", rest)
    try:
        (days,) = struct.unpack_from(">H", rest)
        issued, rest = _EPOCH + timedelta(days=days), rest[2:]
        if kind == "click":
            index, deflated = struct.unpack_from(">H?", rest)
            url = _inflate(rest[3:]) if deflated else rest[3:]
            return Tracked(kind, owner, send, issued, index=index, url=url.decode("ascii"))
    except (struct.error, zlib.error, UnicodeDecodeError) as exc:
        raise ValueError("too short, or damaged") from exc
    if kind == "open" and rest:
        raise ValueError("more than an open carries")
    return Tracked(kind, owner, send, issued, address=rest.decode())


def _click(index: int, url: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, _WINDOW, 1, zlib.Z_DEFAULT_STRATEGY, _WORDS)
    deflated = packer.compress(url) + packer.flush()
    smaller = len(deflated) < len(url)
    return struct.pack(">H?", index, smaller) + (deflated if smaller else url)


def _inflate(deflated: bytes) -> bytes:
    reader = zlib.decompressobj(_WINDOW, _WORDS)
    found = reader.decompress(deflated, _URL_LIMIT)
    if not reader.eof or reader.unused_data:
        raise ValueError("not one URL")
    return found


def _pack_id(prefix: str, value: str) -> bytes:
    if not value.startswith(prefix):
        raise ValueError(f"not an id of the kind {prefix}")
    name = value.removeprefix(prefix)
    try:
        raw = base64.b32hexdecode(name.upper() + "=" * (-len(name) % 8))
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) == _RAW and _name(raw) == name:
        return b"\0" + raw
    return struct.pack("B", len(name)) + name.encode("ascii")  # such as own_local


def _unpack_id(prefix: str, packed: bytes) -> tuple[str, bytes]:
    length = packed[0] if packed else 0
    size = length or _RAW
    field, rest = packed[1 : 1 + size], packed[1 + size :]
    if len(field) != size:
        raise ValueError("too short")
    return prefix + (field.decode("ascii") if length else _name(field)), rest


def _name(raw: bytes) -> str:
    return base64.b32hexencode(raw).decode("ascii").rstrip("=").lower()
