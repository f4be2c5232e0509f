"""A day's sends: when they come, and when Gmail's limits of their accounts let them go, by the product's own calendar.

Accounts are unequal (Zipf and Mandelbrot: the one of rank r gets 1 / (r + q)), so the busiest of a thousand sends more
than a hundred times what most do. Of many accounts a part is played through, evenly by rank; what an account may do
hangs on no other.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from functions.domain.pacing import Calendar, Limits, reserve
from tests.bench.growth.inputs import Habits, Scale

PLAYED = 3_000  # sends of a day that are all played through, one by one
BUSIEST, OTHERS = 7, 140  # accounts that are played of a day with more
MINUTES = 1440
MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)
MANY = 200  # sends of an account in a day, from which on it sends in batches


@dataclass
class Day:
    """`waited` and `queued`: sends that can go in each minute of the day, after their account's own limits. All are in
    one of them, or in `held`: their account may not send them before tomorrow.

    `delays`: (seconds that one of today is held back, how many sends it stands for). `whole`: every send was played.
    """

    scale: Scale
    whole: bool
    waited: list[float] = field(default_factory=lambda: [0.0] * MINUTES)
    queued: list[float] = field(default_factory=lambda: [0.0] * MINUTES)
    held: float = 0
    delays: list[tuple[float, float]] = field(default_factory=list)
    postponed: float = 0  # tasks that only find that it is not yet time

    @property
    def offered(self) -> float:
        return sum(self.waited) + sum(self.queued) + self.held

    @property
    def going(self) -> list[float]:
        return [a + b for a, b in zip(self.waited, self.queued, strict=True)]


def played(scale: Scale, habits: Habits, seed: int) -> Day:
    chance = random.Random(f"{seed}/{scale}")
    q = max(1.0, scale.accounts / 1000)
    all_of_it = math.log((scale.accounts + q + 0.5) / (q + 0.5))  # of 1 / (r + q), closely
    came: list[tuple[float, bool, list[tuple[float, bool]]]] = []
    for place, (rank, stands_for) in enumerate(_ranks(scale)):
        number = poisson(scale.sends / all_of_it / (rank + 1 + q), chance)
        consumer = place * 7 % 10 < 10 * habits.consumers
        came.append((stands_for, consumer, list(_sends(number, habits, chance))))
    count = sum(stands_for * len(sends) for stands_for, _, sends in came)
    day = Day(scale, whole=scale.sends <= PLAYED)
    for stands_for, consumer, sends in came:
        _pace(day, scale.sends / count * stands_for, consumer, sorted(sends))
    return day


def _ranks(scale: Scale) -> Iterator[tuple[int, float]]:
    """Which accounts are played, and how many each of them stands for. Of many: some of the busiest hundredth, which
    sends a third of everything, and others."""
    if scale.sends <= PLAYED:
        yield from ((rank, 1.0) for rank in range(scale.accounts))
        return
    head = max(1, scale.accounts // 100)
    for first, last, number in ((0, head, BUSIEST), (head, scale.accounts, OTHERS)):
        step = max(1.0, (last - first) / number)
        yield from ((int(first + (place + 0.5) * step), step) for place in range(int((last - first) / step)))


def _sends(number: int, habits: Habits, chance: random.Random) -> Iterator[tuple[float, bool]]:
    """(second of the day, whether somebody waits for it)."""
    together = 0
    if number >= MANY:
        together = min(habits.batch, round(number * min(1.0, 2 * habits.batched)))
        at = _moment(habits, chance)
        yield from ((at, False) for _ in range(together))
    share = habits.waited / (1 - habits.batched)
    yield from ((_moment(habits, chance), chance.random() < share) for _ in range(number - together))


def _moment(habits: Habits, chance: random.Random) -> float:
    (hour,) = chance.choices(range(24), habits.hours)
    return (hour + chance.random()) * 3600


def _pace(day: Day, weight: float, consumer: bool, sends: list[tuple[float, bool]]) -> None:
    calendar, limits = Calendar(), Limits(recipients_per_day=500 if consumer else 2_000)
    for second, waits in sends:
        now = MIDNIGHT + timedelta(seconds=second)
        calendar = calendar.current(now)
        slot = reserve(calendar, now, 1, limits)
        calendar = calendar.plus(slot.taken)
        minute = int((slot.at - MIDNIGHT).total_seconds() // 60)
        delay = (slot.at - now).total_seconds()
        if minute >= MINUTES:
            day.held += weight
            continue
        day.delays.append((delay, weight))
        if delay > 1:
            day.postponed += weight
        # Who waits and can't be served at once is answered "queued".
        of = day.waited if waits and delay <= 1 else day.queued
        of[minute] += weight


def poisson(expected: float, chance: random.Random) -> int:
    if expected > 60:
        return max(0, round(chance.gauss(expected, math.sqrt(expected))))
    limit, product, number = math.exp(-expected), chance.random(), 0
    while product > limit:
        product *= chance.random()
        number += 1
    return number


def quantile(delays: list[tuple[float, float]], part: float) -> float:
    """Of values that stand for different numbers."""
    wanted = part * sum(weight for _, weight in delays)
    for value, weight in sorted(delays):
        wanted -= weight
        if wanted <= 0:
            return value
    return 0.0


@dataclass(frozen=True)
class Queue:
    """What a rate that can't be exceeded does to a day: `delays` in seconds, by minute; `left` at midnight."""

    gone: list[float]
    delays: list[float]
    left: float


def through(rate: float, coming: list[float]) -> Queue:
    """`rate`: a second; `coming`: by minute."""
    waiting, gone, delays = 0.0, [], []
    for number in coming:
        waiting += number
        done = min(waiting, rate * 60)
        waiting -= done
        gone.append(done)
        delays.append(waiting / rate)
    return Queue(gone, delays, waiting)


def spread(minutes: list[float], habits: Habits) -> list[float]:
    """As many as in these minutes, by the course of a usual day: of very many accounts no single batch stands out."""
    hours = habits.hours
    shape = []
    for minute in range(MINUTES):
        hour, part = divmod(minute / 60, 1)
        shape.append(hours[int(hour)] * (1 - part) + hours[(int(hour) + 1) % 24] * part)
    total = sum(shape)
    return [sum(minutes) * value / total for value in shape]
