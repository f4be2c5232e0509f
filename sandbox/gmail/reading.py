"""Everything of the Gmail API that only reads."""

import base64
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.errors import GoogleError, invalid_argument, not_found
from sandbox.gmail import resources, search
from sandbox.gmail.access import (
    MAY_READ,
    MAY_READ_CONTENT,
    MAY_READ_LABELS,
    MAY_READ_PROFILE,
    MAY_READ_SETTINGS,
    caller,
    gmail_method,
    only_metadata,
)
from sandbox.people import Person
from sandbox.state import current

blueprint = Blueprint("gmail_reading", __name__, url_prefix="/gmail/v1/users/<user>")

LABELS = ("INBOX", "SENT", "UNREAD", "DRAFT", "SPAM", "TRASH", "STARRED", "IMPORTANT")


@blueprint.get("/profile")
@gmail_method("getProfile", MAY_READ_PROFILE)
def get_profile(user: str) -> Response:  # noqa: ARG001 - checked by gmail_method, here and below
    sandbox, person = current(), caller()
    return jsonify(
        {
            "emailAddress": person.email,
            "messagesTotal": sandbox.mailboxes.count(person.email),
            "threadsTotal": sandbox.mailboxes.count_threads(person.email),
            "historyId": str(sandbox.mailboxes.history_id(person.email)),
        }
    )


@blueprint.get("/messages")
@gmail_method("messages.list", MAY_READ)
def list_messages(user: str) -> Response:  # noqa: ARG001
    query = request.args.get("q", "")
    if query and only_metadata():
        raise GoogleError(403, "forbidden", "Metadata scope does not support 'q' parameter")
    limit = _number("maxResults", 100, 1, 500)
    conditions = [*search.conditions(query), *(search.has_label(label) for label in request.args.getlist("labelIds"))]
    before = _page()
    found = current().mailboxes.search(caller().email, conditions, limit + 1, before)
    page = found[:limit]
    answer: dict[str, Any] = {"resultSizeEstimate": len(found)}
    if page:
        answer["messages"] = [resources.reference(message) for message in page]
    if len(found) > limit:
        answer["nextPageToken"] = base64.urlsafe_b64encode(page[-1].id.encode()).decode()
    return jsonify(answer)


@blueprint.get("/messages/<id_>")
@gmail_method("messages.get", MAY_READ)
def get_message(user: str, id_: str) -> Response:  # noqa: ARG001
    message = current().mailboxes.get(caller().email, id_)
    if message is None:
        raise not_found()
    return jsonify(resources.resource(message, _format(), request.args.getlist("metadataHeaders")))


@blueprint.get("/messages/<id_>/attachments/<attachment_id>")
@gmail_method("attachments.get", MAY_READ_CONTENT)
def get_attachment(user: str, id_: str, attachment_id: str) -> Response:  # noqa: ARG001
    message = current().mailboxes.get(caller().email, id_)
    content = None if message is None else resources.attachment(message, attachment_id)
    if content is None:
        raise not_found()
    return jsonify({"size": len(content), "data": base64.urlsafe_b64encode(content).decode()})


@blueprint.get("/threads/<id_>")
@gmail_method("threads.get", MAY_READ)
def get_thread(user: str, id_: str) -> Response:  # noqa: ARG001
    thread = current().mailboxes.thread(caller().email, id_)
    if not thread:
        raise not_found()
    format_, wanted = _format(), request.args.getlist("metadataHeaders")
    messages = [resources.resource(message, format_, wanted) for message in thread]
    return jsonify({"id": id_, "historyId": str(max(one.history_id for one in thread)), "messages": messages})


@blueprint.get("/history")
@gmail_method("history.list", MAY_READ)
def list_history(user: str) -> Response:  # noqa: ARG001
    sandbox, account = current(), caller().email
    start = request.args.get("startHistoryId", "")
    if not start.isdigit():
        raise invalid_argument("Missing required parameter: startHistoryId" if not start else "Invalid startHistoryId")
    if not sandbox.mailboxes.history_floor(account) <= int(start) <= sandbox.mailboxes.last_history_id():
        raise not_found()  # no longer kept, or never given out
    limit = _number("maxResults", 100, 1, 500)
    after = _page()
    if after is not None and not after.isdigit():
        raise invalid_argument("Invalid pageToken")
    since = max(int(start), int(after or 0))
    now = sandbox.mailboxes.history_id(account)
    found = sandbox.mailboxes.changes_since(account, since, limit + 1)
    answer: dict[str, Any] = {"historyId": str(now)}
    types, label = request.args.getlist("historyTypes"), request.args.get("labelId")
    records = [
        resources.history_record(change)
        for change in found[:limit]
        if (not types or resources.history_type(change) in types) and (not label or label in change.message.labels)
    ]
    if records:
        answer["history"] = records
    if len(found) > limit:
        answer["nextPageToken"] = base64.urlsafe_b64encode(str(found[limit - 1].id).encode()).decode()
    return jsonify(answer)


@blueprint.get("/labels")
@gmail_method("labels.list", MAY_READ_LABELS)
def list_labels(user: str) -> Response:  # noqa: ARG001
    return jsonify({"labels": [{"id": label, "name": label, "type": "system"} for label in LABELS]})


@blueprint.get("/settings/sendAs")
@gmail_method("sendAs.list", MAY_READ_SETTINGS)
def list_send_as(user: str) -> Response:  # noqa: ARG001
    return jsonify({"sendAs": _send_as(caller())})


@blueprint.get("/settings/sendAs/<address>")
@gmail_method("sendAs.get", MAY_READ_SETTINGS)
def get_send_as(user: str, address: str) -> Response:  # noqa: ARG001
    for entry in _send_as(caller()):
        if entry["sendAsEmail"] == address.lower():
            return jsonify(entry)
    raise not_found()


def _send_as(person: Person) -> list[dict[str, Any]]:
    """As Gmail: the primary address has no `verificationStatus`."""
    primary = {
        "sendAsEmail": person.email,
        "displayName": person.name,
        "replyToAddress": "",
        "signature": person.signature,
        "isPrimary": True,
        "isDefault": True,
    }
    aliases = [
        {
            "sendAsEmail": alias.email,
            "displayName": alias.name,
            "replyToAddress": "",
            "signature": "",
            "isDefault": False,
            "treatAsAlias": True,
            "verificationStatus": "accepted" if alias.verified else "pending",
        }
        for alias in person.aliases
    ]
    return [primary, *aliases]


def _format() -> str:
    format_ = request.args.get("format", "full").lower()
    if only_metadata() and format_ in ("full", "raw"):
        raise GoogleError(403, "forbidden", f"Metadata scope doesn't allow format {format_.upper()}")
    return format_


def _number(name: str, default: int, low: int, high: int) -> int:
    text = request.args.get(name, str(default))
    if not text.isdigit():
        raise invalid_argument(f"Invalid value at '{name}' (TYPE_UINT32), \"{text}\"")
    return min(max(int(text), low), high)


def _page() -> str | None:
    token = request.args.get("pageToken")
    if not token:
        return None
    try:
        return base64.urlsafe_b64decode(token).decode("ascii")
    except ValueError as exc:
        raise invalid_argument("Invalid pageToken") from exc
