"""One function's instances through a day, as Cloud Run has them.

- An instance serves up to `concurrency` requests at once, and as many a second as its CPU allows.
- The autoscaler keeps instances at 60 % of either: https://cloud.google.com/run/docs/about-instance-autoscaling
- One that has had nothing to do for 15 minutes goes, save `min_instances` (likewise).
- With requests billed by their time, an instance costs while it starts, and while it has a request:
  https://cloud.google.com/run/docs/configuring/billing-settings
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.growth.day import poisson
from tests.bench.growth.design import Function

TARGET = 0.6
IDLE = 900.0  # seconds
ALONE = 1.0  # the second of one request
STEP = 10.0  # seconds that are looked at together, where there are many requests
MANY = 20_000  # requests in a day; fewer are looked at one by one


@dataclass
class Fleet:
    requests: float = 0
    billed: float = 0  # seconds of instances
    starts: float = 0
    cold: float = 0  # requests that wait for a start
    refused: float = 0  # that find all `max_instances` full: told 429, and made again by whoever can
    peak: float = 0  # instances that are wanted at the busiest moment
    busy: float = 0  # of their CPU, on average over what is billed

    @property
    def cold_share(self) -> float:
        return self.cold / self.requests if self.requests else 0.0


def served(minutes: list[float], seconds: float, cpu: float, start: float, function: Function, seed: str) -> Fleet:
    """`minutes`: requests in each; one takes `seconds`, `cpu` of them computing; an instance takes `start` to begin."""
    chance, fleet = random.Random(seed), Fleet()
    last_used: list[float] = []  # of each warm instance; those that are wanted most often come first
    capacity = min(function.concurrency / seconds, function.cpu / cpu)  # requests a second of one instance
    for at, step, number in _moments(minutes, chance):
        while len(last_used) > function.min_instances and at - last_used[-1] > IDLE:
            last_used.pop()
        rate = number / step
        wanted = max(1, math.ceil(rate / capacity / TARGET - 1e-9))
        fleet.requests += number
        fleet.peak = max(fleet.peak, wanted)
        running = min(wanted, function.max_instances)
        # What the warm ones can't take waits for those that start; a request that comes alone has nobody else.
        waiting = min(number, max(0.0, rate - len(last_used) * capacity) * min(start, step)) if last_used else number
        if running > len(last_used):
            begun = running - len(last_used)
            fleet.starts += begun
            fleet.billed += begun * start
            fleet.cold += min(number, waiting if last_used else max(1.0, min(number, rate * start)))
            last_used += [at] * begun
        fleet.refused += max(0.0, rate - function.max_instances * capacity) * step
        for place in range(running):
            last_used[place] = at
        load = min(rate, running * capacity) * seconds / running  # requests at once, in one instance
        fleet.billed += seconds if step == ALONE else running * step * (1 - math.exp(-load))
    fleet.busy = min(1.0, fleet.requests * cpu / fleet.billed) if fleet.billed else 0.0
    return fleet


def _moments(minutes: list[float], chance: random.Random) -> Iterator[tuple[float, float, float]]:
    """(second, seconds that are looked at, requests in them)."""
    if sum(minutes) < MANY:
        moments = sorted(
            (minute + chance.random()) * 60
            for minute, expected in enumerate(minutes)
            for _ in range(poisson(expected, chance))
        )
        yield from ((moment, ALONE, 1.0) for moment in moments)
        return
    for minute, expected in enumerate(minutes):
        for part in range(int(60 / STEP)):
            number = poisson(expected * STEP / 60, chance)
            if number:
                yield minute * 60 + part * STEP, STEP, number
