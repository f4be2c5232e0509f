"""The pretend Google of the fault tests, worlds on both stores, and the table of figures at the end of a run.

FAULT_RUNS   kills at each point, on each store (2; the full run has 20)
FAULT_SENDS  queued sends of the volume test (200; the full run has 5000)
FAULT_FULL   1: a store that is away for 30 s and an index that lags for 60 s, in real time (and see tests/full.py)
"""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.domain import records
from functions.domain.ids import LOCAL_OWNER
from functions.domain.ports import Create
from tests.e2e.client import Caller
from tests.e2e.hosts import Inside
from tests.e2e.journal import Journal
from tests.faults.ledger import Report
from tests.faults.stub import Stub
from tests.faults.world import FirestoreStore, SqliteStore, World
from tests.sandbox import client
from tests.sandbox.client import Google
from tests.services.builders import account

KEY = "the-local-key-of-the-fault-tests"

RUNS = int(os.environ.get("FAULT_RUNS", "2"))
SENDS = int(os.environ.get("FAULT_SENDS", "200"))

_report = Report()


@pytest.fixture(scope="session")
def report() -> Report:
    return _report


@pytest.fixture(scope="session")
def google() -> Iterator[Google]:
    with client.running() as running:
        yield running


@pytest.fixture
def quiet(google: Google) -> Iterator[Google]:
    """The pretend Google, for a test that sets faults: they are gone afterwards."""
    yield google
    google.http.delete(f"{google.url}/sandbox/faults").raise_for_status()


@pytest.fixture(scope="session")
def make_world(
    request: pytest.FixtureRequest, google: Google, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., World]]:
    """A world of its own for whoever asks: `make_world("sqlite")` or `make_world("firestore")`."""
    made: list[World] = []

    def make(kind: str, through: str = "", of: Google = google) -> World:
        directory = tmp_path_factory.mktemp(kind)
        store: Any = SqliteStore(directory)
        if kind == "firestore":
            store = FirestoreStore(request.getfixturevalue("firestore_emulator"), through=through)
        made.append(World(of, store, directory))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture(params=["sqlite", "firestore"])
def kind(request: pytest.FixtureRequest) -> str:
    """Of store."""
    if request.param == "firestore":
        request.getfixturevalue("firestore_emulator")
    return str(request.param)


@pytest.fixture
def world(kind: str, make_world: Callable[..., World]) -> Iterator[World]:
    made = make_world(kind)
    yield made
    made.close()


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    yield made
    made.close()


@pytest.fixture
def inside(tmp_path: Path, stub: Stub) -> Inside:
    """With one account whose access token is good for an hour."""
    given = {"GMAIL_API_URL": stub.url, "GOOGLE_TOKEN_URL": f"{stub.url}/token", "LOCAL_API_KEY": KEY}
    made = Inside("inside", tmp_path, Journal(), given)
    tokens, now = made.app.tokens, made.time()
    bare = account(LOCAL_OWNER, scopes=("https://www.googleapis.com/auth/gmail.send",))
    ada = account(
        LOCAL_OWNER,
        scopes=bare.scopes,
        refresh_token=tokens.seal(bare, "refresh_token", "1//0refresh"),
        access_token=tokens.seal(bare, "access_token", "ya29.first"),
        access_token_expires_at=now + timedelta(hours=1),
    )
    made.app.documents.commit([Create(f"owners/{LOCAL_OWNER}/accounts/{ada.id}", records.to_data(ada))])
    return made


@pytest.fixture
def caller(inside: Inside) -> Caller:
    return Caller(inside, KEY)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    lines = _report.lines()
    if lines:
        terminalreporter.section("faults: what was promised, and what happened")
        for line in lines:
            terminalreporter.write_line(line)
    where = os.environ.get("FAULT_REPORT")
    if where and lines:
        Path(where).write_text("\n".join(lines) + "\n", encoding="utf-8")
