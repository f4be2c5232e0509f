"""Documents in a SQLite file: the store of a laptop, and of the tests.

Durable: WAL with synchronous=FULL, so a commit that returned survives the death of the process, and of the machine as
far as its disk keeps what fsync promised. NORMAL would survive SIGKILL too, but may lose commits in a power cut
(https://www.sqlite.org/pragma.html#pragma_synchronous): a lost "sent" is a mail sent twice, and that is worth a
millisecond. Several processes and threads share the file: every thread reads over a connection of its own, and BEGIN
IMMEDIATE takes the write lock before a precondition is looked at.
"""

import itertools
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from functions.adapters import cursors, searches, values
from functions.adapters.cursors import Place
from functions.adapters.sqlite_commits import Commit, Together, Transaction, read
from functions.adapters.sqlite_connections import Connections
from functions.adapters.sqlite_entries import counting, entries, statement
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.indexes import Index, Indexes
from functions.domain.ports import Create, Data, Delete, Document, Page, Query, Update, Write

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
EXPIRED = 200  # documents of a collection that are removed at once
CHECKPOINT = 200  # commits
REMEMBERED = 500  # documents that this process has written …
SHORT = 8192  # … and characters of each


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
        self._written: dict[str, Document] = {}  # what this process wrote last, some of it

    def get(self, path: str) -> Document | None:
        return self.get_many([path])[0]

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        for path in paths:
            values.check_path(path)
        with self._db() as db:
            found = read(db, paths)
        return [found.get(path) for path in paths]

    def commit(self, writes: Sequence[Write]) -> list[str]:
        paths = [values.check_path(write.path) for write in writes]
        if not paths:
            return []
        commit = self._presumed(writes) or self._read(writes, paths)
        with self._db():
            self._together.commit(commit, self._lead)
        self._remember(commit)
        if next(self._commits) % CHECKPOINT == 0:
            self._connections.checkpoint()
        return ["" if isinstance(write, Delete) else str(commit.version) for write in writes]

    def _read(self, writes: Sequence[Write], paths: Sequence[str]) -> Commit:
        """Raises PreconditionFailed, ValueError."""
        with self._db() as db:
            found = read(db, paths)
        for write in writes:
            if isinstance(write, Create) and write.path in found:  # before it is looked at: most repeats end here
                raise PreconditionFailed(f"{write.path} exists.")
        return Commit(self._kept, values.check_writes(writes), found)

    def _presumed(self, writes: Sequence[Write]) -> Commit | None:
        """Changes of what this process wrote last, worked out without reading it; None where it can't be. Whether it is
        still so is looked at under the lock, as for whatever was read."""
        found = {write.path: self._written.get(write.path) for write in writes if isinstance(write, Update)}
        known = {path: document for path, document in found.items() if document}
        if len(known) < len(writes):
            return None
        try:
            return Commit(self._kept, values.check_writes(writes), known)
        except (PreconditionFailed, ValueError):  # perhaps not of what somebody else has written meanwhile
            return None

    def _remember(self, commit: Commit) -> None:
        if len(self._written) > REMEMBERED:
            self._written = {}
        for one in commit.changes:
            if one.text is not None and len(one.text) <= SHORT:
                self._written[one.path] = Document(one.path, one.data, str(commit.version))
            else:
                self._written.pop(one.path, None)

    def _lead(self) -> None:
        with self._connections.turn:
            self._together.write(self._connections.writing(), self._timeout)

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

    def _db(self) -> "_Reading":
        return _Reading(self._path, self._connections)

    def _prepare(self, db: sqlite3.Connection) -> None:
        """The schema, and entries for whatever indexes the file has gained or lost since this database was written."""
        with Transaction(db, self._timeout):
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


class _Reading:
    """This thread's connection; raises Unavailable where it can't be used. A class: a generator takes longer."""

    def __init__(self, path: Path, connections: Connections) -> None:
        self._path = path
        self._connections = connections

    def __enter__(self) -> sqlite3.Connection:
        try:
            return self._connections.reading()
        except (sqlite3.Error, OSError) as error:
            raise self._unavailable(error) from error

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (sqlite3.Error, OSError)):
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"The database file {self._path} can't be used: {error}.",
            remedy="Check that its directory is writable, its disk not full, and that no other program locks it.",
        )


def _found(db: sqlite3.Connection, query: Query, chosen: tuple[Index, ...], start: Place | None) -> list[Document]:
    """The query's first documents, one more than its limit."""
    sql, arguments = statement(db, query, chosen, start)
    return [_document(row) for row in db.execute(sql, arguments)]


def _count(db: sqlite3.Connection, query: Query, chosen: tuple[Index, ...]) -> int:
    sql, arguments = counting(db, query, chosen)
    return int(db.execute(sql, arguments).fetchone()[0])


def _document(row: tuple[str, str, int]) -> Document:
    return Document(row[0], values.loads(row[1]), str(row[2]))


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
