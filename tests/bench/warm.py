"""A warm `send` under load: how many a second, and what one costs."""

from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench import messages
from tests.bench.load import Ask, load
from tests.bench.processes import Program, running
from tests.bench.table import Row
from tests.bench.world import World

AT_ONCE = 80
LATENCY = 100  # ms of Gmail's answer to a send


def rows(world: World, *, quick: bool) -> Iterator[Row]:
    """Ours, the stock function and the framework's hello run side by side; each is loaded in turn, alone."""
    rounds, count = (2, 160) if quick else (7, 480)
    message = messages.small(world.key, world.accounts[0])
    found: dict[str, list[dict[str, float]]] = {"ours": [], "stock": [], "hello": []}
    with ExitStack() as stack:
        programs = {
            "ours": stack.enter_context(running(world.ours("send"))),
            "stock": stack.enter_context(running(world.stock())),
            "hello": stack.enter_context(running(world.hello())),
        }
        connections = {
            name: _round(world, program, message, 3 * AT_ONCE)["connections"] for name, program in programs.items()
        }
        world.google.call(f"latency?ms={LATENCY}")
        for number in range(rounds):
            for name in sorted(programs, reverse=bool(number % 2)):
                measured = _round(world, programs[name], message, count)
                connections[name] += measured["connections"]
                found[name].append({**measured, "connections": connections[name]})
        world.google.call("latency?ms=0")
    section = f"warm send, {world.store}"
    for what, unit in (
        ("sends", "a second"),
        ("median answer", "ms"),
        ("CPU", "ms a send"),
        ("calls of Google", "a send"),
        ("connections", "since the start"),
        ("resident", "MiB"),
    ):
        yield _row(section, what, unit, "stock", found)
    yield _row(section, "CPU", "ms a send", "hello", found)


def _round(world: World, program: Program, message: Ask, count: int) -> dict[str, float]:
    cpu, before = program.cpu(), world.google.counts()
    done = load(program.port, [message] * count, AT_ONCE)
    after = world.google.counts()
    calls = sum(after.get(name, 0) - before.get(name, 0) for name in ("sends", "tokens", "others"))
    return {
        "sends": done.rate,
        "median answer": done.quantile(0.5) * 1000,
        "CPU": (program.cpu() - cpu) / count * 1000,
        "calls of Google": calls / count,
        "connections": after["connections"] - before["connections"] - 1,  # one is the counting's own
        "resident": program.shared_memory(),
    }


def _row(section: str, what: str, unit: str, beside: str, found: dict[str, list[dict[str, float]]]) -> Row:
    ours, theirs = ([each[what] for each in found[name]] for name in ("ours", beside))
    return Row(section, what, unit, ours, beside, theirs)
