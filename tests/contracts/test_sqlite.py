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
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from functions.adapters import sqlite, sqlite_commits
from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.adapters.sqlite_entries import entries, statement
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.indexes import parse
from functions.domain.ports import Create, Delete, Increment, Put, Query, Update, Write

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


def test_what_a_process_wrote_itself_it_changes_as_others_have_left_it(tmp_path: Path) -> None:
    """It does not read it again before; another process may have changed it, or taken it away and made it anew."""
    ours, theirs = (SqliteDocuments(tmp_path / "documents.db", declared()) for _ in range(2))
    path = "owners/a/sends/s"

    def theirs_since(*writes: Write) -> None:
        ours.commit([Put(path, {"status": "queued", "opens": 1, "created_at": START})])
        for write in writes:
            theirs.commit([write])

    theirs_since(Update(path, {"opens": Increment(4), "subject": "theirs"}))
    ours.commit([Update(path, {"status": "sent", "opens": Increment(1)})])
    found = ours.get(path)
    assert found
    assert found.data == {"status": "sent", "opens": 6, "subject": "theirs", "created_at": START}

    theirs_since(Update(path, {"status": "sending"}))
    now = theirs.get(path)
    assert now
    ours.commit([Update(path, {"status": "sent"}, now.version)])  # not the version that it knows

    (version,) = ours.commit([Put(path, {"status": "queued"})])
    theirs.commit([Update(path, {"status": "sending"})])
    with pytest.raises(PreconditionFailed):
        ours.commit([Update(path, {"status": "sent"}, version)])

    theirs_since(Delete(path))
    with pytest.raises(PreconditionFailed):
        ours.commit([Update(path, {"status": "sent"})])

    theirs_since(Delete(path), Create(path, {"status": "unknown", "created_at": START}))
    ours.commit([Update(path, {"opens": 2})])
    found = theirs.get(path)
    assert found
    assert found.data == {"status": "unknown", "opens": 2, "created_at": START}
    for status, listed in (("queued", ()), ("unknown", (found,))):
        chosen = Query("owners/a/sends", equals={"status": status}, order=("created_at", "desc"))
        assert theirs.query(chosen).documents == listed


def test_what_a_process_remembers_is_bounded(tmp_path: Path) -> None:
    store = SqliteDocuments(tmp_path / "documents.db", declared())
    store.commit([Put("owners/a", {"text": "x" * sqlite.SHORT})])
    assert store._written == {}
    for start in range(0, 3000, 500):
        store.commit([Put(f"owners/{number}", {}) for number in range(start, start + 500)])
    assert len(store._written) <= sqlite.REMEMBERED + 500


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
    with pytest.raises(Unavailable):  # else it would wait for ever
        store.commit([Put("owners/a", {"n": 2})])
    assert store.get("owners/a")  # readers never wait
    other.execute("ROLLBACK")
    store.commit([Update("owners/a", {"n": Increment(1)})])


def committing(
    store: SqliteDocuments, commits: list[list[Write]]
) -> tuple[list[Future[list[str]]], Callable[[], None]]:
    """A thread for each; all of them wait when this returns. The second is called to let the pool go."""
    pool = ThreadPoolExecutor(len(commits))
    made = [pool.submit(store.commit, writes) for writes in commits]
    while len(store._together._waiting) < len(commits):
        assert not any(future.done() for future in made)
        time.sleep(0.001)
    return made, pool.shutdown


@pytest.fixture
def store(tmp_path: Path) -> SqliteDocuments:
    return SqliteDocuments(tmp_path / "documents.db", declared())


@pytest.fixture
def held(tmp_path: Path, store: SqliteDocuments) -> sqlite3.Connection:
    """Another process's connection, in the middle of a transaction."""
    store.commit([Put("owners/a", {"n": 0})])
    other = sqlite3.connect(tmp_path / "documents.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_what_waits_is_written_in_one_transaction_and_each_is_answered_for_itself(
    store: SqliteDocuments, held: sqlite3.Connection
) -> None:
    statements: list[str] = []
    store._connections.writing().set_trace_callback(statements.append)
    paths = ["owners/b", "owners/c", "owners/c", "owners/d"]
    made, finish = committing(store, [[Create(path, {"n": n})] for n, path in enumerate(paths)])
    held.execute("ROLLBACK")
    finish()
    failed = [future for future in made if future.exception()]
    assert [type(future.exception()) for future in failed] == [PreconditionFailed]
    assert failed[0] in made[1:3]
    versions = [future.result()[0] for future in made if future not in failed]
    assert len(set(versions)) == 3
    assert [document.version for document in store.below("owners", 10)[1:]] == versions
    assert [one.split()[0] for one in statements].count("COMMIT") == 1
    assert len([one for one in statements if not one.startswith("BEGIN")]) < 8  # for all, and what the loser read anew


def test_commits_of_all_kinds_to_the_same_documents_follow_one_another(
    store: SqliteDocuments, held: sqlite3.Connection
) -> None:
    """Each as if alone: every increment counts, a version that has passed is refused, entries go with their values."""
    found = store.get("owners/a")
    assert found is not None
    version = found.version
    commits: list[list[Write]] = [
        [Update("owners/a", {"n": Increment(1)}), Create(f"owners/o{n}", {"n": n})] for n in range(10)
    ]
    commits += [[Update("owners/a", {"said": n}, version=version)] for n in range(5)]
    commits += [[Delete("owners/a"), Create("owners/after", {})]]
    made, finish = committing(store, commits)
    held.execute("ROLLBACK")
    finish()
    refused = [n for n, future in enumerate(made) if future.exception()]
    assert all(isinstance(made[n].exception(), PreconditionFailed) for n in refused)
    assert store.get("owners/after")
    deleted_at = len(commits) - 1
    assert deleted_at not in refused
    written = {document.id for document in store.below("owners", 50)}
    assert written == {"after", *(f"o{n}" for n in range(10) if n not in refused)}  # all of a commit, or nothing
    assert len(set(range(10, 15)) - set(refused)) <= 1  # of those that want the same version


def test_increments_of_many_threads_all_count_and_leave_one_entry(store: SqliteDocuments) -> None:
    due, path = START, "owners/a/sends/s"
    store.commit([Create(path, {"status": "s", "due_at": due, "n": 0})])

    def count(number: int) -> None:
        for n in range(20):
            moment = due + timedelta(seconds=number * 20 + n)
            store.commit(
                [Update(path, {"n": Increment(1), "due_at": moment}), Create(f"owners/a/events/{number}-{n}", {})]
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))
    found = store.get(path)
    assert found is not None
    assert found.data["n"] == 160
    query = Query("sends", {"status": "s"}, order=("due_at", "asc"), group=True)
    assert [document.path for document in store.query(query).documents] == [path]
    with store._db() as db:
        assert db.execute("SELECT count(*) FROM entries WHERE name = ?", (path,)).fetchone()[0] == len(
            [entry for entry in entries(store._kept, path, found.data) if entry[2] == path]
        )


def test_more_than_one_transaction_takes_is_written_by_the_next(
    store: SqliteDocuments, held: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_commits, "_TOGETHER", 5)
    commits: list[list[Write]] = [[Create(f"owners/o{n}-{m}", {}) for m in range(2 + n)] for n in range(8)]
    made, finish = committing(store, commits)
    held.execute("ROLLBACK")
    finish()
    assert [len(future.result()) for future in made] == [len(writes) for writes in commits]
    assert len(store.below("owners", 100)) == 1 + sum(map(len, commits))


def test_entries_are_removed_without_looking_through_all(store: SqliteDocuments) -> None:
    asked: list[str] = []
    store.commit([Create(f"owners/a/sends/{n}", {"status": "s", "due_at": START}) for n in range(100)])
    store._connections.writing().set_trace_callback(asked.append)
    store.commit([Delete(f"owners/a/sends/{n}") for n in range(100)])
    (removal, *_) = [one for one in asked if one.startswith("DELETE FROM entries")]
    with store._db() as db:
        steps = [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + removal)]
        assert not [step for step in steps if "SCAN" in step], steps
        assert db.execute("SELECT count(*) FROM entries").fetchone() == (0,)


def test_what_could_not_be_written_with_others_is_not_written_later(tmp_path: Path) -> None:
    store = SqliteDocuments(tmp_path / "documents.db", declared(), timeout=1)
    store.commit([Put("owners/a", {})])
    other = sqlite3.connect(tmp_path / "documents.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    made, finish = committing(store, [[Create("owners/b", {})], [Create("owners/c", {})]])
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
    store.commit([write._replace(data={**write.data, "labels": ["tag:x"]}) for write in writes])
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
