"""From the start of a process to its first answer, and what lies in memory then: each function beside a bare hello."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.bench import messages
from tests.bench.load import Answer, Ask, ask
from tests.bench.processes import Program, running
from tests.bench.table import Row
from tests.bench.world import World


class Firsts:
    """A first request for each function, one that ends well and does the function's work."""

    def __init__(self, world: World, authorize: Program) -> None:
        self._world = world
        self._authorize = authorize
        self._unused = iter(world.accounts[1:])

    def of(self, name: str) -> Ask:
        made: dict[str, Callable[[], Ask]] = {
            "authorize": self._start,
            "callback": self._callback,
            "send": self._send,
            "list": lambda: self._get("accounts/", self._world.key),
            "delete": lambda: Ask("DELETE", f"/api/gmail/accounts/{next(self._unused)}/", _bearer(self._world.key)),
            "history": lambda: self._get("history/", self._world.key),
            "keys": lambda: self._get("keys/", self._world.user),
            "track": lambda: Ask("GET", self._world.link),
            "console": lambda: Ask("GET", "/healthz"),
            "stock send": self._send,
            "hello": lambda: Ask("GET", "/"),
        }
        return made[name]()

    def _get(self, path: str, token: str) -> Ask:
        return Ask("GET", f"/api/gmail/{path}", _bearer(token))

    def _send(self) -> Ask:
        return messages.small(self._world.key, self._world.accounts[0])

    def _start(self) -> Ask:
        return Ask("GET", "/api/gmail/authorize/", {**_bearer(self._world.user), "Accept": "application/json"})

    def _callback(self) -> Ask:
        """What a browser brings back from Google: a code (here the nonce), the state and the cookie."""
        started = asyncio.run(ask(self._authorize.port, self._start()))
        query = parse_qs(urlsplit(json.loads(started.body)["authorization_url"]).query)
        came = urlencode({"state": query["state"][0], "code": query["nonce"][0]})
        cookie = started.headers["set-cookie"].partition(";")[0]
        return Ask("GET", f"/api/gmail/oauth2callback/?{came}", {"Cookie": cookie})


FUNCTIONS = ("authorize", "callback", "send", "list", "delete", "history", "keys", "track", "console")


def rows(world: World, *, quick: bool) -> Iterator[Row]:
    """The first round fills caches and writes .pyc files, as the platform's build does, and is not counted."""
    rounds = 2 if quick else 9
    names = ("hello", *FUNCTIONS, "stock send")
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    with running(world.ours("authorize")) as authorize:
        firsts = Firsts(world, authorize)
        for number in range(rounds + 1):
            for name in names:
                measured = _round(_program(world, name), firsts.of(name))
                if number:
                    found[name].append(measured)
    for kind, what, unit in (
        ("cold start", "CPU", "ms"),
        ("cold start", "time", "ms"),
        ("at rest", "resident", "MiB"),
    ):
        for name in names[1:]:
            ours, theirs = ([each[what] for each in found[which]] for which in (name, "hello"))
            yield Row(f"{kind}, {world.store}", f"{name}: {what}", unit, ours, "hello", theirs)


def _program(world: World, name: str) -> Program:
    if name == "hello":
        return world.hello()
    return world.stock() if name == "stock send" else world.ours(name)


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
