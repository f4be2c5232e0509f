"""Who watches a mailbox, and the pushes that tell them of changes, as Gmail and Pub/Sub send them.

https://developers.google.com/workspace/gmail/api/guides/push and https://docs.cloud.google.com/pubsub/docs/push
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sandbox import web
from sandbox.background import Background
from sandbox.gmail.mailbox import Mailboxes
from sandbox.ledger import Ledger
from sandbox.signing import Signer
from sandbox.store import Store

WATCH_SECONDS = 7 * 86400
SUBSCRIPTION = "projects/sandbox/subscriptions/gmail"
PAUSE = 1.0  # seconds: Gmail tells of a mailbox at most once a second
ACKNOWLEDGED = (102, 200, 201, 202, 204)
FIRST_RETRY, LONGEST_RETRY, RETRIES = 0.2, 20.0, 12  # seconds, doubled each time: about two minutes in all


@dataclass(frozen=True)
class Watch:
    """`labels` empty means all changes; with `excluding`, all but those. `expires_at`: Unix milliseconds."""

    account: str
    topic: str
    labels: tuple[str, ...]
    excluding: bool
    expires_at: int

    def hears_of(self, labels: Sequence[str]) -> bool:
        live = self.expires_at > time.time() * 1000
        return live and (not self.labels or self.excluding != bool(set(self.labels).intersection(labels)))


class Pushes:
    """Told to `url`, if there is one, by threads of their own: no call of the API waits for them."""

    def __init__(
        self, store: Store, mailboxes: Mailboxes, signer: Signer, ledger: Ledger, background: Background, url: str
    ) -> None:
        self.url = url
        self.drop = False
        self.duplicate = False
        self._configured = url
        self._store, self._mailboxes, self._signer = store, mailboxes, signer
        self._ledger, self._background = ledger, background
        self._lock = threading.Lock()
        self._coming: set[str] = set()  # accounts of which a push is on its way
        self._told: dict[str, float] = {}
        self._era = 0
        mailboxes.on_change = self.changed

    def watch(self, watch: Watch) -> None:
        """One watch an account; a later one takes its place. A first push comes at once, as from Gmail."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO watches VALUES (?, ?, ?, ?, ?)",
                (watch.account, watch.topic, " ".join(watch.labels), watch.excluding, watch.expires_at),
            )
        self._soon(watch.account)

    def stop(self, account: str | None) -> None:
        """Ends the account's watch; without an account, all."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM watches WHERE ? IS NULL OR account = ?", (account, account))

    def watches(self) -> list[Watch]:
        rows = self._store.rows("SELECT * FROM watches ORDER BY account")
        return [
            Watch(row["account"], row["topic"], tuple(row["labels"].split()), bool(row["excluding"]), row["expires_at"])
            for row in rows
        ]

    def reset(self) -> None:
        """Pushes go their normal way again; those that are being repeated are given up."""
        with self._lock:
            self._era += 1
        self.url, self.drop, self.duplicate = self._configured, False, False

    def changed(self, account: str, labels: tuple[str, ...], visible_at: float) -> None:
        if not any(watch.account == account and watch.hears_of(labels) for watch in self.watches()):
            return
        wait = visible_at - time.time()
        if wait > 0:
            self._background.later(wait, partial(self._soon, account))
        else:
            self._soon(account)

    def _soon(self, account: str) -> None:
        """Several changes within the pause become one push, which comes after the last of them."""
        with self._lock:
            if account in self._coming:
                return
            self._coming.add(account)
            wait = self._told.get(account, 0.0) + PAUSE - time.monotonic()
        self._background.later(max(0.0, wait), partial(self._publish, account))

    def _publish(self, account: str) -> None:
        with self._lock:
            self._coming.discard(account)
            self._told[account] = time.monotonic()
            era = self._era
        if not self.url:
            return
        self._ledger.count_push("published")
        if self.drop:
            self._ledger.count_push("dropped")
            return
        body = _body(account, self._mailboxes.history_id(account))
        for _ in range(2 if self.duplicate else 1):
            self._background.later(0, partial(self._deliver, body, era, 0))

    def _deliver(self, body: bytes, era: int, attempt: int) -> None:
        """At least once: repeated until it is acknowledged, or for too long."""
        if era != self._era or not self.url:
            return
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "CloudPubSub-Google",
            "Authorization": f"Bearer {self._signer.push_token(self.url)}",
        }
        try:
            answer = web.ask(self.url, headers, method="POST", body=body, anywhere=True)
            acknowledged = answer.status in ACKNOWLEDGED
        except web.NotReached:
            acknowledged = False
        self._ledger.count_push("delivered" if acknowledged else "failed")
        if not acknowledged and attempt < RETRIES:
            pause = min(FIRST_RETRY * 2**attempt, LONGEST_RETRY)
            self._background.later(pause, partial(self._deliver, body, era, attempt + 1))


def _body(account: str, history_id: int) -> bytes:
    """`historyId` is a number here, although the guide shows a string; Pub/Sub writes two of the names twice."""
    data = base64.b64encode(json.dumps({"emailAddress": account, "historyId": history_id}).encode()).decode()
    id_ = str(secrets.randbits(53))
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {"data": data, "messageId": id_, "message_id": id_, "publishTime": at, "publish_time": at}
    return json.dumps({"message": message, "subscription": SUBSCRIPTION}).encode()
