"""State in one SQLite file (WAL) plus one file per message body, so that a restart keeps tokens and mail."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SCHEMA_VERSION = 2

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS people (
    position INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, sub TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL, aliases TEXT NOT NULL, signature TEXT NOT NULL, history_floor INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, email TEXT NOT NULL, client_id TEXT NOT NULL, redirect_uri TEXT NOT NULL,
    scopes TEXT NOT NULL, nonce TEXT, challenge TEXT, challenge_method TEXT, offline INTEGER NOT NULL,
    expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS consents (
    email TEXT NOT NULL, client_id TEXT NOT NULL, scopes TEXT NOT NULL, PRIMARY KEY (email, client_id));
CREATE TABLE IF NOT EXISTS tokens (
    number INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, email TEXT NOT NULL,
    client_id TEXT NOT NULL, scopes TEXT NOT NULL, expires_at REAL, revoked INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS tokens_by_grant ON tokens (email, client_id, kind);
CREATE TABLE IF NOT EXISTS messages (
    account TEXT NOT NULL, id TEXT NOT NULL, thread_id TEXT NOT NULL, labels TEXT NOT NULL,
    head BLOB NOT NULL, body_file TEXT NOT NULL, body_start INTEGER NOT NULL, body_size INTEGER NOT NULL,
    at INTEGER NOT NULL, visible_at REAL NOT NULL, history_id INTEGER NOT NULL, message_id TEXT NOT NULL,
    subject TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL, snippet TEXT NOT NULL,
    sender_words TEXT NOT NULL, recipient_words TEXT NOT NULL, subject_words TEXT NOT NULL, words TEXT NOT NULL,
    PRIMARY KEY (account, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS messages_by_header_id ON messages (message_id, account);
CREATE INDEX IF NOT EXISTS messages_by_thread ON messages (account, thread_id);
CREATE INDEX IF NOT EXISTS messages_by_id ON messages (id);
CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, message_id TEXT NOT NULL, visible_at REAL NOT NULL,
    label_removed TEXT);
CREATE INDEX IF NOT EXISTS history_by_account ON history (account, id);
CREATE TABLE IF NOT EXISTS watches (
    account TEXT PRIMARY KEY, topic TEXT NOT NULL, labels TEXT NOT NULL, excluding INTEGER NOT NULL,
    expires_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (number INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL);
"""

SINCE_VERSION_1 = "ALTER TABLE history ADD COLUMN label_removed TEXT; DROP INDEX messages_by_message_id;"


class Store:
    """One connection per thread; writers take turns, so that "database is locked" cannot happen."""

    def __init__(self, directory: Path) -> None:
        """Opens or creates the state in `directory`. Raises RuntimeError when another version wrote it."""
        self.mail = directory / "mail"
        self.mail.mkdir(parents=True, exist_ok=True)
        self._path = directory / "sandbox.db"
        self._local = threading.local()
        self._writing = threading.RLock()
        found = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, 1, SCHEMA_VERSION):
            raise RuntimeError(f"{self._path} was written by another version of the sandbox: delete {directory}")
        if found == 1:
            self.connection.executescript(SINCE_VERSION_1)
        self.connection.executescript(SCHEMA)
        self.connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @property
    def connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            # Survives the death of the process; only a crash of the whole machine could lose the last writes.
            connection.execute("PRAGMA synchronous = OFF")
            self._local.connection = connection
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: commits at the end, rolls back on an exception. Within another one, it becomes part of it."""
        with self._writing:
            connection = self.connection
            if connection.in_transaction:
                yield connection
                return
            afterwards: list[Callable[[], object]] = []
            self._local.afterwards = afterwards
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        for function in afterwards:
            function()

    def after_commit(self, function: Callable[[], object]) -> None:
        """Within a transaction: what is to be done once others can see what it wrote."""
        self._local.afterwards.append(function)

    def row(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.connection.execute(sql, parameters).fetchone()
        return found

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        return self.connection.execute(sql, parameters).fetchall()

    def setting(self, name: str) -> str | None:
        found = self.row("SELECT value FROM settings WHERE name = ?", (name,))
        return None if found is None else str(found["value"])

    def keep_setting(self, name: str, value: str) -> None:
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))
