"""A message as it came in, read without holding more of it than its beginning."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sandbox.gmail import headers
from sandbox.gmail.headers import Field, MalformedMessage
from sandbox.gmail.messages import BLOCK, Body

MAX_HEAD = 1_048_576
PREVIEW = 65536  # bytes of the body that are indexed


@dataclass(frozen=True)
class Upload:
    """The message as it came in: `size` bytes of the file from `start` on."""

    path: Path
    start: int
    size: int


@dataclass(frozen=True)
class Parsed:
    head: bytes
    fields: list[Field]
    body: Body
    preview: bytes
    sha256: str


def parse(upload: Upload) -> Parsed:
    """Raises MalformedMessage for what has no header block."""
    digest = hashlib.sha256()
    with upload.path.open("rb") as file:
        file.seek(upload.start)
        beginning = file.read(min(MAX_HEAD, upload.size))
        digest.update(beginning)
        left = upload.size - len(beginning)
        while left and (block := file.read(min(BLOCK, left))):
            digest.update(block)
            left -= len(block)
    ends = [(at, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := beginning.find(mark)) >= 0]
    if not ends and upload.size > len(beginning):
        raise MalformedMessage("Invalid header: too long")
    at, length = min(ends, default=(upload.size, 0))
    head, after = beginning[:at], at + length
    body = Body(upload.path.name, upload.start + after, upload.size - after)
    preview = beginning[after : after + PREVIEW]
    return Parsed(head, headers.parse(head), body, preview, digest.hexdigest())
