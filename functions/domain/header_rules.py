"""Which headers a caller may set: an allow-list, since headers decide who gets a message and who seems to send it."""

import re

from functions.domain.characters import label_problem

HEADERS_LIMIT = 50
VALUE_LIMIT = 998  # characters, as for a subject
# 50 characters leave room for an encoded word behind the name on a line of 76 (RFC 2047 §2).
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,48}[A-Za-z0-9]")

_HARMLESS = frozenset((
    "importance", "priority", "sensitivity", "auto-submitted", "precedence", "keywords", "comments",
    "organization", "list-id", "feedback-id", "thread-topic", "thread-index",
))  # fmt: skip
# Gmail's own, what relays add, and what our bounce and reply detection trusts.
_RESERVED = ("x-gm-", "x-google-", "x-goog-", "x-received", "x-failed-recipients", "x-original-", "x-forwarded-")
_INSTEAD = {
    "from": "the field `from`", "to": "the field `to`", "cc": "the field `cc`", "bcc": "the field `bcc`",
    "reply-to": "the field `reply_to`", "subject": "the field `subject`", "date": "the field `send_at`",
    "in-reply-to": "the field `in_reply_to_send`", "references": "the field `in_reply_to_send`",
    "list-unsubscribe": "the field `unsubscribe`", "list-unsubscribe-post": "the field `unsubscribe`",
}  # fmt: skip


def header_name_problem(name: str) -> str:
    """What is wrong with a custom header's name, or "". Names are compared without regard to case."""
    if not _NAME.fullmatch(name):
        return "A header's name has 2 to 50 letters, digits and hyphens."
    lower = name.lower()
    if lower in _INSTEAD:
        return f"This header can't be set here; use {_INSTEAD[lower]}."
    if lower.startswith(_RESERVED) or not (lower.startswith("x-") or lower in _HARMLESS):
        return f"Only X-… headers can be set (none of Gmail's own), and: {', '.join(sorted(_HARMLESS))}."
    return ""


def header_value_problem(value: str) -> str:
    """What is wrong with a custom header's value, or ""."""
    if not value.strip():
        return "A header's value must not be empty."
    if len(value) > VALUE_LIMIT:
        return f"A header's value has at most {VALUE_LIMIT} characters; this one has {len(value)}."
    if problem := label_problem(value):
        return problem
    if value != value.strip():
        return "A header's value must not start or end with white space."
    return ""
