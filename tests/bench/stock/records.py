"""A store as one would ordinarily use it: SQLite with a connection for each thread, or Firestore with its own client.

`STORE` is a SQLite file, or firestore:PROJECT.
"""

import json
import os
import sqlite3
import threading
from typing import Any

STORE = os.environ["STORE"]
local = threading.local()


class Sqlite:
    @property
    def db(self) -> sqlite3.Connection:
        if not hasattr(local, "db"):
            local.db = sqlite3.connect(STORE, timeout=30, isolation_level=None)
            local.db.execute("PRAGMA journal_mode = WAL")
            local.db.execute("CREATE TABLE IF NOT EXISTS records (path TEXT PRIMARY KEY, data TEXT)")
        return local.db

    def get(self, path: str) -> Any:
        row = self.db.execute("SELECT data FROM records WHERE path = ?", (path,)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, path: str, data: dict[str, Any]) -> None:
        self.db.execute("INSERT OR REPLACE INTO records VALUES (?, ?)", (path, json.dumps(data)))

    def update(self, path: str, data: dict[str, Any]) -> None:
        self.db.execute("UPDATE records SET data = json_patch(data, ?) WHERE path = ?", (json.dumps(data), path))

    def delete(self, path: str) -> None:
        self.db.execute("DELETE FROM records WHERE path = ?", (path,))

    def some(self, collection: str) -> list[Any]:
        rows = self.db.execute("SELECT data FROM records WHERE path LIKE ? LIMIT 5", (f"{collection}/%",))
        return [json.loads(row[0]) for row in rows]


class Firestore:
    def __init__(self) -> None:
        from google.cloud import firestore

        self.client = firestore.Client(project=STORE.partition(":")[2])

    def get(self, path: str) -> Any:
        return self.client.document(path).get().to_dict()

    def put(self, path: str, data: dict[str, Any]) -> None:
        self.client.document(path).set(data)

    def update(self, path: str, data: dict[str, Any]) -> None:
        self.client.document(path).update(data)

    def delete(self, path: str) -> None:
        self.client.document(path).delete()

    def some(self, collection: str) -> list[Any]:
        return [document.to_dict() for document in self.client.collection(collection).limit(5).stream()]


def connect() -> Sqlite | Firestore:
    return Firestore() if STORE.startswith("firestore:") else Sqlite()
