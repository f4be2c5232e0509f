"""What an owner can do to a send that is on record: cancel, move, send again; and the queues of whole accounts."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from functions.domain import sends
from functions.domain.callers import Caller
from functions.domain.errors import Conflict, NotFound, PreconditionFailed, ReauthRequired, Unavailable
from functions.domain.ports import Clock, Documents, Query, Tasks
from functions.domain.sends import NotAllowed, Send, Status
from functions.services.outbox import Found, Outbox, found

if TYPE_CHECKING:
    from functions.services.batches import Batches
    from functions.services.resending import Resending

PAGE = 200
AT_ONCE = 20  # sends changed in one commit; with an event for each of 20 endpoints that is 420 writes
TRIES = 5  # against whoever changes the same send at the same moment


class Controlling:
    def __init__(
        self,
        documents: Documents,
        outbox: Outbox,
        resending: "Resending",
        batches: "Batches",
        tasks: Tasks,
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._batches = batches
        self._outbox = outbox
        self._resending = resending
        self._tasks = tasks
        self._clock = clock

    def cancel(self, caller: Caller, send_id: str) -> Send:
        """Raises NotFound; Conflict once it has begun. Cancelling twice is fine."""
        return self._change(
            lambda: self._find(caller, send_id),
            lambda send: send if send.status is Status.CANCELLED else sends.cancel(send, "its owner cancelled it"),
        )

    def cancel_batch(self, caller: Caller, batch_id: str) -> int:
        """How many of its sends were cancelled; those that have begun are not.

        Raises NotFound; Conflict while the request that makes it is at work, which would make more.
        """
        there = self._batches.find(caller.owner, batch_id)
        if there is None or not caller.may_use(there.batch.account):
            raise NotFound("There is no batch with this id.")
        self._batches.close(there)
        cancel = partial(sends.cancel, detail="its owner cancelled the batch")
        return len(self._each_waiting(caller.owner, {"batch": batch_id}, cancel))

    def reschedule(self, caller: Caller, send_id: str, at: datetime) -> Send:
        """Another time for a send that has not begun; a past one means now. Raises NotFound, Conflict."""
        moved = self._change(
            lambda: self._find(caller, send_id), lambda send: sends.reschedule(send, at, self._clock())
        )
        self._enqueue(moved)
        return moved

    def resend(self, caller: Caller, send_id: str) -> tuple[Send, bool]:
        """The new send, and whether it is new. Raises NotFound, Conflict."""
        return self._resending.resend(self._find(caller, send_id))

    def cancel_all(self, owner: str, account_id: str) -> None:
        """The account was disconnected: nothing of it goes out any more."""
        cancel = partial(sends.cancel, detail="the account was disconnected")
        self._each_waiting(owner, {"account": account_id}, cancel)

    def release_all(self, owner: str, account_id: str) -> None:
        """The account was reconnected: what was held for that goes out."""

        def release(send: Send) -> Send:
            return sends.release(send, self._clock()) if send.waits_for == ReauthRequired.code else send

        for send in self._each_waiting(owner, {"account": account_id}, release):
            self._enqueue(send)

    def _each_waiting(self, owner: str, of: Mapping[str, str], change: Callable[[Send], Send]) -> list[Send]:
        changed = []
        for status in sends.WAITING:
            after = None
            while True:
                page = self._documents.query(
                    Query(
                        f"owners/{owner}/sends",
                        equals={**of, "status": status.value},
                        order=("created_at", "desc"),
                        limit=PAGE,
                        after=after,
                    )
                )
                together = [found(document) for document in page.documents]
                for start in range(0, len(together), AT_ONCE):
                    changed += self._changed(together[start : start + AT_ONCE], change)
                if (after := page.next) is None:
                    break
        return changed

    def _changed(self, together: Sequence[Found], change: Callable[[Send], Send]) -> list[Send]:
        """All in one commit or, where somebody else is at one of them, one by one."""
        wanted = []
        for before in together:
            with contextlib.suppress(NotAllowed):
                after = change(before.send)
                if after != before.send:
                    wanted.append((before, after))
        try:
            self._outbox.save_all(wanted)
            return [after for _, after in wanted]
        except PreconditionFailed:
            changed = []
            for before, _ in wanted:
                with contextlib.suppress(Conflict, NotFound):
                    now = self._change(partial(self._existing, before.send.owner, before.send.id), change)
                    if now != before.send:
                        changed.append(now)
            return changed

    def _change(self, read: Callable[[], Found], change: Callable[[Send], Send]) -> Send:
        for _ in range(TRIES):
            before = read()
            try:
                after = change(before.send)
                return before.send if after == before.send else self._outbox.save(before, after).send
            except NotAllowed as exc:
                raise Conflict(f"This is too late: {exc}.") from None
            except PreconditionFailed:
                continue
        raise Conflict

    def _find(self, caller: Caller, send_id: str) -> Found:
        there = self._outbox.find(caller.owner, send_id)
        if there is None or not caller.may_use(there.send.account):
            raise NotFound("There is no send with this id.")
        return there

    def _existing(self, owner: str, send_id: str) -> Found:
        there = self._outbox.find(owner, send_id)
        if there is None:
            raise NotFound("There is no send with this id.")
        return there

    def _enqueue(self, send: Send) -> None:
        with contextlib.suppress(Unavailable):
            self._tasks.enqueue(send.owner, send.id, send.due_at, send.account)
