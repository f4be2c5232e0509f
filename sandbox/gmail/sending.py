"""messages.send in its four forms: JSON, and uploads as media, multipart or resumable."""

import threading
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.http import parse_options_header

from sandbox.errors import GoogleError, invalid_argument, not_found
from sandbox.gmail.access import MAY_SEND, caller, gmail_method
from sandbox.gmail.delivery import deliver
from sandbox.gmail.parsing import Upload
from sandbox.gmail.uploads import (
    MAX_MESSAGE,
    MULTIPART_OVERHEAD,
    decode_raw,
    incoming,
    message_resource,
    read_message_json,
    split_related,
    spool,
    too_large,
)
from sandbox.methods import method
from sandbox.readers.automatic import answer_soon
from sandbox.state import current

blueprint = Blueprint("gmail_sending", __name__)

NOTHING_TO_SEND = "'raw' RFC822 payload message string or uploading message via /upload/* URL required"


@dataclass
class Session:
    """A resumable upload in progress."""

    path: Path
    thread_id: str | None
    email: str


_sessions: dict[str, Session] = {}
_opening = threading.Lock()


@blueprint.post("/gmail/v1/users/<user>/messages/send")
@gmail_method("send", MAY_SEND)
def send_json(user: str) -> Response:  # noqa: ARG001 - checked by gmail_method
    given = read_message_json()
    if not given.get("raw"):
        raise invalid_argument(NOTHING_TO_SEND)
    raw = decode_raw(given["raw"])
    with incoming() as path:
        path.write_bytes(raw)
        return _send(Upload(path, 0, len(raw)), given.get("threadId"))


@blueprint.post("/upload/gmail/v1/users/<user>/messages/send")
def upload(user: str) -> Response:
    if request.args.get("uploadType") == "resumable":
        return start_resumable(user)
    return upload_at_once(user)


@gmail_method("send", MAY_SEND)
def upload_at_once(user: str) -> Response:  # noqa: ARG001
    kind = request.args.get("uploadType")
    content_type, options = parse_options_header(request.headers.get("Content-Type", ""))
    with incoming() as path:
        if kind == "media":
            _require_message(content_type)
            size = spool(request.stream, path, MAX_MESSAGE, request.content_length)
            return _send(Upload(path, 0, size), None)
        if kind == "multipart":
            if content_type != "multipart/related" or not options.get("boundary"):
                raise _unsupported(content_type, "multipart/related")
            size = spool(request.stream, path, MAX_MESSAGE + MULTIPART_OVERHEAD, request.content_length)
            resource, message = split_related(path, size, options["boundary"])
            return _send(message, resource.get("threadId"))
        raise GoogleError(400, "badRequest", "Invalid upload request: uploadType is media, multipart or resumable.")


@gmail_method("upload.start", MAY_SEND)
def start_resumable(user: str) -> Response:
    _require_message(request.headers.get("X-Upload-Content-Type", "message/rfc822"))
    announced = request.headers.get("X-Upload-Content-Length", "0")
    if announced.isdigit() and int(announced) > MAX_MESSAGE:
        raise too_large(MAX_MESSAGE)
    resource = message_resource(request.get_data())
    with incoming() as path:
        path.touch()
    with _opening:
        _sessions[path.stem] = Session(path, resource.get("threadId"), caller().email)
    where = f"{current().public_url}/upload/gmail/v1/users/{user}/messages/send?uploadType=resumable"
    response = Response(status=200)
    response.headers["Location"] = f"{where}&upload_id={path.stem}"
    response.headers["X-GUploader-UploadID"] = path.stem
    return response


def _session_account() -> str | None:
    """The upload's URL is itself the credential."""
    sandbox, session = current(), _sessions.get(request.args.get("upload_id", ""))
    g.person = None if session is None else sandbox.people.get(session.email)
    return None if session is None else session.email


@blueprint.put("/upload/gmail/v1/users/<user>/messages/send")
@method("send", _session_account)
def continue_resumable(user: str) -> Response:  # noqa: ARG001
    """Takes a chunk (308 with the Range so far) or the last one, with which the message is sent."""
    id_ = request.args.get("upload_id", "")
    session = _sessions.get(id_)
    if session is None:
        raise not_found()
    total = _total(request.headers.get("Content-Range"))
    size = spool(request.stream, session.path, MAX_MESSAGE, request.content_length)
    if total is None or size < total:
        answer = Response(status=308)
        if size:
            answer.headers["Range"] = f"bytes=0-{size - 1}"
        return answer
    with _opening:
        if _sessions.pop(id_, None) is None:
            raise not_found()
    try:
        return _send(Upload(session.path, 0, size), session.thread_id)
    except GoogleError:
        session.path.unlink(missing_ok=True)
        raise


def _total(content_range: str | None) -> int | None:
    """The length of the whole upload, None while it is not told (`bytes 0-9/*`); 0 when this is all of it."""
    if content_range is None:
        return 0
    total = content_range.rpartition("/")[2]
    return int(total) if total.isdigit() else None


def _send(message: Upload, thread_id: str | None) -> Response:
    if not message.size:
        raise invalid_argument(NOTHING_TO_SEND)
    sent = deliver(current(), caller(), message, thread_id, g.fault)
    answer_soon(current(), sent)
    return jsonify({"id": sent.id, "threadId": sent.thread_id, "labelIds": list(sent.labels)})


def _require_message(content_type: str) -> None:
    if not content_type.startswith("message/"):
        raise _unsupported(content_type, "message/*")


def _unsupported(content_type: str, wanted: str) -> GoogleError:
    message = f"Media type '{content_type}' is not supported. Valid media types: [{wanted}]"
    return GoogleError(400, "badContent", message)
