"""From the start of a process to its first answer, and what lies in memory then: each function beside a bare hello."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.bench import messages
from tests.bench.effort import Effort, chosen
from tests.bench.load import Answer, Ask, ask
from tests.bench.processes import Program, running
from tests.bench.table import Row
from tests.bench.world import OFFICIAL, World

FUNCTIONS = ("authorize", "callback", "send", "list", "delete", "history", "keys", "track", "console")
SHORT = ("authorize", "callback", "send", "list", "delete", "track", "console")
OTHERS = ("authorize", "callback", "send", "list", "delete")  # that the stock and the naive service have, too


class Firsts:
    """A first request for each function, one that ends well and does the function's work."""

    def __init__(self, world: World, authorize: Program) -> None:
        self._world = world
        self._authorize = authorize
        self._unused = iter(world.accounts[1:])
        self._links = itertools.cycle(world.links)

    def of(self, program: str, name: str) -> Ask:
        if program == "hello":
            return Ask("GET", "/")
        if program in ("ours", "local server", OFFICIAL):
            return self._ours()[name]()
        return self._send() if name == "send" else Ask("GET", "/?code=nonce" if name == "callback" else "/")

    def _ours(self) -> dict[str, Callable[[], Ask]]:
        return {
            "authorize": self._start,
            "callback": self._callback,
            "send": self._send,
            "list": lambda: self._get("accounts/", self._world.key),
            "delete": lambda: Ask("DELETE", f"/api/gmail/accounts/{next(self._unused)}/", _bearer(self._world.key)),
            "history": lambda: self._get("history/", self._world.key),
            "keys": lambda: self._get("keys/", self._world.user),
            "track": lambda: Ask("GET", next(self._links)),
            "console": lambda: Ask("GET", "/healthz"),
        }

    def _get(self, path: str, token: str) -> Ask:
        return Ask("GET", f"/api/gmail/{path}", _bearer(token))

    def _send(self) -> Ask:
        return messages.short(self._world.key, self._world.accounts[0])

    def _start(self) -> Ask:
        return Ask("GET", "/api/gmail/authorize/", {**_bearer(self._world.user), "Accept": "application/json"})

    def _callback(self) -> Ask:
        """What a browser brings back from Google: a code (here the nonce), the state and the cookie."""
        started = asyncio.run(ask(self._authorize.port, self._start()))
        query = parse_qs(urlsplit(json.loads(started.body)["authorization_url"]).query)
        came = urlencode({"state": query["state"][0], "code": query["nonce"][0]})
        cookie = started.headers["set-cookie"].partition(";")[0]
        return Ask("GET", f"/api/gmail/oauth2callback/?{came}", {"Cookie": cookie})


def rows(world: World, effort: Effort) -> Iterator[Row]:
    """Each start has one of hello just before it. The first round fills caches and writes .pyc files, as the platform's
    build does, and is not counted."""
    names = chosen(effort, SHORT, SHORT, FUNCTIONS)
    wanted = [("ours", name) for name in names]
    wanted += [("stock", name) for name in chosen(effort, ("send",), ("send",), OTHERS)]
    wanted += [("naive", name) for name in chosen(effort, (), (), OTHERS)]
    wanted += [("local server", "send")] if effort == "full" else []
    if effort == "full" and world.store == "firestore":
        wanted += [(OFFICIAL, name) for name in ("send", "list", "callback")]
    found: dict[tuple[str, str], list[dict[str, float]]] = {one: [] for one in wanted}
    hello: dict[tuple[str, str], list[dict[str, float]]] = {one: [] for one in wanted}
    with running(world.ours("authorize")) as authorize:
        firsts = Firsts(world, authorize)
        for number in range(chosen(effort, 1, 4, 9) + 1):
            for one in wanted:
                least = _round(world.hello(), firsts.of("hello", ""))
                measured = _round(_program(world, *one), firsts.of(*one))
                if number:
                    found[one].append(measured)
                    hello[one].append(least)
    for kind, what, unit in (
        ("cold start", "CPU", "ms"),
        ("cold start", "time", "ms"),
        ("at rest", "resident", "MiB"),
    ):
        for program, name in wanted:
            ours, theirs = ([each[what] for each in rounds[program, name]] for rounds in (found, hello))
            section, said = f"{kind}, {world.store}", f"{name}: {what}"
            yield Row(section, said, unit, ours, "hello", theirs, of=program, least=what == "CPU")


def _program(world: World, program: str, name: str) -> Program:
    starts: dict[str, Callable[[], Program]] = {
        "ours": lambda: world.ours(name),
        "stock": lambda: world.stock(name),
        "naive": lambda: world.naive(name),
        "local server": world.local,
        OFFICIAL: lambda: world.ours(name, "official"),
    }
    return starts[program]()


def _round(program: Program, one: Ask) -> dict[str, float]:
    try:
        answer = asyncio.run(_first_answer(program, one))
        seconds = time.perf_counter() - program.started
        if answer.status >= 400 or "status=error" in answer.headers.get("location", ""):
            raise RuntimeError(f"{one.target} answered {answer.status}: {answer.headers} {answer.body[:500]!r}")
        cpu = program.cpu()
        time.sleep(0.2)
        return {"CPU": cpu * 1000, "time": seconds * 1000, "resident": program.shared_memory()}
    finally:
        program.stop()


async def _first_answer(program: Program, one: Ask) -> Answer:
    while True:
        program.ended()
        try:
            return await ask(program.port, one)
        except ConnectionRefusedError:
            await asyncio.sleep(0.003)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
