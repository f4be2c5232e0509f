"""Bodies of requests that carry a message, kept on disk while they come in."""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from flask import request

from sandbox.connections import ConnectionCut
from sandbox.errors import GoogleError, invalid_argument
from sandbox.gmail.messages import BLOCK
from sandbox.gmail.parsing import Upload
from sandbox.state import current

MAX_MESSAGE = 36_700_160  # bytes: the discovery document's maxSize of messages.send
MAX_JSON = 5 * 1024 * 1024
MULTIPART_OVERHEAD = 65536

MESSAGE_FIELDS = {
    "id",
    "threadId",
    "labelIds",
    "snippet",
    "historyId",
    "internalDate",
    "payload",
    "sizeEstimate",
    "raw",
} | {"classificationLabelValues"}


def too_large(limit: int) -> GoogleError:
    return GoogleError(413, "uploadTooLarge", f"Request payload size exceeds the limit: {limit} bytes.")


@contextmanager
def incoming() -> Iterator[Path]:
    """A new file among the mail, which goes away again unless the block succeeds."""
    path = current().store.mail / f"{secrets.token_hex(12)}.eml"
    try:
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def spool(stream: IO[bytes], path: Path, limit: int, announced: int | None) -> int:
    """Appends the body to the file and answers its new size. Raises GoogleError beyond `limit`; ConnectionCut where
    the client went away in the middle: half a message is none."""
    if announced is not None and announced > limit:
        raise too_large(limit)
    with path.open("ab") as file:
        start = file.tell()
        while block := stream.read(BLOCK):
            if file.tell() + len(block) > limit:
                raise too_large(limit)
            file.write(block)
        if announced is not None and file.tell() - start < announced:
            raise ConnectionCut("close")
        return file.tell()


def read_message_json() -> dict[str, Any]:
    """The Message resource in a JSON body; fields nobody knows are refused, as Google does."""
    if (request.content_length or 0) > MAX_JSON:
        raise too_large(MAX_JSON)
    text = request.stream.read(MAX_JSON + 1)
    if len(text) > MAX_JSON:
        raise too_large(MAX_JSON)
    return message_resource(text)


def message_resource(text: bytes) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        given = json.loads(text)
    except ValueError as exc:
        raise GoogleError(400, "parseError", f"Invalid JSON payload received. {exc}") from exc
    if not isinstance(given, dict):
        raise invalid_argument("Invalid JSON payload received. An object is expected.")
    for name in given:
        if name not in MESSAGE_FIELDS:
            raise invalid_argument(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    for name in ("raw", "threadId"):
        if not isinstance(given.get(name), str | None):
            raise invalid_argument(f"Invalid value at 'message.{name}'")
    return given


def decode_raw(text: str) -> bytes:
    """`raw` is base64url, with or without padding."""
    try:
        if not re.fullmatch(r"[A-Za-z0-9_-]*={0,2}", text):
            raise ValueError("an alien character")
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (ValueError, binascii.Error) as exc:
        raise invalid_argument("Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed") from exc


def split_related(path: Path, size: int, boundary: str) -> tuple[dict[str, Any], Upload]:
    """The two parts of a multipart/related upload: the resource, then the message. Raises GoogleError."""
    wrong = GoogleError(400, "badRequest", "Malformed multipart body.")
    mark = b"--" + boundary.encode("ascii", "replace")
    with path.open("rb") as file:
        beginning = file.read(2 * MULTIPART_OVERHEAD)
        file.seek(max(0, size - len(mark) - 64))
        tail_start, tail = file.tell(), file.read()
    pieces = re.split(rb"(?:^|\r?\n)" + re.escape(mark) + rb"[ \t]*\r?\n", beginning, maxsplit=2)
    end = tail.rfind(b"\n" + mark + b"--")
    if len(pieces) != 3 or end < 0:
        raise wrong
    end -= tail[end - 1 : end] == b"\r"
    resource = re.split(rb"\r?\n\r?\n", pieces[1], maxsplit=1)
    if len(resource) != 2 or b"application/json" not in resource[0].lower():
        raise wrong
    media_head = re.match(rb"(?:[!-9;-~]+:[^\r\n]*\r?\n)*\r?\n", pieces[2])
    if media_head is None or b"message/" not in media_head[0].lower():
        raise wrong
    start = len(beginning) - len(pieces[2]) + media_head.end()
    length = tail_start + end - start
    if length < 0:
        raise wrong
    if length > MAX_MESSAGE:
        raise too_large(MAX_MESSAGE)
    return message_resource(resource[1]), Upload(path, start, length)
