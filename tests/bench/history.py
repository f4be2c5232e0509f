"""The history of a busy owner on a laptop's store: list, filters, search, counts; beside the same with few records.

A query that reads by its index costs the same whatever the number of records; the ratio shows whether it does.
"""

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain import records, search
from functions.domain.callers import Caller
from functions.domain.events import Event
from functions.domain.ids import derived_id
from functions.domain.messages import Address
from functions.domain.ports import Create
from functions.domain.sends import Send, Status
from functions.edge import history_views
from functions.services.batches import Batches
from functions.services.history import History
from functions.services.statistics import Span, Statistics
from functions.services.timeline import Timeline
from tests.bench.table import Row

MANY, QUICK, FEW = 1_000_000, 20_000, 1_000
ROUNDS = 41
EVERY = timedelta(seconds=30)  # a send: the million takes 347 days
START = datetime(2026, 1, 1, tzinfo=UTC)
FAR = datetime(2099, 1, 1, tzinfo=UTC)
OWNER = "own_bench"
SUBJECTS = ("invoice", "offer", "meeting", "newsletter", "order", "receipt", "reminder", "welcome", "report", "update")
ACCOUNTS = 20
CALLER = Caller(OWNER, "user")
KEY = Caller(OWNER, "key", accounts=frozenset({"acc_3", "acc_7", "acc_11"}))


def rows(_: Any, *, quick: bool) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as directory:
        many = _filled(Path(directory) / "many.db", QUICK if quick else MANY)
        few = _filled(Path(directory) / "few.db", FEW)
        size = f"{QUICK if quick else MANY:,} records"
        for what, ask in QUESTIONS.items():
            ours, theirs = _timed(many, ask), _timed(few, ask)
            yield Row(f"history of {size}", what, "ms", ours, f"{FEW:,} records", theirs)


def _page(history: History, caller: Caller = CALLER, *, none: bool = False, **filters: str) -> object:
    found = history.page(caller, filters, since=None, until=None, limit=50, after=None)
    assert bool(found.sends) is not none
    return found


def _next(history: History) -> object:
    """A page far down the list begins where its token says."""
    first = history.page(CALLER, {}, since=None, until=START + 120 * EVERY, limit=50, after=None)
    assert first.next
    return history.page(CALLER, {}, since=None, until=START + 120 * EVERY, limit=50, after=first.next)


def _export(history: History) -> object:
    """Its first thousand lines, as they are streamed."""
    found = [json.dumps(history_views.send(s)) for s in islice(history.all(CALLER, {}, since=None, until=None), 1000)]
    assert len(found) == 1000
    return found


def _counts(statistics: Statistics, by: str, days: int) -> object:
    """Of the first days."""
    found = statistics.rows(CALLER, by, Span(START, START + timedelta(days=days)), {})
    assert sum(row.sends for row in found) > 0
    return found


Ask = Callable[[History, Statistics], object]
QUESTIONS: dict[str, Ask] = {
    "newest 50": lambda h, _: _page(h),
    "second page of the oldest": lambda h, _: _next(h),
    "of an account": lambda h, _: _page(h, account="acc_3"),
    "failed ones": lambda h, _: _page(h, status="failed"),
    "failed ones of an account": lambda h, _: _page(h, account="acc_0", status="failed"),
    "to one person": lambda h, _: _page(h, to="person17@customer.example"),
    "newest 50, by a key for 3 accounts": lambda h, _: _page(h, KEY),
    "search: a common word": lambda h, _: _page(h, q="invoice"),
    "search: a rare word": lambda h, _: _page(h, q="n500"),
    "search: an address": lambda h, _: _page(h, q="person17@customer.example"),
    "search: two common words": lambda h, _: _page(h, q="invoice urgent"),
    "search: common words that never meet": lambda h, _: _page(h, q="invoice offer", none=True),
    "search: nothing": lambda h, _: _page(h, q="nothing", none=True),
    "search in an account": lambda h, _: _page(h, account="acc_3", q="newsletter"),
    "search by a key for 3 accounts": lambda h, _: _page(h, KEY, q="customer newsletter"),
    "export, 1,000 lines": lambda h, _: _export(h),
    "counts of 30 days": lambda _, s: _counts(s, "day", 30),
    "counts of 30 days by account": lambda _, s: _counts(s, "account", 30),
    "counts of a year": lambda _, s: _counts(s, "day", 365),
}


def _timed(store: SqliteDocuments, ask: Ask) -> list[float]:
    """Milliseconds."""
    nothing: Any = None
    clock = lambda: datetime.now(UTC)  # noqa: E731
    history = History(store, nothing, nothing, nothing, Batches(store, clock), Timeline(store), clock)
    statistics, found = Statistics(store), []
    ask(history, statistics)
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        ask(history, statistics)
        found.append((time.perf_counter() - begun) * 1000)
    return found


def _filled(path: Path, count: int) -> SqliteDocuments:
    """The program's own store wrote it. Nothing of that is measured, so it need not be safe from power cuts."""
    filling, chance = SqliteDocuments(path, declared()), random.Random(7)
    with filling._db() as db:
        for setting in ("synchronous = OFF", "cache_size = -2000000", "wal_autocheckpoint = 50000"):
            db.execute(f"PRAGMA {setting}")
    accounts = [Create(f"owners/{OWNER}/accounts/acc_{n}", {"connected_at": START}) for n in range(ACCOUNTS)]
    filling.commit(accounts)
    for start in range(0, count, 500):
        made = [_send(number, chance) for number in range(start, min(start + 500, count))]
        writes = [Create(f"owners/{OWNER}/sends/{send.id}", records.to_data(send)) for send in made]
        filling.commit(writes)
        opened = [_opened(send) for send in made[::10]]
        filling.commit([Create(f"owners/{OWNER}/events/{event.id}", records.to_data(event)) for event in opened])
        if start % 50_000 == 0:
            print(f"  {start:,} of {count:,} records", file=sys.stderr, flush=True)
    filling.close()
    return SqliteDocuments(path, declared())


def _send(number: int, chance: random.Random) -> Send:
    to = (Address(f"person{chance.randrange(50_000) if number > 100 else 17}@customer.example", "A Person"),)
    urgent = " urgent" if number % 97 == 0 else ""
    subject = f"Your {SUBJECTS[number % len(SUBJECTS)]}{urgent} n{number}"
    return Send(
        id=derived_id("snd", str(number)),
        owner=OWNER,
        status=Status.FAILED if number % 50 == 0 else Status.SENT,
        account=f"acc_{number % ACCOUNTS}",
        sender=Address("ada@example.com"),
        to=to,
        cc=(),
        bcc=(),
        subject=subject,
        created_at=START + number * EVERY,
        labels=search.labels(subject, to, ("bench",)),
    )


def _opened(send: Send) -> Event:
    at = send.created_at + timedelta(hours=3)
    return Event(
        derived_id("evt", send.id), OWNER, send.id, send.account, "opened", at, verdict="human", expires_at=FAR
    )
