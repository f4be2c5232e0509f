"""Clicks on tracked links: what a warm `track` costs, with and without writing the click down, beside a bare hello.

The answer is the redirect; the click is written down after it, before the request is over. The emulator has no indexes,
so it looks through all events at each click: how many a second there are on Firestore says nothing.
"""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.effort import Effort, chosen
from tests.bench.load import Ask, load
from tests.bench.processes import Program, running
from tests.bench.table import Row, compared
from tests.bench.world import World

AT_ONCE = 80
ROUND = {"sqlite": 480, "firestore": 160}  # clicks


def rows(world: World, effort: Effort) -> Iterator[Row]:
    """Each link is clicked a few times in all, as real ones are; what comes 200 times is not written down any more."""
    count, links = ROUND[world.store], itertools.cycle(world.links)
    found: dict[str, list[dict[str, float]]] = {}
    with ExitStack() as stack:
        track = world.ours("track")
        programs = {"ours": track, "ours, nothing to write down": track, "hello": world.hello()}
        if effort == "full" and world.store == "sqlite":
            programs["local server"] = world.local()
        for program in dict.fromkeys(programs.values()):
            stack.enter_context(running(program))
            _round(program, [Ask("GET", next(links)) for _ in range(AT_ONCE)])
        for number in range(chosen(effort, 2, 4, 7)):
            for name in sorted(programs, reverse=bool(number % 2)):
                gone = name.endswith("down")
                asks = [Ask("GET", world.gone if gone else next(links)) for _ in range(count)]
                found.setdefault(name, []).append(_round(programs[name], asks))
    for what, unit in (("clicks", "a second"), ("median answer", "ms"), ("CPU", "ms a click")):
        yield from compared(f"click redirect, {world.store}", what, unit, found, "hello", least=what == "CPU")


def _round(program: Program, asks: list[Ask]) -> dict[str, float]:
    cpu = program.cpu()
    done = load(program.port, asks, AT_ONCE)
    return {
        "clicks": done.rate,
        "median answer": done.quantile(0.5) * 1000,
        "CPU": (program.cpu() - cpu) / len(asks) * 1000,
    }
