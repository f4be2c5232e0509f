"""A large attachment on its way through `send`: memory above idle, CPU time, time."""

import asyncio
import time
from collections.abc import Callable, Iterator

from tests.bench import messages
from tests.bench.effort import Effort, chosen
from tests.bench.load import Ask, ask, load
from tests.bench.processes import Program, running
from tests.bench.table import Row, compared
from tests.bench.world import World

SMALL = 1000  # bytes: its own code path is warm, its memory is not grown
MEASURES = (
    ("peak above idle", "MiB"),
    ("peak", "MiB"),
    ("CPU", "s"),
    ("time", "s"),
)


def rows(world: World, effort: Effort) -> Iterator[Row]:
    """Each in a process of its own: what one send has grown, the next finds there."""
    ways: dict[str, Callable[[], Program]] = {"ours": lambda: world.ours("send"), "stock": world.stock}
    if effort == "full":
        ways["local server"] = world.local
        ways["stock, resumable"] = lambda: world.stock(resumable=True)
        ways["naive"] = world.naive
    for section, at_once, warm in (
        ("25 MiB attached", 1, True),
        ("25 MiB attached, first send of a process", 1, False),
        ("25 MiB attached, 4 at once", 4, True),
    ):
        if effort != "full" and not warm:
            continue
        found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
        for number in range(chosen(effort, 1, 3, 5)):
            for name, start in ways.items():
                if name == "ours" or number < chosen(effort, 1, 1, 2):
                    found[name].append(_round(world, start(), at_once, warm=warm))
        for what, unit in MEASURES:
            yield from compared(section, what, unit, found, "stock", least=what == "CPU")
        ours = [each["peak above idle"] for each in found["ours"]]
        attached = messages.ATTACHMENT / 2**20 * at_once
        yield Row(section, "peak above idle", "MiB", ours, "what is attached", [attached] * len(ours))


def _round(world: World, program: Program, at_once: int, *, warm: bool) -> dict[str, float]:
    account = world.accounts[0]
    with running(program):
        asyncio.run(ask(program.port, Ask("OPTIONS", "/")))  # the worker is up, and has done nothing
        if warm:
            load(program.port, [messages.attached(world.key, account, SMALL)] * 2, 1)
        large = messages.attached(world.key, account, messages.ATTACHMENT)
        time.sleep(0.3)
        program.forget_peak()
        idle, cpu = program.memory(), program.cpu()
        done = load(program.port, [large] * at_once, at_once)
        peak = program.peak()
        return {"peak above idle": peak - idle, "peak": peak, "CPU": program.cpu() - cpu, "time": done.seconds}
