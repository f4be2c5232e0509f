"""From a payload that is believed to what is put on record: a send, composed when it is due, or why there is none.

One commit holds the delivery, its body and its send. Nothing is rendered here: whoever signed the webhook waits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.domain import hook_deliveries, mapping, payloads, search, sends
from functions.domain.errors import PreconditionFailed
from functions.domain.hook_deliveries import HookDelivery, Verdict
from functions.domain.hook_events import event_type
from functions.domain.ids import RandomBytes
from functions.domain.mapping import Mapped, MappingFailed
from functions.domain.payloads import BadPayload
from functions.domain.ports import Blobs, Documents, Sealer, Tasks
from functions.domain.recipes import Recipe
from functions.domain.sends import Send
from functions.domain.signed_headers import Headers
from functions.domain.trigger_ports import Paths
from functions.domain.triggers import Trigger
from functions.services import unmade
from functions.services.hook_log import HookLog
from functions.services.outbox import Outbox, enqueue

SEE = "Look at what the trigger makes of it: POST /api/gmail/triggers/{id}/test/"
REMEDY = f"{SEE} Change the trigger, and replay the delivery then."
DELIVERY = "delivery"  # the name in a send's metadata


@dataclass(frozen=True, slots=True)
class Webhook:
    """One that is believed. `event` is what its sender calls the event, where `headers` don't say it any more; `name`
    what it calls the delivery, and `signed_at` when it was signed, where it says so."""

    body: bytes
    content_type: str
    headers: Headers | None = None
    event: str = ""
    name: str = ""
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What there is to commit. `recipe` goes with a send."""

    delivery: HookDelivery
    body: bytes
    send: Send | None = None
    recipe: Recipe | None = None


class Accepting:
    def __init__(
        self,
        *,
        documents: Documents,
        blobs: Callable[[], Blobs],
        outbox: Outbox,
        log: HookLog,
        ring: Sealer,
        paths: Paths,
        tasks: Callable[[], Tasks],
        random: RandomBytes,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._outbox = outbox
        self._log = log
        self._ring = ring
        self._paths = paths
        self._tasks = tasks
        self._random = random

    def make(self, trigger: Trigger, webhook: Webhook, delivery_id: str, now: datetime) -> Made:
        """By the trigger as it is now. Nothing is written or raised: what is wrong stands in the delivery."""
        fields, event = trigger.fields, webhook.event

        def delivery(verdict: Verdict = Verdict.ACCEPTED, **said: Any) -> HookDelivery:
            return hook_deliveries.received(
                *(delivery_id, trigger.owner, trigger.id, verdict, now),
                body=webhook.body,
                content_type=webhook.content_type,
                account=trigger.account,
                name=webhook.name,
                signed_at=webhook.signed_at,
                event=event,
                **said,
            )

        try:
            payload = payloads.parse(webhook.body, webhook.content_type)
            if webhook.headers is not None:
                event = event_type(fields.scheme, webhook.headers, payload)
            if not mapping.wanted(fields.filter, payload, self._paths):
                return Made(delivery(Verdict.FILTERED), webhook.body)
            found = mapping.mapped(fields.mapping, fields.allowed_domains, payload, self._paths)
        except BadPayload as bad:
            return Made(delivery(Verdict.FAILED, reason=bad.reason, detail=bad.detail), webhook.body)
        except MappingFailed as failed:
            detail = f"{failed.pointer}: {failed.detail}"
            return Made(delivery(Verdict.FAILED, reason=failed.code, detail=detail, remedy=REMEDY), webhook.body)
        send = _send(trigger, found, delivery_id, now)
        return Made(delivery(send=send.id), webhook.body, send, recipe(trigger, found))

    def commit(self, made: Made, names: Sequence[str] = ()) -> None:
        """Raises PreconditionFailed where it, or one of its names, is on record; Unavailable where it may not be."""
        writes = self._log.creates(made.delivery, made.body, names)
        if made.send is None or made.recipe is None:
            self._documents.commit(writes)
            return
        content = unmade.store(self._blobs, self._ring, self._random, made.send, made.recipe)
        try:
            self._outbox.create(made.send, content, *writes)
        except PreconditionFailed:
            if blob := content.get("bodies_blob"):
                self._blobs().delete(blob)
            raise

    def enqueue(self, made: Made) -> None:
        """The send, where there is one."""
        if made.send:
            enqueue(self._tasks(), made.send)


def recipe(trigger: Trigger, found: Mapped) -> Recipe:
    """With every variable of the mapping: what a payload does not have is given as nothing."""
    fields = trigger.fields
    return Recipe(
        variables={name: found.variables.get(name) for name in fields.mapping.variables},
        template=fields.template,
        version=fields.template_version,
        subject=fields.subject,
        html=fields.html,
        text=fields.text,
    )


def _send(trigger: Trigger, found: Mapped, delivery: str, now: datetime) -> Send:
    fields = trigger.fields
    send_at = now + timedelta(seconds=fields.delay_seconds) if fields.delay_seconds else None
    status, due_at = sends.accepted(send_at, now)
    return Send(
        id=hook_deliveries.send_id(trigger.id, delivery),
        owner=trigger.owner,
        status=status,
        account=trigger.account,
        sender=trigger.sender,
        to=found.to,
        cc=found.cc,
        bcc=found.bcc,
        reply_to=found.reply_to,
        subject="",
        created_at=now,
        metadata={DELIVERY: delivery},
        labels=search.labels("", (*found.to, *found.cc, *found.bcc), ()),
        template=fields.template or None,
        template_version=fields.template_version,
        trigger=trigger.id,
        send_at=send_at,
        due_at=due_at,
        answered=status,
        transactional=fields.transactional,
        composed=False,
    )
