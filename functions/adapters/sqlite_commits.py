"""What a commit does while it holds SQLite's one write lock: as little as can be.

Every statement lets other threads of the process run, and waits for them before the next one; so the holder of the lock
is as slow as its statements are many. New documents are therefore made ready before, and written with two statements.
And every transaction waits for the disk, so that what is created at the same time shares one.
"""

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from functions.adapters import values
from functions.adapters.sqlite_entries import Entry, entries
from functions.domain.errors import PreconditionFailed
from functions.domain.indexes import Indexes
from functions.domain.ports import Create, Data

_PAUSE = 0.001  # seconds between two looks at a lock that another process holds
_GAP = 0.002  # seconds for which a process with more to write leaves the lock to others
_ROWS = 300  # in one statement


class Creates:
    """New documents, ready to be written; and once they are written, or are not, what became of it."""

    def __init__(self, indexes: Indexes, creates: Sequence[Create]) -> None:
        self._documents = [(create.path, text(create.path, create.data)) for create in creates]
        self._entries: set[Entry] = set()
        for create in creates:
            self._entries |= entries(indexes, create.path, create.data)
        self.done = False
        self.woken = threading.Lock()  # once it is done, or its thread leads
        self.woken.acquire()
        self.error: Exception | None = None
        self.version = 0

    def write(self, db: sqlite3.Connection, version: int) -> None:
        """Raises PreconditionFailed, with nothing written, where one of them is there."""
        try:
            _insert(db, "INSERT INTO documents VALUES", [(*document, version) for document in self._documents])
        except sqlite3.IntegrityError:
            refuse_known(db, [path for path, _ in self._documents])
            raise
        _insert(db, "INSERT OR IGNORE INTO entries VALUES", list(self._entries))
        self.version = version


class Together:
    """What several threads create at once is written in one transaction: it reaches the disk once, for all of them.

    The disk is what commits wait for. One thread at a time leads: it writes for all that have come by then. Another one
    that came meanwhile leads next.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Creates] = []
        self._led = False

    def commit(self, creates: Creates, lead: Callable[[], None]) -> None:
        """`lead` has `write` called. Raises what that raises, PreconditionFailed, sqlite3.Error."""
        with self._lock:
            self._waiting.append(creates)
            leads, self._led = not self._led, True
        if not leads:
            self._wait(creates)
        if not creates.done:
            try:
                if not leads:
                    time.sleep(_GAP)
                lead()
            finally:
                self._next(creates)
        if creates.error:
            raise creates.error

    def write(self, db: sqlite3.Connection, patience: float) -> None:
        """By the thread that leads. Raises sqlite3.Error where nobody's are on record."""
        together: list[Creates] = []
        try:
            with transaction(db, patience) as version:
                with self._lock:
                    together, self._waiting = self._waiting, []
                for creates in together:
                    try:
                        creates.write(db, version)
                    except PreconditionFailed as error:
                        creates.error = error
        except BaseException as error:
            for creates in together:  # those that were refused, too: by what is not on record after all
                creates.error = sqlite3.OperationalError(f"not written: {error}")
            raise
        finally:
            for creates in together:
                creates.done = True
                creates.woken.release()

    def _wait(self, creates: Creates) -> None:
        try:
            creates.woken.acquire()
        except BaseException:  # the program is being ended: nobody else may wait for a leader that is gone
            with self._lock:
                if creates in self._waiting:
                    self._waiting.remove(creates)
            if creates.woken.acquire(blocking=False) and not creates.done:
                self._next(creates)
            raise

    def _next(self, led: Creates) -> None:
        with self._lock:
            if led in self._waiting:  # it came to nothing before it had begun
                self._waiting.remove(led)
            self._led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].woken.release()


@contextmanager
def transaction(db: sqlite3.Connection, patience: float) -> Iterator[int]:
    """Gives a version that no document had before. `patience`: seconds to wait for another process. Raises
    sqlite3.Error."""
    _begin(db, patience)
    try:
        yield secrets.randbits(62)
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


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


def refuse_known(db: sqlite3.Connection, paths: Sequence[str]) -> None:
    """Raises PreconditionFailed where there is a document at one of them."""
    for start in range(0, len(paths), _ROWS):
        some = paths[start : start + _ROWS]
        marks = ", ".join("?" * len(some))
        row = db.execute(f"SELECT path FROM documents WHERE path IN ({marks})", some).fetchone()  # noqa: S608 - only marks
        if row:
            raise PreconditionFailed(f"{row[0]} exists.")


def text(path: str, data: Data) -> str:
    """A document's JSON. Raises ValueError where it is larger than a store takes."""
    found = values.dumps(data)
    # Firestore's count is at most four times as much (8 bytes for the `0,` of a list), so most need no counting.
    if len(found) * 4 > values.MAX_DOCUMENT and (size := values.size(path, data)) > values.MAX_STORED:
        raise ValueError(f"{path} would take {size} bytes; a document takes {values.MAX_STORED}.")
    return found


def _insert(db: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Rows of three columns."""
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS]
        db.execute(f"{into} {', '.join(['(?, ?, ?)'] * len(some))}", [value for row in some for value in row])
