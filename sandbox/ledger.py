"""What really happened: every accepted delivery, and how often each method was called."""

import json
import threading
from collections import Counter
from typing import Any

from sandbox.store import Store

# Under these names the counts of three methods and of the connections are always there.
COUNT_NAMES = {"send": "sends_received", "token": "tokens", "revoke": "revokes"}


class Ledger:
    """Deliveries outlive a restart, counts don't."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counting = threading.Lock()
        self._counts: Counter[str] = Counter()

    def count(self, method: str) -> None:
        """Counts a request for `method` ("send", "token", "messages.get", …) or a new one of the "connections"."""
        with self._counting:
            self._counts[COUNT_NAMES.get(method, method)] += 1

    def record(self, delivery: dict[str, Any]) -> None:
        with self._store.transaction() as connection:
            connection.execute("INSERT INTO deliveries (record) VALUES (?)", (json.dumps(delivery),))

    def read(self) -> dict[str, Any]:
        """`{"deliveries": [oldest first], "requests": {method: count}}`."""
        rows = self._store.rows("SELECT record FROM deliveries ORDER BY number")
        with self._counting:
            counts = {**dict.fromkeys((*COUNT_NAMES.values(), "connections"), 0), **self._counts}
        return {"deliveries": [json.loads(row["record"]) for row in rows], "requests": counts}

    def reset(self) -> None:
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM deliveries")
        with self._counting:
            self._counts.clear()
