"""The ways of running the functions: all in the local server, each alone as it is deployed, all inside the tests."""

import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from werkzeug.test import Client, EnvironBuilder

from functions.cli.server import Gateway, endpoints
from functions.edge.endpoint import Route
from functions.runtime import settings
from functions.runtime.wiring import App
from tests.e2e.client import Answer, fetch
from tests.e2e.journal import Journal
from tests.e2e.processes import BIN, ROOT, Program, free_port

FUNCTIONS = json.loads((ROOT / "infra" / "functions.json").read_text())


@dataclass
class Hosting:
    """What all ways have in common: a data directory, and the settings made of it."""

    name: str
    directory: Path
    journal: Journal
    given: Mapping[str, str]
    public_url: str = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        raise NotImplementedError

    def programs(self) -> list[Program]:
        """All that has been started for it."""
        return []

    @property
    def blobs(self) -> list[Path]:
        """The stored files, without the one that names the store."""
        blobs = self.directory / "blobs"
        return [path for path in blobs.rglob("*") if path.is_file() and path != blobs / "=store"]

    def settings(self) -> dict[str, str]:
        return {
            "PUBLIC_URL": self.public_url,
            "STORE_URL": f"sqlite:///{self.directory}/gmail.db",
            "BLOBS_URL": f"file:{self.directory}/blobs",
            "SECRETS_URL": f"file:{self.directory}/secrets",
            **self.given,
        }


class Local(Hosting):
    """`python -m functions serve`, in a process of its own."""

    def start(self) -> None:
        port = free_port()
        self.public_url = f"http://localhost:{port}"
        log = self.journal.log(self.directory / "server.log")
        command = [sys.executable, "-m", "functions", "serve"]
        self._program = Program(command, {**self.settings(), "PORT": str(port)}, port, log)
        self._program.wait_until_ready()

    def request(self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        return fetch(method, self.public_url + target, headers, body)

    def programs(self) -> list[Program]:
        return [self._program]


class Alone(Hosting):
    """Each function in a process of its own under the stock framework, started when it is first called. What the
    gateway does in the cloud, finding the function of a path, is done here."""

    def start(self) -> None:
        self.public_url = f"http://localhost:{free_port()}"  # where the gateway would be
        self._programs: dict[str, Program] = {}
        self._lock = threading.Lock()

    def request(self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        return fetch(method, self._url(function_of(method, target)) + target, headers, body)

    def programs(self) -> list[Program]:
        return list(self._programs.values())

    def _url(self, name: str) -> str:
        with self._lock:
            if name not in self._programs:
                port = free_port()
                command = [str(BIN / "functions-framework"), "--target", name, "--host", "127.0.0.1"]
                log = self.journal.log(self.directory / f"{name}.log")
                settings = {**self.settings(), "PORT": str(port)}
                self._programs[name] = Program([*command, "--port", str(port)], settings, port, log)
                self._programs[name].wait_until_ready()
            return f"http://localhost:{self._programs[name].port}"


class BareTail:
    """The same functions, called at their own URLs: without the prefix that they have behind the gateway."""

    def __init__(self, alone: Alone) -> None:
        self._alone = alone
        self.public_url, self.journal, self.directory = alone.public_url, alone.journal, alone.directory

    @property
    def blobs(self) -> list[Path]:
        return self._alone.blobs

    def request(self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        name = function_of(method, target)
        prefix = next(entry["prefix"] for entry in FUNCTIONS if entry["name"] == name)
        tail = target.removeprefix(prefix)
        url = self._alone._url(name)
        return fetch(method, url + (tail if tail.startswith("/") else f"/{tail}"), headers, body)


def function_of(method: str, target: str) -> str:
    """Whose the path is. A method that nobody has there goes to the first function that has the path."""
    path = target.partition("?")[0]
    wanted = "GET" if method == "HEAD" else method
    having = []
    for entry in FUNCTIONS:
        if entry["prefix"] and path != entry["prefix"] and not path.startswith(entry["prefix"] + "/"):
            continue
        for text in entry["routes"]:
            known, _, pattern = text.partition(" ")
            if Route(known, pattern, None, None).match(path[len(entry["prefix"]) :] or "/") is not None:  # type: ignore[arg-type]
                having.append((known, entry["name"]))
    exact = [name for known, name in having if known == wanted]
    return str(next(iter(exact or [name for _, name in having] or ["console"])))


class Clock:
    """Time that goes on, and jumps ahead when it is told to."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def jump(self, **by: float) -> None:
        self.ahead += timedelta(**by)


class ClockedApp(App):
    def __init__(self, found: settings.Settings, clock: Callable[[], datetime]) -> None:
        super().__init__(found)
        self._now = clock

    def clock(self) -> datetime:
        return self._now()


class Inside(Hosting):
    """The local server's application in the tests' own process: its clock can be moved, its parts looked at."""

    def start(self) -> None:
        self.public_url = self.given.get("PUBLIC_URL", "http://localhost:8000")
        self.time = Clock()
        self.app = ClockedApp(settings.load(self.settings()), self.time)
        self._gateway = Gateway(self.app, endpoints())

    def request(self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        built = EnvironBuilder(target, self.public_url, method=method, headers=list(headers), data=body or None)
        response = Client(self._gateway, use_cookies=False).open(built)
        return Answer(response.status_code, response.headers, response.get_data())
