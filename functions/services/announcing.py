"""Telling owners what happened: events are written in the commit of what they tell of, so none is lost with a crash.

Whoever commits a change adds `writes(…)` to it, and calls `enqueue` with them once the commit stands. Where that call
is never reached, the sweep finds the deliveries.
"""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from functions.domain import event_bodies, records
from functions.domain.deliveries import KEPT_FOR, Delivery
from functions.domain.errors import Unavailable
from functions.domain.ids import RandomBytes, derived_id, random_id
from functions.domain.ports import Clock, Create, Documents, Query, Write
from functions.domain.webhooks import MAX_ENDPOINTS, WebhookEndpoint

# How long an instance believes what it read of an owner's endpoints: a new one hears of everything after this.
FRESH = timedelta(seconds=20)
REMEMBERED = 5000  # owners
FEW, ENQUEUERS = 4, 16

Enqueue = Callable[[str, str, datetime | None, str], None]  # as the port's `enqueue`
T = TypeVar("T")


class Announcer(Protocol):
    def writes(
        self, owner: str, event: str, at: datetime | None, data: Callable[[], dict[str, Any]], event_id: str = ""
    ) -> list[Write]:
        """What to commit together with the change: a delivery for each endpoint that wants such events, mostly none.

        `at` is when it happened, None for now; `data` is asked where somebody listens. `event_id` is evt_…, a new one
        where it is empty. Raises Unavailable.
        """
        ...

    def enqueue(self, committed: Sequence[Write]) -> None:
        """Have the deliveries among these writes made now. What the queue does not take, the sweep finds."""
        ...


class Announcing:
    """An Announcer. `enqueue_task` is the queue's."""

    def __init__(self, documents: Documents, enqueue_task: Enqueue, clock: Clock, random: RandomBytes) -> None:
        self._documents = documents
        self._enqueue_task = enqueue_task
        self._clock = clock
        self._random = random
        self._known: OrderedDict[str, tuple[datetime, tuple[WebhookEndpoint, ...]]] = OrderedDict()
        self._changes = 0  # that `forget` was told of
        self._lock = threading.Lock()

    def writes(
        self, owner: str, event: str, at: datetime | None, data: Callable[[], dict[str, Any]], event_id: str = ""
    ) -> list[Write]:
        listening = [endpoint for endpoint in self._endpoints(owner) if endpoint.wants(event)]
        if not listening:
            return []
        now = self._clock()
        event_id = event_id or random_id("evt", self._random)
        payload = event_bodies.text(event, at or now, data())
        return [delivery_write(new_delivery(endpoint, event_id, event, payload, now)) for endpoint in listening]

    def enqueue(self, committed: Sequence[Write]) -> None:
        made = [write.data for write in committed if isinstance(write, Create) and "/deliveries/" in write.path]
        enqueue_each(self._enqueue, made)

    def forget(self, owner: str) -> None:
        """This owner's endpoints have changed."""
        with self._lock:
            self._changes += 1
            self._known.pop(owner, None)

    def _enqueue(self, data: dict[str, Any]) -> None:
        with contextlib.suppress(Unavailable):
            self._enqueue_task(data["owner"], data["id"], None, data["endpoint"])

    def _endpoints(self, owner: str) -> tuple[WebhookEndpoint, ...]:
        now = self._clock()
        with self._lock:
            until, known = self._known.get(owner, (now, ()))
            changes = self._changes
        if until > now:
            return known
        page = self._documents.query(Query(collection(owner), order=("created_at", "asc"), limit=2 * MAX_ENDPOINTS))
        found = tuple(records.from_data(WebhookEndpoint, document.data) for document in page.documents)
        with self._lock:
            if changes != self._changes:  # what was read may be older than the change
                return found
            self._known[owner] = (now + FRESH, found)
            self._known.move_to_end(owner)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found


class Silence:
    """An Announcer whom nobody listens to."""

    def writes(self, *_: Any) -> list[Write]:
        return []

    def enqueue(self, *_: Any) -> None:
        pass


def enqueue_each(enqueue: Callable[[T], None], items: Sequence[T]) -> None:
    """The cloud's queue takes a task per call, so many go side by side."""
    if len(items) <= FEW:
        for item in items:
            enqueue(item)
        return
    with ThreadPoolExecutor(ENQUEUERS, thread_name_prefix="enqueue") as pool:
        for _ in pool.map(enqueue, items):
            pass


def collection(owner: str) -> str:
    return f"owners/{owner}/endpoints"


def delivery_path(owner: str, delivery_id: str) -> str:
    return f"owners/{owner}/deliveries/{delivery_id}"


def new_delivery(endpoint: WebhookEndpoint, event_id: str, event: str, payload: str, now: datetime) -> Delivery:
    """Due at once. One for each event and endpoint, whoever makes it."""
    return Delivery(
        id=derived_id("dlv", endpoint.owner, endpoint.id, event_id),
        owner=endpoint.owner,
        endpoint=endpoint.id,
        event=event_id,
        type=event,
        payload=payload,
        created_at=now,
        expires_at=now + KEPT_FOR,
        due_at=now,
    )


def delivery_write(delivery: Delivery) -> Create:
    return Create(delivery_path(delivery.owner, delivery.id), records.to_data(delivery))
