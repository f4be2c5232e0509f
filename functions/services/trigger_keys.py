"""Triggers as the receiving of a webhook needs them: found before their owner is known, with their secrets opened.

An instance believes what it read for FRESH: a webhook that comes while a trigger is changed may meet either, and at 200
a second the store is asked once in that time instead of a thousand times. What is none is remembered as well, so that
asking for it takes as long as asking for one that is there.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain import records, signatures
from functions.domain.ids import looks_like
from functions.domain.ports import Clock, Documents, Sealer, Unsealable
from functions.domain.triggers import Trigger, TriggerSecret

FRESH = timedelta(seconds=5)
REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A trigger and what its senders sign with. `secrets`: (key, until when it counts)."""

    trigger: Trigger
    secrets: tuple[tuple[bytes, datetime | None], ...]

    def signing(self, now: datetime) -> list[bytes]:
        return [key for key, until in self.secrets if until is None or until > now]


class TriggerKeys:
    def __init__(self, documents: Documents, ring: Sealer, clock: Clock) -> None:
        self._documents = documents
        self._ring = ring
        self._clock = clock
        self._known: OrderedDict[str, tuple[datetime, Opened | None]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, trigger_id: str) -> Opened | None:
        """Raises Unavailable."""
        if not looks_like("trg", trigger_id):
            return None
        now = self._clock()
        with self._lock:
            until, found = self._known.get(trigger_id, (now, None))
        if until > now:
            return found
        document = self._documents.get(path(trigger_id))
        found = self.opened(records.from_data(Trigger, document.data)) if document else None
        with self._lock:
            self._known[trigger_id] = (now + FRESH, found)
            self._known.move_to_end(trigger_id)
            # A trigger may have hundreds of kilobytes of HTML: what is not believed any more is not kept either.
            while len(self._known) > REMEMBERED or next(iter(self._known.values()))[0] <= now:
                self._known.popitem(last=False)
        return found

    def forget(self, trigger_id: str) -> None:
        """It was changed by this process."""
        with self._lock:
            self._known.pop(trigger_id, None)

    def opened(self, trigger: Trigger) -> Opened:
        """Without the secrets whose key is gone, or that are none for the trigger's scheme. Raises Unavailable."""
        found = []
        for secret in trigger.secrets:
            try:
                text = self.text(trigger, secret)
                found.append((signatures.secret_bytes(trigger.fields.scheme, text), secret.expires_at))
            except (Unsealable, ValueError):
                continue
        return Opened(trigger, tuple(found))

    def text(self, trigger: Trigger, secret: TriggerSecret) -> str:
        """The secret as people see it. Raises Unsealable, Unavailable."""
        return self._ring.open(secret.sealed, context(trigger.owner, trigger.id)).decode("ascii")

    def sealed(self, owner: str, trigger_id: str, texts: Sequence[str]) -> list[str]:
        return [self._ring.seal(text.encode("ascii"), context(owner, trigger_id)) for text in texts]


def path(trigger_id: str) -> str:
    return f"triggers/{trigger_id}"


def context(owner: str, trigger_id: str) -> str:
    """Binds a sealed secret to its trigger and its owner, so that two can't be swapped."""
    return f"trigger-secret|{owner}|{trigger_id}"
