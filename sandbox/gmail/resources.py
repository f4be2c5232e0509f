"""Messages as the API shows them."""

import base64
import html
from email import message_from_bytes
from email.message import Message as Mime
from typing import Any

from sandbox.errors import invalid_argument
from sandbox.gmail import headers
from sandbox.gmail.headers import MalformedMessage
from sandbox.gmail.messages import Change, Message
from sandbox.gmail.parts import children_of, content_of, filename_of

FORMATS = ("minimal", "metadata", "full", "raw")
INLINE_LIMIT = 8192  # bytes of content up to which a part's data stands in the answer


def reference(message: Message) -> dict[str, Any]:
    return {"id": message.id, "threadId": message.thread_id}


def resource(message: Message, format_: str, wanted: list[str]) -> dict[str, Any]:
    """A Message resource; `wanted` limits the headers of format=metadata, case aside."""
    if format_ not in FORMATS:
        raise invalid_argument(f"Invalid value at 'format': \"{format_}\"")
    shown: dict[str, Any] = {
        **reference(message),
        "labelIds": list(message.labels),
        "snippet": html.escape(message.snippet),
        "sizeEstimate": message.size,
        "historyId": str(message.history_id),
        "internalDate": str(message.at),
    }
    if format_ == "raw":
        shown["raw"] = base64.urlsafe_b64encode(message.raw()).decode()
    elif format_ == "metadata":
        names = [name.lower() for name in wanted]
        all_headers = header_list(message.head)
        chosen = [header for header in all_headers if not names or header["name"].lower() in names]
        shown["payload"] = {"mimeType": message_from_bytes(message.head).get_content_type(), "headers": chosen}
    elif format_ == "full":
        shown["payload"] = _part(message_from_bytes(message.raw()), "")
        shown["payload"]["headers"] = header_list(message.head)
    return shown


def history_type(change: Change) -> str:
    return "labelRemoved" if change.label_removed else "messageAdded"


def history_record(change: Change) -> dict[str, Any]:
    labelled = {"message": {**reference(change.message), "labelIds": list(change.message.labels)}}
    record: dict[str, Any] = {"id": str(change.id), "messages": [reference(change.message)]}
    if change.label_removed:
        return {**record, "labelsRemoved": [{**labelled, "labelIds": [change.label_removed]}]}
    return {**record, "messagesAdded": [labelled]}


def header_list(block: bytes) -> list[dict[str, str]]:
    return [{"name": field.name, "value": field.value} for field in headers.parse(block)]


def attachment(message: Message, id_: str) -> bytes | None:
    """The content of the part that `body.attachmentId` named (`part-0.1`), None when there is none."""
    part = message_from_bytes(message.raw())
    prefix, _, path = id_.partition("-")
    if prefix != "part":
        return None
    for number in path.split(".") if path else []:
        children = children_of(part)
        if not number.isdigit() or int(number) >= len(children):
            return None
        part = children[int(number)]
    return content_of(part)


def _part(part: Mime, id_: str) -> dict[str, Any]:
    lines = b"".join(f"{name}: {value}\r\n".encode("utf-8", "replace") for name, value in part.items())
    try:
        listed = header_list(lines) if lines else []
    except MalformedMessage:
        listed = []
    filename = filename_of(part)
    shown: dict[str, Any] = {
        "partId": id_,
        "mimeType": part.get_content_type(),
        "filename": filename,
        "headers": listed,
        "body": {"size": 0},
    }
    if part.get_content_type() == "message/delivery-status":
        # Gmail shows the report as the text of a part within it:
        # https://github.com/oneshot-agent/oneshot-gtm/pull/30
        text = {"partId": f"{id_}.0", "mimeType": "text/plain", "filename": "", "headers": []}
        shown["parts"] = [{**text, "body": _inline(content_of(part))}]
        return shown
    if part.is_multipart():
        shown["parts"] = [_part(child, f"{id_}.{n}".lstrip(".")) for n, child in enumerate(children_of(part))]
        if part.get_content_type() == "message/rfc822":
            shown["body"] = {"attachmentId": f"part-{id_}", "size": len(content_of(part))}
        return shown
    content = content_of(part)
    if filename or len(content) > INLINE_LIMIT:
        shown["body"] = {"attachmentId": f"part-{id_}", "size": len(content)}
    else:
        shown["body"] = _inline(content)
    return shown


def _inline(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "data": base64.urlsafe_b64encode(content).decode()}
