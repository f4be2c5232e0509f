"""A send and its states. Pure: time and attempt ids are arguments.

    scheduled ─▶ queued ─▶ sending ─▶ sent
        │          │ ▲        ├────▶ failed
        ▼          ▼ └────────┤
     cancelled  cancelled     └────▶ unknown ─▶ sent

A send is claimed (`sending`, with an attempt id and a lease) on record before Gmail is called, and settled after.
Only the attempt that holds the claim may settle it. An attempt whose outcome can't be known ends as `unknown`,
and is never repeated by itself.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from functions.domain.messages import Address

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
WAITING = frozenset({Status.SCHEDULED, Status.QUEUED})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of Gmail. `outcome`: running, sent, failed, deferred or unknown."""

    id: str
    at: datetime
    outcome: str = "running"
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AttachmentInfo:
    filename: str
    content_type: str
    size: int  # bytes, before transfer encoding
    sha256: str  # hex
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    opens: int = 0
    clicks: int = 0
    replies: int = 0
    bounces: int = 0


@dataclass(frozen=True, slots=True)
class Send:
    """One message on its way to its recipients, or arrived there. Its content lies in a document of its own."""

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
    labels: tuple[str, ...] = ()  # what the history is filtered by: "to:a@b.c", "tag:x"
    template: str | None = None
    trigger: str | None = None
    batch: str | None = None
    send_at: datetime | None = None
    sent_at: datetime | None = None
    due_at: datetime | None = None  # when something has to happen next; None once nothing has to
    attempt_id: str = ""
    lease_until: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    gmail_message_id: str | None = None
    gmail_thread_id: str | None = None
    rfc822_message_id: str = ""  # the one Gmail assigned, once read back
    in_reply_to_send: str | None = None
    if_unknown: str = "hold"
    cancel_if: tuple[str, ...] = ()
    fingerprint: str = ""  # SHA-256 of the request, where it came with an Idempotency-Key
    answered: str = ""  # the status the first caller was told; empty while that call runs
    counts: Counts = Counts()

    def expired(self, now: datetime) -> bool:
        """The attempt that holds the claim has been silent for longer than it may run."""
        return self.status is Status.SENDING and self.lease_until is not None and self.lease_until <= now


def labels(recipients: tuple[Address, ...], tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys([*(f"to:{r.email.casefold()}" for r in recipients), *(f"tag:{tag}" for tag in tags)]),
    )


class NotAllowed(Exception):
    """This transition does not exist from the state the send is in."""


def claim(send: Send, attempt_id: str, now: datetime) -> Send:
    """Take the send for one attempt. Raises NotAllowed unless it waits."""
    if send.status not in WAITING:
        raise NotAllowed(f"a send that is {send.status} can't be claimed")
    return replace(
        send,
        status=Status.SENDING,
        attempt_id=attempt_id,
        lease_until=now + LEASE,
        due_at=now + LEASE,
        attempts=(*send.attempts, Attempt(attempt_id, now)),
    )


def settle_sent(send: Send, attempt_id: str, now: datetime, message_id: str, thread_id: str) -> Send:
    """Gmail accepted the message. A late success beats `unknown`. Raises NotAllowed for another attempt's claim."""
    settled = _settle(send, attempt_id, "sent")
    return replace(
        settled,
        status=Status.SENT,
        sent_at=now,
        gmail_message_id=message_id,
        gmail_thread_id=thread_id,
    )


def settle_failed(send: Send, attempt_id: str, code: str, detail: str) -> Send:
    """Certainly not sent, and not to be tried again."""
    return replace(_settle(send, attempt_id, "failed", code, detail), status=Status.FAILED)


def settle_unknown(send: Send, attempt_id: str, detail: str) -> Send:
    """Perhaps sent. It stays so until evidence or its owner settles it."""
    return replace(_settle(send, attempt_id, "unknown", "unknown", detail), status=Status.UNKNOWN)


def cancel(send: Send) -> Send:
    """Raises NotAllowed once an attempt has begun."""
    if send.status not in WAITING:
        raise NotAllowed(f"a send that is {send.status} can't be cancelled any more")
    return replace(send, status=Status.CANCELLED, due_at=None)


def _settle(send: Send, attempt_id: str, outcome: str, code: str = "", detail: str = "") -> Send:
    late = send.status is Status.UNKNOWN and outcome == "sent"
    if send.attempt_id != attempt_id or not (send.status is Status.SENDING or late):
        raise NotAllowed(f"attempt {attempt_id} does not hold the claim of a send that is {send.status}")
    *earlier, last = send.attempts
    done = replace(last, outcome=outcome, code=code, detail=detail)
    return replace(send, attempts=(*earlier, done), lease_until=None, due_at=None)
