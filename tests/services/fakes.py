"""A world for the services: a clock that is told the time, a scripted Gmail and OAuth server, a queue that remembers.

Gmail is faked where HTTP would leave, so the adapter's reading of Google's answers is part of what is tested.
"""

import contextlib
import email
import json
import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from functions.adapters.file_blobs import FileBlobs
from functions.adapters.gmail import GmailService
from functions.adapters.http import Answer, RequestFailed
from functions.domain import records
from functions.domain.accounts import AccountStatus, GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import Unavailable
from functions.domain.google_ports import AccessToken
from functions.domain.messages import Address
from functions.domain.ports import Create, Data, Document, Documents, Page, Put, Query, Write
from functions.domain.scopes import READ, SEND
from functions.domain.send_requests import Recipient, SendRequest
from functions.domain.sends import Send
from functions.services.accounts import Accounts, path
from functions.services.aliases import Aliases
from functions.services.announcing import Announcing
from functions.services.batches import Batches
from functions.services.composing import Composing
from functions.services.controlling import Controlling
from functions.services.delivering import Delivering
from functions.services.disconnecting import Disconnecting
from functions.services.endpoints import Endpoints
from functions.services.event_deliveries import EventDeliveries
from functions.services.grants import Grants
from functions.services.history import History
from functions.services.incoming import Incoming
from functions.services.mailbox import MailboxSync
from functions.services.merging import Merging
from functions.services.outbox import Outbox
from functions.services.overtaken import Overtaken
from functions.services.pacing import Pacing
from functions.services.personalising import Personalising
from functions.services.receipts import BatchReceipt, Receipt
from functions.services.reconciling import Reconciling
from functions.services.repeating import Repeating
from functions.services.resending import Resending
from functions.services.sending import Sending
from functions.services.standing import Standings
from functions.services.suppressions import Suppressions
from functions.services.sweeping import Sweeping
from functions.services.timeline import Timeline
from functions.services.tokens import Tokens
from functions.services.unwanted import Unwanted
from functions.services.watching import Watching
from tests.services.hooks import Receiver

OWNER = "own_ann"
CALLER = Caller(OWNER, "user")
START = datetime(2027, 3, 1, 12, 0, 1, tzinfo=UTC)
ACCOUNT = "acc_ann"
_MARK = re.compile(rb"snd_[0-9a-z]+")


class Clock:
    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **by: float) -> None:
        self.now += timedelta(**by)

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Post:
    send_id: str
    token: str
    at: datetime


@dataclass
class Stored:
    id: str
    send_id: str
    content_type: str
    to: str
    at: datetime
    history: int


@dataclass
class Arrived:
    """A message from outside. `report`: its message/delivery-status part, as Gmail's API shows it."""

    id: str
    thread_id: str
    headers: list[tuple[str, str]]
    labels: tuple[str, ...]
    at: datetime
    history: int
    report: dict[str, Any] | None


Answering = Callable[["Mailbox", Callable[[], Stored]], Answer]


def says(status: int, reason: str = "", message: str = "", **headers: str) -> Answering:
    """Gmail's error JSON."""
    error: dict[str, Any] = {"code": status, "message": message, "errors": [{"reason": reason}] if reason else []}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _box, _deliver: Answer(status, named, json.dumps({"error": error}).encode())


def breaks(*, begun: bool, delivered: bool = False) -> Answering:
    """The connection fails: before or after a byte of the body, and before or after Gmail took the message."""

    def answer(_box: "Mailbox", deliver: Callable[[], Stored]) -> Answer:
        if delivered:
            deliver()
        raise RequestFailed("ConnectionResetError", body_begun=begun)

    return answer


def meanwhile(happens: Callable[[], object], then: Answering | None = None) -> Answering:
    """Something happens while Gmail has the request; then it is accepted, or `then`."""

    def answer(box: "Mailbox", deliver: Callable[[], Stored]) -> Answer:
        happens()
        return (then or accepts)(box, deliver)

    return answer


def accepts(_box: "Mailbox", deliver: Callable[[], Stored]) -> Answer:
    stored = deliver()
    return Answer(200, {}, json.dumps({"id": stored.id, "threadId": f"t{stored.id}"}).encode())


class Mailbox:
    """Stands where `Http` stands. Of a message it keeps the Content-Type: Message-IDs and own headers are gone."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.script: list[Answering] = []  # answers to the next posts; then `always`
        self.always: Answering = accepts
        self.reads: list[Answering] = []  # answers to the next reads, before the real ones
        self.posts: list[Post] = []
        self.stored: list[Stored] = []
        self.search_lag = timedelta()
        self.search_is_cut_off = False  # it found more than it gives at once
        self.oldest_history = 0
        self.newest_history = 0
        self.arrived: list[Arrived] = []
        self.page_size = 500  # records of history in one answer
        self.watches: list[dict[str, Any]] = []  # as they were asked for
        self.stops = 0
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def deliveries(self, send_id: str) -> int:
        return sum(s.send_id == send_id for s in self.stored)

    def request(
        self, method: str, url: str, *, headers: Any = None, body: Any = b"", size: Any = None, timeout: Any = None
    ) -> Answer:
        del size, timeout
        if method == "POST" and url.split("?")[0].endswith(("/watch", "/stop")):
            return self._watch(url, body)
        if method == "POST":
            raw = body if isinstance(body, bytes) else b"".join(body())
            found = {name.lower(): value for name, value in (headers or {}).items()}
            return self._post(raw, found["authorization"].removeprefix("Bearer "))
        return self._read(url)

    def _post(self, raw: bytes, token: str) -> Answer:
        mark = _MARK.search(raw)
        assert mark
        send_id = mark[0].decode()
        with self._lock:
            self.posts.append(Post(send_id, token, self.clock()))
            answering = self.script.pop(0) if self.script else self.always
        return answering(self, lambda: self._deliver(raw, send_id))

    def _deliver(self, raw: bytes, send_id: str) -> Stored:
        message = email.message_from_bytes(raw)
        with self._lock:
            number = len(self.stored) + 1
            self.newest_history += 1
            at, history = self.clock(), self.newest_history
            stored = Stored(f"m{number}", send_id, message["Content-Type"], message["To"], at, history)
            self.stored.append(stored)
        return stored

    def arrives(
        self,
        thread_id: str,
        headers: Sequence[tuple[str, str]],
        *,
        labels: tuple[str, ...] = ("INBOX", "UNREAD"),
        report: dict[str, Any] | None = None,
    ) -> Arrived:
        """Something comes in from outside."""
        with self._lock:
            self.newest_history += 1
            id_ = f"a{len(self.arrived) + 1}"
            arrived = Arrived(id_, thread_id, list(headers), labels, self.clock(), self.newest_history, report)
            self.arrived.append(arrived)
        return arrived

    def _watch(self, url: str, body: Any) -> Answer:
        if self.reads:
            return self.reads.pop(0)(self, lambda: self.stored[-1])
        if url.split("?")[0].endswith("/stop"):
            self.stops += 1
            return Answer(204, {}, b"")
        self.watches.append(json.loads(body))
        expires = str(int((self.clock() + timedelta(days=7)).timestamp() * 1000))
        return _json({"historyId": str(self.newest_history), "expiration": expires})

    def _history(self, since: int, page: int, sent_only: bool) -> Answer:
        """One record a message; a page's token is the id of its first one."""
        sent = [(s.history, {"id": s.id, "threadId": f"t{s.id}", "labelIds": ["SENT"]}) for s in self.stored]
        came = [(a.history, {"id": a.id, "threadId": a.thread_id, "labelIds": list(a.labels)}) for a in self.arrived]
        all_ = sorted(sent if sent_only else sent + came, key=lambda pair: pair[0])
        found = [pair for pair in all_ if pair[0] > since and pair[0] >= page]
        shown, more = found[: self.page_size], found[self.page_size :]
        records = [{"id": str(h), "messagesAdded": [{"message": message}]} for h, message in shown]
        following = {"nextPageToken": str(more[0][0])} if more else {}
        return _json({"history": records, "historyId": str(self.newest_history), **following})

    def _thread(self, thread_id: str) -> Answer:
        sent = [(s.at, _shown(s)) for s in self.stored if f"t{s.id}" == thread_id]
        came = [(a.at, self._arrived(a, "metadata")) for a in self.arrived if a.thread_id == thread_id]
        return _json({"messages": [message for _, message in sorted([*sent, *came], key=lambda pair: pair[0])]})

    def _arrived(self, arrived: Arrived, format_: str) -> dict[str, Any]:
        payload: dict[str, Any] = {"headers": [{"name": n, "value": v} for n, v in arrived.headers]}
        if format_ == "full":
            text = {"mimeType": "text/plain", "headers": [], "body": {"data": "T29wcw=="}}
            payload["parts"] = [{"mimeType": "multipart/related", "parts": [text]}]
            payload["parts"] += [arrived.report] if arrived.report else []
        return {
            "id": arrived.id,
            "threadId": arrived.thread_id,
            "labelIds": list(arrived.labels),
            "internalDate": str(int(arrived.at.timestamp() * 1000)),
            "payload": payload,
        }

    def _read(self, url: str) -> Answer:
        parts = urlsplit(url)
        tail, query = parts.path.removeprefix("/gmail/v1/users/me/"), parse_qs(parts.query)
        self.asked.append(tail)
        if self.reads:
            return self.reads.pop(0)(self, lambda: self.stored[-1])
        if tail == "history":
            since = int(query["startHistoryId"][0])
            if since < self.oldest_history:
                return says(404, "notFound")(self, lambda: self.stored[-1])
            return self._history(since, int(query.get("pageToken", ["0"])[0]), "labelId" in query)
        if tail == "profile":
            return _json({"historyId": str(self.newest_history)})
        if tail == "messages":
            seen = [s for s in self.stored if s.at + self.search_lag <= self.clock()]
            more = {"nextPageToken": "more"} if self.search_is_cut_off else {}
            return _json({"messages": [{"id": s.id} for s in seen], **more})
        if tail.startswith("threads/"):
            return self._thread(tail.removeprefix("threads/"))
        if arrived := [a for a in self.arrived if a.id == tail.split("/")[1]]:
            if "/attachments/" in tail:
                return _json({"data": (arrived[0].report or {})["body"]["later"]})
            return _json(self._arrived(arrived[0], query["format"][0]))
        stored = next(s for s in self.stored if s.id == tail.rpartition("/")[2])
        named = [{"name": "Content-Type", "value": stored.content_type}, {"name": "To", "value": stored.to}]
        moment = str(int(stored.at.timestamp() * 1000))
        return _json(
            {"id": stored.id, "threadId": f"t{stored.id}", "internalDate": moment, "payload": {"headers": named}}
        )


def _shown(stored: Stored) -> dict[str, Any]:
    return {
        "id": stored.id,
        "threadId": f"t{stored.id}",
        "labelIds": ["SENT"],
        "internalDate": str(int(stored.at.timestamp() * 1000)),
        "payload": {"headers": [{"name": "From", "value": "ann@example.com"}]},
    }


def _none() -> Any:
    raise AssertionError("no message here refers to templates, uploads or links")


def _json(body: Any) -> Answer:
    return Answer(200, {"content-type": "application/json"}, json.dumps(body).encode())


class OAuth:
    """Refreshes; `fails` are raised first."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.fails: list[Exception] = []
        self.refreshed: list[str] = []
        self.scopes: tuple[str, ...] = (SEND, READ)
        self.revoked: list[str] = []

    def refresh(self, refresh_token: str) -> AccessToken:
        if self.fails:
            raise self.fails.pop(0)
        self.refreshed.append(refresh_token)
        return AccessToken(f"access-{len(self.refreshed)}", self.clock() + timedelta(hours=1), self.scopes)

    def revoke(self, token: str) -> None:
        self.revoked.append(token)

    def authorization_url(self, **_: Any) -> str:
        raise NotImplementedError

    def exchange(self, **_: Any) -> Any:
        raise NotImplementedError


class Sealer:
    newest = "1"

    def seal(self, value: bytes, context: str) -> str:
        return f"{os.urandom(4).hex()}|{value.hex()}|{context}"

    def open(self, sealed: str, context: str) -> bytes:
        _, value, bound = sealed.split("|", 2)
        assert bound == context
        return bytes.fromhex(value)

    def derive(self, *_: str) -> bytes:
        raise NotImplementedError


@dataclass(frozen=True)
class Task:
    owner: str
    send_id: str
    at: datetime
    lane: str


class Tasks:
    """Remembers; a test takes what is due."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.all: list[Task] = []
        self.down = False
        self._lock = threading.Lock()

    def enqueue(self, owner: str, send_id: str, at: datetime | None = None, lane: str = "") -> None:
        if self.down:
            raise Unavailable("The queue is away.")
        with self._lock:
            self.all.append(Task(owner, send_id, at or self.clock(), lane))

    def take(self) -> list[Task]:
        with self._lock:
            due = [t for t in self.all if t.at <= self.clock()]
            self.all = [t for t in self.all if t.at > self.clock()]
        return list(dict.fromkeys(due))

    def next(self) -> datetime | None:
        return min((t.at for t in self.all), default=None)


class FlakyDocuments:
    """A store that goes away: the commits whose numbers are in `fail` raise, written or not. So do all while `down`."""

    def __init__(self, inner: Documents, *, written: bool = False) -> None:
        self.inner = inner
        self.written = written
        self.fail: set[int] = set()
        self.down = False
        self.commits = 0

    def get(self, path: str) -> Document | None:
        return self.get_many([path])[0]

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        self._check()
        return self.inner.get_many(paths)

    def commit(self, writes: Sequence[Write]) -> list[str]:
        self._check()
        self.commits += 1
        if self.commits - 1 not in self.fail:
            return self.inner.commit(writes)
        if self.written:
            self.inner.commit(writes)
        raise Unavailable("The store is away.")

    def query(self, query: Query) -> Page:
        self._check()
        return self.inner.query(query)

    def counts(self, queries: Sequence[Query]) -> list[int]:
        self._check()
        return self.inner.counts(queries)

    def below(self, place: str, limit: int, after: str = "") -> list[Document]:
        self._check()
        return self.inner.below(place, limit, after)

    def expire(self, now: datetime) -> None:
        self._check()
        self.inner.expire(now)

    def _check(self) -> None:
        if self.down:
            raise Unavailable("The store is away.")


class SlowDocuments(FlakyDocuments):
    """A store that takes a while for a query: until then everything else stands still."""

    def __init__(self, inner: Documents, clock: Clock, **seconds: float) -> None:
        super().__init__(inner)
        self.clock, self.seconds = clock, seconds  # by collection

    def query(self, query: Query) -> Page:
        self.clock.pass_(seconds=self.seconds.get(query.collection, 0))
        return super().query(query)


@dataclass
class World:
    """One instance of the program; give two of them the same store, clock and outside to have two instances."""

    documents: Documents
    directory: Path
    clock: Clock = field(default_factory=Clock)
    units: int = 6000
    topic: str = ""
    mailbox: Mailbox = field(init=False)

    def __post_init__(self) -> None:
        self.mailbox, self.oauth, self.tasks = Mailbox(self.clock), OAuth(self.clock), Tasks(self.clock)
        self.hooks = Receiver(self.clock)
        self.blobs = FileBlobs(self.directory / "blobs")
        self.wire()

    def beside(self, documents: Documents) -> "World":
        """Another instance."""
        other = World(documents, self.directory, self.clock, self.units, self.topic)
        other.mailbox, other.oauth, other.tasks = self.mailbox, self.oauth, self.tasks
        other.hooks = self.hooks
        other.wire()
        return other

    def wire(self) -> None:
        documents, clock = self.documents, self.clock
        self.gmail = GmailService(self.mailbox, "http://gmail.test", clock)  # type: ignore[arg-type]
        self.announcing = Announcing(documents, self.tasks.enqueue, clock, os.urandom)
        self.endpoints = Endpoints(documents, self.announcing, Sealer(), clock, os.urandom)
        self.event_deliveries = EventDeliveries(
            documents=documents,
            endpoints=self.endpoints,
            hooks=self.hooks,
            tasks=self.tasks,
            clock=clock,
            random=os.urandom,
        )
        self.timeline = Timeline(documents, self.announcing)
        self.tokens = Tokens(documents, self.oauth, Sealer(), clock, self.announcing, sleep=clock.sleep)
        self.accounts = Accounts(documents)
        self.grants = Grants(documents, self.oauth, clock)
        self.disconnecting = Disconnecting(
            documents,
            self.accounts,
            self.grants,
            self.tokens,
            lambda *account: self.controlling.cancel_all(*account),
            lambda account: self.watching.stop(account),
            self.announcing,
        )
        self.incoming = Incoming(documents, self.gmail, self.tokens)
        sync = MailboxSync(
            documents=documents,
            gmail=self.gmail,
            tokens=self.tokens,
            incoming=lambda: self.incoming,
            timeline=self.timeline,
            suppress=Suppressions(documents, self.timeline, clock).hard_bounced,
            clock=clock,
        )
        self.watching = Watching(
            documents=documents,
            gmail=self.gmail,
            tokens=self.tokens,
            sync=lambda: sync,
            clock=clock,
            topic=self.topic,
            local=False,
        )
        self.outbox = Outbox(documents, self.announcing)
        self.pacing = Pacing(documents, clock, self.units)
        self.batches = Batches(documents, clock)
        self.standings = Standings(documents)
        self.resending = Resending(documents, self.outbox, self.tasks, clock)
        self.controlling = Controlling(
            documents, self.outbox, self.resending, self.batches, self.pacing, self.tasks, clock
        )
        self.sweeping = Sweeping(documents, self.tasks.enqueue, clock, [self.event_deliveries.sweep])
        self.history = History(documents, self.blobs, self.gmail, self.tokens, self.batches, self.timeline, clock)
        self.reconciling = Reconciling(
            documents=documents,
            outbox=self.outbox,
            gmail=self.gmail,
            tokens=self.tokens,
            tasks=self.tasks,
            resending=self.resending,
            clock=clock,
            found=lambda send: self.watching.missed(send),
        )
        self.delivering = Delivering(
            documents=documents,
            outbox=self.outbox,
            blobs=self.blobs,
            gmail=self.gmail,
            tokens=self.tokens,
            pacing=self.pacing,
            tasks=self.tasks,
            reconciling=self.reconciling,
            unwanted=Unwanted(
                self.batches,
                self.standings,
                Overtaken(self.outbox, self.gmail, self.tokens, lambda: self.incoming),
            ),
            completing=lambda: self.completing,
            clock=clock,
            random=os.urandom,
            sleep=clock.sleep,
        )
        self.repeating = Repeating(documents, self.reconciling, clock)
        aliases = Aliases(documents, self.gmail, self.tokens, clock)
        composing = Composing(documents, self.gmail, self.tokens, aliases, _none, _none, clock)
        shared: dict[str, Any] = {
            "blobs": self.blobs,
            "accounts": self.accounts,
            "standings": self.standings,
            "composing": composing,
            "personalising": Personalising(_none, _none),
            "outbox": self.outbox,
            "delivering": self.delivering,
            "clock": clock,
            "random": os.urandom,
        }
        self.sending = Sending(tokens=self.tokens, pacing=self.pacing, repeating=self.repeating, **shared)
        self.merging = Merging(batches=self.batches, **shared)

    def connect(self, account_id: str = ACCOUNT, email: str = "ann@example.com", *, scopes: Any = (SEND, READ)) -> None:
        """Connect an account, or reconnect it with a new grant."""
        account = GmailAccount(
            id=account_id,
            owner=OWNER,
            sub=f"sub-{account_id}",
            email=email,
            name="",
            scopes=tuple(scopes),
            connected_at=self.clock(),
            refresh_token="",
            aliases_read_at=self.clock(),
            history_id=str(self.mailbox.newest_history),
        )
        account = replace(account, refresh_token=self.tokens.seal(account, "refresh_token", f"refresh-{account_id}"))
        known = self.documents.get(path(OWNER, account_id)) is not None
        self.documents.commit([(Put if known else Create)(path(OWNER, account_id), records.to_data(account))])
        if known:
            self.controlling.release_all(OWNER, account_id)

    def disconnect(self, account_id: str = ACCOUNT) -> None:
        self.disconnecting.disconnect(CALLER, account_id)

    def account(self, account_id: str = ACCOUNT) -> GmailAccount:
        document = self.documents.get(path(OWNER, account_id))
        assert document
        return records.from_data(GmailAccount, document.data)

    def send(self, *, key: str | None = None, fingerprint: str = "", **fields: Any) -> Receipt:
        given = {"account": ACCOUNT, "to": (Address("bob@example.org"),), "subject": "Hi", "text": "Hello", **fields}
        found = self.sending.send(CALLER, SendRequest(**given), self.sending.send_id(OWNER, key), fingerprint)
        assert isinstance(found, Receipt)
        return found

    def merge(self, to: Sequence[str], *, key: str | None = None, fingerprint: str = "", **fields: Any) -> BatchReceipt:
        recipients = tuple(Recipient(Address(email)) for email in to)
        given = {"account": ACCOUNT, "recipients": recipients, "subject": "Hi", "text": "Hello", **fields}
        found = self.merging.send(CALLER, SendRequest(**given), self.merging.batch_id(OWNER, key), fingerprint)
        assert isinstance(found, BatchReceipt)
        return found

    def repeat(self, key: str, fingerprint: str = "") -> Receipt | BatchReceipt | None:
        """What a call with an Idempotency-Key that was used before is answered."""
        ids = self.sending.send_id(OWNER, key), self.merging.batch_id(OWNER, key)
        return self.repeating.first_answer(CALLER, *ids, fingerprint)

    def queue(self, **fields: Any) -> str:
        """Accept a send that nobody waits for."""
        return self.send(wait=False, **fields).id

    def record(self, send_id: str) -> Send:
        found = self.outbox.find(OWNER, send_id)
        assert found
        return found.send

    def set(self, send_id: str, **fields: Any) -> None:
        """Change a record behind everybody's back."""
        found = self.outbox.find(OWNER, send_id)
        assert found
        self.outbox.save(found, replace(found.send, **fields))

    def change_account(self, account_id: str = ACCOUNT, **fields: Any) -> None:
        data: Data = records.to_data(replace(self.account(account_id), **fields))
        self.documents.commit([Put(path(OWNER, account_id), data)])

    def dead(self, account_id: str = ACCOUNT) -> bool:
        return self.account(account_id).status is AccountStatus.REAUTH_REQUIRED

    def deliver(self, *, sweeping: bool = False) -> bool:
        """Everything that is due now, as the queue would have it done. Whether there was anything."""
        if sweeping:
            with contextlib.suppress(Unavailable):
                self.sweeping.sweep()
        due = self.tasks.take()
        for task in due:
            try:
                if task.send_id.startswith("dlv_"):
                    self.event_deliveries.deliver(task.owner, task.send_id)
                else:
                    self.delivering.deliver(task.owner, task.send_id)
            except Unavailable:
                self.tasks.all.append(replace(task, at=self.clock() + timedelta(seconds=10)))
        return bool(due)

    def run(self, **time: float) -> None:
        """Let time pass, with the queue at work and a sweep each minute; each ten, where nothing has happened in the
        last ten: days pass sooner."""
        end = self.clock() + timedelta(**time)
        sweep = busy = self.clock()
        while True:
            if self.deliver(sweeping=sweep <= self.clock()):
                busy = self.clock()
            if sweep <= self.clock():
                quiet = self.clock() - busy >= timedelta(minutes=10)
                sweep = self.clock() + timedelta(minutes=10 if quiet else 1)
            following = min(filter(None, [self.tasks.next(), sweep]))
            if following > end:
                break
            self.clock.now = max(following, self.clock())
        self.clock.now = max(end, self.clock())
