"""What came into a mailbox: the headers of single messages and threads, and reports."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from functions.adapters.gmail_reads import GmailReads
from functions.domain.received import HEADERS, Received

MAX_DEPTH = 20  # of parts within parts
_REPORTS = ("message/delivery-status", "message/global-delivery-status")  # RFC 3464, RFC 6533


class GmailMailbox(GmailReads):
    def received(self, token: str, message_id: str) -> Received:
        return self._call(
            token,
            lambda users: users.messages().get(
                userId="me", id=message_id, format="metadata", metadataHeaders=list(HEADERS)
            ),
            _received,
        )

    def thread(self, token: str, thread_id: str) -> list[Received]:
        return self._call(
            token,
            lambda users: users.threads().get(
                userId="me", id=thread_id, format="metadata", metadataHeaders=list(HEADERS)
            ),
            lambda found: [_received(m) for m in found.get("messages", ())],
        )

    def delivery_status(self, token: str, message_id: str) -> str:
        # format=full and not raw: the report brings the message it is about, which may be 35 MB.
        blocks, attachment = self._call(
            token, lambda users: users.messages().get(userId="me", id=message_id, format="full"), _report
        )
        if not attachment:
            return blocks
        return self._call(
            token,
            lambda users: users.messages().attachments().get(userId="me", messageId=message_id, id=attachment),
            lambda found: _text(found.get("data", "")),
        )


def _received(found: dict[str, Any]) -> Received:
    listed = found.get("payload", {}).get("headers", ())
    return Received(
        id=found["id"],
        thread_id=found["threadId"],
        at=datetime.fromtimestamp(int(found["internalDate"]) / 1000, UTC),
        labels=frozenset(found.get("labelIds", ())),
        # All of them and in order: which of two headers with one name is the topmost decides what is believed.
        headers=tuple((h["name"].lower(), h["value"]) for h in listed),
    )


def _report(found: dict[str, Any]) -> tuple[str, str]:
    """The report's text, and the id it has to be fetched by where it does not stand in the answer."""
    for part in _parts(found.get("payload", {}), 0):
        if part.get("mimeType", "").lower() in _REPORTS:
            blocks = [block for inner in _parts(part, 0) for block in _blocks(inner)]
            return "\n\n".join(blocks), "" if blocks else part.get("body", {}).get("attachmentId", "")
    return "", ""


def _parts(part: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    yield part
    if depth < MAX_DEPTH:
        for inner in part.get("parts", ()):
            yield from _parts(inner, depth + 1)


def _blocks(part: dict[str, Any]) -> Iterator[str]:
    """The report's groups of fields. Gmail shows them as headers of parts within the part, as those parts' text, or
    as the text of the part itself."""
    fields = [
        f"{h['name']}: {h['value']}" for h in part.get("headers", ()) if not h["name"].lower().startswith("content-")
    ]
    if fields:
        yield "\n".join(fields)
    if text := _text(part.get("body", {}).get("data", "")):
        yield text


def _text(data: str) -> str:
    try:
        return base64.urlsafe_b64decode(data + "==").decode("utf-8", "replace")
    except ValueError:
        return ""
