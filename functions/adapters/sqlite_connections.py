"""The connections to a SQLite file: one for each thread that reads, and one to write with, for whoever's turn it is.

A connection must not cross a fork, not even to be closed there, and gunicorn forks:
https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_
"""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

_PAUSE = 0.01  # seconds between two tries of opening
_LOG_LIMIT = 16_000  # pages of 4 KiB
_CACHE = 16_384  # KiB; a million sends have wide indexes


class Connections:
    def __init__(self, path: Path, patience: float, prepare: Callable[[sqlite3.Connection], None]) -> None:
        """`patience`: seconds to wait for another process; `prepare` gets the first connection."""
        self._path = path
        self._patience = patience
        self._prepare = prepare
        self._ready = False
        self._local = threading.local()
        self._writer: tuple[int, sqlite3.Connection] | None = None
        self._parents: list[sqlite3.Connection] = []  # of the process that this one was forked from
        self.turn = threading.Lock()  # fair among our own threads, where SQLite's busy handler sleeps and polls

    def reading(self) -> sqlite3.Connection:
        """This thread's. Raises sqlite3.Error, OSError, as all of these do."""
        kept: tuple[int, sqlite3.Connection] | None = self._local.__dict__.get("kept")
        if kept is None or kept[0] != os.getpid():
            self._local.kept = kept = self._renewed(kept)
        return kept[1]

    def writing(self) -> sqlite3.Connection:
        """To be used by whoever holds `turn`."""
        if self._writer is None or self._writer[0] != os.getpid():
            self._writer = self._renewed(self._writer)
            # SQLite's own waiting sleeps up to 100 ms between two looks; whoever looks at the right moment is first.
            self._writer[1].execute("PRAGMA busy_timeout = 3")
            self._writer[1].execute("PRAGMA wal_autocheckpoint = 0")  # see `checkpoint`
        return self._writer[1]

    def checkpoint(self) -> None:
        """Bring what the log holds into the file. By a thread that has done its own work, on its own connection, and
        without a lock: SQLite would do it at the end of every so many commits, and all that wait to write wait for it.
        """
        with contextlib.suppress(sqlite3.Error):
            _, pages, _ = self.reading().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages > _LOG_LIMIT:  # so much is written that the log has not come to an end since: now it must
                self.reading().execute("PRAGMA wal_checkpoint(RESTART)")

    def close(self) -> None:
        """This thread's, and the one to write with."""
        with self.turn:
            kept, writer = self._local.__dict__.pop("kept", None), self._writer
            self._writer = None
            for _, db in filter(None, (kept, writer)):
                db.close()

    def _renewed(self, kept: tuple[int, sqlite3.Connection] | None) -> tuple[int, sqlite3.Connection]:
        if kept is not None:
            self._parents.append(kept[1])
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path, timeout=self._patience, isolation_level=None, check_same_thread=False)
        try:
            # Changing to WAL does not wait for a lock, busy_timeout or not, so two first openers need patience of ours.
            _wal(db, self._patience)
            db.execute("PRAGMA synchronous = FULL")
            db.execute(f"PRAGMA cache_size = -{_CACHE}")
            if not self._ready:
                self._prepare(db)
                self._ready = True
        except BaseException:
            db.close()
            raise
        return os.getpid(), db


def _wal(db: sqlite3.Connection, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
        time.sleep(_PAUSE)
