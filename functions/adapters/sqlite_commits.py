"""What a commit does while it holds SQLite's one write lock: as little as can be.

Every statement lets other threads of the process run, and waits for them before the next one; so the holder of the lock
is as slow as its statements are many. New documents are therefore made ready before, and written with two statements.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from functions.adapters import values
from functions.adapters.sqlite_entries import Entry, entries
from functions.domain.errors import PreconditionFailed
from functions.domain.indexes import Indexes
from functions.domain.ports import Create, Data

_PAUSE = 0.001  # seconds between two looks at a lock that another process holds
_ROWS = 300  # in one statement


@contextmanager
def transaction(db: sqlite3.Connection, patience: float) -> Iterator[None]:
    """`patience`: seconds to wait for another process. Raises sqlite3.Error."""
    # SQLite's own waiting sleeps up to 100 ms between two looks, and whoever looks at the right moment is first.
    db.execute("PRAGMA busy_timeout = 0")
    try:
        _begin(db, patience)
        try:
            yield
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
    finally:
        db.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")


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


class Creates:
    """New documents, ready to be written."""

    def __init__(self, indexes: Indexes, creates: Sequence[Create]) -> None:
        self._creates = creates
        self._documents = [(create.path, text(create.path, create.data)) for create in creates]
        self._entries: set[Entry] = set()
        for create in creates:
            self._entries |= entries(indexes, create.path, create.data)

    def write(self, db: sqlite3.Connection, version: int) -> None:
        """Raises PreconditionFailed where one of them is there."""
        try:
            _insert(db, "INSERT INTO documents VALUES", [(*document, version) for document in self._documents])
        except sqlite3.IntegrityError:
            refuse_known(db, self._creates)
            raise
        _insert(db, "INSERT OR IGNORE INTO entries VALUES", list(self._entries))


def refuse_known(db: sqlite3.Connection, creates: Sequence[Create]) -> None:
    """Raises PreconditionFailed where one of them is there."""
    for start in range(0, len(creates), _ROWS):
        paths = [create.path for create in creates[start : start + _ROWS]]
        marks = ", ".join("?" * len(paths))
        row = db.execute(f"SELECT path FROM documents WHERE path IN ({marks})", paths).fetchone()  # noqa: S608 - only marks
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
