"""The records of what came to triggers: written with what they tell of, read by their owners, gone after a month.

A key that is limited to some accounts sees what came while the trigger was of one of these: it may have been another's.

Beside a delivery's record lie the other names it is known by, and its body, sealed, which goes after a week. A body is
cut into documents: one alone takes less than a megabyte.
"""

import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.domain import hook_deliveries, records
from functions.domain.callers import Caller
from functions.domain.errors import NotFound, PreconditionFailed
from functions.domain.hook_deliveries import NOTES, HookDelivery, Verdict
from functions.domain.ids import derived_id, looks_like
from functions.domain.ports import Clock, Create, Document, Documents, Query, Sealer, Unsealable, Update, Write
from functions.domain.triggers import Trigger

PIECE = 700_000  # bytes of a sealed body in one document
REMEMBERED = 1_000  # triggers whose notes of this minute are counted
GONE = "The body of this delivery is no longer kept."


@dataclass(frozen=True, slots=True)
class Found:
    """A delivery, with the version of the record it was read from."""

    delivery: HookDelivery
    version: str


@dataclass(frozen=True, slots=True)
class HookDeliveryPage:
    deliveries: tuple[HookDelivery, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """Where a webhook is known from, if it was here before: by its own record, and under its other names."""

    owner: str
    trigger: str
    keys: tuple[str, ...]

    @property
    def delivery(self) -> str:
        return hook_deliveries.delivery_id(self.trigger, self.keys[0])

    @property
    def names(self) -> list[str]:
        """Paths of what points to the delivery."""
        ids = (derived_id("whd", self.trigger, "name", key) for key in self.keys[1:])
        return [f"owners/{self.owner}/names/{one}" for one in ids]


class HookLog:
    def __init__(self, documents: Documents, ring: Sealer, clock: Clock) -> None:
        self._documents = documents
        self._ring = ring
        self._clock = clock
        self._noted: dict[tuple[str, Verdict], tuple[int, int]] = {}  # by trigger: the minute, and how many
        self._lock = threading.Lock()

    def creates(self, delivery: HookDelivery, body: bytes | None, names: Sequence[str] = ()) -> list[Write]:
        """What to write for a new delivery. The commit fails where it, or one of its names, is on record already."""
        writes: list[Write] = [Create(path(delivery.owner, delivery.id), records.to_data(delivery))]
        pointer = {"delivery": delivery.id, "expires_at": delivery.expires_at}
        writes += [Create(name, dict(pointer)) for name in names]
        if body is not None:
            sealed = self._ring.seal(zlib.compress(body, 1), _context(delivery)).encode("ascii")
            pieces = [sealed[start : start + PIECE] for start in range(0, len(sealed), PIECE)]
            for number, piece in enumerate(pieces):
                data = {"body": piece, "pieces": len(pieces), "expires_at": delivery.body_until}
                writes.append(Create(_body_path(delivery, number), data))
        return writes

    def known(self, known: Known) -> HookDelivery | None:
        """The delivery that came first under one of these keys."""
        place = path(known.owner, known.delivery)
        found, *pointers = self._documents.get_many([place, *known.names])
        if found is None:
            pointer = next((p for p in pointers if p), None)
            found = self._documents.get(path(known.owner, pointer.data["delivery"])) if pointer else None
        return _found(found).delivery if found else None

    def get(self, caller: Caller, trigger: Trigger, delivery_id: str) -> HookDelivery:
        """Raises NotFound."""
        found = self.find(trigger.owner, delivery_id)
        if found is None or found.delivery.trigger != trigger.id or not caller.may_use(found.delivery.account):
            raise NotFound("There is no delivery with this id.")
        return found.delivery

    def find(self, owner: str, delivery_id: str) -> Found | None:
        document = self._documents.get(path(owner, delivery_id)) if looks_like("whd", delivery_id) else None
        return _found(document) if document else None

    def body(self, delivery: HookDelivery) -> bytes | None:
        """As it came; None where it is no longer kept, or was not."""
        if not delivery.has_body(self._clock()):
            return None
        first = self._documents.get(_body_path(delivery, 0))
        if first is None:
            return None
        rest = self._documents.get_many([_body_path(delivery, n) for n in range(1, first.data["pieces"])])
        if not all(rest):
            return None
        sealed = b"".join(piece.data["body"] for piece in (first, *rest) if piece)
        try:
            return zlib.decompress(self._ring.open(sealed.decode("ascii"), _context(delivery)))
        except Unsealable:
            return None

    def page(self, caller: Caller, trigger: Trigger, verdict: str, limit: int, after: str | None) -> HookDeliveryPage:
        """Newest first; of any verdict where it is empty."""
        page = self._documents.query(
            Query(
                f"owners/{trigger.owner}/received",
                equals={"trigger": trigger.id, **({"verdict": verdict} if verdict else {})},
                among=caller.among(),
                order=("created_at", "desc"),
                limit=limit,
                after=after,
            )
        )
        return HookDeliveryPage(tuple(_found(d).delivery for d in page.documents), page.next)

    def failing(self, owner: str, delivery_id: str, reason: str, detail: str, remedy: str) -> list[Write]:
        """What to write where no message can be made of what had been accepted. Nothing where the record is gone."""
        found = self.find(owner, delivery_id)
        if found is None:
            return []
        after = hook_deliveries.failed(found.delivery, reason, detail, remedy)
        changes = records.changes(found.delivery, after)
        return [Update(path(owner, delivery_id), changes, version=found.version)] if changes else []

    def note(self, trigger_id: str, owner: str | None, verdict: Verdict, **said: str) -> bool:
        """Tell the owner of what made nothing, and whether it was told: only so often a minute.

        `owner` None is a trigger that is none. It takes the store as long to hear of it, and keeps nothing.
        """
        now = self._clock()
        number = self._count(trigger_id, verdict, now)
        if number >= NOTES:
            return False
        place = hook_deliveries.note_id(trigger_id, verdict, now, number)
        writes: list[Write]
        if owner is None:
            writes = [Update(path("own_0", place), {})]
        else:
            made = hook_deliveries.received(place, owner, trigger_id, verdict, now, body=None)
            writes = [Create(path(owner, place), {**records.to_data(made), **said})]
        try:
            self._documents.commit(writes)
        except PreconditionFailed:  # another instance had this one
            return False
        return True

    def _count(self, trigger_id: str, verdict: Verdict, now: datetime) -> int:
        """How many there were before in this minute, as far as this instance knows."""
        minute, place = int(now.timestamp()) // 60, (trigger_id, verdict)
        with self._lock:
            then, count = self._noted.pop(place, (minute, 0))
            count = count if then == minute else 0
            self._noted[place] = (minute, count + 1)
            while len(self._noted) > REMEMBERED:
                self._noted.pop(next(iter(self._noted)))
        return count


def path(owner: str, delivery_id: str) -> str:
    return f"owners/{owner}/received/{delivery_id}"


def _body_path(delivery: HookDelivery, number: int) -> str:
    return f"owners/{delivery.owner}/payloads/{delivery.id}_{number}"


def _context(delivery: HookDelivery) -> str:
    """Binds a sealed body to its delivery."""
    return f"webhook-body|{delivery.owner}|{delivery.trigger}|{delivery.id}"


def _found(document: Document) -> Found:
    return Found(records.from_data(HookDelivery, document.data), document.version)
