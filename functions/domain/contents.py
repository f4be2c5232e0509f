"""The content of a send as it is stored: all that is needed to compose the same message again, byte for byte."""

import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from functions.domain.messages import Address

# A document holds 1 MiB. What is larger than these goes to the blob store, and what makes the document larger than it
# may be.
DOCUMENT = 900_000  # bytes: room for what an update adds, and for being counted in another way
INLINE_BODIES = 256 << 10  # bytes, compressed
INLINE_PART = 64 << 10  # bytes
INLINE_PARTS = 512 << 10  # bytes, of all parts together


@dataclass(frozen=True, slots=True)
class StoredHeader:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class StoredPart:
    """An attachment: its bytes in `data`, or in the blob named `blob`."""

    sparse: ClassVar = True
    filename: str
    content_type: str
    size: int
    sha256: str
    content_id: str = ""
    data: bytes = b""
    blob: str = ""
    shared: bool = False  # other sends refer to the blob, too


@dataclass(frozen=True)
class Content:
    sparse: ClassVar = True
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    subject: str
    date: datetime
    message_id: str
    bodies: bytes = b""  # see pack_bodies
    bodies_blob: str = ""
    parts: tuple[StoredPart, ...] = ()
    headers: tuple[StoredHeader, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    unsubscribe: str = ""
    thread_id: str | None = None
    expires_at: datetime | None = None
    gone: bool = False  # its blobs are being removed
    uncomposed: bool = False  # `bodies` is a sealed recipe, of which the message is made when it is due


def pack_bodies(text: str | None, html: str | None) -> bytes:
    return zlib.compress(json.dumps([text, html], ensure_ascii=False).encode(), 1)


def unpack_bodies(packed: bytes) -> tuple[str | None, str | None]:
    text, html = json.loads(zlib.decompress(packed))
    return text, html
