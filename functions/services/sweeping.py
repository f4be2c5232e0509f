"""Finding what fell between record and queue: each minute, a bounded number of sends that are overdue. After that,
what else has to be done from time to time.

Idempotent, and safe when two run at once: a sweep changes nothing itself, it has the send delivered (again), and
delivering claims by precondition.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain.ports import Clock, Document, Documents, Query
from functions.domain.sends import Status
from functions.services.announcing import enqueue_each

# Longer than a task usually needs to arrive, so that the sweeper leaves alone what the queue is about to do.
GRACE = timedelta(seconds=20)
# Sends a sweep looks at in each state. Not all there are: of a queue that is merely behind, each sweep would double
# what waits. So many are a twelfth of what the queue does in a minute.
BATCH = 1_000
STATES = (Status.SENDING, Status.UNKNOWN, Status.QUEUED, Status.SCHEDULED)

Again = Callable[[str, str, datetime | None, str], None]  # as the port's `enqueue`
Chore = Callable[[], object]  # does a bounded part of what is due, and may be called again at any time


@dataclass(frozen=True, slots=True)
class Swept:
    overdue: int
    complete: bool  # False: there is more, for the next sweep


class Sweeping:
    """`again` has a send delivered: through the queue, or at once. `chores` are done after the sends, each of them
    whatever becomes of the others."""

    def __init__(self, documents: Documents, again: Again, clock: Clock, chores: Sequence[Chore] = ()) -> None:
        self._documents = documents
        self._again = again
        self._clock = clock
        self._chores = chores

    def sweep(self) -> Swept:
        """Raises Unavailable, and what a chore raises, once everything has had its turn."""
        failed: list[Exception] = []
        swept = Swept(0, complete=False)
        try:
            swept = self._sends()
        except Exception as error:  # noqa: BLE001 - it is raised below
            failed.append(error)
        for chore in self._chores:
            try:
                chore()
            except Exception as error:  # noqa: BLE001 - it is raised below
                failed.append(error)
        if failed:
            raise failed[0]
        return swept

    def _sends(self) -> Swept:
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
            enqueue_each(self._enqueue, page.documents)
            overdue += len(page.documents)
            complete &= page.next is None
        return Swept(overdue, complete)

    def _enqueue(self, document: Document) -> None:
        self._again(document.data["owner"], document.id, None, document.data.get("account", ""))
