"""Counts for charts: they are those of the records, and of nobody else's."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.domain import records
from functions.domain.callers import Caller
from functions.domain.events import Event
from functions.domain.ports import Create
from functions.domain.sends import Send, Status
from functions.domain.verdicts import PEOPLE
from functions.services import outbox, timeline
from functions.services.statistics import EVENTS, Row, Span, Statistics
from tests.services.builders import send as build
from tests.services.fakes import ACCOUNT, CALLER, OWNER, World

START = datetime(2027, 3, 1, tzinfo=UTC)
WEEK = Span(START, START + timedelta(days=7))
KEY = Caller(OWNER, "key", accounts=frozenset({ACCOUNT}), key_id="key_1")


@pytest.fixture
def sends(shared: World) -> list[Send]:
    """Ten days of two accounts, of which one is no longer connected, and of a template that was deleted."""
    made = [
        build(
            OWNER,
            id=f"snd_{n:04}",
            status=(Status.SENT, Status.SENT, Status.FAILED)[n % 3],
            account=(ACCOUNT, "acc_gone")[n % 2],
            template=("tpl_1", None, "tpl_gone", None)[n % 4],
            trigger="trg_1" if n % 5 == 0 else None,
            created_at=START + timedelta(hours=5 * n),
        )
        for n in range(48)
    ]
    stranger = build("own_other", id="snd_x", created_at=START + timedelta(hours=1))
    events = [
        Event(
            f"evt_{n}",
            OWNER,
            made[n].id,
            made[n].account,
            kind,
            made[n].created_at + timedelta(hours=1),
            verdict=verdict,
        )
        for n, (kind, verdict) in enumerate([*EVENTS_SEEN] * 4)
    ]
    template = {"kind": "message", "archived": False, "created_at": START}
    shared.documents.commit(
        [
            *(Create(outbox.path(s.owner, s.id), records.to_data(s)) for s in (*made, stranger)),
            *(Create(timeline.path(OWNER, e.id), records.to_data(e)) for e in events),
            Create(f"owners/{OWNER}/templates/tpl_1", template),
            Create(f"owners/{OWNER}/templates/tpl_layout", {**template, "kind": "layout"}),
        ]
    )
    return made


EVENTS_SEEN: list[tuple[Any, str]] = [
    ("opened", "human"), ("opened", "proxy"), ("clicked", "human"), ("clicked", "scanner"),
    ("replied", "human"), ("autoreplied", "away"), ("bounced", "hard"), ("unsubscribed", ""),
    ("opened", "prefetch"), ("opened", "unknown"),
]  # fmt: skip


def rows(world: World, by: str, span: Span = WEEK, caller: Caller = CALLER, **equals: str) -> dict[str | None, Row]:
    found = Statistics(world.documents).rows(caller, by, span, equals)
    assert len({row.key for row in found}) == len(found)
    return {row.key: row for row in found}


def within(sends: list[Send], span: Span = WEEK, **equals: str) -> list[Send]:
    return [
        s
        for s in sends
        if span.since <= s.created_at < span.until and all(getattr(s, k) == v for k, v in equals.items())
    ]


def statuses(sends: list[Send]) -> Counter[str]:
    return Counter(s.status.value for s in sends)


@pytest.mark.parametrize("equals", [{}, {"account": ACCOUNT}, {"template": "tpl_1"}, {"trigger": "trg_1"}])
def test_days_are_those_of_the_calendar_with_what_they_have(
    shared: World, sends: list[Send], equals: dict[str, str]
) -> None:
    span = Span(START + timedelta(hours=7), START + timedelta(days=3, hours=11))
    found = rows(shared, "day", span, **equals)
    assert list(found) == ["2027-03-01", "2027-03-02", "2027-03-03", "2027-03-04"]
    for key, row in found.items():
        of_day = [s for s in within(sends, span, **equals) if f"{s.created_at:%Y-%m-%d}" == key]
        assert (row.sends, dict(row.statuses)) == (len(of_day), statuses(of_day))


def test_a_day_without_anything_has_its_row(shared: World, sends: list[Send]) -> None:
    assert sends
    found = rows(shared, "day", Span(START + timedelta(days=40), START + timedelta(days=42)))
    empty = Row("2027-04-10", 0, {}, dict.fromkeys(EVENTS, 0))
    assert (list(found), found["2027-04-10"]) == (["2027-04-10", "2027-04-11"], empty)


def test_events_count_on_the_day_they_happen_and_only_those_of_people(shared: World, sends: list[Send]) -> None:
    """And of image proxies, which look for them: as the counters of each send do."""
    found = rows(shared, "day", Span(START, START + timedelta(days=10)))
    total = Counter[str]()
    for row in found.values():
        total.update(row.events)
    assert total == {"opens": 8, "clicks": 4, "replies": 4, "bounces": 4, "unsubscribes": 4}
    first = [n for n in range(40) if sends[n].created_at + timedelta(hours=1) < START + timedelta(days=1)]
    people = {("opened", verdict) for verdict in PEOPLE}
    assert found["2027-03-01"].events["opens"] == sum(EVENTS_SEEN[n % 10] in people for n in first) == 2


def test_rows_by_account_add_up_with_what_is_no_longer_connected(shared: World, sends: list[Send]) -> None:
    found = rows(shared, "account")
    own = within(sends, account=ACCOUNT)
    assert list(found) == [ACCOUNT, None]
    assert (found[ACCOUNT].sends, dict(found[ACCOUNT].statuses)) == (len(own), statuses(own))
    gone = within(sends, account="acc_gone")
    assert (found[None].sends, dict(found[None].statuses)) == (len(gone), statuses(gone))
    everything = sum(rows(shared, "day")[day].events["opens"] for day in rows(shared, "day"))
    assert found[ACCOUNT].events["opens"] + found[None].events["opens"] == everything
    assert list(rows(shared, "account", account="acc_gone")) == ["acc_gone"]


def test_rows_by_template_add_up_with_what_has_none(shared: World, sends: list[Send]) -> None:
    found = rows(shared, "template")
    assert list(found) == ["tpl_1", None]
    assert found["tpl_1"].sends == len(within(sends, template="tpl_1"))
    assert found["tpl_1"].sends + found[None].sends == len(within(sends))
    assert found["tpl_1"].events == {}
    assert list(rows(shared, "template", template="tpl_gone")) == ["tpl_gone"]
    own = within(sends, account=ACCOUNT, template="tpl_1")
    assert rows(shared, "template", account=ACCOUNT)["tpl_1"].sends == len(own)


def test_rows_by_status_are_all_of_them(shared: World, sends: list[Send]) -> None:
    found = rows(shared, "status")
    assert list(found) == [s.value for s in Status]
    assert {key: row.sends for key, row in found.items() if row.sends} == statuses(within(sends))
    assert list(rows(shared, "status", status="failed")) == ["failed"]


@pytest.mark.parametrize("by", ["day", "account", "template"])
def test_with_a_status_only_its_sends_count(shared: World, sends: list[Send], by: str) -> None:
    found = rows(shared, by, status="failed")
    assert sum(row.sends for row in found.values()) == len(within(sends, status="failed"))
    assert {tuple(row.statuses) for row in found.values()} == {()}


@pytest.mark.parametrize("by", ["day", "account", "template", "status"])
def test_a_key_for_some_accounts_counts_theirs_alone(shared: World, sends: list[Send], by: str) -> None:
    own = within(sends, account=ACCOUNT)
    found = rows(shared, by, caller=KEY)
    assert sum(row.sends for row in found.values()) == len(own)
    assert sum(row.events.get("opens", 0) for row in found.values()) in (0, 4)
    assert found == rows(shared, by, caller=KEY, account=ACCOUNT)
    for hidden in (rows(shared, by, caller=KEY, account="acc_gone"), rows(shared, by, caller=Caller("own_x", "user"))):
        assert not any(row.sends or any(row.events.values()) for row in hidden.values())


def test_nothing_is_read_but_what_rows_are_for(shared: World, sends: list[Send], monkeypatch: Any) -> None:
    """Counting reads no record, however many there are; the days of a year are counted in two calls."""
    assert sends
    asked: list[int] = []
    counts = shared.documents.counts
    monkeypatch.setattr(shared.documents, "counts", lambda queries: asked.append(len(queries)) or counts(queries))
    for name in ("query", "get", "get_many"):
        monkeypatch.setattr(shared.documents, name, None)
    rows(shared, "day", Span(START, START + timedelta(days=60)))
    assert asked == [14, 60 * (2 + 7)]
