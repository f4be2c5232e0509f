"""The life of a send as one list: what we did to bring it out, and what its recipients did."""

from collections.abc import Sequence
from datetime import datetime

from functions.domain.events import Event, EventType
from functions.domain.ids import derived_id
from functions.domain.sends import Send

_OF_ATTEMPTS: dict[str, EventType] = {"failed": "failed", "deferred": "deferred", "unknown": "unknown"}


def of(send: Send, events: Sequence[Event]) -> list[Event]:
    """Oldest first. What has the same time keeps the order queued, attempts, sent, and then what others did."""
    ours = [_own(send, "queued", send.created_at)]
    ours += [_own(send, _OF_ATTEMPTS[a.outcome], a.at, a.detail) for a in send.attempts if a.outcome in _OF_ATTEMPTS]
    if send.sent_at:
        ours.append(_own(send, "sent", send.sent_at))
    return sorted([*ours, *events], key=lambda event: event.at)


def _own(send: Send, kind: EventType, at: datetime, reason: str = "") -> Event:
    return Event(
        derived_id("evt", send.id, kind, at.isoformat()), send.owner, send.id, send.account, kind, at, reason=reason
    )
