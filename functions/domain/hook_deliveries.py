"""What came to a trigger, and what became of it. Pure.

    accepted      it made a send; `failed` later, where no message could be made of it
    filtered      the trigger's filter did not want it
    failed        it was signed, and no message can be made of it
    rate_limited  more came than the trigger's rate allows: its sender was asked to come again
    refused       the signature does not hold, or the trigger is disabled

The first three are on record once for each webhook, however often it comes: the record is the deduplication. The others
are notes for the owner, at most NOTES a minute, so that nobody fills the store with them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from functions.domain.ids import derived_id
from functions.domain.records import replace
from functions.domain.triggers import BODY_KEPT_FOR, DELIVERY_KEPT_FOR

NOTES = 5  # of one trigger, verdict and minute


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    FILTERED = "filtered"
    FAILED = "failed"
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"


@dataclass(frozen=True)
class HookDelivery:
    """`reason` is a word for programs, `detail` and `remedy` are for people; empty where all is well."""

    sparse: ClassVar = True
    id: str  # whd_…
    owner: str
    trigger: str
    verdict: Verdict
    created_at: datetime
    expires_at: datetime
    name: str = ""  # the sender's own id of it
    event: str = ""  # the type of event, where the scheme tells
    signed_at: datetime | None = None
    account: str = ""  # that the trigger sent from when it came
    reason: str = ""
    detail: str = ""
    remedy: str = ""
    send: str | None = None
    replay_of: str | None = None
    content_type: str = ""
    size: int = 0  # bytes of the body
    body_until: datetime | None = None  # when the body goes; None where it was not kept

    def has_body(self, now: datetime) -> bool:
        return self.body_until is not None and self.body_until > now


def delivery_id(trigger: str, key: str) -> str:
    return derived_id("whd", trigger, key)


def send_id(trigger: str, delivery: str) -> str:
    """Of the one send that a delivery makes. Its record outlives the delivery's, and still stops a second one."""
    return derived_id("snd", trigger, delivery)


def note_id(trigger: str, verdict: Verdict, now: datetime, number: int) -> str:
    """There are only so many ids a minute: whichever instance creates one, it is one less."""
    return derived_id("whd", trigger, verdict.value, str(int(now.timestamp()) // 60), str(number))


def received(
    delivery: str,
    owner: str,
    trigger: str,
    verdict: Verdict,
    now: datetime,
    *,
    body: bytes | None,
    content_type: str = "",
    **said: Any,
) -> HookDelivery:
    """`body` None is one that is not kept; `said` are further fields."""
    return HookDelivery(
        id=delivery,
        owner=owner,
        trigger=trigger,
        verdict=verdict,
        created_at=now,
        expires_at=now + DELIVERY_KEPT_FOR,
        content_type=content_type[:200],
        size=len(body or b""),
        body_until=None if body is None else now + BODY_KEPT_FOR,
        **said,
    )


def failed(delivery: HookDelivery, reason: str, detail: str, remedy: str = "") -> HookDelivery:
    return replace(delivery, verdict=Verdict.FAILED, reason=reason, detail=detail, remedy=remedy)
