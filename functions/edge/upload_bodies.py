"""The three ways to hand in a file: a form, the file itself as the body, or JSON that asks for an upload URL."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from werkzeug.http import parse_options_header
from werkzeug.wrappers import Request

from functions.domain import attachments
from functions.domain.attachment_rules import content_type_problem, filename_problem, guess_content_type
from functions.domain.attachments import FILE_LIMIT, StoredAttachment, UploadRequest
from functions.domain.errors import InvalidRequest, PayloadTooLarge
from functions.domain.fields import Fields, Problems
from functions.domain.ports import SignedUpload
from functions.edge import bodies, multipart, queries
from functions.edge.endpoint import Call
from functions.edge.multipart import FilePart

JSON_LIMIT = 16 << 10  # bytes
_EXPIRY = ("expires_at", "expires_in")
# What clients say that don't know: curl calls every body a form.
_UNSAID = ("", "application/octet-stream", "application/x-www-form-urlencoded")


def received(call: Call) -> tuple[StoredAttachment, SignedUpload | None]:
    """The attachment, and for JSON the request that stores its file; JSON whose name stands beside it is a file itself.

    Raises InvalidRequest, InvalidJson, PayloadTooLarge, UnsupportedMediaType.
    """
    kind = call.request.mimetype
    if bodies.is_json(kind) and not _named(call.request):
        queries.known(call.request)
        asked = _upload_request(bodies.read_json(call.request, JSON_LIMIT), call.app.clock())
        return call.app.uploading.reserve(call.caller, asked)
    if kind == "multipart/form-data":
        queries.known(call.request)
        return multipart.one_file(call.request, _EXPIRY, lambda part: _stored(call, part)), None
    return _stored(call, _whole_body(call.request)), None


def take(call: Call) -> None:
    """Store what the URL in the query is for. Raises Forbidden, Conflict, InvalidRequest, NotFound."""
    token = queries.known(call.request, "token")["token"]
    bodies.check_readable(call.request, FILE_LIMIT)
    call.app.upload_links.take(call.app.local_blobs, token, bodies.blocks(call.request))


def _upload_request(body: dict[str, Any], now: datetime) -> UploadRequest:
    problems = Problems()
    asked = attachments.parse_upload(body, now, problems)
    problems.raise_as(InvalidRequest)
    return asked


def _stored(call: Call, part: FilePart) -> StoredAttachment:
    """Names are looked at before the bytes are read, what stands behind them after that."""
    content_type = part.content_type or guess_content_type(part.filename)
    problems = Problems()
    for name, problem in (
        ("/filename", filename_problem(part.filename)),
        ("/content_type", content_type_problem(content_type)),
    ):
        if problem:
            problems.add(name, problem)
    problems.raise_as(InvalidRequest)
    now = call.app.clock()
    return call.app.uploading.store(
        call.caller, part.filename, content_type, _limited(part.blocks), lambda: _expiry(part.rest(), now)
    )


def _named(request: Request) -> bool:
    return "filename" in request.args or "Content-Disposition" in request.headers


def _whole_body(request: Request) -> FilePart:
    bodies.check_readable(request, FILE_LIMIT)
    query = queries.known(request, "filename", *_EXPIRY)
    _, disposition = parse_options_header(_as_utf8(request.headers.get("Content-Disposition", "")))
    expiry = {name: query[name] for name in _EXPIRY if query[name]}
    kind = "" if request.mimetype in _UNSAID else multipart.content_type(request.headers)
    return FilePart(disposition.get("filename") or query["filename"], kind, bodies.blocks(request), lambda: expiry)


def _as_utf8(header: str) -> str:
    """WSGI reads a header's bytes as Latin-1 (PEP 3333); programs that write other letters there mean UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _expiry(given: dict[str, str], now: datetime) -> datetime:
    """All is text in a form and in a query."""
    values: dict[str, Any] = dict(given)
    seconds = given.get("expires_in", "")
    if seconds.isascii() and seconds.isdigit() and len(seconds) < 12:
        values["expires_in"] = int(seconds)
    problems = Problems()
    expires_at = attachments.parse_expiry(Fields(values, "", problems, _EXPIRY), now)
    problems.raise_as(InvalidRequest)
    return expires_at


def _limited(blocks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > FILE_LIMIT:
            raise PayloadTooLarge(f"A file may have at most {FILE_LIMIT} bytes.")
        yield block
