"""What is done while SQLite's one write lock is held: as little as can be, and for several commits at once.

Every statement lets other threads of the process run, and waits for them before the next one; so whoever holds the lock
is as slow as its statements are many. And every transaction waits for the disk. So changes are worked out before, from
the documents as they were read, and what several threads commit at the same time is written in one transaction, by half
a dozen statements in all. Where a document is no longer as it was read, its change is worked out anew.
"""

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

from functions.adapters import values
from functions.adapters.sqlite_changes import Change, change
from functions.domain.errors import PreconditionFailed
from functions.domain.indexes import Indexes
from functions.domain.ports import Document, Write

T = TypeVar("T")

_PAUSE = 0.001  # seconds between two looks at a lock that another process holds
_GAP = 0.002  # seconds for which a process with more to write leaves the lock to others
_TOGETHER = 500  # documents of one transaction, or those of its first commit
_ROWS = 300  # in one statement
_TERMS = 50  # in one condition: https://www.sqlite.org/limits.html#max_expr_depth


class Commit:
    """What is to be written; and once it is written, or is not, what became of it."""

    def __init__(self, indexes: Indexes, writes: Sequence[Write], found: dict[str, Document]) -> None:
        """`found`: those of its documents that are there. Raises PreconditionFailed, ValueError."""
        self._indexes = indexes
        self._writes = writes
        self.version = secrets.randbits(62)  # that no document had before
        self.changes = self._changed(found)
        self.done = False
        self.woken = threading.Lock()  # once it is done, or its thread leads
        self.woken.acquire()
        self.error: Exception | None = None

    def again(self, db: sqlite3.Connection) -> None:
        """From the documents as they are now. Raises PreconditionFailed, ValueError."""
        self.changes = self._changed(read(db, [one.path for one in self._writes]))

    def _changed(self, found: dict[str, Document]) -> list[Change]:
        return [change(self._indexes, write, found.get(write.path)) for write in self._writes]


class Together:
    """What several threads commit at once is written in one transaction: it reaches the disk once, for all of them.

    One thread at a time leads: it writes for all that have come by then. Another one that came meanwhile leads next.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Commit] = []
        self._led = False

    def commit(self, commit: Commit, lead: Callable[[], None]) -> None:
        """`lead` has `write` called. Raises what that raises, PreconditionFailed, ValueError, sqlite3.Error."""
        with self._lock:
            self._waiting.append(commit)
            leads, self._led = not self._led, True
        if not leads:
            self._wait(commit)
        if not commit.done:
            try:
                if not leads:
                    time.sleep(_GAP)
                lead()
            finally:
                self._next(commit)
        if commit.error:
            raise commit.error

    def write(self, db: sqlite3.Connection, patience: float) -> None:
        """By the thread that leads. Raises sqlite3.Error where nobody's are on record."""
        together: list[Commit] = []
        try:
            with Transaction(db, patience):
                together = self._take()
                _write(db, together)
        except BaseException as error:
            for commit in together:  # those that were refused, too: by what is not on record after all
                commit.error = sqlite3.OperationalError(f"not written: {error}")
            raise
        finally:
            for commit in together:
                commit.done = True
                commit.woken.release()

    def _take(self) -> list[Commit]:
        with self._lock:
            count = documents = 0
            for commit in self._waiting:
                documents += len(commit.changes)
                if count and documents > _TOGETHER:
                    break
                count += 1
            together, self._waiting = self._waiting[:count], self._waiting[count:]
            return together

    def _wait(self, commit: Commit) -> None:
        try:
            commit.woken.acquire()
        except BaseException:  # the program is being ended: nobody else may wait for a leader that is gone
            with self._lock:
                if commit in self._waiting:
                    self._waiting.remove(commit)
            if commit.woken.acquire(blocking=False) and not commit.done:
                self._next(commit)
            raise

    def _next(self, led: Commit) -> None:
        with self._lock:
            if led in self._waiting:  # it came to nothing before it had begun
                self._waiting.remove(led)
            self._led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].woken.release()


def _write(db: sqlite3.Connection, together: Sequence[Commit]) -> None:
    """Raises sqlite3.Error. What is wrong with one commit is its own error, and nothing of it is written."""
    now = _versions(db, [one.path for commit in together for one in commit.changes])
    ready: list[Commit] = []
    late: list[Commit] = []
    taken: set[str] = set()
    for commit in together:
        paths = {one.path for one in commit.changes}
        as_read = all(now.get(one.path) == one.was for one in commit.changes)
        (ready if as_read and taken.isdisjoint(paths) else late).append(commit)
        taken |= paths
    _write_all(db, ready)
    for commit in late:
        try:
            commit.again(db)
        except (PreconditionFailed, ValueError) as error:
            commit.error = error
        else:
            _write_all(db, [commit])


def _write_all(db: sqlite3.Connection, commits: Sequence[Commit]) -> None:
    """Of documents that are as they were read, each in one commit only."""
    changes = [(one, commit.version) for commit in commits for one in commit.changes]
    for some in _parts([(one.path, one.text, version) for one, version in changes if one.text is not None], _ROWS):
        db.execute(
            f"INSERT INTO documents VALUES {_rows(some)}"  # noqa: S608 - only marks
            " ON CONFLICT (path) DO UPDATE SET data = excluded.data, version = excluded.version",
            [*chain.from_iterable(some)],
        )
    for paths in _parts([one.path for one, _ in changes if one.text is None], _ROWS):
        db.execute(f"DELETE FROM documents WHERE path IN ({', '.join('?' * len(paths))})", paths)  # noqa: S608
    # An IN of several rows would look through all entries; an OR looks each of them up.
    for gone in _parts([entry for one, _ in changes for entry in one.gone], _TERMS):
        condition = " OR ".join(["(key = ? AND ord = ? AND name = ?)"] * len(gone))
        db.execute(f"DELETE FROM entries WHERE {condition}", [*chain.from_iterable(gone)])  # noqa: S608
    for come in _parts([entry for one, _ in changes for entry in one.come], _ROWS):
        db.execute(f"INSERT OR IGNORE INTO entries VALUES {_rows(come)}", [*chain.from_iterable(come)])  # noqa: S608


def _rows(some: Sequence[object]) -> str:
    return ", ".join(["(?, ?, ?)"] * len(some))


def _parts(found: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (found[start : start + size] for start in range(0, len(found), size))


def read(db: sqlite3.Connection, paths: Sequence[str]) -> dict[str, Document]:
    """Those that are there, by path."""
    found = {}
    for some in _parts(paths, _ROWS):
        sql = f"SELECT path, data, version FROM documents WHERE path IN ({', '.join('?' * len(some))})"  # noqa: S608
        for path, data, version in db.execute(sql, some).fetchall():
            found[path] = Document(path, values.loads(data), str(version))
    return found


def _versions(db: sqlite3.Connection, paths: Sequence[str]) -> dict[str, str]:
    found = {}
    for some in _parts(paths, _ROWS):
        sql = f"SELECT path, version FROM documents WHERE path IN ({', '.join('?' * len(some))})"  # noqa: S608
        found.update({path: str(version) for path, version in db.execute(sql, some).fetchall()})
    return found


class Transaction:
    """`patience`: seconds to wait for another process. Raises sqlite3.Error."""

    def __init__(self, db: sqlite3.Connection, patience: float) -> None:
        self._db = db
        self._patience = patience

    def __enter__(self) -> None:
        _begin(self._db, self._patience)

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._db.execute("ROLLBACK" if error else "COMMIT")


def _begin(db: sqlite3.Connection, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            db.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)
