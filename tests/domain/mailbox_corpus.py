"""The messages under corpus/mailbox, as Gmail shows them: what came into a thread in which we wrote once.

`cases.json` says of each where its shape is from, what it has to count as, and why.
"""

import email
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

from functions.domain.messages import Address
from functions.domain.received import Received
from functions.domain.sends import Send
from tests.services import builders

DIRECTORY = Path(__file__).parent / "corpus" / "mailbox"
SENT_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
MESSAGE_ID = "<CAK7sent0001=ada+send1@mail.gmail.com>"
OWN = frozenset({"ada@example.com", "countess@example.com"})


@dataclass(frozen=True)
class Case:
    file: str
    expect: list[str]  # type, verdict or kind, and for bounces category and advice, and the recipient
    source: str
    why: str
    labels: tuple[str, ...] = ("INBOX", "UNREAD")
    minutes: float = 5  # after our message

    @property
    def raw(self) -> bytes:
        return (DIRECTORY / self.file).read_bytes()

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Unfolded, in the message's order: as Gmail's API gives them."""
        parsed = email.message_from_bytes(self.raw)
        return [(name, " ".join(_text(value).split())) for name, value in parsed.raw_items()]

    def received(self) -> Received:
        headers = tuple((name.lower(), value) for name, value in self.headers)
        at = SENT_AT + timedelta(minutes=self.minutes)
        return Received(self.file, "t1", at, frozenset(self.labels), headers)

    def report(self) -> str:
        """The text of its message/delivery-status part, "" where it has none."""
        parts = email.message_from_bytes(self.raw).walk()
        found = next((p for p in parts if p.get_content_type() == "message/delivery-status"), None)
        return "" if found is None else "\n".join(str(group) for group in _groups(found))


def _groups(part: Message) -> list[Any]:
    payload = part.get_payload()
    return payload if isinstance(payload, list) else [payload]


def _text(value: str) -> str:
    """Headers stand as UTF-8 in these files, which the parser takes for unknown bytes."""
    return value.encode("ascii", "surrogateescape").decode("utf-8")


def cases() -> list[Case]:
    found = json.loads((DIRECTORY / "cases.json").read_text(encoding="utf-8"))
    return [Case(**{**case, "labels": tuple(case.get("labels", Case.labels))}) for case in found]


def our_send(**changed: Any) -> Send:
    given: dict[str, Any] = {
        "to": (Address("grace@recipient.example", "Grace"),),
        "cc": (Address("alan@other.example"),),
        "sent_at": SENT_AT,
        "gmail_thread_id": "t1",
        **changed,
    }
    return builders.send(**given)
