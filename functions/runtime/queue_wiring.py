"""The queue, what is announced, and what can be done to a send that waits."""

from typing import TYPE_CHECKING

from functions.runtime import events
from functions.runtime.backends import Backends
from functions.runtime.lazy import later, once

if TYPE_CHECKING:
    from functions.domain.ports import Tasks
    from functions.services.announcing import Announcing
    from functions.services.batches import Batches
    from functions.services.controlling import Controlling
    from functions.services.endpoints import Endpoints
    from functions.services.event_deliveries import EventDeliveries
    from functions.services.outbox import Outbox
    from functions.services.pacing import Pacing
    from functions.services.resending import Resending
    from functions.services.timeline import Timeline


class Queue(Backends):
    """A part of the App."""

    @once
    def tasks(self) -> "Tasks":
        url = self.settings.tasks_url
        if url.startswith("cloudtasks://"):
            from functions.adapters.cloud_tasks import CloudTasks

            project, location, queue = url.removeprefix("cloudtasks://").split("/")
            return CloudTasks(
                http=self.http,
                access=self.google_access,
                project=project,
                location=location,
                queue=queue,
                url=f"{self.settings.public_url}/tasks/deliver",
                service_account=self.settings.tasks_account,
                clock=self.clock,
            )
        from functions.adapters.local_queue import LocalQueue

        return LocalQueue(self.deliver, self.sweep, self.clock)

    def deliver(self, owner: str, item: str) -> None:
        """What a task of the queue asks for. Raises Unavailable."""
        raise NotImplementedError

    def sweep(self) -> object:
        """What is overdue, and what has to be done from time to time."""
        raise NotImplementedError

    @once
    def announcing(self) -> "Announcing":
        from functions.services.announcing import Announcing

        # The queue's client is made only where there is something to announce.
        return Announcing(self.documents, lambda *task: self.tasks.enqueue(*task), self.clock, self.random)

    @once
    def endpoints(self) -> "Endpoints":
        from functions.services.endpoints import Endpoints

        return Endpoints(self.documents, self.announcing, self.token_ring, self.clock, self.random)

    @once
    def event_deliveries(self) -> "EventDeliveries":
        from functions.adapters.safe_http import SafeHttp
        from functions.services.event_deliveries import EventDeliveries

        return EventDeliveries(
            documents=self.documents,
            endpoints=self.endpoints,
            hooks=SafeHttp(self.settings.endpoints_allow),
            tasks=self.tasks,
            clock=self.clock,
            random=self.random,
        )

    @once
    def outbox(self) -> "Outbox":
        from functions.services.outbox import Outbox

        return Outbox(self.documents, self.announcing, events.send)

    @once
    def timeline(self) -> "Timeline":
        from functions.services.timeline import Timeline

        return Timeline(self.documents, self.announcing)

    @once
    def batches(self) -> "Batches":
        from functions.services.batches import Batches

        return Batches(self.documents, self.clock)

    @once
    def pacing(self) -> "Pacing":
        from functions.services.pacing import Pacing

        return Pacing(self.documents, self.clock, self.settings.units_per_minute)

    @once
    def resending(self) -> "Resending":
        from functions.services.resending import Resending

        return Resending(self.documents, self.outbox, self.tasks, self.clock)

    @once
    def controlling(self) -> "Controlling":
        from functions.services.controlling import Controlling

        # Who connects or disconnects an account sends nothing again, asks for no batch, and finds few slots given out.
        resending, batches = later(lambda: self.resending), later(lambda: self.batches)
        pacing = later(lambda: self.pacing)
        return Controlling(self.documents, self.outbox, resending, batches, pacing, self.tasks, self.clock)
