"""The mailboxes of all accounts: messages, threads, labels, history."""

import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence

from sandbox.gmail.messages import Body, Change, Copy, Message
from sandbox.gmail.search import Condition
from sandbox.store import Store

FIRST_HISTORY_ID = 1000


class Mailboxes:
    """`on_change` hears of each change, once others can see it: account, labels of the message, and from when on the
    history shows it (Unix seconds)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.on_change: Callable[[str, tuple[str, ...], float], None] = lambda *_: None
        with store.transaction() as connection:
            connection.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT 'history', ?"
                " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'history')",
                (FIRST_HISTORY_ID,),
            )

    def add(self, connection: sqlite3.Connection, copy: Copy, thread_id: str | None, visible_at: float) -> Message:
        """Within the caller's transaction. Without `thread_id`, a thread begins."""
        now = int(time.time() * 1000)
        id_ = f"{(now << 20) | secrets.randbits(20):016x}"
        history_id = connection.execute(
            "INSERT INTO history (account, message_id, visible_at) VALUES (?, ?, ?)", (copy.account, id_, visible_at)
        ).lastrowid
        connection.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(copy.account, id_, thread_id or id_, _join(copy.labels)),
                *(copy.head, copy.body.file, copy.body.start, copy.body.size),
                *(now, visible_at, history_id, copy.message_id),
                *(copy.subject, copy.sender, copy.recipients, copy.snippet),
                *copy.words,
            ),
        )
        self._store.after_commit(lambda: self.on_change(copy.account, copy.labels, visible_at))
        row = connection.execute("SELECT * FROM messages WHERE account = ? AND id = ?", (copy.account, id_)).fetchone()
        return self._read(row)

    def get(self, account: str, id_: str) -> Message | None:
        row = self._store.row("SELECT * FROM messages WHERE account = ? AND id = ?", (account, id_))
        return None if row is None else self._read(row)

    def find(self, id_: str) -> Message | None:
        """In whichever mailbox it is."""
        row = self._store.row("SELECT * FROM messages WHERE id = ?", (id_,))
        return None if row is None else self._read(row)

    def sent(self, message_id: str) -> Message | None:
        """The sender's own copy of the message with this Message-ID."""
        row = self._store.row(
            "SELECT * FROM messages WHERE message_id = ? AND instr(labels, ' SENT ') > 0", (message_id,)
        )
        return None if row is None else self._read(row)

    def thread(self, account: str, thread_id: str) -> list[Message]:
        """Oldest first; empty when there is no such thread."""
        rows = self._store.rows(
            "SELECT * FROM messages WHERE account = ? AND thread_id = ? ORDER BY at, id", (account, thread_id)
        )
        return [self._read(row) for row in rows]

    def by_message_ids(self, account: str, message_ids: Sequence[str]) -> list[Message]:
        marks = ", ".join("?" * len(message_ids))
        rows = self._store.rows(
            f"SELECT * FROM messages WHERE account = ? AND message_id IN ({marks}) ORDER BY at, id",  # noqa: S608
            (account, *message_ids),
        )
        return [self._read(row) for row in rows]

    def search(
        self, account: str, conditions: Sequence[Condition], limit: int, before: str | None = None
    ) -> list[Message]:
        """Newest first, from the message after `before` on; only what the index already shows."""
        where = ["account = ?", "visible_at <= ?", *(sql for sql, _ in conditions)]
        parameters: list[object] = [account, time.time(), *(parameter for _, parameter in conditions)]
        if before is not None:
            where.append("id < ?")
            parameters.append(before)
        # Ids begin with the time.
        sql = f"SELECT * FROM messages WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"  # noqa: S608 - constants
        return [self._read(row) for row in self._store.rows(sql, (*parameters, limit))]

    def count(self, account: str, *labels: str) -> int:
        where = " AND ".join(["account = ?", *("instr(labels, ?) > 0" for _ in labels)])
        row = self._store.row(
            f"SELECT count(*) FROM messages WHERE {where}",  # noqa: S608 - constants
            (account, *(f" {label} " for label in labels)),
        )
        return 0 if row is None else int(row[0])

    def count_threads(self, account: str) -> int:
        row = self._store.row("SELECT count(DISTINCT thread_id) FROM messages WHERE account = ?", (account,))
        return 0 if row is None else int(row[0])

    def mark_read(self, account: str, id_: str) -> None:
        with self._store.transaction() as connection:
            found = self.get(account, id_)
            if found is None or "UNREAD" not in found.labels:
                return
            now = time.time()
            history_id = connection.execute(
                "INSERT INTO history (account, message_id, visible_at, label_removed) VALUES (?, ?, ?, 'UNREAD')",
                (account, id_, now),
            ).lastrowid
            connection.execute(
                "UPDATE messages SET labels = replace(labels, ' UNREAD ', ' '), history_id = ?"
                " WHERE account = ? AND id = ?",
                (history_id, account, id_),
            )
            self._store.after_commit(lambda: self.on_change(account, found.labels, now))

    def history_floor(self, account: str) -> int:
        """History before this id is no longer kept."""
        row = self._store.row("SELECT history_floor FROM people WHERE email = ?", (account,))
        return max(FIRST_HISTORY_ID, 0 if row is None else int(row[0]))

    def history_id(self, account: str) -> int:
        row = self._store.row(
            "SELECT max(id) FROM history WHERE account = ? AND visible_at <= ?", (account, time.time())
        )
        return max(self.history_floor(account), 0 if row is None else int(row[0] or 0))

    def last_history_id(self) -> int:
        row = self._store.row("SELECT seq FROM sqlite_sequence WHERE name = 'history'")
        return FIRST_HISTORY_ID if row is None else int(row[0])

    def changes_since(self, account: str, history_id: int, limit: int) -> list[Change]:
        rows = self._store.rows(
            "SELECT history.id AS record, label_removed, messages.* FROM history JOIN messages"
            " ON messages.account = history.account AND messages.id = history.message_id"
            " WHERE history.account = ? AND history.id > ? AND history.visible_at <= ? ORDER BY history.id LIMIT ?",
            (account, history_id, time.time(), limit),
        )
        return [Change(int(row["record"]), self._read(row), row["label_removed"]) for row in rows]

    def expire_history(self, account: str | None = None) -> None:
        """From now on, older history ids are unknown; of all accounts if none is named."""
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE people SET history_floor = (SELECT seq + 1 FROM sqlite_sequence WHERE name = 'history')"
                " WHERE ? IS NULL OR email = ?",
                (account, account),
            )
            connection.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'history'")

    def reset(self) -> None:
        with self._store.transaction() as connection:
            files = {row[0] for row in connection.execute("SELECT body_file FROM messages")}
            connection.execute("DELETE FROM messages")
            connection.execute("DELETE FROM history")
        self.expire_history()
        for file in files:
            (self._store.mail / file).unlink(missing_ok=True)

    def _read(self, row: sqlite3.Row) -> Message:
        return Message(
            row["account"],
            row["id"],
            row["thread_id"],
            tuple(row["labels"].split()),
            row["head"],
            Body(row["body_file"], row["body_start"], row["body_size"]),
            row["at"],
            row["history_id"],
            row["message_id"],
            row["subject"],
            row["sender"],
            row["recipients"],
            row["snippet"],
            self._store.mail / row["body_file"],
        )


def _join(labels: Sequence[str]) -> str:
    """With a space on both sides of each, so that SQL can look for one."""
    return f" {' '.join(labels)} "
