"""A warm `send` under load: how many a second, and what one costs.

Ours alone under the framework and in the local server with all functions, the stock and the naive function, the
framework's hello: all run side by side, each is loaded in turn, alone.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from tests.bench import messages
from tests.bench.effort import Effort, chosen
from tests.bench.load import Ask, load
from tests.bench.processes import Program, running
from tests.bench.table import Found, Row, compared
from tests.bench.world import OFFICIAL, World

AT_ONCE = 80
LATENCY = 100  # ms of Gmail's answer to a send
NAIVE_ROUNDS = 2
ON_FIRESTORE = "stock on Firestore"  # what 0.45 is to be reached of, whichever store is ours
MEASURES = (
    ("sends", "a second"),
    ("median answer", "ms"),
    ("CPU", "ms a send"),
    ("calls of Google", "a send"),
    ("tokens", "a send"),
    ("secrets", "a send"),
    ("connections", "since the start"),
    ("resident", "MiB"),
)


def rows(world: World, effort: Effort, firestore: World | None) -> Iterator[Row]:
    """`firestore` is the world with that store, where there is one."""
    programs: dict[str, Callable[[], Program]] = {
        "ours": lambda: world.ours("send"),
        "stock": world.stock,
        "hello": world.hello,
    }
    if effort != "quick" and world.store == "sqlite":
        programs["local server"] = world.local
    if effort == "full" and world.store == "firestore":
        programs[OFFICIAL] = lambda: world.ours("send", "official")
    if effort == "full":
        programs["stock, 2 commits"] = lambda: world.stock(commits=2)
        programs["naive"] = world.naive
    asked = dict.fromkeys(programs, messages.short(world.key, world.accounts[0]))
    if world.store == "sqlite" and firestore:
        programs[ON_FIRESTORE] = firestore.stock
        asked[ON_FIRESTORE] = messages.short(firestore.key, firestore.accounts[0])
    found = _measured(world, programs, asked, chosen(effort, 2, 4, 7))
    section = f"warm send, {world.store}"
    of = [name for name in programs if name not in ("stock", "hello", ON_FIRESTORE)]
    for what, unit in MEASURES:
        yield from compared(section, what, unit, found, "stock", of, least=what == "CPU")
    yield from compared(section, "CPU", "ms a send", found, "hello", least=True)
    if ON_FIRESTORE in found:
        yield from compared(section, "CPU", "ms a send", found, ON_FIRESTORE, of, least=True)
    if effort == "full":
        programs = {name: programs[name] for name in ("ours", "stock")}
        asked = dict.fromkeys(programs, messages.long(world.key, world.accounts[0]))
        found = _measured(world, programs, asked, 3)
        for what, unit in MEASURES[:3]:
            yield from compared(f"warm send of 9 KB, {world.store}", what, unit, found, "stock", least=what == "CPU")


def _measured(world: World, programs: dict[str, Callable[[], Program]], asked: dict[str, Ask], rounds: int) -> Found:
    """`asked`: each program's message."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in programs}
    with ExitStack() as stack:
        started = {name: stack.enter_context(running(start())) for name, start in programs.items()}
        connections = {
            name: _round(world, one, asked[name], _count(name) // 2)["connections"] for name, one in started.items()
        }
        world.google.call(f"latency?ms={LATENCY}")
        stack.callback(world.google.call, "latency?ms=0")
        for number in range(rounds):
            for name in sorted(started, reverse=bool(number % 2)):
                if name == "naive" and number >= NAIVE_ROUNDS:
                    continue
                measured = _round(world, started[name], asked[name], _count(name))
                connections[name] += measured["connections"]
                found[name].append({**measured, "connections": connections[name]})
    return found


def _count(name: str) -> int:
    """Sends of a round: the naive function takes a tenth of a second of CPU for each."""
    return AT_ONCE if name == "naive" else 6 * AT_ONCE


def _round(world: World, program: Program, message: Ask, count: int) -> dict[str, float]:
    cpu, before = program.cpu(), world.google.counts()
    done = load(program.port, [message] * count, AT_ONCE)
    after = world.google.counts()
    come = {name: after.get(name, 0) - before.get(name, 0) for name in ("sends", "tokens", "others", "secrets")}
    return {
        "sends": done.rate,
        "median answer": done.quantile(0.5) * 1000,
        "CPU": (program.cpu() - cpu) / count * 1000,
        "calls of Google": sum(come.values()) / count,
        "tokens": come["tokens"] / count,
        "secrets": come["secrets"] / count,
        "connections": after["connections"] - before["connections"] - 1,  # one is the counting's own
        "resident": program.shared_memory(),
    }
