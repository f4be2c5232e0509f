"""Whether a trigger works: its owner hears of five failures in a row, once, until something succeeds."""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from functions.domain import event_bodies, records, triggers, webhooks
from functions.domain.errors import Conflict
from functions.domain.ports import Clock, Documents, Update, Write
from functions.domain.triggers import FAILING_AT, Trigger
from functions.services import retry_if_stale, trigger_keys
from functions.services.announcing import Announcer


@dataclass(frozen=True, slots=True)
class Failure:
    """`delivery` and `send` are empty where there is none."""

    reason: str
    detail: str
    delivery: str = ""
    send: str = ""


class TriggerHealth:
    def __init__(self, documents: Documents, announcing: Announcer, clock: Clock) -> None:
        self._documents = documents
        self._announcing = announcing
        self._clock = clock

    def failed(self, trigger_id: str, failure: Failure) -> None:
        """Raises Unavailable. Of very many failures at the same moment one may go uncounted."""
        with contextlib.suppress(Conflict):
            self._change(trigger_id, failure)

    def well(self, trigger_id: str) -> None:
        """Raises Unavailable."""
        with contextlib.suppress(Conflict):
            self._change(trigger_id, None)

    @retry_if_stale
    def _change(self, trigger_id: str, failure: Failure | None) -> None:
        document = self._documents.get(trigger_keys.path(trigger_id))
        if document is None:
            return
        now, before = self._clock(), records.from_data(Trigger, document.data)
        after = triggers.failed(before, now) if failure else triggers.well(before)
        if after == before:
            return
        news = self._news(after, failure, now) if failure and after.failures == FAILING_AT else []
        update = Update(document.path, records.changes(before, after), version=document.version)
        self._documents.commit([update, *news])
        self._announcing.enqueue(news)

    def _news(self, trigger: Trigger, failure: Failure, now: datetime) -> list[Write]:
        return self._announcing.writes(
            trigger.owner,
            webhooks.TRIGGER_FAILING,
            now,
            lambda: event_bodies.of_trigger(trigger, failure.reason, failure.detail, failure.delivery, failure.send),
        )
