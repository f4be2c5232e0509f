"""A send and its states. Pure: time and attempt ids are arguments.

    scheduled ─▶ queued ─▶ sending ─▶ sent
        │          │ ▲        ├────▶ failed
        ▼          ▼ └────────┤
     cancelled  cancelled     └────▶ unknown ─▶ sent

A send is claimed (`sending`, with an attempt id and a lease) on record before Gmail is called, and settled after.
Only the attempt that holds the claim may settle it. An attempt whose outcome can't be known ends as `unknown`,
and is never repeated by itself: evidence may settle it to `sent`, its owner may ask for a resend.

`due_at` is when something has to happen next: a claim, the end of a lease, a look into the mailbox. It is None where
nothing will happen by itself: in the end states, and once an unknown send has been looked for long enough.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from functions.domain.messages import Address
from functions.domain.records import replace

# Longer than one call of Gmail can take (see the Gmail adapter's timeouts), so that a live attempt is never given up.
LEASE = timedelta(minutes=5)


class Status(StrEnum):
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


OPEN = frozenset({Status.SCHEDULED, Status.QUEUED, Status.SENDING})
WAITING = (Status.SCHEDULED, Status.QUEUED)  # in the order in which a send passes through them


@dataclass(frozen=True)
class Attempt:
    """One call of Gmail. `outcome`: running, sent, failed, deferred or unknown."""

    sparse: ClassVar = True
    id: str
    at: datetime
    outcome: str = "running"
    code: str = ""
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class AttachmentInfo:
    sparse: ClassVar = True
    filename: str
    content_type: str
    size: int  # bytes, before transfer encoding
    sha256: str  # hex
    content_id: str = ""


@dataclass(frozen=True)
class Send:
    """One message on its way to its recipients, or arrived there. Its content lies in a document of its own."""

    sparse: ClassVar = True
    id: str
    owner: str
    status: Status
    account: str
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    subject: str
    created_at: datetime
    reply_to: tuple[Address, ...] = ()
    attachments: tuple[AttachmentInfo, ...] = ()
    size: int = 0  # bytes of MIME
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()  # what the history is filtered by: "to:a@b.c", "tag:x", "word:invoice"
    template: str | None = None
    template_version: int | None = None
    trigger: str | None = None
    batch: str | None = None
    send_at: datetime | None = None
    sent_at: datetime | None = None
    due_at: datetime | None = None  # when something has to happen next; None once nothing has to
    attempt_id: str = ""
    lease_until: datetime | None = None
    history_id: str = ""  # of the mailbox, at some moment before the attempt
    attempts: tuple[Attempt, ...] = ()
    # Code of what a queued send waits for: paced, batch, rate_limited, unavailable, reauth_required
    waits_for: str = ""
    waits_detail: str = ""
    slot_at: datetime | None = None  # reserved in the account's calendar
    tries: int = 0  # transient failures so far
    looks: int = 0  # into the mailbox, for an attempt whose outcome is not known
    resend_of: str | None = None
    resent_as: str | None = None
    gmail_message_id: str | None = None
    gmail_thread_id: str | None = None
    rfc822_message_id: str = ""  # the one Gmail assigned, once read back
    in_reply_to_send: str | None = None
    if_unknown: str = "hold"
    cancel_if: tuple[str, ...] = ()
    fingerprint: str = ""  # SHA-256 of the request, where it came with an Idempotency-Key
    answered: str = ""  # the status the first caller was told; empty while that call runs
    answered_due: datetime | None = None  # when it goes out, as they were told; None: at once
    # Counted up by what happens later, one field each: an increment needs no reading, and races with nothing.
    opens: int = 0  # by people; with the machines' in all_opens
    clicks: int = 0
    all_opens: int = 0
    all_clicks: int = 0
    replies: int = 0
    bounces: int = 0
    # What the sender wants to know, and how the recipient can say no more.
    track_opens: bool = False
    track_clicks: bool = False
    unsubscribe: bool = False
    transactional: bool = False
    composed: bool = True  # False: accepted, and what it will say is made when it is due

    @property
    def recipients(self) -> int:
        return len(self.to) + len(self.cc) + len(self.bcc)

    def expired(self, now: datetime) -> bool:
        """The attempt that holds the claim has been silent for longer than it may run."""
        return self.status is Status.SENDING and self.lease_until is not None and self.lease_until <= now


class NotAllowed(Exception):
    """This transition does not exist from the state the send is in."""


def again(send: Send, new_id: str, now: datetime, *, asked: bool = True) -> Send:
    """A new send that says what an old one said. `asked`: its owner wants it now, whatever has happened since."""
    return Send(
        id=new_id,
        owner=send.owner,
        status=Status.QUEUED,
        account=send.account,
        sender=send.sender,
        to=send.to,
        cc=send.cc,
        bcc=send.bcc,
        reply_to=send.reply_to,
        subject=send.subject,
        created_at=now,
        attachments=send.attachments,
        size=send.size,
        tags=send.tags,
        metadata=send.metadata,
        labels=send.labels,
        template=send.template,
        template_version=send.template_version,
        trigger=send.trigger,
        batch=send.batch,
        in_reply_to_send=send.in_reply_to_send,
        resend_of=send.id,
        cancel_if=() if asked else send.cancel_if,
        track_opens=send.track_opens,
        track_clicks=send.track_clicks,
        unsubscribe=send.unsubscribe,
        transactional=send.transactional,
    )


def answer(send: Send) -> Send:
    """With what its caller is told of it now: who repeats the call is told the same, whatever has come since."""
    due = send.due_at if send.fingerprint and send.status in WAITING and send.due_at != send.created_at else None
    return replace(send, answered=send.status, answered_due=due)


def accept(send: Send, now: datetime) -> Send:
    """A new send, as it enters the queue."""
    status, due_at = accepted(send.send_at, now)
    return replace(send, status=status, due_at=due_at)


def accepted(send_at: datetime | None, now: datetime) -> tuple[Status, datetime]:
    """The status of a new send that enters the queue, and when it is due."""
    return (Status.SCHEDULED, send_at) if send_at is not None and send_at > now else (Status.QUEUED, now)


def claim(send: Send, attempt_id: str, now: datetime) -> Send:
    """Take the send for one attempt. Raises NotAllowed unless it waits."""
    _require(send, WAITING, "claimed")
    return replace(
        send,
        status=Status.SENDING,
        attempt_id=attempt_id,
        lease_until=now + LEASE,
        due_at=now + LEASE,
        waits_for="",
        waits_detail="",
        attempts=(*send.attempts, Attempt(attempt_id, now)),
    )


def postpone(send: Send, until: datetime, code: str, detail: str) -> Send:
    """Not yet, and nothing was tried."""
    _require(send, WAITING, "postponed")
    return replace(send, status=Status.QUEUED, due_at=until, waits_for=code, waits_detail=detail)


def defer(send: Send, attempt_id: str, until: datetime, code: str, detail: str, *, counts: bool) -> Send:
    """The attempt certainly sent nothing; another one follows. `counts`: it was a failure, not a request to wait."""
    settled = _settle(send, attempt_id, "deferred", code, detail)
    return replace(
        settled,
        status=Status.QUEUED,
        due_at=until,
        waits_for=code,
        waits_detail=detail,
        slot_at=None,
        tries=send.tries + counts,
    )


def release(send: Send, now: datetime) -> Send:
    """What it was held for is mended."""
    _require(send, WAITING, "released")
    return replace(send, due_at=max(now, send.send_at or now), waits_for="", waits_detail="")


def reschedule(send: Send, at: datetime, now: datetime) -> Send:
    """Another time for a send that has not begun. Raises NotAllowed once an attempt has begun."""
    _require(send, WAITING, "moved")
    return accept(replace(send, send_at=at, waits_for="", waits_detail="", slot_at=None), now)


def cancel(send: Send, detail: str = "") -> Send:
    """Raises NotAllowed once an attempt has begun."""
    _require(send, WAITING, "cancelled")
    return replace(send, status=Status.CANCELLED, due_at=None, waits_for="", waits_detail=detail)


def settle_sent(send: Send, attempt_id: str, now: datetime, message_id: str, thread_id: str) -> Send:
    """Gmail accepted the message. A late success beats `unknown`. Raises NotAllowed for another attempt's claim."""
    return replace(
        _settle(send, attempt_id, "sent"),
        status=Status.SENT,
        sent_at=now,
        gmail_message_id=message_id,
        gmail_thread_id=thread_id,
    )


def settle_failed(send: Send, attempt_id: str, code: str, detail: str, remedy: str = "") -> Send:
    """Certainly not sent, and not to be tried again."""
    return replace(_settle(send, attempt_id, "failed", code, detail, remedy), status=Status.FAILED)


def fail(send: Send, attempt_id: str, now: datetime, code: str, detail: str, remedy: str = "") -> Send:
    """Not to be tried at all: what it needs is gone."""
    _require(send, WAITING, "failed")
    attempt = Attempt(attempt_id, now, "failed", code, detail, remedy)
    return replace(send, status=Status.FAILED, due_at=None, attempts=(*send.attempts, attempt))


def abandon(send: Send, detail: str) -> Send:
    """Claimed, but Gmail was not called: the account is gone."""
    _require(send, {Status.SENDING}, "abandoned")
    settled = _settle(send, send.attempt_id, "cancelled", "cancelled", detail)
    return replace(settled, status=Status.CANCELLED, waits_detail=detail)


def settle_unknown(send: Send, attempt_id: str, detail: str, look_at: datetime | None = None) -> Send:
    """Perhaps sent. It stays so until evidence or its owner settles it."""
    settled = _settle(send, attempt_id, "unknown", "unknown", detail)
    return replace(settled, status=Status.UNKNOWN, due_at=look_at)


def doubt(send: Send, attempt_id: str, since: datetime, detail: str, look_at: datetime) -> Send:
    """The record is one of an earlier time: from then on it may have gone out. Raises NotAllowed once it is settled."""
    claimed = send if send.status is Status.SENDING else claim(send, attempt_id, since)
    return settle_unknown(claimed, claimed.attempt_id, detail, look_at)


def looked(send: Send, next_look: datetime | None) -> Send:
    """The mailbox did not show the message (yet)."""
    _require(send, {Status.UNKNOWN}, "looked for")
    return replace(send, looks=send.looks + 1, due_at=next_look)


def _require(send: Send, states: Collection[Status], what: str) -> None:
    if send.status not in states:
        raise NotAllowed(f"a send that is {send.status} can't be {what}")


def _settle(send: Send, attempt_id: str, outcome: str, code: str = "", detail: str = "", remedy: str = "") -> Send:
    late = send.status is Status.UNKNOWN and outcome == "sent"
    if send.attempt_id != attempt_id or not (send.status is Status.SENDING or late):
        raise NotAllowed(f"attempt {attempt_id} does not hold the claim of a send that is {send.status}")
    *earlier, last = send.attempts
    done = replace(last, outcome=outcome, code=code, detail=detail, remedy=remedy)
    return replace(send, attempts=(*earlier, done), lease_until=None, due_at=None)
