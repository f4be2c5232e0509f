"""Every query of the code has its index, no index is there for nothing, and none of them makes the store scan.

The code is read for the places that make a query, and driven through all of them: whoever writes another query finds
it here, failing, until it is driven too. Firestore itself would refuse a query without an index only in production.
"""

import ast
import itertools
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.searches import plain
from functions.adapters.sqlite import SqliteDocuments
from functions.adapters.sqlite_entries import counting, statement
from functions.cli import doctor
from functions.domain import mailboxes, records
from functions.domain.batches import Batch, BatchStatus
from functions.domain.callers import Caller
from functions.domain.contents import Content
from functions.domain.deliveries import DeliveryStatus
from functions.domain.hook_deliveries import HookDelivery, Verdict
from functions.domain.mailboxes import Mailbox
from functions.domain.ports import Create, Page, Query
from functions.domain.sends import Send, Status
from functions.domain.suppressions import Reason
from functions.domain.templates import Template
from functions.domain.triggers import Mapping, RecipientRule, TriggerFields
from functions.runtime import settings
from functions.runtime.wiring import App
from functions.services import accounts, outbox
from functions.services.statistics import Span
from tests.services.builders import account, send

FUNCTIONS = Path(__file__).parents[2] / "functions"
HOW_IT_WORKS = FUNCTIONS.parent / "docs" / "how-it-works.md"
NOW = datetime.now(UTC)
OWNER = "own_1"
USER = Caller(OWNER, "user")
KEY = Caller(OWNER, "key", accounts=frozenset({"acc_1", "acc_2"}), key_id="key_1")
BOTH = (USER, KEY)

Site = tuple[str, str]  # a file, and the function in it


def sites() -> set[Site]:
    """The functions that make a query."""
    found = set()
    for file in FUNCTIONS.rglob("*.py"):
        if file.parent.name == "adapters":
            continue

        def visit(node: ast.AST, inside: tuple[str, ...], file: Path = file) -> None:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                inside = (*inside, node.name)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Query":
                found.add((str(file), ".".join(inside)))
            for child in ast.iter_child_nodes(node):
                visit(child, inside)

        visit(ast.parse(file.read_text(encoding="utf-8")), ())
    return found


class Driven:
    """What the drive asked of the store, and where the code made it."""

    def __init__(self, store: SqliteDocuments) -> None:
        self.store = store
        self.searched: list[Query] = []
        self.counted: list[Query] = []
        self.sites: set[Site] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def query(self, query: Query) -> Page:
        self.searched.append(query)
        page = self.store.query(query)
        if page.next:
            self.searched.append(query._replace(after=page.next))
        return page

    def counts(self, queries: Sequence[Query]) -> list[int]:
        self.counted += queries
        return self.store.counts(queries)


def histories(app: App) -> Iterator[Any]:
    """All sets of filters, by whoever may ask."""
    filters = {"account": "acc_1", "status": "sent", "template": "tpl_1", "trigger": "trg_1", "batch": "bat_1",
               "to": "a@b.example", "tag": "x", "q": "two words"}  # fmt: skip
    for size in range(len(filters) + 1):
        for names in itertools.combinations(filters, size):
            chosen = {name: filters[name] for name in names}
            for caller, since in itertools.product(BOTH, (None, NOW - timedelta(days=9))):
                yield app.history.page(caller, chosen, since=since, until=None, limit=1, after=None)
    # Many words: each is one more list to be merged.
    for count in range(1, 45):
        many = " ".join(f"word{n}" for n in range(count))
        yield app.history.page(USER, {"q": many, "tag": "x"}, since=NOW - timedelta(9), until=NOW, limit=1, after=None)


def counts(app: App) -> Iterator[Any]:
    span = Span(NOW - timedelta(days=3), NOW)
    filters = {"account": "acc_1", "template": "tpl_1", "trigger": "trg_1", "status": "sent"}
    for size, by in itertools.product(range(len(filters) + 1), ("day", "account", "template", "status")):
        for names in itertools.combinations(filters, size):
            for caller in BOTH:
                yield app.statistics.rows(caller, by, span, {name: filters[name] for name in names})


def drive(app: App, store: Driven) -> None:
    """Calls everything that asks the store, in every way in which it asks."""
    one, two = account(OWNER, id="acc_1", last_sent_at=NOW), account(OWNER, id="acc_2", sub="2", last_sent_at=NOW)
    batch = Batch("bat_1", OWNER, "acc_1", BatchStatus.READY, NOW, NOW, ())
    template = Template("tpl_1", OWNER, "A layout", NOW, NOW, kind="layout")
    labels = ("to:a@b.example", "tag:x", "word:two", "word:words", *(f"word:word{n}" for n in range(45)))
    made = [
        send(OWNER, id=f"snd_{n}", account=f"acc_{1 + n % 2}", status=Status.SENT, template="tpl_1", trigger="trg_1",
             batch="bat_1", labels=labels, created_at=NOW - timedelta(hours=n))
        for n in range(4)
    ]  # fmt: skip
    store.commit([Create(accounts.path(OWNER, a.id), records.to_data(a)) for a in (one, two)])
    store.commit([Create(outbox.path(OWNER, s.id), records.to_data(s)) for s in made])
    store.commit([Create(f"owners/{OWNER}/batches/bat_1", records.to_data(batch))])

    fields = TriggerFields("Paid", "github", Mapping(to=(RecipientRule("a@b.example"),)), subject="s", html="h")
    trigger, _ = app.triggers.create(USER, fields, ())
    for caller in BOTH:
        app.triggers.page(caller, 1, None)
    for caller, verdict in itertools.product(BOTH, ("", *Verdict)):
        app.hook_log.page(caller, trigger, verdict, 1, None)

    for _ in (*histories(app), *counts(app)):
        pass
    app.history.batch(USER, "bat_1")
    app.history.events(made[0])
    for change in (app.controlling.cancel_all, app.controlling.release_all):
        change(OWNER, "acc_1")
    app.controlling.cancel_batch(USER, "bat_1")
    app.sweeping.sweep()
    app.hits.regrade(OWNER, "snd_0")
    app.hits._judge_again(OWNER, "snd_0", NOW)

    app.accounts.page(USER, 1, None)
    app.accounts.resolve(USER, one.email)
    app.accounts.default_id(OWNER)
    app.grants.give_back("2", "a token that is used")
    app.keys.page(OWNER, 1, None)
    list(doctor._accounts(app))
    doctor._pushes(app)
    for caller, reason in itertools.product(BOTH, ("", *Reason)):
        app.suppressions.page(caller, reason=reason, limit=1)
    for caller in BOTH:
        app.attachments.page(caller, 1, None)

    app.endpoints.page(USER, 1, None)
    endpoint, _ = app.endpoints.create(USER, url="https://x.example", events=(), enabled=True, secret=None)
    app.announcing._endpoints(OWNER)
    for status in ("", *DeliveryStatus):
        app.event_deliveries.page(USER, endpoint.id, status, 1, None)

    for kind, archived in itertools.product(("", "message", "layout"), (False, True)):
        app.templates.page(OWNER, kind=kind, archived=archived, limit=1)
    app.template_versions.page(OWNER, "tpl_1", 1, None)
    app.template_checks.unused(template)

    app.watching.notify("nobody@example.com", "7")
    app.watching._accounts("sub", "7")
    lost = Mailbox("acc_1", OWNER, catch_up_since=NOW - mailboxes.WORTH_WATCHING)
    app.mailbox_sync._catch_up(one, lost, NOW + timedelta(minutes=1))
    app.mailbox_sync._of_thread(one, "thread", {})

    app.revoking.waiting()
    app.restoring.in_doubt(scheduled=True)
    app.erasing._revoke(replace(one, sub="2"))  # whose grant another account needs


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    directory = tmp_path_factory.mktemp("queries")
    store = Driven(SqliteDocuments(directory / "gmail.db", declared()))
    app = App(settings.load({"SECRETS_URL": f"file:{directory}/secrets", "BLOBS_URL": f"file:{directory}/blobs"}))
    app.__dict__["documents"] = store
    known, made = sites(), Query.__new__

    def noted(kind: type[Query], *args: Any, **kwargs: Any) -> Query:
        code = sys._getframe(1).f_code
        site = (code.co_filename, code.co_qualname.partition(".<locals>")[0])
        if site in known:
            store.sites.add(site)
        return made(kind, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Query, "__new__", noted)
        drive(app, store)
    yield store
    store.close()


def test_the_drive_comes_to_every_place_that_makes_a_query(driven: Driven) -> None:
    """If this fails, a query is new: have `drive` ask it, in all its forms."""
    assert sites() - driven.sites == set()
    assert len(driven.sites) >= 25


def test_every_query_has_its_index(driven: Driven) -> None:
    for query in driven.searched:
        assert declared().check(query)
    for query in driven.counted:
        assert declared().check_count(query)


def test_every_declared_index_serves_a_query(driven: Driven) -> None:
    used = {index for query in (*driven.searched, *driven.counted) for index in declared().check(query)}
    assert set(declared().all) - used == set()


def test_no_query_asks_for_a_default_that_is_not_written(driven: Driven) -> None:
    sparse = {"sends": Send, "contents": Content, "received": HookDelivery}
    left_out = {collection: records.usual(kind) for collection, kind in sparse.items()}
    for query in (*driven.searched, *driven.counted):
        usual = left_out.get(query.collection.rpartition("/")[2], {})
        field, values = query.among or ("", ())
        asked = [*query.equals.items(), *((field, value) for value in values)]
        assert [name for name, value in asked if name in usual and usual[name] == value] == []


def test_what_is_declared_is_declared_once() -> None:
    assert len(set(declared().all)) == len(declared().all)


def test_nothing_is_indexed_besides_wherever_the_code_writes(driven: Driven) -> None:
    """Firestore would index each field of a collection that is not exempt, twice."""
    with driven.store._db() as db:
        written = {path.split("/")[-2] for (path,) in db.execute("SELECT path FROM documents")}
    known = {place.collection for place in (*declared().all, *declared().ttl)}
    table = HOW_IT_WORKS.read_text(encoding="utf-8").partition("Documents, in Firestore")[2].partition("Blobs, in")[0]
    described = {path.split("/")[-2] for path in re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)}
    assert {"sends", "pacing", "keys"} <= described
    assert written | known | described == declared().exempt


def shapes(queries: Sequence[Query]) -> list[Query]:
    """One query of each form."""
    distinct = {
        (q.collection, tuple(q.equals), bool(q.among), len(q.contains or ()), q.order, q.since is None,
         q.until is None, q.after is None): q
        for q in queries
    }  # fmt: skip
    return list(distinct.values())


def plans(driven: Driven, queries: Sequence[Query], make: Callable[[Any, Query], Any]) -> Iterator[list[str]]:
    """How SQLite goes about each of them."""
    with driven.store._db() as db:
        for query in shapes(queries):
            for one in plain(query):
                sql, arguments = make(db, one)
                yield [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + sql, arguments)]


def test_sqlite_searches_by_its_keys_and_sorts_nothing(driven: Driven) -> None:
    def search(db: Any, query: Query) -> Any:
        # From a place on, too, which those that find little here never come to.
        place = (NOW, f"{query.collection}/x") if query.order and (query.after or query.contains) else None
        return statement(db, query, declared().check(query), place)

    found = list(plans(driven, driven.searched, search))
    assert len(found) > 50
    for steps in found:
        assert not [step for step in steps if "SCAN" in step or "TEMP" in step], steps
        assert steps[0].startswith("SEARCH e USING PRIMARY KEY (key=?"), steps
        assert all("USING" in step for step in steps if step.startswith("SEARCH")), steps


def test_sqlite_counts_entries_by_their_keys_and_reads_no_document(driven: Driven) -> None:
    found = list(plans(driven, driven.counted, lambda db, query: counting(db, query, declared().check(query))))
    assert len(found) > 20
    for steps in found:
        assert not [step for step in steps if "SCAN" in step or "TEMP" in step], steps
        assert {step.split()[1] for step in steps if step.startswith("SEARCH")} <= {"e", "m"}, steps
        assert steps[0].startswith("SEARCH e USING PRIMARY KEY (key=?"), steps
