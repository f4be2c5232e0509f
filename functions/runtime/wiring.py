"""The use cases, each with the adapters it needs, made when first used: sending here, the others in *_wiring.py."""

from typing import TYPE_CHECKING

from functions.domain.ids import looks_like
from functions.runtime.lazy import once
from functions.runtime.operator_wiring import ForOperators
from functions.runtime.trigger_wiring import TriggersAndWebhooks

if TYPE_CHECKING:
    from functions.services.delivering import Delivering
    from functions.services.foresight import Foresight
    from functions.services.history import History
    from functions.services.merging import Merging
    from functions.services.reconciling import Reconciling
    from functions.services.repeating import Repeating
    from functions.services.sending import Sending
    from functions.services.statistics import Statistics
    from functions.services.sweeping import Sweeping, Swept


class App(TriggersAndWebhooks, ForOperators):
    """Everything a handler can ask for. One for each process."""

    def deliver(self, owner: str, item: str) -> None:
        """What a task of the queue asks for: a send to go out, or an event to be told. Raises Unavailable."""
        if looks_like("dlv", item):
            self.event_deliveries.deliver(owner, item)
        else:
            self.delivering.deliver(owner, item)

    def sweep(self) -> "Swept":
        """What is overdue, and what has to be done from time to time. Raises Unavailable."""
        return self.sweeping.sweep()

    @once
    def reconciling(self) -> "Reconciling":
        from functions.services.reconciling import Reconciling

        return Reconciling(
            documents=self.documents,
            outbox=self.outbox,
            gmail=self.gmail,
            tokens=self.tokens,
            tasks=self.tasks,
            resending=self.resending,
            clock=self.clock,
            found=lambda send: self.watching.missed(send),
        )

    @once
    def delivering(self) -> "Delivering":
        from functions.services.delivering import Delivering
        from functions.services.overtaken import Overtaken
        from functions.services.unwanted import Unwanted

        return Delivering(
            documents=self.documents,
            outbox=self.outbox,
            blobs=self.blobs,
            gmail=self.gmail,
            tokens=self.tokens,
            pacing=self.pacing,
            tasks=self.tasks,
            reconciling=self.reconciling,
            unwanted=Unwanted(
                self.batches, self.standings, Overtaken(self.outbox, self.gmail, self.tokens, lambda: self.incoming)
            ),
            completing=lambda: self.completing,
            clock=self.clock,
            random=self.random,
        )

    @once
    def sweeping(self) -> "Sweeping":
        from functions.services.sweeping import Sweeping

        chores = (
            lambda: self.event_deliveries.sweep(),
            lambda: self.watching.tend(),
            lambda: self.purging.purge(),
            lambda: self.expiring.expire(),
            lambda: self.parked_grants.expire(),
            lambda: self.documents.expire(self.clock()),
            *([self.orphans.remove] if self.settings.blobs_url.startswith("file:") else []),
        )
        return Sweeping(self.documents, self.tasks.enqueue, self.clock, chores)

    @once
    def sending(self) -> "Sending":
        from functions.services.sending import Sending

        return Sending(
            blobs=self.blobs,
            accounts=self.accounts,
            tokens=self.tokens,
            standings=self.standings,
            composing=self.composing,
            personalising=self.personalising,
            outbox=self.outbox,
            pacing=self.pacing,
            delivering=self.delivering,
            repeating=self.repeating,
            clock=self.clock,
            random=self.random,
        )

    @once
    def foresight(self) -> "Foresight":
        from functions.services.foresight import Foresight

        return Foresight(self.accounts)

    @once
    def merging(self) -> "Merging":
        from functions.services.merging import Merging

        return Merging(
            blobs=self.blobs,
            accounts=self.accounts,
            standings=self.standings,
            composing=self.composing,
            personalising=self.personalising,
            batches=self.batches,
            outbox=self.outbox,
            delivering=self.delivering,
            clock=self.clock,
            random=self.random,
        )

    @once
    def repeating(self) -> "Repeating":
        from functions.services.repeating import Repeating

        return Repeating(self.documents, self.reconciling, self.clock)

    @once
    def history(self) -> "History":
        from functions.services.history import History

        return History(self.documents, self.blobs, self.gmail, self.tokens, self.batches, self.timeline, self.clock)

    @once
    def statistics(self) -> "Statistics":
        from functions.services.statistics import Statistics

        return Statistics(self.documents)
