"""The first answer to an Idempotency-Key, again. Its send and its batch have ids derived from the key."""

from functions.domain import batches
from functions.domain.batches import BatchStatus
from functions.domain.callers import Caller
from functions.domain.errors import Conflict, IdempotencyInProgress, IdempotencyMismatch, PreconditionFailed
from functions.domain.ports import Clock, Documents
from functions.domain.sends import Status
from functions.services import batches as batch_records
from functions.services import outbox, receipts
from functions.services.batches import FoundBatch
from functions.services.outbox import Found
from functions.services.receipts import BatchReceipt, Receipt
from functions.services.reconciling import Reconciling


class Repeating:
    def __init__(self, documents: Documents, reconciling: Reconciling, clock: Clock) -> None:
        self._documents = documents
        self._reconciling = reconciling
        self._clock = clock

    def first_answer(
        self, caller: Caller, send_id: str, batch_id: str, fingerprint: str
    ) -> Receipt | BatchReceipt | None:
        """None where there was none yet. A key that came with the other kind of request is found too.

        Raises IdempotencyMismatch, IdempotencyInProgress, Conflict, and the error that the first call ended with.
        """
        places = [outbox.path(caller.owner, send_id), batch_records.path(caller.owner, batch_id)]
        send, batch = self._documents.get_many(places)
        if send:
            return self.of_send(caller, outbox.found(send), fingerprint)
        return self._of_batch(caller, batch_records.found(batch), fingerprint) if batch else None

    def of_send(self, caller: Caller, found: Found, fingerprint: str) -> Receipt:
        """What the first caller was told. Raises what `first_answer` raises."""
        # To a key that may not use the account, the send is somebody else's, whatever body it guessed.
        if found.send.fingerprint != fingerprint or not caller.may_use(found.send.account):
            raise IdempotencyMismatch
        if not found.send.answered:
            if not found.send.expired(self._clock()):
                raise IdempotencyInProgress(retry_after=5)
            try:
                found = self._reconciling.give_up(found)
            except PreconditionFailed:
                raise IdempotencyInProgress(retry_after=5) from None
        send = found.send
        if send.answered == Status.FAILED:
            raise receipts.failure(send, repeated=True)
        return receipts.of(send, send.answered, repeated=True)

    def _of_batch(self, caller: Caller, found: FoundBatch, fingerprint: str) -> BatchReceipt | None:
        batch = found.batch
        if batch.fingerprint != fingerprint or not caller.may_use(batch.account):
            raise IdempotencyMismatch
        if batch.status is BatchStatus.ABANDONED:
            raise Conflict("This batch was cut off and given up: nothing of it was sent.", remedy="Use a new key.")
        if batch.status is BatchStatus.READY:
            return BatchReceipt(batch.id, batch.sends, repeated=True)
        if not batches.cut_off(batch, self._clock()):
            raise IdempotencyInProgress(retry_after=5)
        return None  # it goes on where it was cut off
