"""The delivery of one event to one endpoint. Pure: time, randomness and attempt ids are arguments.

    pending ─▶ delivered
       │  ▲ └─▶ failed       tried ten times over three days, or told 410
       │  └── redelivered, from any end
       └─────▶ cancelled    its endpoint is disabled or gone

`due_at` is when something has to happen next: an attempt, or the end of the lease of one that runs. At least once: an
attempt whose end was not noted is made again. Order is not promised: what failed comes later than what followed it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from functions.domain.records import replace
from functions.domain.webhooks import WebhookEndpoint

# The schedule that Standard Webhooks recommends: ten attempts in 75 hours and a half.
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
MAX_TRIES = len(DELAYS) + 1
JITTER = 0.1  # either way, so that what failed together does not come back together
LONGEST_WAIT = timedelta(hours=24)  # that a Retry-After is believed
LEASE = timedelta(minutes=1)  # longer than one attempt can take
KEPT_FOR = timedelta(days=30)
ATTEMPTS_KEPT = 12
ANSWER_KEPT = 500  # characters

# An endpoint is disabled after so many events tried to the end in vain, or after failing for so long, with no success
# in between. A pause that is longer than any between two attempts begins the time anew: there was nothing to fail.
GIVEN_UP_AT_MOST = 10
FAILING_AT_MOST = timedelta(days=5)
PAUSE = timedelta(hours=36)
FAILED_STEP = timedelta(hours=1)  # `last_failed_at` is exact to this much: an endpoint that fails is no hot document
GONE = 410


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One POST: the status that came back, or the error that came instead."""

    at: datetime
    status_code: int | None
    milliseconds: int
    error: str = ""
    detail: str = ""
    answer: str = ""  # the beginning of its body
    retry_after: float | None = None  # seconds

    @property
    def delivered(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


@dataclass(frozen=True)
class Delivery:
    id: str  # dlv_…
    owner: str
    endpoint: str
    event: str  # evt_…, the webhook-id: the same however often it is tried
    type: str
    payload: str  # the body as it is signed and sent
    created_at: datetime
    expires_at: datetime
    status: DeliveryStatus = DeliveryStatus.PENDING
    due_at: datetime | None = None
    attempt_id: str = ""  # while an attempt runs
    tries: int = 0  # of this round; redelivering begins another
    attempts: tuple[DeliveryAttempt, ...] = ()  # the last ones, oldest first
    detail: str = ""  # why it was cancelled

    def running(self, now: datetime) -> bool:
        return bool(self.attempt_id) and self.due_at is not None and self.due_at > now


def begin(delivery: Delivery, attempt_id: str, now: datetime) -> Delivery:
    return replace(delivery, attempt_id=attempt_id, due_at=now + LEASE)


def settle(delivery: Delivery, attempt: DeliveryAttempt, now: datetime, random: float) -> Delivery:
    """Delivered, to be tried again, or given up. `random` lies in [0, 1)."""
    tries = delivery.tries + 1
    noted = replace(
        delivery, attempt_id="", due_at=None, tries=tries, attempts=(*delivery.attempts, attempt)[-ATTEMPTS_KEPT:]
    )
    if attempt.delivered:
        return replace(noted, status=DeliveryStatus.DELIVERED)
    if attempt.status_code == GONE or tries >= MAX_TRIES:
        return replace(noted, status=DeliveryStatus.FAILED)
    wait = DELAYS[tries - 1] * (1 - JITTER + 2 * JITTER * random)
    if attempt.retry_after is not None:
        wait = max(wait, min(timedelta(seconds=attempt.retry_after), LONGEST_WAIT))
    return replace(noted, due_at=now + wait)


def once(delivery: Delivery, attempt: DeliveryAttempt) -> Delivery:
    """Of an event that is sent one time only."""
    status = DeliveryStatus.DELIVERED if attempt.delivered else DeliveryStatus.FAILED
    return replace(delivery, status=status, due_at=None, tries=1, attempts=(attempt,))


def cancel(delivery: Delivery, detail: str) -> Delivery:
    return replace(delivery, status=DeliveryStatus.CANCELLED, due_at=None, attempt_id="", detail=detail)


def redeliver(delivery: Delivery, now: datetime) -> Delivery:
    """Once more from the beginning, whatever became of it."""
    return replace(delivery, status=DeliveryStatus.PENDING, due_at=now, attempt_id="", tries=0, detail="")


def health(endpoint: WebhookEndpoint, after: Delivery, now: datetime) -> WebhookEndpoint:
    """The endpoint after an attempt: well again, failing, or disabled for it. Unchanged where nothing is new."""
    last = after.attempts[-1]
    if last.delivered:
        return well(endpoint)
    if last.status_code == GONE:
        return disable(endpoint, "It answered 410 Gone: it wants no more events.", now)
    previous = endpoint.last_failed_at
    since = endpoint.failing_since if previous and now - previous < PAUSE else None
    given_up = endpoint.given_up + (after.status is DeliveryStatus.FAILED)
    coarse = previous if previous and now - previous < FAILED_STEP else now
    endpoint = replace(endpoint, failing_since=since or now, last_failed_at=coarse, given_up=given_up)
    if given_up >= GIVEN_UP_AT_MOST:
        return disable(
            endpoint, f"{given_up} events in a row could not be delivered, each tried {MAX_TRIES} times.", now
        )
    if since and now - since >= FAILING_AT_MOST:
        return disable(endpoint, f"Every delivery has failed for {FAILING_AT_MOST.days} days.", now)
    return endpoint


def well(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return replace(endpoint, failing_since=None, last_failed_at=None, given_up=0)


def disable(endpoint: WebhookEndpoint, reason: str, now: datetime) -> WebhookEndpoint:
    return replace(endpoint, enabled=False, disabled_reason=reason, disabled_at=now)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds, from either form of the header (RFC 9110 §10.2.3); None for what is neither, or past."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):  # the last: of a year or an hour of twenty digits
        return None
    return seconds if seconds > 0 else None
