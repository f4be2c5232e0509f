"""A batch: the messages one request made, one for each recipient. All of them count, or none.

    open ─▶ ready          every send is on record, and goes out
      └───▶ abandoned      the request ended in between, and was not repeated: nothing of it goes out

Its sends are written in several commits, so none is delivered before the batch is ready.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from functions.domain.records import replace

LEASE = timedelta(minutes=10)  # of one request at work on it: longer than any may run
# How long a request that was cut off can be repeated under its Idempotency-Key and goes on where it ended.
PATIENCE = timedelta(hours=1)
KEPT = timedelta(days=30)  # one that was given up: its key is answered so long


class BatchStatus(StrEnum):
    OPEN = "open"
    READY = "ready"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class BatchSend:
    """`status` is what the caller was told, for the same answer again."""

    id: str
    status: str
    to: str


@dataclass(frozen=True)
class Batch:
    id: str
    owner: str
    account: str
    status: BatchStatus
    created_at: datetime
    lease_until: datetime
    sends: tuple[BatchSend, ...]
    fingerprint: str = ""  # SHA-256 of the request, where it came with an Idempotency-Key
    blobs: tuple[str, ...] = ()  # of files that its sends share
    expires_at: datetime | None = None  # when the last content that needs the blobs is no longer kept


def given_up(batch: Batch, now: datetime) -> Batch:
    """Nothing of it goes out any more."""
    return replace(batch, status=BatchStatus.ABANDONED, expires_at=now + KEPT)


def let_go(batch: Batch, now: datetime) -> Batch:
    """The request that is at work on it fails: its repetition may go on at once. Without a key there is none."""
    return replace(batch, lease_until=now) if batch.fingerprint else given_up(batch, now)


def cut_off(batch: Batch, now: datetime) -> bool:
    """Whoever was at work on it is not any more."""
    return batch.status is BatchStatus.OPEN and batch.lease_until <= now


def hopeless(batch: Batch, now: datetime) -> bool:
    """Nobody came back to finish it."""
    return batch.status is BatchStatus.OPEN and batch.lease_until + PATIENCE <= now
