"""The account's budget, shared by all instances: a calendar in the store, and what this instance added since.

An instance writes its reservations down once they amount to a tenth of a budget, and reads what the others
wrote at the same time: a lone send costs no extra write, and a burst of a thousand costs a few dozen instead of a
thousand writes to one document. Between two such moments an instance may overlook what others did by as much; Gmail's
own refusal covers that.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from functions.domain import pacing, records
from functions.domain.accounts import GmailAccount
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.pacing import Calendar, Limits, Slot
from functions.domain.ports import Clock, Create, Documents, Update

_FRESH = timedelta(seconds=30)  # how long another instance's reservations may go unseen
_MISSED = timedelta(minutes=1)  # after this, a slot has gone by unused


@dataclass
class _Local:
    lock: threading.Lock = field(default_factory=threading.Lock)
    known: Calendar = field(default_factory=Calendar)  # as last read, and written
    added: Calendar = field(default_factory=Calendar)  # by this instance since
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    sends_left_this_minute: int
    recipients_left_today: int
    limits: Limits
    next_slot: datetime
    reason: str


class Pacing:
    def __init__(self, documents: Documents, clock: Clock, units_per_minute: int) -> None:
        self._documents = documents
        self._clock = clock
        self._units_per_minute = units_per_minute
        self._locals: dict[str, _Local] = {}

    def reserve(self, account: GmailAccount, recipients: int, instead_of: datetime | None = None) -> Slot:
        """The slot of one send; `instead_of` is the one it had before, and did not use."""
        now, limit, local = self._clock(), self._limits(account), self._local(account)
        with local.lock:
            if self._stale(local, now):
                self._exchange(account, local, now)
            if instead_of is not None:
                local.added = local.added.plus(pacing.given_back(instead_of, recipients))
            slot = pacing.reserve(local.known.plus(local.added).current(now), now, recipients, limit)
            local.added = local.added.plus(slot.taken)
            if self._worth_writing(local.added, limit):
                self._exchange(account, local, now)
            return slot

    def holds(self, account: GmailAccount, slot: datetime | None) -> bool:
        """Whether a slot given out before may be used now: it has not passed, and Gmail has not asked to wait since."""
        now, local = self._clock(), self._local(account)
        if slot is None or abs(now - slot) > _MISSED:
            return False
        with local.lock:
            if self._stale(local, now):
                self._exchange(account, local, now)
            pause = local.known.plus(local.added).paused_until
        return pause is None or pause <= now

    def give_back(self, account: GmailAccount, slot: datetime | None, recipients: int) -> None:
        """A slot was not used: what it took is free again."""
        if slot is None:
            return
        local = self._local(account)
        with local.lock:
            local.added = local.added.plus(pacing.given_back(slot, recipients))

    def pause(self, account: GmailAccount, until: datetime, reason: str) -> None:
        """Gmail asked to wait: every send of the account waits until then."""
        local = self._local(account)
        with local.lock:
            local.added = local.added.plus(Calendar(paused_until=until, pause_reason=reason))
            self._exchange(account, local, self._clock())

    def capacity(self, account: GmailAccount) -> Capacity:
        now, limit, local = self._clock(), self._limits(account), self._local(account)
        with local.lock:
            self._exchange(account, local, now)
            calendar = local.known.plus(local.added).current(now)
        slot = pacing.reserve(calendar, now, 1, limit)
        sends, recipients = pacing.left(calendar, now, limit)
        return Capacity(sends, recipients, limit, slot.at, slot.reason)

    def _limits(self, account: GmailAccount) -> Limits:
        return pacing.limits(account.email, self._units_per_minute, account.daily_limit)

    def _local(self, account: GmailAccount) -> _Local:
        # Not a defaultdict: two threads that come first would each get one of their own.
        return self._locals.setdefault(account.id, _Local())

    def _stale(self, local: _Local, now: datetime) -> bool:
        # abs: the clock may be set back, and what others do must not go unseen for as long.
        return local.read_at is None or abs(now - local.read_at) > _FRESH

    def _worth_writing(self, added: Calendar, limit: Limits) -> bool:
        units, recipients = sum(added.units.values()), sum(added.recipients.values())
        return units * 10 >= limit.units_per_minute or recipients * 10 >= limit.recipients_per_day

    def _exchange(self, account: GmailAccount, local: _Local, now: datetime) -> None:
        """Write down what this instance added, and learn what others did. A store that is away stops no send."""
        place = f"owners/{account.owner}/pacing/{account.id}"
        for _ in range(5):
            try:
                document = self._documents.get(place)
                stored = records.from_data(Calendar, document.data).current(now) if document else Calendar()
                if local.added == Calendar():
                    break
                after = records.to_data(stored.plus(local.added))
                write = Update(place, after, version=document.version) if document else Create(place, after)
                self._documents.commit([write])
                stored = stored.plus(local.added)
                local.added = Calendar()
                break
            except PreconditionFailed:
                continue
            except Unavailable:
                return
        else:
            return
        local.known, local.read_at = stored, now
