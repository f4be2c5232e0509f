"""What came back on a message we sent, by the headers of its thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

# Google's own bounces come from here, and pass its DMARC; others can be forged by anybody.
_BOUNCES_FROM = "mailer-daemon@googlemail.com"


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """A message of a thread; header names are in lower case."""

    id: str
    at: datetime
    sent: bool  # by the mailbox's owner
    headers: dict[str, str]


def came_back(messages: Sequence[ThreadMessage], after: datetime) -> frozenset[str]:
    """Of `replied` and `bounced`, what happened since then. What a machine answered is no reply (RFC 3834 §5)."""
    found = set()
    for message in messages:
        if message.sent or message.at <= after:
            continue
        if _is_bounce(message.headers):
            found.add("bounced")
        elif not _is_automatic(message.headers):
            found.add("replied")
    return frozenset(found)


def _is_bounce(headers: dict[str, str]) -> bool:
    if _BOUNCES_FROM not in headers.get("from", "").lower():
        return False
    results = headers.get("authentication-results", "").lower()
    return "dmarc=pass" in results and "header.from=googlemail.com" in results


def _is_automatic(headers: dict[str, str]) -> bool:
    return (
        headers.get("auto-submitted", "no").strip().lower() != "no"
        or "mailer-daemon@" in headers.get("from", "").lower()
        or headers.get("precedence", "").strip().lower() in ("bulk", "junk", "list", "auto_reply")
        or "list-id" in headers
    )
