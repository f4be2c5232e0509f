"""multipart/form-data as it arrives: file parts go to the blob store block by block, never into memory as a whole."""

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData
from werkzeug.wrappers import Request

from functions.domain.archives import Budget, Scan
from functions.domain.attachment_rules import content_type_problem
from functions.domain.contents import INLINE_PART
from functions.domain.errors import FieldError, InvalidMessage, InvalidRequest, PayloadTooLarge
from functions.domain.ports import Blobs
from functions.domain.send_requests import UploadedFile
from functions.edge.bodies import blocks, check_readable
from functions.services.contents import BlobSource, BytesSource

MESSAGE_LIMIT = 16 << 20  # bytes of the JSON part
BODY_LIMIT = 37_000_000  # bytes: Gmail takes 36.7 MB of MIME, and base64 only makes attachments longer
PARTS_LIMIT = 120
HELD_LIMIT = 1 << 20  # bytes outside of parts' contents that the decoder may hold back: headers, what is no part at all
FIELD_LIMIT = 1000  # bytes of a part that is no file
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")  # RFC 2046 §5.1.1


T = TypeVar("T")


@dataclass
class Form:
    """What a multipart request held. `parts` says what each file is: its name, type, content id and SHA-256. `budget`
    is what is left for looking into the message's own attachments."""

    message: bytes = b""
    files: list[UploadedFile] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)


def read(request: Request, blobs: Blobs, prefix: str) -> Form:
    """Raises InvalidRequest, InvalidMessage, PayloadTooLarge. What was stored by then is the caller's to delete."""
    with _decoded(request) as events:
        return _read(events, blobs, prefix)


@dataclass(frozen=True, slots=True)
class FilePart:
    """The one file of a form. `rest` reads what is behind it, and gives the values of all fields."""

    filename: str
    content_type: str  # "" where the caller does not know it
    blocks: Iterator[bytes]
    rest: Callable[[], dict[str, str]]


def one_file(request: Request, fields: Sequence[str], take: Callable[[FilePart], T]) -> T:
    """What `take` makes of a form's one file, under whatever name; it has to read `blocks`, then `rest`.

    Raises InvalidRequest, PayloadTooLarge.
    """
    found: dict[str, str] = {}
    with _decoded(request) as events:
        file = _fields_until_file(events, fields, found)
        if file is None:
            raise InvalidRequest("There is no part with a file and its name in this body.")

        def rest() -> dict[str, str]:
            if _fields_until_file(events, fields, found):
                raise InvalidRequest("There are two files in this body: upload one at a time.")
            return found

        return take(FilePart(file.filename or "", content_type(file.headers), _blocks(events), rest))


def _fields_until_file(events: Iterator[object], fields: Sequence[str], found: dict[str, str]) -> File | None:
    for event in events:
        if isinstance(event, File):
            return event
        if isinstance(event, Field):
            name = event.name or ""
            if name not in fields or name in found:
                raise InvalidRequest(
                    f"The part {name[:60]!r} is not known here, or there twice.",
                    remedy=f"Send one file, and with it only: {', '.join(fields)}.",
                )
            found[name] = _collect(_blocks(events), FIELD_LIMIT, name).decode("utf-8", "replace")
    return None


@contextmanager
def _decoded(request: Request) -> Iterator[Iterator[object]]:
    """The events of a multipart body; what goes wrong with reading them, in our words."""
    check_readable(request, BODY_LIMIT)
    boundary = request.mimetype_params.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise InvalidRequest("The multipart body's Content-Type names no valid boundary.")
    try:
        yield _events(request, boundary.encode("ascii"))
    except RequestEntityTooLarge as exc:
        raise PayloadTooLarge(f"The body may have at most {PARTS_LIMIT} parts.") from exc
    except (ValueError, HTTPException) as exc:
        raise InvalidRequest("The multipart body is malformed or ends too early.") from exc


def _read(events: Iterator[object], blobs: Blobs, prefix: str) -> Form:
    form = Form()
    seen_message = False
    for event in events:
        if isinstance(event, (Field, File)) and event.name == "message":
            if seen_message:
                raise InvalidRequest("There are two parts named `message`.")
            seen_message = True
            form.message = _collect(_blocks(events), MESSAGE_LIMIT, "message")
        elif isinstance(event, (Field, File)) and event.name in ("attachments", "attachments[]"):
            file = _file(event, _blocks(events), blobs, f"{prefix}{len(form.files)}", form.budget)
            if file is None:
                continue
            form.files.append(file)
            form.parts.append("\0".join((file.filename, file.content_type, file.content_id, file.sha256)).encode())
        elif isinstance(event, (Field, File)):
            name = (event.name or "")[:60]
            raise InvalidRequest(
                f"The part {name!r} is not known here.", remedy="Name the parts `message` and `attachments`."
            )
    if not seen_message:
        raise InvalidRequest("The part `message` with the message's JSON is missing.")
    return form


def _file(event: Field | File, blocks: Iterator[bytes], blobs: Blobs, name: str, budget: Budget) -> UploadedFile | None:
    """None for what is sent of a field in which no file was chosen: no name, and nothing in it."""
    if not isinstance(event, File) or not event.filename:
        if any(blocks):
            detail = "A part named `attachments` has no file name."
            raise InvalidMessage(f"/attachments: {detail}", errors=[FieldError("/attachments", detail)])
        return None
    scan = Scan(event.filename, budget)
    blocks = scan.through(blocks)
    # Small files stay in memory, to be stored with the message; the rest is written away as it comes.
    start = b""
    source: BlobSource | BytesSource
    for block in blocks:
        start += block
        if len(start) > INLINE_PART:
            stored = blobs.write(name, itertools.chain([start], blocks))
            size, digest, source = stored.size, stored.sha256, BlobSource(blobs, stored.name)
            break
    else:
        size, digest, source = len(start), hashlib.sha256(start).hexdigest(), BytesSource(start)
    return UploadedFile(
        event.filename,
        content_type(event.headers),
        size,
        digest,
        source,
        content_id=_content_id(event.headers),
        problem=scan.problem,
    )


def content_type(headers: Headers) -> str:
    """What the caller says that a file is; of the parameters a charset, as in `content_type` of JSON. Clients that
    don't know say octet-stream: then the name decides."""
    given, parameters = parse_options_header(headers.get("Content-Type", ""))
    given = given.lower()
    if given == "application/octet-stream":
        return ""
    whole = f"{given}; charset={parameters.get('charset')}"
    return given if "charset" not in parameters or content_type_problem(whole) else whole


def _content_id(headers: Headers) -> str:
    value = headers.get("Content-ID", "").strip()
    return value[1:-1] if value.startswith("<") and value.endswith(">") else value


def _events(request: Request, boundary: bytes) -> Iterator[object]:
    decoder = MultipartDecoder(boundary, max_form_memory_size=None, max_parts=PARTS_LIMIT)
    stream, size = blocks(request), 0
    while True:
        event = decoder.next_event()
        if isinstance(event, NeedData):
            block = next(stream, b"")
            size += len(block)
            if size > BODY_LIMIT:
                raise PayloadTooLarge(f"The body may have at most {BODY_LIMIT} bytes here.")
            if len(decoder.buffer) > HELD_LIMIT:
                raise ValueError("no boundary where one should be")
            decoder.receive_data(block or None)
            continue
        if isinstance(event, (Field, File)):
            _check_encoding(event.headers)
        yield event
        if isinstance(event, Epilogue):
            return


def _check_encoding(headers: Headers) -> None:
    """RFC 7578 §4.7 has parts come as they are. One that does not would be stored, and sent, in its encoding."""
    given = headers.get("Content-Transfer-Encoding", "binary").strip().lower()
    if given not in ("binary", "8bit", "7bit", ""):
        raise InvalidRequest(
            f"A part has the Content-Transfer-Encoding {given[:40]!r}.", remedy="Send each part as it is, unencoded."
        )


def _blocks(events: Iterator[object]) -> Iterator[bytes]:
    """The bytes of the part that has just begun."""
    for event in events:
        if not isinstance(event, Data):
            raise ValueError("a part ends in the middle")
        if event.data:
            yield bytes(event.data)
        if not event.more_data:
            return


def _collect(blocks: Iterator[bytes], limit: int, name: str) -> bytes:
    parts, size = [], 0
    for block in blocks:
        size += len(block)
        if size > limit:
            raise PayloadTooLarge(f"The part `{name}` may have at most {limit} bytes.")
        parts.append(block)
    return b"".join(parts)
