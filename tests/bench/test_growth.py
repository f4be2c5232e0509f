"""The model of growth: nothing gets lost in it, more is never less, and docs/scale.md says what the code does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain.ports import Create, Document, Query, Update
from tests.bench.growth import pages
from tests.bench.growth.counting import CountingDocuments, Operations, entries, size, units
from tests.bench.growth.courses import counted, kept
from tests.bench.growth.day import MINUTES, played, spread, through
from tests.bench.growth.design import Function, design
from tests.bench.growth.fleet import Fleet, served
from tests.bench.growth.inputs import SCALES, Habits, Measured, Scale
from tests.bench.growth.outcome import Outcome, outcome

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
GMAIL = "https://gmail.googleapis.com/gmail/v1/users/me"
STALE = (
    "docs/scale.md says something else than the code: run python -m tests.bench.growth --write, and read what changed."
)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [outcome(scale, Habits(), Measured()) for scale in SCALES]


# What is counted


def test_the_page_says_what_a_send_does() -> None:
    page = pages.PAGE.read_text()
    assert pages.counted(counted()) in page, STALE
    assert pages.kept(kept()) in page, STALE


def test_a_waited_send_is_one_call_of_gmail_and_no_task() -> None:
    done = counted()["a send, waited for"].operations
    assert (done.units, done.tasks, done.deletes) == (100, 0, 0)


@pytest.fixture
def store(tmp_path: Path) -> CountingDocuments:
    return CountingDocuments(SqliteDocuments(tmp_path / "gmail.db", declared()))


def test_what_is_not_there_is_billed_as_a_read_and_so_is_a_query_that_finds_nothing(store: CountingDocuments) -> None:
    store.get_many(["owners/o/sends/a", "owners/o/sends/b", "owners/o/sends/a"])
    store.query(Query("sends", equals={"status": "queued"}, order=("due_at", "asc"), group=True))
    assert (store.done.reads, store.done.trips) == (3, 2)


def test_an_index_entry_counts_where_it_is_written_and_where_it_is_removed(store: CountingDocuments) -> None:
    store.commit([Create("things/n", {"a": 1, "b": 1})])
    assert (store.done.writes, store.done.entries) == (1, 4)
    store.commit([Update("things/n", {"a": 2})])
    assert (store.done.writes, store.done.entries) == (2, 8)


def test_fields_are_indexed_by_themselves_unless_their_collection_is_exempt() -> None:
    """Scalars both ways, arrays by element, maps by what is in them."""
    data = {"created_at": NOW, "a": 1, "m": {"x": "y", "l": [1, 2, 2]}}
    found = [name for name, _ in entries(Document("things/n", data, ""))]
    both = [f"things.{name} {way}" for name in ("created_at", "a", "m.x") for way in ("asc", "desc")]
    assert sorted(found) == sorted([*both, *["things.m.l contains"] * 2])
    of_a_send = [name for name, _ in entries(Document("owners/o/sends/n", data, ""))]
    assert of_a_send == ["sends.created_at asc", "sends.created_at desc"]


def test_no_index_is_kept_that_no_query_uses_save_for_an_orders_other_direction() -> None:
    other_ways = {"sends": 1, "contents": 0, "events": 0}
    assert {name: one.entries - one.needed for name, one in kept().items()} == other_ways


def test_what_grows_at_the_end_of_an_index_of_all_owners_is_told(store: CountingDocuments) -> None:
    store.commit([Create("owners/o/mailboxes/m", {"due_at": NOW})])
    store.commit([Update("owners/o/mailboxes/m", {"due_at": None})])
    assert store.ranges == {"group mailboxes (due_at)": 1}


@pytest.mark.parametrize(
    ("method", "url", "cost"),
    [
        ("POST", "https://gmail.googleapis.com/upload/gmail/v1/users/me/messages/send?uploadType=media", 100),
        ("POST", f"{GMAIL}/watch", 100),
        ("GET", f"{GMAIL}/history?startHistoryId=1", 2),
        ("GET", f"{GMAIL}/messages?q=in:sent", 5),
        ("GET", f"{GMAIL}/messages/1?format=metadata", 20),
        ("GET", f"{GMAIL}/profile", 1),
    ],
)
def test_calls_of_gmail_have_a_price(method: str, url: str, cost: int) -> None:
    assert units(method, url) == cost


def test_the_size_of_a_document_is_reckoned_as_firestore_does() -> None:
    """The example of https://firebase.google.com/docs/firestore/storage-size#document_size, without its name."""
    assert size({"type": "Personal", "done": False, "priority": 1, "description": "Learn Cloud Firestore"}) == 32 + 71


# Nothing gets lost


def test_every_send_of_a_day_ends_somewhere(outcomes: list[Outcome]) -> None:
    for one in outcomes:
        day, sends = one.day, one.scale.sends
        assert day.offered == pytest.approx(sends)
        assert sum(weight for _, weight in day.delays) + day.held == pytest.approx(sends)
        assert sum(spread(day.queued, Habits())) == pytest.approx(sum(day.queued))
        assert 0 <= one.fleets["send"].cold <= one.fleets["send"].requests


def test_a_queue_keeps_what_it_does_not_pass_on() -> None:
    coming = [600.0] * 10 + [0.0] * 3
    queue = through(5, coming)
    assert sum(queue.gone) + queue.left == sum(coming)
    assert max(queue.gone) == 300
    assert queue.delays[9] == 600  # 3,000 wait, at 5 a second


def test_the_same_seed_gives_the_same_day_and_another_one_another() -> None:
    one, same, other = (outcome(SCALES[1], Habits(), Measured(), seed) for seed in (5, 5, 6))
    assert one == same
    assert one.day.waited != other.day.waited


def test_nothing_of_a_busy_account_goes_before_gmail_allows() -> None:
    habits = replace(Habits(), consumers=1.0)
    day = played(Scale(2_000, 1), habits, seed=1)  # four times what it may
    assert sum(day.going) <= 500
    assert max(day.going) <= 61  # a minute of the calendar begins anywhere
    assert day.held >= 1_300


# Instances

SMALL = Function("f", concurrency=10, cpu=1, memory_gib=0.5, min_instances=0, max_instances=3, secrets=1)


def minutes(every: int) -> list[float]:
    return [60.0 if minute % every == 0 else 0.0 for minute in range(MINUTES)]


def run(coming: Sequence[float], function: Function = SMALL, seconds: float = 0.5) -> Fleet:
    return served(list(coming), seconds, 0.01, 2.0, function, "seed")


def test_an_instance_outlives_a_short_pause_and_not_a_long_one() -> None:
    assert run(minutes(10)).starts == 1
    assert run(minutes(30)).starts == 48


def test_one_that_is_kept_starts_once() -> None:
    assert run(minutes(30), replace(SMALL, min_instances=1)).starts == 1


def test_more_requests_than_all_instances_take_are_refused_and_no_others() -> None:
    capacity = 3 * 10 / 0.5 * 60
    assert run([capacity * 0.5] * MINUTES).refused == 0
    assert run([capacity * 2] * MINUTES).refused == pytest.approx(capacity * MINUTES, rel=0.01)


def test_an_instance_is_paid_while_it_has_a_request() -> None:
    few = run([0.1] * MINUTES)
    assert few.billed == pytest.approx(few.requests * 0.5 + few.starts * 2)
    many = run([600.0] * MINUTES)
    assert many.billed <= many.peak * 86_400 + many.starts * 2
    assert many.billed < many.requests * 0.5  # they share it


# More is never less


def test_a_day_costs_more_with_more_sends_and_each_of_them_less(outcomes: list[Outcome]) -> None:
    of_a_million = [sum(one.costs.values()) for one in outcomes]
    of_a_day = [cost * one.scale.sends for cost, one in zip(of_a_million, outcomes, strict=True)]
    assert of_a_day == sorted(of_a_day)
    assert of_a_million == sorted(of_a_million, reverse=True)


def test_no_limit_is_farther_away_with_more_sends_save_for_what_only_starts_use(outcomes: list[Outcome]) -> None:
    for name in outcomes[0].used.keys() - {"Secret Manager"}:
        used = [one.used[name] for one in outcomes]
        assert used == sorted(used), name


def test_a_slower_gmail_and_dearer_sends_cost_more() -> None:
    base = outcome(SCALES[2], Habits(), Measured())
    slow = outcome(SCALES[2], Habits(), replace(Measured(), gmail=1.0))
    assert slow.costs["instances"] > base.costs["instances"]
    assert slow.answers > base.answers
    wide, busy = replace(SMALL, max_instances=50), [600.0] * MINUTES
    assert served(busy, 0.5, 0.2, 2.0, wide, "seed").peak > served(busy, 0.5, 0.01, 2.0, wide, "seed").peak


def test_the_settings_are_those_that_are_deployed() -> None:
    found = design()
    assert found.functions.keys() >= {"send", "deliver", "track", "notify", "sweep"}
    assert found.dispatches > 0
    assert Operations(units=2) * 3 - Operations(units=1) == Operations(units=5)


def test_the_page_is_what_the_model_gives(outcomes: list[Outcome]) -> None:
    found = pages.blocks(counted(), kept(), outcomes)
    assert pages.written(pages.PAGE.read_text(), found) == pages.PAGE.read_text(), STALE
    for name, picture in pages.pictures(outcomes).items():
        assert (pages.DOCS / name).read_text() == picture, STALE
