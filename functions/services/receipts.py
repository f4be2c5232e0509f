"""What a caller is told about what they asked to send."""

from dataclasses import dataclass
from datetime import datetime

from functions.domain import sends
from functions.domain.batches import BatchSend
from functions.domain.errors import IntegrationError, recall
from functions.domain.sends import Send, Status


@dataclass(frozen=True, slots=True)
class Receipt:
    """`repeated`: it is the first answer to this Idempotency-Key, again."""

    id: str
    status: str
    account: str
    gmail_message_id: str | None = None
    gmail_thread_id: str | None = None
    sent_at: datetime | None = None
    next_attempt_at: datetime | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    id: str
    sends: tuple[BatchSend, ...]
    repeated: bool = False


def of(send: Send, status: str, *, repeated: bool = False) -> Receipt:
    """`status` is what the first caller was told, which may be an earlier one."""
    if status == Status.SENT:
        return Receipt(
            send.id, status, send.account, send.gmail_message_id, send.gmail_thread_id, send.sent_at, repeated=repeated
        )
    due = _answered_due(send, status) if repeated else send.due_at
    following = due if status in sends.WAITING else None
    return Receipt(send.id, status, send.account, next_attempt_at=following, repeated=repeated)


def _answered_due(send: Send, status: str) -> datetime:
    """As the first caller was told."""
    # Earlier releases did not note it: then it is the time that was asked for, or that it has been moved to.
    noted = send.answered_due or (send.send_at if status == Status.SCHEDULED else None)
    return noted or send.created_at


def failure(send: Send, *, repeated: bool = False) -> IntegrationError:
    last = send.attempts[-1]
    return recall(last.code, last.detail, last.remedy, repeated=repeated)
