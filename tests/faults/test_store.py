"""The store goes away in the middle of everything, and comes back."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import pytest

from tests.faults.ledger import Report, check
from tests.faults.proxy import Proxy
from tests.faults.world import SqliteStore, World, request
from tests.full import FULL
from tests.sandbox.client import Google

AWAY = 30.0 if FULL else 5.0  # seconds
PATIENCE = 10.0 if FULL else 1.5  # seconds that a call waits for the store; 10 is production's


@contextmanager
def locked(store: Any) -> Iterator[None]:
    """Another process than the server holds the write lock of the file."""
    assert isinstance(store, SqliteStore)
    with closing(sqlite3.connect(store.path, isolation_level=None, timeout=30)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


@pytest.fixture
def proxy(kind: str, request: pytest.FixtureRequest) -> Iterator[Proxy | None]:
    if kind == "sqlite":
        yield None
        return
    made = Proxy(request.getfixturevalue("firestore_emulator"))
    yield made
    made.close()


def test_a_store_that_goes_away(
    kind: str, proxy: Proxy | None, make_world: Callable[..., World], quiet: Google, report: Report
) -> None:
    """Sends are asked for, claimed and under way at Gmail while it is away: none is lost, none goes out twice."""
    world = make_world(kind, through=proxy.address if proxy else "")
    server = world.start("--store-patience", str(PATIENCE))
    account = world.connect(server)
    quiet.faults({"match": "send", "account": account["email"], "action": {"delay": 0.7}})
    wanted = [request("away", key=i % 2 == 0, wait=i % 4 < 2) for i in range(60)]
    before, during = wanted[:40], wanted[40:]
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(world.send, server, one) for one in before]
        time.sleep(1)
        if proxy:
            proxy.cut()
            asked += [pool.submit(world.send, server, one) for one in during]
            time.sleep(AWAY)
            proxy.mend()
        else:
            with locked(world.store):
                asked += [pool.submit(world.send, server, one) for one in during]
                time.sleep(AWAY)
        for one in asked:
            one.result()
    world.insist_all(server, wanted)
    time.sleep(1)
    sends = world.wait_until_settled()
    figures, wrong = check(wanted, sends, world.deliveries())
    report.add(f"store away for {AWAY:g} s, {kind}", figures)
    world.close()
    assert wrong == []
    refused = any(status == 503 for one in wanted for status, _ in one.answers)
    assert refused or max(one.slowest for one in wanted) > PATIENCE, "nobody noticed that it was away"
