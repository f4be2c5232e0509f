"""The machine's part of a bounce: message/delivery-status (RFC 3464), field by field. Meant for hostile input."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from functions.domain.received import sole_address

LIMIT = 256 << 10  # characters that are looked at
MAX_RECIPIENTS = 500  # as many as one message has at Gmail

Fields = Mapping[str, str]  # names in lower case


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What a report says of one recipient; addresses lowered, "" where the report does not say."""

    final: str
    original: str
    action: str  # failed, delayed, delivered, relayed, expanded
    status: str  # RFC 3463, such as 5.1.1
    diagnostic: str
    remote: str  # the server that said so


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    message_id: str  # of the message it is about, where the report names it
    recipients: tuple[RecipientStatus, ...]


def parse(text: str) -> DeliveryStatus:
    """The first group of fields is about the message, each further one about a recipient (RFC 3464 §2.1)."""
    groups = [fields for block in re.split(r"\n[ \t]*\n", _lines(text)) if (fields := _fields(block))]
    about = {name: value for group in groups if not _is_recipient(group) for name, value in group.items()}
    found = [_recipient(group) for group in groups if _is_recipient(group)]
    return DeliveryStatus(
        message_id=about.get("x-original-message-id", "") or about.get("original-message-id", ""),
        recipients=tuple(found[:MAX_RECIPIENTS]),
    )


def _lines(text: str) -> str:
    return re.sub(r"\r\n?", "\n", text[:LIMIT])


def _fields(block: str) -> dict[str, str]:
    """The fields of one group, unfolded. Of a repeated one the first counts."""
    found: dict[str, str] = {}
    for line in re.sub(r"\n[ \t]+", " ", block).split("\n"):
        name, colon, value = line.partition(":")
        if colon and re.fullmatch(r"[!-9;-~]+", name):
            found.setdefault(name.lower(), value.strip())
    return found


def _is_recipient(group: Fields) -> bool:
    return "final-recipient" in group or "original-recipient" in group or "action" in group


def _recipient(group: Fields) -> RecipientStatus:
    status = re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", group.get("status", ""))
    return RecipientStatus(
        final=_address(group.get("final-recipient", "")),
        original=_address(group.get("original-recipient", "")),
        action=group.get("action", "").split(" ", 1)[0].lower(),
        status=status[0] if status else "",
        diagnostic=_typed(group.get("diagnostic-code", "")),
        remote=_typed(group.get("remote-mta", "")),
    )


def _address(value: str) -> str:
    """`rfc822; Bob@example.org` → `bob@example.org`; also of the type utf-8 (RFC 6533 §3)."""
    return sole_address(_typed(value))


def _typed(value: str) -> str:
    """The value without its type: `smtp; 550 …`, `dns; mx.example.org`."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and re.fullmatch(r"\s*[A-Za-z0-9-]+\s*", kind) else value.strip()
