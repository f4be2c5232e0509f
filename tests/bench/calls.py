"""What a warm send and a click ask of others, and what a function imports: counts, the same on every machine."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench import messages
from tests.bench.counting import Counting
from tests.bench.effort import Effort
from tests.bench.load import Ask, load
from tests.bench.processes import ROOT, Program, running
from tests.bench.table import Row
from tests.bench.world import World

FUNCTIONS = ("authorize", "callback", "send", "list", "delete", "history", "keys", "track", "console", "webhook")
WARM, COUNT = 6, 20
KINDS = {"send": "a send", "track": "a click"}
CALLS = ("Gmail", "tokens", "secrets", "reads of the store", "commits of the store", "connections to Google")
# What takes more than the framework itself, or nearly, to load.
HEAVY = (
    "google.cloud.firestore",
    "google.cloud.secretmanager",
    "google.cloud.storage",
    "google.cloud.tasks_v2",
    "grpc",
    "google.auth",
    "google_auth_oauthlib",
    "googleapiclient",
    "requests",
    "jwt",
    "pydantic",
)
LOADED = """
import json, sys, main
getattr(main, sys.argv[1])
heavy = [name for name in sys.argv[2:] if name in sys.modules]
print(json.dumps([len(sys.modules), heavy]))
"""


def rows(world: World, effort: Effort) -> Iterator[Row]:
    with ExitStack() as stack:
        counting = None
        if world.emulator:
            counting = Counting(world.emulator)
            stack.callback(counting.close)
            world = world.through(counting.address)
        file = world.directory / "counted"
        for name, of in KINDS.items():
            asks = [messages.short(world.key, world.accounts[0])] if name == "send" else []
            asks = asks or [Ask("GET", link) for link in world.links[: WARM + COUNT]]
            found = _counted(world, world.counted(name, file), asks, file, counting)
            for what in CALLS:
                yield Row(f"calls, {world.store}", f"{what}, {of}", "", [found[what]], "", [])
        if counting is not None and effort == "full":
            asks = [messages.short(world.key, world.accounts[0])]
            for name, program in (("stock", world.stock()), ("naive", world.naive())):
                found = _counted(world, program, asks, file, counting)
                for what in CALLS:
                    yield Row(f"calls, {world.store}", f"{what}, a send", "", [found[what]], "", [], of=name)
    for name in FUNCTIONS:
        count, heavy = _loaded(world, name)
        yield Row(f"imports, {world.store}", f"{name}: modules", "", [count], "", [])
        yield Row(f"imports, {world.store}", f"{name}: heavy ones", "", [len(heavy)], "", [])


def _counted(
    world: World, program: Program, asks: Sequence[Ask], file: Path, counting: Counting | None
) -> dict[str, float]:
    """Of each request, one after the other: what is remembered in between counts for nothing, as in an instance."""
    with running(program):
        load(program.port, [asks[n % len(asks)] for n in range(WARM)], 1)
        before, google = _so_far(file, counting), world.google.counts()
        load(program.port, [asks[(WARM + n) % len(asks)] for n in range(COUNT)], 1)
        after, then = _so_far(file, counting), world.google.counts()
    store = {name: (after[name] - before[name]) / COUNT for name in ("reads", "commits", "secrets")}
    come = {
        name: (then.get(name, 0) - google.get(name, 0)) / COUNT for name in ("sends", "others", "tokens", "secrets")
    }
    return {
        "Gmail": come["sends"] + come["others"],
        "tokens": come["tokens"],
        "secrets": come["secrets"] + store["secrets"],
        "reads of the store": store["reads"],
        "commits of the store": store["commits"],
        # The counting opens one of its own.
        "connections to Google": (then["connections"] - google["connections"] - 1) / COUNT,
    }


def _so_far(file: Path, counting: Counting | None) -> Counter[str]:
    written = Counter(file.read_text().split()) if file.exists() else Counter[str]()
    return written + counting.counts if counting else written


def _loaded(world: World, name: str) -> tuple[int, list[str]]:
    """Modules that are there once the function is loaded, before its first request; and the heavy ones."""
    command = [sys.executable, "-c", LOADED, name, *HEAVY]
    done = subprocess.run(command, cwd=ROOT, env=world.environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} can't be loaded: {done.stderr[-3000:]}")
    count, heavy = json.loads(done.stdout)
    return count, heavy
