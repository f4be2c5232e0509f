"""Documents in a SQLite file: the store of a laptop, and of the tests.

Durable: WAL with synchronous=FULL, so a commit that returned survives the death of the process, and of the machine as
far as its disk keeps what fsync promised. NORMAL would survive SIGKILL too, but may lose commits in a power cut
(https://www.sqlite.org/pragma.html#pragma_synchronous): a lost "sent" is a mail sent twice, and that is worth a
millisecond. Several processes and threads share the file: every thread reads over a connection of its own, and BEGIN
IMMEDIATE takes the write lock before a precondition is looked at.
"""

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from functions.adapters import cursors, searches, values
from functions.adapters.cursors import Place
from functions.adapters.sqlite_commits import Creates, Together, refuse_known, text, transaction
from functions.adapters.sqlite_connections import Connections
from functions.adapters.sqlite_entries import counting, entries, statement
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.indexes import Index, Indexes
from functions.domain.ports import Create, Data, Delete, Document, Increment, Page, Put, Query, Update, Write

_SCHEMA_VERSION = 1
# An older release takes its versions from the counter; these are random, which needs neither a statement nor a page.
_SCHEMA = """
CREATE TABLE documents (path TEXT PRIMARY KEY NOT NULL, data TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE entries (
    key BLOB NOT NULL, ord BLOB NOT NULL, name TEXT NOT NULL, PRIMARY KEY (key, ord, name)
) WITHOUT ROWID;
CREATE TABLE counter (value INTEGER NOT NULL);
CREATE TABLE indexed (declaration TEXT NOT NULL);
INSERT INTO counter VALUES (0);
INSERT INTO indexed VALUES ('');
"""
_INT64 = 2**63
EXPIRED = 200  # documents of a collection that are removed at once
TOGETHER = 50  # documents of one commit that is written together with others
CHECKPOINT = 200  # commits


class SqliteDocuments:
    def __init__(self, path: str | Path, indexes: Indexes, *, timeout: float = 10) -> None:
        """Nothing is opened before the first call. `timeout`: seconds to wait for another process's write."""
        self._path = Path(path)
        self._indexes = indexes
        self._ttl = tuple(Index(f.collection, "group", (), None, (f.field, "asc")) for f in indexes.ttl)
        self._kept = Indexes((*indexes.all, *self._ttl))  # all that there are entries for
        self._timeout = timeout
        self._connections = Connections(self._path, timeout, self._prepare)
        self._together = Together()
        self._commits = itertools.count(1)

    def get(self, path: str) -> Document | None:
        return self.get_many([path])[0]

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        for path in paths:
            values.check_path(path)
        with self._db() as db:
            rows = [
                db.execute("SELECT path, data, version FROM documents WHERE path = ?", (path,)).fetchone()
                for path in paths
            ]
        return [_document(row) if row else None for row in rows]

    def commit(self, writes: Sequence[Write]) -> list[str]:
        if paths := [write.path for write in writes if isinstance(write, Create)]:
            with self._db() as db:
                refuse_known(db, paths)  # before it is looked at, waits for a lock, and makes others wait
        checked = values.check_writes(writes)
        if not checked:
            return []
        creates = [write for write in checked if isinstance(write, Create)]
        created = Creates(self._kept, creates)
        if len(creates) == len(checked) <= TOGETHER:
            versions = self._create(created, len(checked))
        else:
            with self._connections.turn, self._db(self._connections.writing) as db:
                versions = self._written(db, checked, created)
        if next(self._commits) % CHECKPOINT == 0:
            self._connections.checkpoint()
        return versions

    def _create(self, created: Creates, count: int) -> list[str]:
        with self._db():
            self._together.commit(created, self._lead)
        return [str(created.version)] * count

    def _lead(self) -> None:
        with self._connections.turn:
            self._together.write(self._connections.writing(), self._timeout)

    def _written(self, db: sqlite3.Connection, checked: Sequence[Write], created: Creates) -> list[str]:
        with transaction(db, self._timeout) as version:
            created.write(db, version)
            return [str(version) if isinstance(w, Create) else self._write(db, w, version) for w in checked]

    def query(self, query: Query) -> Page:
        chosen = self._indexes.check(query)
        cursors.check_values(query)
        start = cursors.place(query)
        with self._db() as db:
            reads = [searches.Read(_found(db, one, chosen, start)) for one in searches.plain(query)]
        return searches.page(query, reads)

    def counts(self, queries: Sequence[Query]) -> list[int]:
        chosen = [self._indexes.check_count(query) for query in queries]
        for query in queries:
            cursors.check_values(query)
        with self._db() as db:
            return [
                sum(_count(db, one, indexes) for one in searches.plain(query))
                for query, indexes in zip(queries, chosen, strict=True)
            ]

    def below(self, place: str, limit: int, after: str = "") -> list[Document]:
        # "0" is the character after "/".
        sql = "SELECT path, data, version FROM documents WHERE path > ? AND path < ? ORDER BY path LIMIT ?"
        with self._db() as db:
            return [_document(row) for row in db.execute(sql, (after or f"{place}/", f"{place}0", limit))]

    def expire(self, now: datetime) -> None:
        for index in self._ttl:
            query = Query(index.collection, order=index.order, until=now, limit=EXPIRED, group=True)
            with self._db() as db:
                found = _found(db, query, (index,), None)
            self.commit([Delete(document.path) for document in found[:EXPIRED]])

    def close(self) -> None:
        """Closes this thread's connection, and the one to write with."""
        self._connections.close()

    def _write(self, db: sqlite3.Connection, write: Put | Update | Delete, version: int) -> str:
        row = db.execute("SELECT path, data, version FROM documents WHERE path = ?", (write.path,)).fetchone()
        old = _document(row) if row else None
        _check_precondition(write, old)
        if isinstance(write, Delete):
            db.execute("DELETE FROM documents WHERE path = ?", (write.path,))
            _replace_entries(db, self._kept, self._kept, write.path, old.data if old else None, None)
            return ""
        data = _merged(old.data, write.data) if isinstance(write, Update) and old else write.data
        db.execute(
            "INSERT INTO documents VALUES (?, ?, ?)"
            " ON CONFLICT (path) DO UPDATE SET data = excluded.data, version = excluded.version",
            (write.path, text(write.path, data), version),
        )
        _replace_entries(db, self._kept, self._kept, write.path, old.data if old else None, data)
        return str(version)

    @contextmanager
    def _db(self, which: Callable[[], sqlite3.Connection] | None = None) -> Iterator[sqlite3.Connection]:
        try:
            yield (which or self._connections.reading)()
        except (sqlite3.Error, OSError) as exc:
            raise Unavailable(
                f"The database file {self._path} can't be used: {exc}.",
                remedy="Check that its directory is writable, its disk not full, and that no other program locks it.",
            ) from exc

    def _prepare(self, db: sqlite3.Connection) -> None:
        """The schema, and entries for whatever indexes the file has gained or lost since this database was written."""
        with transaction(db, self._timeout):
            (found,) = db.execute("PRAGMA user_version").fetchone()
            if found == 0:
                for sql in filter(str.strip, _SCHEMA.split(";")):
                    db.execute(sql)
                db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
            elif found != _SCHEMA_VERSION:
                raise Unavailable(
                    f"{self._path} has schema {found}; this program knows {_SCHEMA_VERSION}.",
                    remedy="Use the program that wrote it, or another file.",
                )
            (declaration,) = db.execute("SELECT declaration FROM indexed").fetchone()
            before = Indexes(_declared(declaration))
            if set(before.all) == set(self._kept.all):
                return
            for row in db.execute("SELECT path, data, version FROM documents"):
                document = _document(row)
                _replace_entries(db, before, self._kept, document.path, document.data, document.data)
            db.execute("UPDATE indexed SET declaration = ?", (_declaration(self._kept),))


def _found(db: sqlite3.Connection, query: Query, chosen: tuple[Index, ...], start: Place | None) -> list[Document]:
    """The query's first documents, one more than its limit."""
    sql, arguments = statement(db, query, chosen, start)
    return [_document(row) for row in db.execute(sql, arguments)]


def _count(db: sqlite3.Connection, query: Query, chosen: tuple[Index, ...]) -> int:
    sql, arguments = counting(db, query, chosen)
    return int(db.execute(sql, arguments).fetchone()[0])


def _document(row: tuple[str, str, int]) -> Document:
    return Document(row[0], values.loads(row[1]), str(row[2]))


def _check_precondition(write: Put | Update | Delete, old: Document | None) -> None:
    if isinstance(write, Update) and not old:
        raise PreconditionFailed(f"{write.path} does not exist.")
    if isinstance(write, Update | Delete) and write.version is not None and (not old or old.version != write.version):
        raise PreconditionFailed(f"{write.path} has changed.")


def _merged(old: Data, new: Data) -> Data:
    merged = dict(old)
    for name, value in new.items():
        merged[name] = _increased(old.get(name), value.by) if isinstance(value, Increment) else value
    return merged


def _increased(old: object, by: int) -> int | float:
    """As Firestore does it: what is no number counts as nothing, and 64 bits saturate."""
    if isinstance(old, float):
        return old + by
    start = old if isinstance(old, int) and not isinstance(old, bool) else 0
    return max(-_INT64, min(_INT64 - 1, start + by))


def _replace_entries(
    db: sqlite3.Connection, before: Indexes, after: Indexes, path: str, old: Data | None, new: Data | None
) -> None:
    was, now = entries(before, path, old), entries(after, path, new)
    db.executemany("DELETE FROM entries WHERE key = ? AND ord = ? AND name = ?", was - now)
    db.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?)", now - was)


def _declaration(indexes: Indexes) -> str:
    return values.dumps([[i.collection, i.scope, list(i.equals), i.contains, list(i.order or ())] for i in indexes.all])


def _declared(declaration: str) -> tuple[Index, ...]:
    return tuple(
        Index(collection, scope, tuple(equals), contains, tuple(order) or None)
        for collection, scope, equals, contains, order in (values.loads(declaration) if declaration else ())
    )
