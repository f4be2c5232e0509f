"""Finding what fell between record and queue: each minute, a bounded number of sends that are overdue.

Idempotent, and safe when two run at once: a sweep changes nothing itself, it has the send delivered (again), and
delivering claims by precondition.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain.ports import Clock, Documents, Query
from functions.domain.sends import Status

# Longer than a task usually needs to arrive, so that the sweeper leaves alone what the queue is about to do.
GRACE = timedelta(seconds=20)
BATCH = 300  # sends a sweep looks at in each state
STATES = (Status.SENDING, Status.UNKNOWN, Status.QUEUED, Status.SCHEDULED)

Again = Callable[[str, str, datetime | None, str], None]  # as the port's `enqueue`


@dataclass(frozen=True, slots=True)
class Swept:
    overdue: int
    complete: bool  # False: there is more, for the next sweep


class Sweeping:
    """`again` has a send delivered: through the queue, or at once."""

    def __init__(self, documents: Documents, again: Again, clock: Clock) -> None:
        self._documents = documents
        self._again = again
        self._clock = clock

    def sweep(self) -> Swept:
        overdue, complete = 0, True
        for status in STATES:
            page = self._documents.query(
                Query(
                    "sends",
                    equals={"status": status.value},
                    order=("due_at", "asc"),
                    until=self._clock() - GRACE,
                    limit=BATCH,
                    group=True,
                )
            )
            for document in page.documents:
                self._again(document.data["owner"], document.id, None, document.data.get("account", ""))
            overdue += len(page.documents)
            complete &= page.next is None
        return Swept(overdue, complete)
