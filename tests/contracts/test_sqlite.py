"""What only a store in a local file has to do: outlive its process, share its file, follow the declared indexes."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from functions.adapters import sqlite
from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.adapters.sqlite_entries import statement
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.indexes import parse
from functions.domain.ports import Create, Increment, Put, Query, Update

ROOT = Path(__file__).parents[2]
START = datetime(2026, 3, 1, tzinfo=UTC)

WRITER = """
import sys
from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain.ports import Create, Increment, Put, Update
store = SqliteDocuments(sys.argv[1], declared())
{body}
"""


def process(path: Path, body: str) -> subprocess.Popen[str]:
    code = WRITER.format(body=body)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)], env=environment, stdout=subprocess.PIPE, text=True, cwd=path.parent
    )


def test_opening_does_nothing_before_the_first_call(tmp_path: Path) -> None:
    store = SqliteDocuments(tmp_path / "a" / "b" / "documents.db", declared())
    assert list(tmp_path.iterdir()) == []
    assert store.get("owners/a") is None
    assert (tmp_path / "a" / "b" / "documents.db").exists()


def test_what_was_committed_survives_kill_9(tmp_path: Path) -> None:
    body = "for n in range(10**6):\n    store.commit([Create(f'sends/{n}', {})])\n    print(n, flush=True)"
    writer = process(tmp_path / "documents.db", body)
    assert writer.stdout is not None
    for _ in range(50):
        last = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    for line in writer.stdout:
        if line.endswith("\n"):
            last = int(line)
    writer.wait()
    store = SqliteDocuments(tmp_path / "documents.db", declared())
    assert all(store.get_many([f"sends/{n}" for n in range(last + 1)]))
    store.commit([Create("sends/after", {})])


def test_processes_share_the_file_from_its_very_beginning(tmp_path: Path) -> None:
    body = (
        "for n in range(40):\n    try:\n        store.commit([Create('owners/a', {'n': 0})])\n"
        "    except Exception as e:\n        assert type(e).__name__ == 'PreconditionFailed', e\n"
        "    store.commit([Update('owners/a', {'n': Increment(1)})])"
    )
    writers = [process(tmp_path / "documents.db", body) for _ in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    document = SqliteDocuments(tmp_path / "documents.db", declared()).get("owners/a")
    assert document is not None
    assert document.data == {"n": 160}


def test_a_forked_process_opens_its_own_connection(tmp_path: Path) -> None:
    body = (
        "import os\nstore.commit([Create('owners/a', {'n': 0})])\npid = os.fork()\n"
        "for _ in range(20):\n    store.commit([Update('owners/a', {'n': Increment(1)})])\n"
        "if pid:\n    assert os.waitpid(pid, 0)[1] == 0\nelse:\n    os._exit(0)"
    )
    assert process(tmp_path / "documents.db", body).wait(60) == 0
    document = SqliteDocuments(tmp_path / "documents.db", declared()).get("owners/a")
    assert document is not None
    assert document.data == {"n": 40}


def test_a_database_follows_the_indexes_that_are_declared_now(tmp_path: Path) -> None:
    def indexes(*fields: list[dict[str, str]]) -> str:
        return json.dumps({"indexes": [{"collection": "t", "scope": "collection", "fields": f} for f in fields]})

    by_colour = [{"field": "colour", "mode": "equals"}]
    by_size = [{"field": "size", "mode": "desc"}]
    path = tmp_path / "documents.db"
    before = SqliteDocuments(path, parse(indexes(by_colour)))
    before.commit([Create(f"t/{n}", {"colour": "red", "size": n}) for n in range(3)])
    before.close()
    store = SqliteDocuments(path, parse(indexes(by_size)))
    assert [d.id for d in store.query(Query("t", order=("size", "desc"))).documents] == ["2", "1", "0"]
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM entries").fetchone() == (3,)


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "documents.db").write_text("This is something else. " * 100)
    with pytest.raises(Unavailable) as caught:
        SqliteDocuments(tmp_path / "documents.db", declared(), timeout=0.2).get("owners/a")
    assert isinstance(caught.value.__cause__, sqlite3.Error)


def test_a_directory_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable):
        SqliteDocuments(tmp_path / "file" / "documents.db", declared()).get("owners/a")


def test_a_schema_of_the_future_is_unavailable(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "documents.db") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(Unavailable, match="99"):
        SqliteDocuments(tmp_path / "documents.db", declared()).get("owners/a")


def test_a_lock_that_is_not_given_up_is_unavailable_in_time(tmp_path: Path) -> None:
    store = SqliteDocuments(tmp_path / "documents.db", declared(), timeout=0.3)
    store.commit([Put("owners/a", {"n": 1})])
    other = sqlite3.connect(tmp_path / "documents.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with pytest.raises(Unavailable):
        store.commit([Put("owners/a", {"n": 2})])
    assert time.monotonic() - started < 3
    assert store.get("owners/a")  # readers never wait
    other.execute("ROLLBACK")
    store.commit([Update("owners/a", {"n": Increment(1)})])


def creating(store: SqliteDocuments, paths: list[str]) -> tuple[list[Future[list[str]]], Callable[[], None]]:
    """A thread for each; all of them wait when this returns. The second is called to let the pool go."""
    pool = ThreadPoolExecutor(len(paths))
    made = [pool.submit(store.commit, [Create(path, {"n": n})]) for n, path in enumerate(paths)]
    while len(store._together._waiting) < len(paths):
        time.sleep(0.001)
    return made, pool.shutdown


def test_what_waits_to_be_created_is_written_at_once_and_each_is_answered_for_itself(tmp_path: Path) -> None:
    store = SqliteDocuments(tmp_path / "documents.db", declared())
    store.commit([Put("owners/a", {})])
    other = sqlite3.connect(tmp_path / "documents.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    made, finish = creating(store, ["owners/b", "owners/c", "owners/c", "owners/d"])
    other.execute("ROLLBACK")
    finish()
    failed = [future for future in made if future.exception()]
    assert [type(future.exception()) for future in failed] == [PreconditionFailed]
    assert failed[0] in made[1:3]
    versions = {version for future in made if future not in failed for version in future.result()}
    assert len(versions) == 1  # of one transaction
    assert {document.version for document in store.below("owners", 10)[1:]} == versions


def test_what_could_not_be_written_with_others_is_not_written_later(tmp_path: Path) -> None:
    store = SqliteDocuments(tmp_path / "documents.db", declared(), timeout=1)
    store.commit([Put("owners/a", {})])
    other = sqlite3.connect(tmp_path / "documents.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    made, finish = creating(store, ["owners/b", "owners/c"])
    finish()
    assert [type(future.exception()) for future in made] == [Unavailable, Unavailable]
    other.execute("ROLLBACK")
    store.commit([Create("owners/d", {})])
    assert [document.path for document in store.below("owners", 10)] == ["owners/a", "owners/d"]


def test_the_log_is_brought_into_the_file_from_time_to_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "CHECKPOINT", 10)
    store = SqliteDocuments(tmp_path / "documents.db", declared())
    sizes = []
    for n in range(100):
        store.commit([Create(f"owners/o{n}", {"n": "x" * 10_000})])
        sizes.append((tmp_path / "documents.db-wal").stat().st_size)
    assert sizes[-1] < 3 * sizes[9]


@pytest.mark.parametrize(
    "query",
    [
        Query("owners/a/sends", order=("created_at", "desc")),
        Query("owners/a/sends", {"status": "s1"}, order=("created_at", "desc"), since=START),
        Query("owners/a/sends", {"status": "s1", "account": "a1"}, ("labels", "tag:x"), ("created_at", "desc")),
        Query("sends", {"status": "s1"}, order=("due_at", "asc"), until=START + timedelta(9), group=True),
    ],
    ids=repr,
)
def test_a_query_reads_index_entries_in_order_and_sorts_nothing(tmp_path: Path, query: Query) -> None:
    store = SqliteDocuments(tmp_path / "documents.db", declared())
    writes = [
        Create(
            f"owners/a/sends/{n}",
            {"created_at": START + timedelta(n), "due_at": START, "status": f"s{n % 2}", "account": f"a{n % 3}"},
        )
        for n in range(20)
    ]
    store.commit([replace(write, data={**write.data, "labels": ["tag:x"]}) for write in writes])
    with store._db() as db:
        for place in (None, (START + timedelta(5), "owners/a/sends/5")):
            sql, arguments = statement(db, query, declared().check(query), place)
            steps = [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + sql, arguments)]
            assert not [step for step in steps if "SCAN" in step or "TEMP" in step], steps
            assert steps[0].startswith("SEARCH e USING PRIMARY KEY (key=?")


def test_what_is_past_its_time_is_removed_a_part_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Firestore's TTL policies do it: by the fields that `ttl` declares, whoever's documents they are."""
    monkeypatch.setattr(sqlite, "EXPIRED", 3)
    store = SqliteDocuments(tmp_path / "documents.db", declared())
    over = [Create(f"owners/o{n}/events/e{n}", {"expires_at": START + timedelta(n), "at": START}) for n in range(8)]
    others = [
        Create("owners/a/events/none", {"expires_at": None, "at": START}),
        Create("owners/a/events/absent", {"at": START}),
        Create("owners/a/sends/s", {"expires_at": START}),
        Create("states/s", {"expires_at": START}),
    ]
    store.commit([*over, *others])
    left = lambda: [write.path for write in (*over, *others) if store.get(write.path)]  # noqa: E731
    store.expire(START + timedelta(5))
    assert left() == [write.path for write in (*over[3:], *others[:3])]
    for _ in range(3):
        store.expire(START + timedelta(5))
    assert left() == [write.path for write in (*over[5:], *others[:3])]
    with pytest.raises(ValueError, match=r"infra/indexes\.json"):
        store.query(Query("events", order=("expires_at", "asc"), group=True))
