"""Delivering events to endpoints: at least once, each attempt on record, for three days."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from functions.domain import deliveries, event_bodies, records, webhooks
from functions.domain.callers import Caller
from functions.domain.deliveries import ANSWER_KEPT, Delivery, DeliveryAttempt, DeliveryStatus
from functions.domain.errors import Conflict, NotFound, PreconditionFailed, Unavailable
from functions.domain.ids import RandomBytes, looks_like, random_id
from functions.domain.ports import Clock, Document, Documents, Query, Tasks, Update
from functions.domain.webhook_ports import Hooks, NoAnswer
from functions.domain.webhooks import WebhookEndpoint
from functions.services import sweeping
from functions.services.announcing import delivery_path, delivery_write, enqueue_each, new_delivery
from functions.services.endpoints import Endpoints
from functions.services.sweeping import Swept

# A task may come a little early: clocks differ, and queues round.
EARLY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Found:
    """A delivery, with the version of the record it was read from."""

    delivery: Delivery
    version: str


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    deliveries: tuple[Delivery, ...]
    next: str | None


class EventDeliveries:
    def __init__(
        self,
        *,
        documents: Documents,
        endpoints: Endpoints,
        hooks: Hooks,
        tasks: Tasks,
        clock: Clock,
        random: RandomBytes,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._documents = documents
        self._endpoints = endpoints
        self._hooks = hooks
        self._tasks = tasks
        self._clock = clock
        self._random = random
        self._stopwatch = stopwatch

    def deliver(self, owner: str, delivery_id: str) -> None:
        """Do what is due for this delivery. Safe to call at any time, any number of times. Raises Unavailable."""
        found = self._find(owner, delivery_id)
        if found is None or found.delivery.due_at is None:
            return
        if found.delivery.due_at > self._clock() + EARLY:
            self._enqueue(found.delivery)
            return
        with contextlib.suppress(PreconditionFailed):  # somebody else has it
            self._attempt(found)

    def redeliver(self, caller: Caller, endpoint_id: str, delivery_id: str) -> Delivery:
        """Once more, under the same webhook-id. Raises NotFound; Conflict while it can't be delivered."""
        endpoint = self._endpoints.get(caller, endpoint_id)
        found = self._of(endpoint, delivery_id)
        if not endpoint.enabled:
            raise Conflict("The endpoint is disabled.", remedy="Enable it first: PUT /api/gmail/endpoints/{id}/")
        if found.delivery.running(self._clock()):
            raise Conflict("It is being delivered just now.", remedy="Look again in a minute.")
        try:
            again = self._save(found, deliveries.redeliver(found.delivery, self._clock()))
        except PreconditionFailed:
            raise Conflict("It is being delivered just now.", remedy="Look again in a minute.") from None
        self._enqueue(again.delivery)
        return again.delivery

    def test(self, caller: Caller, endpoint_id: str) -> Delivery:
        """An event of type `test`, sent now and not again; what came back. It says nothing about the endpoint's health.

        Raises NotFound, Unavailable.
        """
        endpoint = self._endpoints.get(caller, endpoint_id)
        now, event_id = self._clock(), random_id("evt", self._random)
        payload = event_bodies.text(webhooks.TEST, now, {"endpoint": endpoint.id})
        fresh = new_delivery(endpoint, event_id, webhooks.TEST, payload, now)
        done = deliveries.once(fresh, self._post(endpoint, fresh))
        self._documents.commit([delivery_write(done)])
        return done

    def get(self, caller: Caller, endpoint_id: str, delivery_id: str) -> Delivery:
        """Raises NotFound."""
        return self._of(self._endpoints.get(caller, endpoint_id), delivery_id).delivery

    def page(self, caller: Caller, endpoint_id: str, status: str, limit: int, after: str | None) -> DeliveryPage:
        """Newest first; of any status where it is empty. Raises NotFound."""
        endpoint = self._endpoints.get(caller, endpoint_id)
        equals = {"endpoint": endpoint.id, **({"status": status} if status else {})}
        page = self._documents.query(
            Query(
                f"owners/{endpoint.owner}/deliveries",
                equals=equals,
                order=("created_at", "desc"),
                limit=limit,
                after=after,
            )
        )
        return DeliveryPage(tuple(_found(d).delivery for d in page.documents), page.next)

    def sweep(self) -> Swept:
        """Those that are overdue, of every owner, are put into the queue again."""
        page = self._documents.query(
            Query(
                "deliveries",
                equals={"status": DeliveryStatus.PENDING.value},
                order=("due_at", "asc"),
                until=self._clock() - sweeping.GRACE,
                limit=sweeping.BATCH,
                group=True,
            )
        )
        enqueue_each(self._enqueue_again, page.documents)
        return Swept(len(page.documents), page.next is None)

    def _enqueue_again(self, document: Document) -> None:
        self._tasks.enqueue(document.data["owner"], document.id, None, document.data["endpoint"])

    def _attempt(self, found: Found) -> None:
        """Raises PreconditionFailed, Unavailable."""
        endpoint = self._endpoints.find(found.delivery.owner, found.delivery.endpoint)
        if endpoint is None or not endpoint.enabled:
            gone = "The endpoint was disabled." if endpoint else "The endpoint was deleted."
            self._save(found, deliveries.cancel(found.delivery, gone))
            return
        claimed = self._save(found, deliveries.begin(found.delivery, random_id("atm", self._random), self._clock()))
        attempt = self._post(endpoint, claimed.delivery)
        now = self._clock()
        after = deliveries.settle(claimed.delivery, attempt, now, self._fraction())
        self._endpoints.note(endpoint, lambda tried: deliveries.health(tried, after, now))
        self._save(claimed, after)
        if after.due_at is not None:
            self._enqueue(after)

    def _post(self, endpoint: WebhookEndpoint, delivery: Delivery) -> DeliveryAttempt:
        """Raises Unavailable where the secrets can't be read now."""
        at, body = self._clock(), delivery.payload.encode()
        secrets = self._endpoints.secrets(endpoint)
        if not secrets:
            detail = "The endpoint's secret can't be read any more: make a new one."
            return DeliveryAttempt(at, None, 0, error="unsigned", detail=detail)
        headers = webhooks.headers(delivery.event, at, body, secrets)
        began = self._stopwatch()
        try:
            answer = self._hooks.post(endpoint.url, headers, body)
            return DeliveryAttempt(
                at,
                answer.status,
                self._milliseconds(began),
                answer=_readable(answer.body),
                retry_after=deliveries.retry_after(answer.headers.get("retry-after", ""), self._clock()),
            )
        except NoAnswer as error:
            return DeliveryAttempt(at, None, self._milliseconds(began), error=error.code, detail=error.detail)
        except Exception as error:  # noqa: BLE001 - off the record it would be posted again each minute, for a month
            detail = f"Its answer could not be read ({type(error).__name__})."
            return DeliveryAttempt(at, None, self._milliseconds(began), error="malformed", detail=detail)

    def _milliseconds(self, began: float) -> int:
        return round((self._stopwatch() - began) * 1000)

    def _of(self, endpoint: WebhookEndpoint, delivery_id: str) -> Found:
        found = self._find(endpoint.owner, delivery_id)
        if found is None or found.delivery.endpoint != endpoint.id:
            raise NotFound("There is no delivery with this id.")
        return found

    def _find(self, owner: str, delivery_id: str) -> Found | None:
        document = self._documents.get(delivery_path(owner, delivery_id)) if looks_like("dlv", delivery_id) else None
        return _found(document) if document else None

    def _save(self, before: Found, after: Delivery) -> Found:
        """Raises PreconditionFailed where somebody else changed it meanwhile."""
        changes = records.changes(before.delivery, after)
        update = Update(delivery_path(after.owner, after.id), changes, version=before.version)
        return Found(after, self._documents.commit([update])[0])

    def _enqueue(self, delivery: Delivery) -> None:
        """A task for when it is due. One that is lost is found by the sweep."""
        with contextlib.suppress(Unavailable):
            self._tasks.enqueue(delivery.owner, delivery.id, delivery.due_at, delivery.endpoint)

    def _fraction(self) -> float:
        return int.from_bytes(self._random(4), "big") / 2**32


def _found(document: Document) -> Found:
    return Found(records.from_data(Delivery, document.data), document.version)


def _readable(body: bytes) -> str:
    """The beginning of an answer, for people: without what a terminal or a page would act on."""
    text = body[: 4 * ANSWER_KEPT].decode("utf-8", "replace")
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)[:ANSWER_KEPT]
