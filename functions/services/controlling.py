"""What an owner can do to a send that is on record: cancel, move, send again; and the queues of whole accounts."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from functions.domain import sends
from functions.domain.callers import Caller
from functions.domain.errors import Conflict, NotFound, PreconditionFailed, ReauthRequired
from functions.domain.ports import Clock, Documents, Query, Tasks
from functions.domain.sends import NotAllowed, Send, Status
from functions.services import pages, retry_if_stale
from functions.services.announcing import enqueue_each
from functions.services.outbox import Found, Outbox, enqueue, found

if TYPE_CHECKING:
    from functions.services.batches import Batches
    from functions.services.pacing import Pacing
    from functions.services.resending import Resending

PAGE = 200
AT_ONCE = 20  # sends changed in one commit; with an event for each of 20 endpoints that is 420 writes
CANCELLING = timedelta(seconds=20)  # of the minute that disconnecting an account may take, before Google is told
RELEASING = timedelta(seconds=20)  # of the minute that connecting an account may take


class Controlling:
    def __init__(
        self,
        documents: Documents,
        outbox: Outbox,
        resending: "Resending",
        batches: "Batches",
        pacing: "Pacing",
        tasks: Tasks,
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._batches = batches
        self._outbox = outbox
        self._resending = resending
        self._pacing = pacing
        self._tasks = tasks
        self._clock = clock

    def cancel(self, caller: Caller, send_id: str) -> Send:
        """Raises NotFound; Conflict once it has begun. Cancelling twice is fine."""
        before, after = self._change(
            lambda: self._find(caller, send_id),
            lambda send: send if send.status is Status.CANCELLED else sends.cancel(send, "its owner cancelled it"),
        )
        if after != before:
            self._free([before])
        return after

    def cancel_batch(self, caller: Caller, batch_id: str) -> int:
        """How many of its sends were cancelled; those that have begun are not.

        Raises NotFound; Conflict while the request that makes it is at work, which would make more.
        """
        there = self._batches.find(caller.owner, batch_id)
        if there is None or not caller.may_use(there.batch.account):
            raise NotFound("There is no batch with this id.")
        self._batches.close(there)
        return sum(self._cancelled(caller.owner, {"batch": batch_id}, "its owner cancelled the batch"))

    def reschedule(self, caller: Caller, send_id: str, at: datetime) -> Send:
        """Another time for a send that has not begun; a past one means now. Raises NotFound, Conflict."""
        before, moved = self._change(
            lambda: self._find(caller, send_id), lambda send: sends.reschedule(send, at, self._clock())
        )
        self._free([before])
        enqueue(self._tasks, moved)
        return moved

    def resend(self, caller: Caller, send_id: str) -> tuple[Send, bool]:
        """The new send, and whether it is new. Raises NotFound, Conflict."""
        return self._resending.resend(self._find(caller, send_id))

    def cancel_all(self, owner: str, account_id: str) -> bool:
        """The account was disconnected: nothing of it goes out any more. Whether there are more: of very many, some are
        left after a while, so that Google can be told before the caller's time is up."""
        until = self._clock() + CANCELLING
        cancelled = self._cancelled(owner, {"account": account_id}, "the account was disconnected")
        return any(self._clock() >= until for _ in cancelled)

    def release_all(self, owner: str, account_id: str) -> None:
        """The account was reconnected: what was held for that goes out. Somebody waits for this to be done, so of very
        many the rest is left held: each of those is looked at within the hour, and goes out then."""

        def release(send: Send) -> Send:
            return sends.release(send, self._clock()) if send.waits_for == ReauthRequired.code else send

        until = self._clock() + RELEASING
        due = (Status.QUEUED,)  # what was not is not held
        for changed in self._each_waiting(owner, {"account": account_id}, release, due):
            enqueue_each(partial(enqueue, self._tasks), [send for _, send in changed])
            if self._clock() >= until:
                return

    def _cancelled(self, owner: str, of: Mapping[str, str], why: str) -> Iterator[int]:
        """How many of each page."""
        for changed in self._each_waiting(owner, of, partial(sends.cancel, detail=why)):
            self._free([before for before, _ in changed])
            yield len(changed)

    def _free(self, given_up: Sequence[Send]) -> None:
        """Their slots, as they were before, are for others."""
        if any(send.slot_at for send in given_up):
            self._pacing.give_back_all(given_up)

    def _each_waiting(
        self,
        owner: str,
        of: Mapping[str, str],
        change: Callable[[Send], Send],
        statuses: Sequence[Status] = sends.WAITING,
    ) -> Iterator[list[tuple[Send, Send]]]:
        """What was changed, before and after, page by page."""
        for status in statuses:
            equals = {**of, "status": status.value}
            query = Query(f"owners/{owner}/sends", equals=equals, order=("created_at", "desc"), limit=PAGE)
            for page in pages(self._documents, query):
                together = [found(document) for document in page.documents]
                starts = range(0, len(together), AT_ONCE)
                yield [pair for start in starts for pair in self._changed(together[start : start + AT_ONCE], change)]

    def _changed(self, together: Sequence[Found], change: Callable[[Send], Send]) -> list[tuple[Send, Send]]:
        """All in one commit or, where somebody else is at one of them, one by one."""
        wanted = []
        for before in together:
            with contextlib.suppress(NotAllowed):
                after = change(before.send)
                if after != before.send:
                    wanted.append((before, after))
        try:
            self._outbox.save_all(wanted)
            return [(before.send, after) for before, after in wanted]
        except PreconditionFailed:
            changed = []
            for before, _ in wanted:
                with contextlib.suppress(Conflict, NotFound):
                    then, now = self._change(partial(self._existing, before.send.owner, before.send.id), change)
                    if now != then:
                        changed.append((then, now))
            return changed

    @retry_if_stale
    def _change(self, read: Callable[[], Found], change: Callable[[Send], Send]) -> tuple[Send, Send]:
        """The send before and after."""
        before = read()
        try:
            after = change(before.send)
        except NotAllowed as exc:
            raise Conflict(f"This is too late: {exc}.") from None
        return before.send, before.send if after == before.send else self._outbox.save(before, after).send

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
