"""A pretend Google, stores, and servers that tests start and kill; and the clients that call them."""

import json
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import requests

from functions.adapters.declared_indexes import declared
from functions.domain import records
from functions.domain.ids import LOCAL_OWNER
from functions.domain.ports import Query
from functions.domain.sends import Send
from functions.runtime.settings import GOOGLE_URLS, SANDBOX_CLIENT
from tests.e2e.processes import Program, free_port
from tests.faults.ledger import Request, settled
from tests.sandbox.client import Google
from tests.stores import firestore

KEY = "a-local-api-key-of-the-fault-tests"
# Minutes become seconds. What they are in production stands beside the constants themselves.
FAST: dict[str, Any] = {
    "functions.domain.sends.LEASE": 3,
    "functions.domain.retries._LOOKS": [0.3, 0.5, 1.0],
    "functions.domain.retries.LOOKS": 3,
    "functions.domain.retries._BASE": 0.1,
    "functions.domain.retries._CAP": 2.0,
    "functions.adapters.local_queue.SWEEP_EVERY": 0.5,
    "functions.services.sweeping.GRACE": 0.3,
    "functions.services.reconciling.AGAIN": 0.5,
    "functions.services.attempting.HELD": 2,
    "functions.services.settling.PATIENCE": [0.2, 0.5, 1.0],
}
PATIENCE = float(os.environ.get("FAULT_PATIENCE", "120"))  # seconds, on a machine that is busy with other things


class Store(Protocol):
    """Records that outlive a server, as the server's settings name them; and the test's own view of them."""

    def settings(self) -> dict[str, str]: ...

    def documents(self) -> Any: ...


@dataclass
class SqliteStore:
    directory: Path

    @property
    def path(self) -> Path:
        return self.directory / "gmail.db"

    def settings(self) -> dict[str, str]:
        return {"STORE_URL": f"sqlite:///{self.path}"}

    def documents(self) -> Any:
        from functions.adapters.sqlite import SqliteDocuments

        return SqliteDocuments(self.path, declared(), timeout=60)


@dataclass
class FirestoreStore:
    """`through`: where servers connect to instead, a proxy in front of the emulator."""

    emulator: str
    project: str = field(default_factory=lambda: f"faults-{uuid.uuid4().hex[:16]}")
    through: str = ""

    def settings(self) -> dict[str, str]:
        return {
            "STORE_URL": f"firestore://{self.project}/(default)",
            "FIRESTORE_EMULATOR_HOST": self.through or self.emulator,
        }

    def documents(self) -> Any:
        return firestore(self.project, self.emulator)


class Server(Program):
    """The launcher in a process group of its own."""

    def __init__(self, world: "World", *arguments: str, constants: Mapping[str, Any] = FAST, **settings: str) -> None:
        port = free_port()
        self.url = f"http://localhost:{port}"
        issuer = world.google.url.replace("127.0.0.1", "localhost")  # it calls itself so
        urls = {name: issuer + path for name, (_, path) in GOOGLE_URLS.items()}
        given = {
            **urls,
            **world.store.settings(),
            "GMAIL_CLIENT_ID": SANDBOX_CLIENT[0],
            "GMAIL_CLIENT_SECRET": SANDBOX_CLIENT[1],
            "BLOBS_URL": f"file:{world.directory}/blobs",
            "SECRETS_URL": f"file:{world.directory}/secrets",
            "PUBLIC_URL": self.url,
            "PORT": str(port),
            "LOCAL_API_KEY": KEY,
            "GMAIL_UNITS_PER_MINUTE": "1000000",
            **settings,
        }
        command = [sys.executable, "-m", "tests.faults.server", "--port", str(port)]
        command += ["--constants", json.dumps(dict(constants)), *arguments]
        super().__init__(command, given, port, world.directory / "server.log")

    @property
    def group(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        if self._process.poll() is None:
            os.killpg(self.group, signal.SIGKILL)
        self._process.wait(30)

    def go_on(self) -> None:
        """After it was stopped."""
        os.killpg(self.group, signal.SIGCONT)

    def stopped(self, seconds: float) -> bool:
        """Whether it stopped within so many seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found, status = os.waitpid(self.group, os.WUNTRACED | os.WNOHANG)
            if found and os.WIFSTOPPED(status):
                return True
            time.sleep(0.02)
        return False

    def died(self, seconds: float) -> bool:
        """Whether it was killed by itself, within so many seconds."""
        end = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        return self._process.poll() == -signal.SIGKILL


class World:
    """One store, and whatever servers run on it. `person` is whose account is connected first."""

    def __init__(self, google: Google, store: Store, directory: Path) -> None:
        self.google = google
        self.store = store
        self.directory = directory
        self.servers: list[Server] = []
        self.people: list[str] = []
        self._local = threading.local()
        self._documents: Any = None

    def start(self, *arguments: str, constants: Mapping[str, Any] = FAST, **settings: str) -> Server:
        server = Server(self, *arguments, constants=constants, **settings)
        self.servers.append(server)
        server.wait_until_ready()
        return server

    def close(self) -> None:
        for server in self.servers:
            server.kill()
        if self._documents is not None:
            self._documents.close()

    @property
    def http(self) -> requests.Session:
        """One for each thread."""
        if not hasattr(self._local, "http"):
            self._local.http = requests.Session()
        return self._local.http  # type: ignore[no-any-return]

    def call(self, server: Server, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {KEY}", **more.pop("headers", {})}
        return self.http.request(
            method, f"{server.url}/api/gmail/{path}", headers=headers, timeout=more.pop("timeout", 120), **more
        )

    def connect(self, server: Server, email: str = "", untick: str = "") -> dict[str, Any]:
        """Somebody new (or `email` again) connects an account."""
        email = email or f"faults-{uuid.uuid4().hex[:10]}@example.com"
        if email not in self.people:
            made = requests.post(f"{self.google.url}/sandbox/people", json={"email": email, "name": "A"}, timeout=30)
            made.raise_for_status()
            self.people.append(email)
        with requests.Session() as browser:
            started = browser.get(
                f"{server.url}/api/gmail/authorize/",
                headers={"Authorization": f"Bearer {KEY}", "Accept": "application/json"},
                timeout=60,
            )
            url = started.json()["authorization_url"] + f"&sandbox_person={email}"
            url += f"&sandbox_untick={untick}" if untick else ""
            back = requests.get(url, allow_redirects=False, timeout=60).headers["Location"]
            done = browser.get(back, headers={"Accept": "application/json"}, timeout=60)
        assert done.status_code == 200, done.text
        return dict(self.call(server, "GET", f"accounts/{done.json()['account']}/").json())

    def send(self, server: Server, request: Request, timeout: float = 120) -> bool:
        """Ask once. Whether there was an answer."""
        headers = {"Idempotency-Key": request.key} if request.key else {}
        began = time.monotonic()
        try:
            answer = self.call(server, "POST", "send/", json=request.body, headers=headers, timeout=timeout)
            request.answers.append((answer.status_code, answer.json()))
        except (requests.RequestException, ValueError):
            self._local.__dict__.pop("http").close()
            return False
        request.slowest = max(request.slowest, time.monotonic() - began)
        return True

    def send_all(self, server: Server, wanted: Iterable[Request], threads: int = 8) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda request: self.send(server, request), wanted))

    def insist(self, server: Server, request: Request, seconds: float = PATIENCE) -> None:
        """What a careful caller does with a key: repeat until there is an answer that says what became of it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.send(server, request) and request.answers[-1][0] not in (409, 429, 503):
                return
            time.sleep(0.2)
        raise AssertionError(f"no answer to {request.subject}: {request.answers[-3:]}")

    def insist_all(self, server: Server, wanted: Iterable[Request]) -> None:
        """All that have a key; also those that had an answer: it has to be the same one again."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda request: self.insist(server, request), [one for one in wanted if one.key]))

    def sends(self) -> list[Send]:
        """Every send on record."""
        if self._documents is None:
            self._documents = self.store.documents()
        found: list[Send] = []
        after = None
        while True:
            query = Query(f"owners/{LOCAL_OWNER}/sends", order=("created_at", "desc"), limit=500, after=after)
            page = self._documents.query(query)
            found += [records.from_data(Send, document.data) for document in page.documents]
            after = page.next
            if after is None:
                return found

    def wait_until_settled(self, seconds: float = PATIENCE, pause: float = 0.25) -> list[Send]:
        """Every send on record, once nothing will happen to any of them by itself; or as they are after so long."""
        end = time.monotonic() + seconds
        while True:
            found = self.sends()
            if all(settled(send) for send in found) or time.monotonic() > end:
                return found
            time.sleep(pause)

    def deliveries(self) -> list[dict[str, Any]]:
        """Of this world's accounts, oldest first."""
        mine = set(self.people)
        return [one for one in self.google.deliveries if one["account"] in mine]


def letter(subject: str, **changed: Any) -> dict[str, Any]:
    """With two parts, so that its boundary names the send in the ledger."""
    return {"to": ["bo@elsewhere.example"], "subject": subject, "text": "Hello", "html": "<p>Hello</p>", **changed}


def request(name: str, *, key: bool = False, **changed: Any) -> Request:
    subject = f"{name} {uuid.uuid4().hex[:8]}"
    return Request(subject, letter(subject, **changed), f"key-{uuid.uuid4().hex}" if key else "")
