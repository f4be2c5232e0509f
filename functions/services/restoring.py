"""After the records were put back to an earlier time: what went out since then must not go out again.

A send that is open in a backup may have been sent after it was made. So each becomes `unknown`, as after any lost
answer: it is looked for in the mailbox, settled if it is found, and otherwise left to its owner (or sent again, if that
was the wish). Has to run before anything else does: before the queue and the sweep.
"""

from collections.abc import Iterator
from datetime import datetime

from functions.domain import sends
from functions.domain.errors import PreconditionFailed
from functions.domain.ids import RandomBytes, random_id
from functions.domain.ports import Clock, Document, Documents, Query
from functions.domain.sends import Status
from functions.services import outbox, pages
from functions.services.outbox import Found, Outbox

OPEN = (Status.SENDING, Status.QUEUED, Status.SCHEDULED)
DETAIL = "The records were restored from a backup; whether it went out meanwhile is being looked up."
PAGE = 200


class Restoring:
    def __init__(self, documents: Documents, outbox: Outbox, clock: Clock, random: RandomBytes) -> None:
        self._documents = documents
        self._outbox = outbox
        self._clock = clock
        self._random = random

    def in_doubt(self, *, scheduled: bool) -> list[Found]:
        """The open sends. Without `scheduled` only those whose time has come: the others had no reason to go out,
        unless their owner moved them. Raises Unavailable."""
        now = self._clock()
        found = [outbox.found(document) for status in OPEN for document in self._of(status)]
        return [f for f in found if scheduled or f.send.status is Status.SENDING or _time(f, now) <= now]

    def doubt(self, made_at: datetime, *, scheduled: bool) -> int:
        """How many have become `unknown`. `made_at` is the time that the records are of. Raises Unavailable."""
        now, done = self._clock(), 0
        for found in self.in_doubt(scheduled=scheduled):
            attempt = random_id("atm", self._random)
            try:
                self._outbox.save(found, sends.doubt(found.send, attempt, made_at, DETAIL, now))
            except PreconditionFailed:
                continue  # somebody is at it already; the next run sees how it ended
            done += 1
        return done

    def _of(self, status: Status) -> Iterator[Document]:
        query = Query("sends", equals={"status": status.value}, order=("due_at", "asc"), limit=PAGE, group=True)
        for page in pages(self._documents, query):
            yield from page.documents


def _time(found: Found, now: datetime) -> datetime:
    """When it was to go out: what is held or paced has another `due_at`, but may have been let go since."""
    return found.send.send_at or now
