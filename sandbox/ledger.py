"""What really happened: every accepted delivery, and how often each method was called."""

import json
import threading
from collections import Counter
from typing import Any

from sandbox.store import Store

# Under these names the counts of three methods and of the connections are always there.
COUNT_NAMES = {"send": "sends_received", "token": "tokens", "revoke": "revokes"}
# Of pushes: how many there were, lost on purpose, acknowledged, and how many attempts were not.
PUSH_COUNTS = ("published", "dropped", "delivered", "failed")


class Ledger:
    """Deliveries outlive a restart, counts don't."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counting = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._by_account: dict[str, Counter[str]] = {}
        self._pushes: Counter[str] = Counter()

    def count(self, method: str, account: str | None = None) -> None:
        """Counts a request for `method` ("send", "token", "messages.get", …) or a new one of the "connections".

        `account` is the address that its access token was issued for, where it came with one.
        """
        name = COUNT_NAMES.get(method, method)
        with self._counting:
            self._counts[name] += 1
            if account is not None:
                self._by_account.setdefault(account, Counter())[name] += 1

    def count_push(self, what: str) -> None:
        """One of PUSH_COUNTS."""
        with self._counting:
            self._pushes[what] += 1

    def record(self, delivery: dict[str, Any]) -> None:
        with self._store.transaction() as connection:
            connection.execute("INSERT INTO deliveries (record) VALUES (?)", (json.dumps(delivery),))

    def read(self) -> dict[str, Any]:
        """All that was counted and recorded.

        `{"deliveries": [oldest first], "requests": {method: count}, "requests_by_account": {address: {method: count}},
        "pushes": {what: count}}`; the second has the calls that came with an access token.
        """
        rows = self._store.rows("SELECT record FROM deliveries ORDER BY number")
        with self._counting:
            counts = {**dict.fromkeys((*COUNT_NAMES.values(), "connections"), 0), **self._counts}
            by_account = {address: dict(counted) for address, counted in self._by_account.items()}
            pushes = {what: self._pushes[what] for what in PUSH_COUNTS}
        deliveries = [json.loads(row["record"]) for row in rows]
        return {"deliveries": deliveries, "requests": counts, "requests_by_account": by_account, "pushes": pushes}

    def reset(self) -> None:
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM deliveries")
        with self._counting:
            self._counts.clear()
            self._by_account.clear()
            self._pushes.clear()
