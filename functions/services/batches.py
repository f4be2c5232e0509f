"""The records of batches: made before their sends, ready once all of those are on record."""

from collections import OrderedDict
from dataclasses import dataclass

from functions.domain import batches, records
from functions.domain.batches import Batch, BatchStatus
from functions.domain.errors import Conflict, PreconditionFailed, Unavailable
from functions.domain.ids import looks_like
from functions.domain.ports import Clock, Create, Document, Documents, Update

REMEMBERED = 1000  # batches that are known to be ready, so that their sends need not ask


def path(owner: str, batch_id: str) -> str:
    return f"owners/{owner}/batches/{batch_id}"


@dataclass(frozen=True, slots=True)
class FoundBatch:
    """A batch, with the version of the record it was read from."""

    batch: Batch
    version: str


class Batches:
    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock
        self._ready: OrderedDict[str, None] = OrderedDict()

    def find(self, owner: str, batch_id: str) -> FoundBatch | None:
        document = self._documents.get(path(owner, batch_id)) if looks_like("bat", batch_id) else None
        return found(document) if document else None

    def create(self, batch: Batch) -> FoundBatch:
        """Raises PreconditionFailed where there is a batch with this id."""
        try:
            (version,) = self._documents.commit([Create(path(batch.owner, batch.id), records.to_data(batch))])
        except Unavailable:  # perhaps only the answer was lost
            there = self.find(batch.owner, batch.id)
            if there is None or there.batch != batch:
                raise
            return there
        return FoundBatch(batch, version)

    def save(self, before: FoundBatch, after: Batch) -> FoundBatch:
        """Raises PreconditionFailed where somebody else changed it meanwhile."""
        changes = records.changes(before.batch, after)
        (version,) = self._documents.commit([Update(path(after.owner, after.id), changes, version=before.version)])
        return FoundBatch(after, version)

    def close(self, there: FoundBatch) -> None:
        """No more sends are added to it. Raises Conflict where somebody is doing that just now."""
        if there.batch.status is not BatchStatus.OPEN:
            return
        if not batches.cut_off(there.batch, self._clock()):
            raise Conflict("This batch is still being accepted.", remedy="Try again in a minute.")
        try:
            self.save(there, batches.given_up(there.batch, self._clock()))
        except PreconditionFailed:
            raise Conflict from None

    def let_go(self, before: FoundBatch) -> BatchStatus:
        """The request that made it fails; what has become of the batch. Where only an answer was lost it may be ready,
        and cannot become so any more if it was not. Raises Unavailable where that is not known."""
        try:
            return self.save(before, batches.let_go(before.batch, self._clock())).batch.status
        except (PreconditionFailed, Unavailable):
            there = self.find(before.batch.owner, before.batch.id)
            return there.batch.status if there else BatchStatus.ABANDONED

    def status(self, owner: str, batch_id: str) -> BatchStatus:
        """Whether its sends may go out. One that nobody came back to finish is given up here."""
        if batch_id in self._ready:
            return BatchStatus.READY
        there = self.find(owner, batch_id)
        if there is None:
            return BatchStatus.READY  # its record has expired; that of a batch which is not ready never does
        if batches.hopeless(there.batch, self._clock()):
            try:
                there = self.save(there, batches.given_up(there.batch, self._clock()))
            except PreconditionFailed:
                return BatchStatus.OPEN  # somebody has just come back, or gave it up too: the next look tells
        if there.batch.status is BatchStatus.READY:
            self._remember(batch_id)
        return there.batch.status

    def _remember(self, batch_id: str) -> None:
        self._ready[batch_id] = None
        while len(self._ready) > REMEMBERED:
            self._ready.popitem(last=False)


def found(document: Document) -> FoundBatch:
    return FoundBatch(records.from_data(Batch, document.data), document.version)
