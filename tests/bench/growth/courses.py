"""What happens to one send, and around it, on the real services over a store that counts."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain.ports import Update
from functions.domain.sends import Status
from functions.domain.track_tokens import Tracked
from functions.services import watching
from functions.services.attachments import Attachments
from functions.services.expiring import Expiring
from functions.services.hits import Hits, Seen
from functions.services.keys import ApiKeys
from tests.bench.growth.counting import CountingDocuments, Operations, asked, entries, size, units
from tests.services import mailbox
from tests.services.fakes import ACCOUNT, CALLER, OWNER, World
from tests.services.trigger_world import HookWorld

ROUNDS = 6  # at ten minutes: an hour, in which an access token is fetched once
BATCH = 50  # recipients of the batch: fewer than an account may send in a minute
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


@dataclass(frozen=True)
class Course:
    """`ranges`: entries written at the moving end of an index of all owners, by index."""

    operations: Operations
    ranges: dict[str, float]


class Counted:
    """A world with one account, whose instance has sent before."""

    def __init__(self, directory: Path, kind: type[World] = HookWorld) -> None:
        self.documents = CountingDocuments(SqliteDocuments(directory / "gmail.db", declared()))
        self.world: Any = kind(self.documents, directory, topic="projects/p/topics/gmail")
        self.world.connect()
        self.world.watching.start(self.world.account())
        self.keys = ApiKeys(self.documents, self.world.clock, os.urandom)
        made = {"name": "k", "scopes": ("send",), "accounts": None, "expires_at": None}
        self.key = self.keys.create(OWNER, **made)[1]  # type: ignore[arg-type]
        self.units = self.tasks = 0
        asked, enqueue = self.world.mailbox.request, self.world.tasks.enqueue

        def request(method: str, url: str, **given: Any) -> Any:
            self.units += units(method, url)
            return asked(method, url, **given)

        def put(*task: Any) -> None:
            self.tasks += 1
            enqueue(*task)

        self.world.mailbox.request = request
        self.world.tasks.enqueue = put
        self.world.wire()

    def of(self, happens: Callable[[], object], times: int = ROUNDS, each: int = 1, minutes: float = 10) -> Course:
        """On average: of `times` rounds, the first of which is left out, with `each` in one round."""
        happens()
        self.world.clock.pass_(minutes=minutes)
        self.documents.done, self.documents.ranges, self.units, self.tasks = Operations(), Counter(), 0, 0
        for _ in range(times):
            happens()
            self.world.clock.pass_(minutes=minutes)
        share = 1 / (times * each)
        outside = Operations(tasks=self.tasks, units=self.units)
        ranges = {name: number * share for name, number in self.documents.ranges.items()}
        return Course((self.documents.done + outside) * share, ranges)

    # What happens

    def waited(self) -> None:
        self.keys.authenticate(self.key)
        assert self.world.send().status == "sent"

    def queued(self) -> None:
        self.keys.authenticate(self.key)
        send_id = self.world.queue()
        self.world.deliver()
        assert self.world.record(send_id).status is Status.SENT

    def batch(self) -> None:
        self.keys.authenticate(self.key)
        receipt = self.world.merge([f"p{n}@example.org" for n in range(BATCH)])
        self.world.deliver()
        assert self.world.record(receipt.sends[-1].id).status is Status.SENT

    def hit(self, kind: str) -> None:
        send = self.world.record(self.sent)
        link = {"index": 0, "url": "https://a.example/"} if kind == "click" else {}
        tracked = Tracked(kind, OWNER, self.sent, send.created_at.date(), **link)  # type: ignore[arg-type]
        seen = Seen(self.world.clock(), BROWSER, "81.2.69.160", "10.0.0.1", {}, secure=True)
        Hits(self.documents, self.world.timeline, os.urandom).record(tracked, seen)

    def pushed(self) -> None:
        self.world.watching.notify("ann@example.com", str(self.world.mailbox.newest_history))

    def stranger(self) -> None:
        mailbox.answers(self.world, "a thread that is none of ours")
        self.pushed()

    def reply(self) -> None:
        mailbox.answers(self.world, self.world.record(self.sent).gmail_thread_id, sender="bob@example.org")
        self.pushed()

    def look(self) -> None:
        assert self.world.watching.visit(OWNER, ACCOUNT) is None

    def renew(self) -> None:
        self.documents.inner.commit([Update(watching.path(OWNER, ACCOUNT), {"watched_at": None})])
        self.look()

    def webhook(self) -> None:
        self.hook.post()
        self.world.deliver()

    def prepared(self) -> "Counted":
        """With a send that went out a while ago."""
        self.sent = self.world.send().id
        self.world.clock.pass_(minutes=10)
        return self


@cache
def counted() -> dict[str, Course]:
    """Each course on average, by what it is called in docs/scale.md. Takes a second or two."""
    with tempfile.TemporaryDirectory(prefix="growth-") as base:

        def new(name: str) -> Counted:
            directory = Path(base) / name
            directory.mkdir()
            return Counted(directory).prepared()

        sends, mail, hits = new("sends"), new("mail"), new("hits")
        found = {
            "a send, waited for": sends.of(sends.waited),
            "a send through the queue": sends.of(sends.queued),
            f"a send of a batch of {BATCH}": sends.of(sends.batch, times=4, each=BATCH),
        }
        found["its content, deleted after 90 days"] = _expiry(sends)
        hooks = new("hooks")
        hooks.hook = hooks.world.trigger()
        found["a webhook that becomes a mail"] = hooks.of(hooks.webhook)
        found["an open or a click"] = hits.of(lambda: hits.hit("click"))
        found["a push: mail that is no answer"] = mail.of(mail.stranger)
        found["a push: an answer"] = mail.of(mail.reply)
        found["a look without a push"] = mail.of(mail.look)
        found["a watch renewed, in a look"] = mail.of(mail.renew)
        plain = sends.of(sends.waited).operations
        events = new("events")
        events.world.endpoints.create(CALLER, url="https://a.example/", events=("*",), enabled=True, secret=None)
        told = events.of(lambda: (events.waited(), events.world.deliver()))
        found["telling an endpoint of it"] = Course(told.operations - plain, _more(told, found["a send, waited for"]))
        idle = new("idle")
        idle.world.clock.pass_(days=60)
        idle.world.watching.tend()
        found["a sweep that finds nothing"] = idle.of(lambda: _sweep(idle), minutes=1)
        return found


@dataclass(frozen=True)
class Kept:
    """What a document is in the store, once everything has happened to it. `size` in bytes."""

    size: float
    entries: int
    needed: int  # by which a query can find it


@cache
def kept() -> dict[str, Kept]:
    """Of a send, its content and an event, by collection."""
    with tempfile.TemporaryDirectory(prefix="growth-") as base:
        counted = Counted(Path(base)).prepared()
        counted.hit("click")
        found = {}
        for collection in ("sends", "contents", "events"):
            document = counted.documents.inner.below(f"owners/{OWNER}/{collection}", 1)[0]
            at = list(entries(document))
            needed = sum(name in asked() for name, _ in at)
            found[collection] = Kept(len(document.path) + size(document.data), len(at), needed)
        return found


def _expiry(counted: Counted) -> Course:
    """Of everything that this world has sent."""
    before = len(counted.documents.inner.below(f"owners/{OWNER}/contents", 5000))
    counted.world.clock.pass_(days=95)
    counted.documents.done = Operations()
    _expiring(counted).expire()
    left = len(counted.documents.inner.below(f"owners/{OWNER}/contents", 5000))
    assert not left
    return Course(counted.documents.done * (1 / before), {})


def _expiring(counted: Counted) -> Expiring:
    attachments = Attachments(counted.documents, counted.world.blobs, counted.world.clock)
    return Expiring(counted.documents, counted.world.blobs, lambda: attachments, counted.world.clock)


def _sweep(counted: Counted) -> None:
    counted.world.sweeping.sweep()
    counted.world.watching.tend()
    _expiring(counted).expire()


def _more(course: Course, without: Course) -> dict[str, float]:
    """What the one writes in each range, and the other does not."""
    more = {name: number - without.ranges.get(name, 0) for name, number in course.ranges.items()}
    return {name: number for name, number in more.items() if number > 0}
