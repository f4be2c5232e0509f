"""A webhook comes in: who signed it, was it here before, what becomes of it. One read, mostly remembered; one commit.

Whoever calls learns nothing about a trigger from a refusal: an unknown one, a disabled one and a wrong signature are
the same answer after comparable work. After a 2xx the webhook is on record, and repeating it changes nothing.
"""

import contextlib
import hmac
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from functions.domain import hook_deliveries, signatures
from functions.domain.errors import (
    InvalidJson,
    PreconditionFailed,
    RateLimited,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from functions.domain.hook_deliveries import HookDelivery, Verdict
from functions.domain.ids import looks_like
from functions.domain.ports import Clock
from functions.domain.records import replace
from functions.domain.signed_headers import Headers, Signed, Unsigned
from functions.domain.triggers import FAILING_AT, Trigger
from functions.services.accepting import Accepting, Webhook
from functions.services.hook_log import HookLog, Known
from functions.services.outbox import Outbox
from functions.services.trigger_health import Failure, TriggerHealth
from functions.services.trigger_keys import Opened, TriggerKeys
from functions.services.trigger_rates import TriggerRates

REMEMBERED = 5_000  # of what was just answered: most senders that repeat do so at once
_DECOY = b"\x00" * 32

DISABLED = Unsigned("disabled", "The trigger is disabled. Enable it to take webhooks again.")


@dataclass(frozen=True, slots=True)
class Answer:
    """`repeated`: the webhook was here before, and this is what it was answered then."""

    delivery: str
    send: str | None
    repeated: bool = False


class Receiving:
    def __init__(
        self,
        *,
        keys: TriggerKeys,
        accepting: Accepting,
        log: HookLog,
        outbox: Outbox,
        rates: TriggerRates,
        health: TriggerHealth,
        clock: Clock,
    ) -> None:
        self._keys = keys
        self._accepting = accepting
        self._log = log
        self._outbox = outbox
        self._rates = rates
        self._health = health
        self._clock = clock
        self._answered: OrderedDict[str, HookDelivery] = OrderedDict()
        self._lock = threading.Lock()

    def receive(self, trigger_id: str, headers: Headers, body: bytes, content_type: str) -> Answer:
        """Raises Unauthenticated, in the same words whatever is wrong; InvalidJson, UnsupportedMediaType where the body
        is no payload; RateLimited; Unavailable where it is not on record, and should come again."""
        opened, now = self._keys.get(trigger_id), self._clock()
        trigger, signed = self._verified(trigger_id, opened, headers, body, now)
        known = Known(trigger.owner, trigger.id, signed.keys)
        if first := self._remembered(known):
            return _repeated(first)
        webhook = Webhook(body, content_type, headers, name=signed.delivery_id, signed_at=signed.at)
        made = self._accepting.make(trigger, webhook, known.delivery, now)
        if made.send and (wait := self._rates.take(trigger)):
            return self._over_the_rate(trigger, known, made.delivery, wait)
        try:
            self._accepting.commit(made, known.names)
        except (PreconditionFailed, Unavailable) as error:
            if made.send:
                self._rates.give_back(trigger, now)
            if isinstance(error, Unavailable):
                raise
            return _repeated(self._first(known, now))
        self._remember(known, made.delivery)
        self._accepting.enqueue(made)
        self._note_health(trigger, made.delivery)
        return _answer(made.delivery)

    def _verified(
        self, trigger_id: str, opened: Opened | None, headers: Headers, body: bytes, now: datetime
    ) -> tuple[Trigger, Signed]:
        try:
            if opened is None:
                raise Unsigned("unknown", "")
            fields = opened.trigger.fields
            signed = signatures.verify(fields.scheme, headers, body, opened.signing(now), now, fields.hmac)
            if not fields.enabled:
                raise DISABLED
        except Unsigned as refused:
            if refused.reason not in ("wrong_signature", "too_old", "too_new", "disabled"):
                hmac.digest(_DECOY, body, "sha256")  # where nothing was verified: it takes as long
            self._refused(trigger_id, opened, refused)
            raise Unauthenticated(
                "This webhook is not taken: there is no such trigger, it is disabled, or the signature is not right.",
                remedy="Compare the URL and the secret with the trigger's, and the clock with the time.",
            ) from None
        return opened.trigger, signed

    def _refused(self, trigger_id: str, opened: Opened | None, refused: Unsigned) -> None:
        """A store that is away must not make another answer of it."""
        if not looks_like("trg", trigger_id):
            return
        with contextlib.suppress(Unavailable):
            owner = opened.trigger.owner if opened else None
            account = opened.trigger.account if opened else ""
            said = {"reason": refused.reason, "detail": refused.detail, "account": account}
            noted = self._log.note(trigger_id, owner, Verdict.REFUSED, **said)
            failing = opened and opened.trigger.fields.enabled and opened.trigger.failures < FAILING_AT
            if failing and noted:
                self._health.failed(trigger_id, Failure(refused.reason, refused.detail))

    def _over_the_rate(self, trigger: Trigger, known: Known, delivery: HookDelivery, wait: float) -> Answer:
        if first := self._log.known(known):
            return _repeated(first)
        detail = "More webhooks came than the trigger's rate allows."
        with contextlib.suppress(Unavailable):
            said = {"reason": "rate_limited", "detail": f"{detail} Its sender was asked to send it again later."}
            said |= {"name": delivery.name, "event": delivery.event, "account": trigger.account}
            self._log.note(trigger.id, trigger.owner, Verdict.RATE_LIMITED, **said)
        raise RateLimited(detail, retry_after=wait)

    def _first(self, known: Known, now: datetime) -> HookDelivery:
        """What was on record when this came. Raises Unavailable where it can't be seen yet."""
        if first := self._log.known(known):
            self._remember(known, first)
            return first
        # The delivery's record has expired; that of its send has not.
        send = hook_deliveries.send_id(known.trigger, known.delivery)
        if self._outbox.find(known.owner, send) is None:
            raise Unavailable("The webhook is being taken by another call.", retry_after=5)
        expired = hook_deliveries.received(known.delivery, known.owner, known.trigger, Verdict.ACCEPTED, now, body=None)
        return replace(expired, send=send)

    def _note_health(self, trigger: Trigger, delivery: HookDelivery) -> None:
        with contextlib.suppress(Unavailable):
            if delivery.verdict is Verdict.FAILED and trigger.failures < FAILING_AT:
                self._health.failed(trigger.id, Failure(delivery.reason, delivery.detail, delivery.id))
            elif delivery.verdict is Verdict.FILTERED and trigger.failures:
                self._health.well(trigger.id)

    def _remembered(self, known: Known) -> HookDelivery | None:
        with self._lock:
            return next((d for key in known.keys if (d := self._answered.get(f"{known.trigger}|{key}"))), None)

    def _remember(self, known: Known, delivery: HookDelivery) -> None:
        with self._lock:
            for key in known.keys:
                self._answered[f"{known.trigger}|{key}"] = delivery
            while len(self._answered) > REMEMBERED:
                self._answered.popitem(last=False)


def _repeated(first: HookDelivery) -> Answer:
    return replace(_answer(first), repeated=True)


def _answer(delivery: HookDelivery) -> Answer:
    """A body that is no payload is its sender's error, however often it comes."""
    if delivery.reason == "unsupported_media_type":
        raise UnsupportedMediaType(delivery.detail)
    if delivery.reason == "invalid_payload":
        raise InvalidJson(delivery.detail, remedy="Send one JSON value, or a form, encoded as UTF-8.")
    return Answer(delivery.id, delivery.send)
