"""What the measurements stand on: the pretend Google, a store, an owner with accounts, and functions that use them."""

import base64
import contextlib
import dataclasses
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import certifi

from functions.runtime.settings import GOOGLE_URLS
from tests import emulators
from tests.bench import google
from tests.bench.certificates import make
from tests.bench.processes import ROOT, Program, free_port, function, running

OFFICIAL = "ours, official clients"  # GOOGLE_CLIENTS
ACCOUNTS = 64  # each measured `delete` takes one away
THREADS = "80"  # the concurrency that a send's instance is deployed with
HERE = Path(__file__).parent


class Google:
    """The stub in a process of its own."""

    def __init__(self, directory: Path) -> None:
        self.certificate, key = directory / "localhost.pem", directory / "localhost.key"
        chain, secret = make()
        self.certificate.write_bytes(chain)
        # What Google's libraries bring along and load for each fresh client.
        self.bundle = directory / "roots.pem"
        self.bundle.write_bytes(Path(certifi.where()).read_bytes() + chain)
        key.write_bytes(secret)
        port, secrets = free_port(), free_port()
        self.url, self.secrets = f"https://localhost:{port}", f"localhost:{secrets}"
        more = (str(port), str(self.certificate), str(key), str(secrets))
        command = [sys.executable, "-m", "tests.bench.google", *more]
        self.program = Program(command, os.environ, port, directory / "google.log")
        self._tls = ssl.create_default_context(cafile=str(self.certificate))

    def call(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/bench/{path}", context=self._tls, timeout=30) as answer:
            return json.load(answer)

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = self.call("counts")
        return found


@dataclass
class World:
    """One store, ours and the stock function's, and whoever calls."""

    store: str  # sqlite or firestore
    directory: Path
    google: Google
    emulator: str = ""
    project: str = field(default_factory=lambda: f"bench-{uuid.uuid4().hex[:20]}")

    def log(self) -> Path:
        return self.directory / f"{uuid.uuid4().hex}.log"

    def ours(self, name: str, clients: str = "direct") -> Program:
        return function(ROOT / "main.py", name, {**self.environ, "GOOGLE_CLIENTS": clients}, self.log())

    def local(self) -> Program:
        """All functions in the server of a laptop, over the same store and the same stub."""
        port = free_port()
        command = [sys.executable, "-m", "functions", "serve", "--host", "127.0.0.1"]
        return Program(command, {**self.environ, "PORT": str(port)}, port, self.log())

    def counted(self, name: str, file: Path) -> Program:
        """Ours, with a line in the file for each call of the store and of the secrets."""
        return function(HERE / "counted" / "counted.py", name, {**self.environ, "COUNTED": str(file)}, self.log())

    def stock(self, name: str = "send", *, resumable: bool = False, commits: int = 1) -> Program:
        added = {"UPLOAD": "resumable" if resumable else "raw", "COMMITS": str(commits)}
        return function(HERE / "stock" / "main.py", name, {**self._others, **added}, self.log())

    def naive(self, name: str = "send") -> Program:
        return function(HERE / "naive" / "main.py", name, self._others, self.log())

    @property
    def _others(self) -> dict[str, str]:
        """What the functions that ours are compared with need to know."""
        return {
            **self.environ,
            "STORE": f"firestore:{self.project}" if self.emulator else str(self.directory / "others.db"),
            "API_KEY": self.key,
            "TOKEN_KEY": base64.b64encode(google.SECRET).decode(),
            "SECRETS": self.google.secrets,
        }

    def through(self, address: str) -> "World":
        """The same, with its store's emulator at another address."""
        other = dataclasses.replace(self, emulator=address)
        other.__dict__["_seeded"] = self._seeded
        return other

    def hello(self) -> Program:
        return function(HERE / "hello" / "main.py", "hello", self.environ, self.log())

    @cached_property
    def environ(self) -> dict[str, str]:
        """Nothing of the benchmark's own environment that could change what is measured."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        # OpenSSL finds a root in its directory when it needs it; requests and httplib2 read a file of all of them.
        trust = dict.fromkeys(("HTTPLIB2_CA_CERTS", "REQUESTS_CA_BUNDLE"), str(self.google.bundle))
        trust["SSL_CERT_FILE"] = str(self.google.certificate)
        stored = f"firestore://{self.project}/(default)" if self.emulator else f"sqlite:///{self.directory}/ours.db"
        return {
            **kept,
            **trust,
            **{name: self.google.url + path for name, (_, path) in GOOGLE_URLS.items()},
            **({"FIRESTORE_EMULATOR_HOST": self.emulator} if self.emulator else {}),
            "PYTHONPATH": str(ROOT),
            "THREADS": THREADS,
            "MALLOC_ARENA_MAX": "2",
            "GMAIL_CLIENT_ID": google.CLIENT_ID,
            "GMAIL_CLIENT_SECRET": "secret",
            # What a send costs is measured, not how an account is kept within Gmail's limits.
            "GMAIL_UNITS_PER_MINUTE": "1000000",
            "AUTH_ISSUERS": f"{self.google.url}={google.CALLERS}",
            "STORE_URL": stored,
            "BLOBS_URL": f"file:{self.directory}/blobs",
            "SECRETS_URL": f"file:{self.directory}/secrets",
        }

    @cached_property
    def _seeded(self) -> dict[str, Any]:
        command = [sys.executable, "-m", "tests.bench.seed", self.google.url, str(ACCOUNTS)]
        done = subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"The store can't be filled: {done.stderr[-3000:]}")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    @property
    def key(self) -> str:
        return str(self._seeded["key"])

    @property
    def accounts(self) -> list[str]:
        return list(self._seeded["accounts"])

    @property
    def links(self) -> list[str]:
        """The paths of tracked links, each in another message."""
        return list(self._seeded["links"])

    @property
    def gone(self) -> str:
        """The path of a tracked link in a message that is not on record any more: there is nothing to write down."""
        return str(self._seeded["gone"])

    @cached_property
    def user(self) -> str:
        """An ID token of the accounts' owner."""
        return str(self.google.call("id-token?sub=ana")["id_token"])


@contextlib.contextmanager
def worlds(wanted: list[str]) -> Iterator[list[World]]:
    """One for each store that can be had."""
    with contextlib.ExitStack() as stack:
        base = Path(tempfile.mkdtemp(prefix="bench-"))
        stack.callback(shutil.rmtree, base, ignore_errors=True)
        stub = Google(base)
        stack.enter_context(running(stub.program))
        found = []
        for store in wanted:
            directory = base / store
            directory.mkdir()
            address = ""
            if store == "firestore":
                try:
                    address = stack.enter_context(_emulator(directory))
                except RuntimeError as exc:
                    print(f"Without Firestore: {exc}", file=sys.stderr)
                    continue
            found.append(World(store, directory, stub, address))
        yield found


@contextlib.contextmanager
def _emulator(directory: Path) -> Iterator[str]:
    """Raises RuntimeError where it can't start. It ends when nobody holds the lock any more."""
    import fcntl

    if given := os.environ.get("FIRESTORE_EMULATOR_HOST"):
        yield given
        return
    with emulators._locked(directory / "users", fcntl.LOCK_SH):
        yield emulators._address(directory)
