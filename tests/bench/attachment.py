"""A large attachment on its way through `send`: memory above idle, CPU time, time."""

import asyncio
import time
from collections.abc import Callable, Iterator

from tests.bench import messages
from tests.bench.load import Ask, ask, load
from tests.bench.processes import Program, running
from tests.bench.table import Row
from tests.bench.world import World

SMALL = 1000  # bytes: its own code path is warm, its memory is not grown


def rows(world: World, *, quick: bool) -> Iterator[Row]:
    rounds = 1 if quick else 5
    ways: dict[str, Callable[[], Program]] = {
        "ours": lambda: world.ours("send"),
        "stock, JSON": world.stock,
        "stock, resumable": lambda: world.stock(resumable=True),
    }
    for section, at_once, warm in (
        ("25 MiB attached", 1, True),
        ("25 MiB attached, first send of a process", 1, False),
        ("25 MiB attached, 4 at once", 4, True),
    ):
        found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, start in ways.items():
                found[name].append(_round(world, start(), at_once, warm=warm))
        for what, unit in (("peak above idle", "MiB"), ("CPU", "s"), ("time", "s")):
            ours = [each[what] for each in found["ours"]]
            for beside in list(ways)[1:]:
                yield Row(section, what, unit, ours, beside, [each[what] for each in found[beside]])
        attached = messages.ATTACHMENT / 2**20 * at_once
        ours = [each["peak above idle"] for each in found["ours"]]
        yield Row(section, "peak above idle", "MiB", ours, "what is attached", [attached] * rounds)


def _round(world: World, program: Program, at_once: int, *, warm: bool) -> dict[str, float]:
    """In a process of its own: what one send has grown, the next finds there."""
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
        return {"peak above idle": program.peak() - idle, "CPU": program.cpu() - cpu, "time": done.seconds}
