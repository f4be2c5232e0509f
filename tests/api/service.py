"""One running service for the tests of this folder: the local server, with a pretend Google and records of its own."""

import http.client
import json
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.processes import Program, free_port

KEY = "gmk_local_0123456789abcdef0123456789abcdef"
ADA = "ada@example.com"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_problem(self) -> bool:
        return self.headers.get_content_type() == "application/problem+json"


@dataclass(frozen=True)
class Service:
    url: str
    google: str
    directory: Path

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    def call(
        self,
        method: str,
        target: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        key: str | None = KEY,
    ) -> Answer:
        """`body` is sent as it is if it is bytes, as JSON otherwise; an iterator of bytes is sent in chunks."""
        given = {"Authorization": f"Bearer {key}"} if key else {}
        if isinstance(body, (dict, list)):
            body, given["Content-Type"] = json.dumps(body).encode(), "application/json"
        return fetch(method, self.url + target, {**given, **(headers or {})}, body)

    def connect(self, person: str = ADA) -> str:
        """The id of the person's account, connected through the consent page's scripted answer."""
        started = self.call("GET", "/api/gmail/authorize/", headers={"Accept": "application/json"})
        link = started.json()["authorization_url"] + f"&sandbox_person={person}"
        back = fetch("GET", link).headers["Location"]
        cookie = started.headers["Set-Cookie"].partition(";")[0]
        found = fetch("GET", back, {"Cookie": cookie, "Accept": "application/json"}).json()
        assert found["status"] == "connected", found
        return str(found["account"])

    def traces(self) -> dict[str, Any]:
        """What a request could leave behind: records, files, secrets."""
        with closing(sqlite3.connect(self.directory / "gmail.db", timeout=10)) as db:
            records = sorted(db.execute("SELECT path, version FROM documents"))
        files = {
            name: sorted(str(p.relative_to(self.directory)) for p in (self.directory / name).rglob("*") if p.is_file())
            for name in ("blobs", "secrets")
        }
        return {"records": records, **files}


def fetch(method: str, url: str, headers: Mapping[str, str] | None = None, body: Any = None) -> Answer:
    """One request, redirects not followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    with closing(connection):
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, response.msg, response.read())


@contextmanager
def running(directory: Path) -> Iterator[Service]:
    """The local server in a process of its own; everything it stores lies in `directory`."""
    google_port, port = free_port(), free_port()
    google = f"http://localhost:{google_port}"
    sandbox = Program(
        [sys.executable, "-m", "sandbox", "--port", str(google_port), "--data", str(directory / "google")],
        {},
        google_port,
        directory / "google.log",
    )
    server = None
    try:
        sandbox.wait_until_ready()
        settings = {
            "PORT": str(port),
            "LOCAL_API_KEY": KEY,
            "STORE_URL": f"sqlite:///{directory}/gmail.db",
            "BLOBS_URL": f"file:{directory}/blobs",
            "SECRETS_URL": f"file:{directory}/secrets",
            # The sandbox that this test started, instead of one beside the server that shares the laptop's data.
            "GMAIL_CLIENT_ID": "tests",
            "GMAIL_CLIENT_SECRET": "sandbox-secret",
            "GOOGLE_AUTHORIZE_URL": f"{google}/o/oauth2/v2/auth",
            "GOOGLE_TOKEN_URL": f"{google}/token",
            "GOOGLE_REVOKE_URL": f"{google}/revoke",
            "GOOGLE_JWKS_URL": f"{google}/oauth2/v3/certs",
            "GOOGLE_ISSUER": google,
            "GMAIL_API_URL": google,
        }
        server = Program([sys.executable, "-m", "functions", "serve"], settings, port, directory / "server.log")
        server.wait_until_ready()
        yield Service(f"http://localhost:{port}", google, directory)
    finally:
        for program in filter(None, (server, sandbox)):
            program.stop()
