"""How many deliveries of a trigger make a send: a calendar as the accounts' pacing has it, of deliveries.

It is written once for a tenth of the limit, so that a busy trigger makes no hot document. By as much, instances may
overlook each other's for a moment.
"""

from datetime import datetime

from functions.domain import pacing
from functions.domain.pacing import SEND_UNITS, Limits
from functions.domain.ports import Clock, Documents
from functions.domain.triggers import PER_DAY_LIMIT, PER_MINUTE_LIMIT, Rate, Trigger
from functions.services.calendars import Calendars


class TriggerRates:
    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._clock = clock
        self._calendars = Calendars(documents)

    def take(self, trigger: Trigger) -> float:
        """0 where one more may come, which is counted; else the seconds until the next one may. Raises nothing: a store
        that is away refuses the delivery soon enough."""
        if trigger.fields.rate == Rate():
            return 0
        now, limit = self._clock(), _limits(trigger.fields.rate)
        with self._calendars.of(path(trigger.owner, trigger.id), now) as shared:
            shared.read_if_stale(now)
            slot = pacing.reserve(shared.current(now), now, 1, limit)
            if slot.at > now:
                return (slot.at - now).total_seconds()
            shared.add(slot.taken)
            shared.write_if_much(now, limit)
            return 0

    def give_back(self, trigger: Trigger, taken: datetime) -> None:
        """It was no new delivery after all."""
        if trigger.fields.rate == Rate():
            return
        with self._calendars.of(path(trigger.owner, trigger.id), self._clock()) as shared:
            shared.add(pacing.given_back(taken, 1))


def path(owner: str, trigger_id: str) -> str:
    return f"owners/{owner}/pacing/{trigger_id}"


def _limits(rate: Rate) -> Limits:
    return Limits((rate.per_minute or PER_MINUTE_LIMIT) * SEND_UNITS, rate.per_day or PER_DAY_LIMIT)
