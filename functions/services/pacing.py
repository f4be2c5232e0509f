"""The account's budget, shared by all instances as a calendar of slots. What an instance overlooks of the others for a
moment is covered by Gmail's own refusal."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from functions.domain import pacing
from functions.domain.accounts import GmailAccount
from functions.domain.pacing import Calendar, Limits, Slot
from functions.domain.ports import Clock, Documents
from functions.services.calendars import Calendars

if TYPE_CHECKING:
    from functions.domain.sends import Send

_MISSED = timedelta(minutes=1)  # after this, a slot has gone by unused


@dataclass(frozen=True, slots=True)
class Capacity:
    sends_left_this_minute: int
    recipients_left_today: int
    limits: Limits
    next_slot: datetime
    reason: str


class Pacing:
    def __init__(self, documents: Documents, clock: Clock, units_per_minute: int) -> None:
        self._clock = clock
        self._units_per_minute = units_per_minute
        self._calendars = Calendars(documents)

    def reserve(self, account: GmailAccount, recipients: int, instead_of: datetime | None = None) -> Slot:
        """The slot of one send; `instead_of` is the one it had before, and did not use."""
        now, limit = self._clock(), self._limits(account)
        with self._calendars.of(_path(account.owner, account.id), now) as shared:
            shared.read_if_stale(now)
            if instead_of is not None:
                shared.add(pacing.given_back(instead_of, recipients))
            slot = pacing.reserve(shared.current(now), now, recipients, limit)
            shared.add(slot.taken)
            shared.write_if_much(now, limit)
            return slot

    def holds(self, account: GmailAccount, slot: datetime | None) -> bool:
        """Whether a slot given out before may be used now: it has not passed, and Gmail has not asked to wait since."""
        now = self._clock()
        if slot is None or abs(now - slot) > _MISSED:
            return False
        return self.pause_of(account) is None

    def unreserve(self, send: "Send", instead_of: datetime | None) -> None:
        """What `reserve` did for this send counts for nothing: somebody else changed it meanwhile, as it was before."""
        self.give_back(send)
        if instead_of is not None:
            with self._calendars.of(_path(send.owner, send.account), self._clock()) as shared:
                shared.add(pacing.taken(instead_of, send.recipients))

    def give_back(self, send: "Send") -> None:
        """Its slot was not used: what it took is free again."""
        if send.slot_at is None:
            return
        now = self._clock()
        with self._calendars.of(_path(send.owner, send.account), now) as shared:
            shared.add(pacing.given_back(send.slot_at, send.recipients))
            shared.write_if_much(now, Limits(self._units_per_minute))

    def give_back_all(self, given_up: Sequence["Send"]) -> None:
        """The same for many, and told to the other instances at once: this one may have no more to do with them."""
        now, of = self._clock(), defaultdict[str, list[Calendar]](list)
        for send in given_up:
            if send.slot_at is not None:
                of[_path(send.owner, send.account)].append(pacing.given_back(send.slot_at, send.recipients))
        for place, slots in of.items():
            with self._calendars.of(place, now) as shared:
                for slot in slots:
                    shared.add(slot)
                shared.exchange(now)

    def pause(self, account: GmailAccount, until: datetime, reason: str) -> None:
        """Gmail asked to wait: every send of the account waits until then."""
        now = self._clock()
        with self._calendars.of(_path(account.owner, account.id), now) as shared:
            shared.add(Calendar(paused_until=until, pause_reason=reason))
            shared.exchange(now)

    def pause_of(self, account: GmailAccount) -> tuple[datetime, str] | None:
        """Until when Gmail has asked to wait, and its reason; None where it has not."""
        now = self._clock()
        with self._calendars.of(_path(account.owner, account.id), now) as shared:
            shared.read_if_stale(now)
            calendar = shared.current(now)
        return (calendar.paused_until, calendar.pause_reason) if calendar.paused_until else None

    def capacity(self, account: GmailAccount) -> Capacity:
        now, limit = self._clock(), self._limits(account)
        with self._calendars.of(_path(account.owner, account.id), now) as shared:
            shared.exchange(now)
            calendar = shared.current(now)
        slot = pacing.reserve(calendar, now, 1, limit)
        sends, recipients = pacing.left(calendar, now, limit)
        return Capacity(sends, recipients, limit, slot.at, slot.reason)

    def _limits(self, account: GmailAccount) -> Limits:
        return pacing.limits(account.email, self._units_per_minute, account.daily_limit)


def _path(owner: str, account_id: str) -> str:
    return f"owners/{owner}/pacing/{account_id}"
