"""The pretend Google as the tests see it."""

import itertools
import json
import sqlite3
import sys
import threading
import urllib.request
import uuid
from contextlib import closing
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

from functions.runtime.settings import GOOGLE_URLS, SANDBOX_CLIENT
from tests.e2e.journal import Journal
from tests.e2e.processes import Program, free_port

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    email: str
    sub: str


class Google:
    """One process with its data. Persons are made for each test, so tests don't meet in a mailbox."""

    def __init__(self, directory: Path, journal: Journal) -> None:
        port = free_port()
        self.url = f"http://localhost:{port}"
        self._data = directory / "google"
        command = [sys.executable, "-m", "sandbox", "--port", str(port), "--data", str(self._data)]
        self._program = Program(command, {}, port, journal.log(directory / "google.log"))
        self._program.wait_until_ready()

    @property
    def settings(self) -> dict[str, str]:
        """The environment that makes a server use it."""
        urls = {name: self.url + path for name, (_, path) in GOOGLE_URLS.items()}
        client_id, client_secret = SANDBOX_CLIENT
        return {"GMAIL_CLIENT_ID": client_id, "GMAIL_CLIENT_SECRET": client_secret, **urls}

    def stop(self) -> None:
        self._program.stop()

    def person(
        self, name: str = "ada", aliases: list[dict[str, Any]] | None = None, domain: str = "example.com"
    ) -> Person:
        """Somebody new. Aliases get an address of their own under the given name."""
        tag = f"{next(_numbers)}{uuid.uuid4().hex[:6]}"
        made = [{**alias, "email": f"{alias['email']}-{tag}@example.com"} for alias in aliases or []]
        shown = self.post("/sandbox/people", {"email": f"{name}-{tag}@{domain}", "name": name, "aliases": made})
        return Person(shown["email"], shown["sub"])

    def fault(self, match: str, **rule: Any) -> None:
        """Until `no_faults`, or as often as `times` says. Either a `preset` or an `action`."""
        self.post("/sandbox/faults", {"match": match, **rule})

    def no_faults(self) -> None:
        self.call("DELETE", "/sandbox/faults")

    def fault_hits(self) -> int:
        return sum(rule["hits"] for rule in self._get("/sandbox/faults")["faults"])

    def revoke(self, person: Person) -> None:
        """The person removes the application in their Google account."""
        self.post(f"/sandbox/people/{quote(person.email)}/revoke", None)

    def requests(self, method: str, person: Person) -> int:
        """How often a method was called for the person: sends_received, sendAs.list, …"""
        return int(self._get("/sandbox/ledger")["requests_by_account"].get(person.email, {}).get(method, 0))

    def deliveries(self, person: Person) -> list[dict[str, Any]]:
        """What the person's account sent, oldest first."""
        return [one for one in self._get("/sandbox/ledger")["deliveries"] if one["account"] == person.email]

    def message(self, account: str, message_id: str) -> EmailMessage:
        """A stored message, as a mail program reads it."""
        raw = self.call("GET", f"/inbox/{quote(account)}/{message_id}/original")
        found = message_from_bytes(raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def sent(self, person: Person) -> EmailMessage:
        """The last message that the person's account sent, from its Sent folder."""
        return self.message(person.email, self.deliveries(person)[-1]["gmail_message_id"])

    def live_tokens(self, person: Person) -> int:
        """How many of the person's tokens work; 0 once the grant was revoked."""
        return len(self._rows("SELECT token FROM tokens WHERE revoked = 0 AND email = ?", person.email))

    def access_tokens(self, person: Person) -> int:
        """How many were ever issued."""
        return len(self._rows("SELECT token FROM tokens WHERE kind = 'access' AND email = ?", person.email))

    def refresh_tokens(self, person: Person) -> list[str]:
        rows = self._rows("SELECT token FROM tokens WHERE kind = 'refresh' AND email = ? ORDER BY number", person.email)
        return [row[0] for row in rows]

    def all_tokens(self) -> list[str]:
        return [row[0] for row in self._rows("SELECT token FROM tokens")]

    def _rows(self, sql: str, *arguments: str) -> list[tuple[str]]:
        with closing(sqlite3.connect(self._data / "sandbox.db", timeout=10)) as db:
            return db.execute(sql, arguments).fetchall()

    def _get(self, path: str) -> Any:
        return json.loads(self.call("GET", path))

    def post(self, path: str, body: Any) -> Any:
        found = self.call("POST", path, json.dumps(body).encode())
        return json.loads(found) if found else None

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())


class Gate:
    """Lets `count` threads begin at once."""

    def __init__(self, count: int) -> None:
        self._barrier = threading.Barrier(count, timeout=30)

    def __call__(self) -> None:
        self._barrier.wait()
