"""How many messages an account may still send, and when the next one may go: Gmail's limits as a calendar of slots.

Two sliding windows: quota units over a minute (Gmail's per-user rate) and recipients over a day (its sending limits).
Every send takes the first slot that keeps both, so a burst is spread instead of refused, and nobody's retry ladder
burns out. https://developers.google.com/workspace/gmail/api/reference/quota
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

SEND_UNITS = 100  # quota units of one messages.send
UNITS_PER_MINUTE = 6_000  # of a project made since May 2026; older ones have 15,000
CONSUMER_PER_DAY, WORKSPACE_PER_DAY = 500, 2_000  # recipients

_BUCKET = 5  # seconds; a window is counted in whole buckets, one more than fit, so it never allows too much
_MINUTE = 60 // _BUCKET
_HOUR = 3600 // _BUCKET
_DAY = 24  # hours
_HORIZON = 30 * _DAY * _HOUR  # how far ahead a slot is looked for


@dataclass(frozen=True, slots=True)
class Limits:
    units_per_minute: int = UNITS_PER_MINUTE
    recipients_per_day: int = WORKSPACE_PER_DAY


def limits(email: str, units_per_minute: int, daily: int | None) -> Limits:
    return Limits(units_per_minute, daily_limit(email, daily))


def daily_limit(email: str, chosen: int | None) -> int:
    """Recipients a day: what the account's owner has chosen, else what Gmail lets it have."""
    return chosen or gmails_daily_limit(email)


def day_problem(email: str, chosen: int | None, recipients: int) -> str:
    """What is wrong with a message to so many; empty where it fits into a day."""
    limit = daily_limit(email, chosen)
    if recipients <= limit:
        return ""
    return f"A message to {recipients} recipients does not fit into the daily limit of {email}, which is {limit}."


def gmails_daily_limit(email: str) -> int:
    """Recipients a day that Gmail itself lets an account of this kind have."""
    consumer = email.rpartition("@")[2] in ("gmail.com", "googlemail.com")
    return CONSUMER_PER_DAY if consumer else WORKSPACE_PER_DAY


@dataclass(frozen=True, slots=True)
class Calendar:
    """What has been given out: units by five-second bucket, recipients by hour, keyed by number since the epoch."""

    units: Mapping[str, int] = field(default_factory=dict)
    recipients: Mapping[str, int] = field(default_factory=dict)
    paused_until: datetime | None = None  # Gmail itself asked to wait
    pause_reason: str = ""

    def current(self, now: datetime) -> "Calendar":
        """Without what has left both windows."""
        bucket, hour = _bucket(now), _bucket(now) // _HOUR
        return Calendar(
            {k: v for k, v in self.units.items() if int(k) >= bucket - _MINUTE},
            {k: v for k, v in self.recipients.items() if int(k) >= hour - _DAY},
            self.paused_until if self.paused_until and self.paused_until > now else None,
            self.pause_reason,
        )

    def plus(self, added: "Calendar") -> "Calendar":
        later = [c for c in (self, added) if c.paused_until]
        pause = max(later, key=lambda c: c.paused_until or datetime.min.replace(tzinfo=UTC)) if later else self
        return Calendar(
            _sum(self.units, added.units),
            _sum(self.recipients, added.recipients),
            pause.paused_until,
            pause.pause_reason,
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """When a send may go. `reason` says why not at once; empty where it may."""

    at: datetime
    reason: str
    taken: Calendar  # what this slot adds to the calendar


def reserve(calendar: Calendar, now: datetime, recipients: int, limit: Limits) -> Slot:
    """The first slot from now on that keeps both limits."""
    start = max(now, calendar.paused_until or now)
    reason = calendar.pause_reason if start > now else ""
    bucket = first = _bucket(start)
    while bucket < first + _HORIZON:
        hour = bucket // _HOUR
        # A message to more recipients than a day allows is refused. Where the limit was lowered since, it would never
        # go: it goes when the day is empty.
        room = max(limit.recipients_per_day - recipients, 0)
        if free := _after_full(calendar.recipients, hour, _DAY, room):
            reason = f"the account's daily limit of {limit.recipients_per_day} recipients is used up"
            bucket = free * _HOUR
        elif free := _after_full(calendar.units, bucket, _MINUTE, max(limit.units_per_minute - SEND_UNITS, 0)):
            reason = f"the account's limit of {limit.units_per_minute} quota units a minute is used up"
            bucket = free
        else:
            break
    at = start if bucket == first else datetime.fromtimestamp(bucket * _BUCKET, UTC)
    return Slot(at, reason if at > now else "", taken(at, recipients))


def taken(slot: datetime, recipients: int) -> Calendar:
    """What a slot adds to the calendar."""
    bucket = _bucket(slot)
    return Calendar({str(bucket): SEND_UNITS}, {str(bucket // _HOUR): recipients})


def given_back(slot: datetime, recipients: int) -> Calendar:
    """What a slot that was not used takes from the calendar again."""
    bucket = _bucket(slot)
    return Calendar({str(bucket): -SEND_UNITS}, {str(bucket // _HOUR): -recipients})


def left(calendar: Calendar, now: datetime, limit: Limits) -> tuple[int, int]:
    """(sends left in this minute, recipients left in this day): what `reserve` would let go at once."""
    bucket = _bucket(now)
    units = limit.units_per_minute - max(_windows(calendar.units, bucket, _MINUTE))
    day = limit.recipients_per_day - max(_windows(calendar.recipients, bucket // _HOUR, _DAY))
    paused = calendar.paused_until is not None and calendar.paused_until > now
    return 0 if paused else max(0, units) // SEND_UNITS, max(0, day)


def _windows(taken: Mapping[str, int], at: int, span: int) -> list[int]:
    """How full each window with this bucket in it is: what is reserved ahead counts as much as what is past.

    One instance may hear that a slot was given back before it hears that another had taken it: that is no more room."""
    around = [max(taken.get(str(b), 0), 0) for b in range(at - span, at + span + 1)]
    return [sum(around[i : i + span + 1]) for i in range(span + 1)]


def _after_full(taken: Mapping[str, int], at: int, span: int, room: int) -> int:
    """0 where every window with this bucket has at most `room` taken, else the first bucket past the last that has
    more: all those between lie in that window too."""
    if sum(count for count in taken.values() if count > 0) <= room:  # as nearly always: no window has more than all
        return 0
    full = [i for i, sum_ in enumerate(_windows(taken, at, span)) if sum_ > room]
    return at + full[-1] + 1 if full else 0


def _bucket(moment: datetime) -> int:
    return int(moment.timestamp()) // _BUCKET


def _sum(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return {k: a.get(k, 0) + b.get(k, 0) for k in a.keys() | b.keys()}
