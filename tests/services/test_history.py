"""The history: found by any filters together, in pages that stay, and never more than a caller may see."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest

from functions.domain import records, search, sends
from functions.domain.callers import Caller
from functions.domain.errors import Conflict, InvalidRequest, NotFound
from functions.domain.events import Counting, Event
from functions.domain.messages import Address
from functions.domain.ports import Create, Delete, Put
from functions.domain.sends import Send, Status
from functions.services import contents, outbox
from tests.services.builders import send as build
from tests.services.fakes import ACCOUNT, CALLER, OWNER, START, World, says

DAY = timedelta(days=1)
SUBJECTS = ("Invoice for March", "Offer for spring", "Meeting notes")
PEOPLE = ("bo@elsewhere.example", "di@elsewhere.example")
FILTERS: dict[str, tuple[str, ...]] = {
    "account": ("acc_a", "acc_b"),
    "status": ("sent", "failed"),
    "template": ("tpl_1",),
    "trigger": ("trg_1",),
    "batch": ("bat_1",),
    "to": PEOPLE,
    "tag": ("red", "green"),
    "q": ("invoice", "FOR", "elsewhere march", PEOPLE[0]),
}


def key(*accounts: str) -> Caller:
    return Caller(OWNER, "key", accounts=frozenset(accounts), key_id="key_1")


def stored(world: World, count: int, start: int = 0) -> list[Send]:
    """Sends that differ in all that they can be found by; every third minute has two."""
    made = []
    for n in range(start, start + count):
        to = tuple(Address(PEOPLE[i]) for i in range(2) if n % (i + 2) == 0)
        subject, tags = SUBJECTS[n % 3], tuple(t for i, t in enumerate(("red", "green")) if n % (i + 3) == 0)
        made.append(
            build(
                OWNER,
                id=f"snd_{n:04}",
                status=Status.FAILED if n % 5 == 0 else Status.SENT,
                account=f"acc_{'ab'[n % 2]}",
                to=to,
                subject=subject,
                tags=tags,
                template="tpl_1" if n % 4 == 0 else None,
                trigger="trg_1" if n % 7 == 0 else None,
                batch="bat_1" if n % 2 == 0 else None,
                created_at=START + timedelta(minutes=n - (n % 3 == 2)),
                labels=search.labels(subject, to, tags),
            )
        )
    for at in range(0, count, 100):
        world.documents.commit([Create(outbox.path(OWNER, s.id), records.to_data(s)) for s in made[at : at + 100]])
    return made


def newest_first(found: list[Send]) -> list[str]:
    return [s.id for s in sorted(found, key=lambda s: (s.created_at, s.id), reverse=True)]


def matches(send: Send, filters: dict[str, str]) -> bool:
    """The plain meaning of the filters, without any index."""
    words = f"{send.subject} {' '.join(a.email.replace('@', ' ').replace('.', ' ') for a in send.to)}".lower().split()
    emails = [a.email for a in send.to]

    def one(name: str, value: str) -> bool:
        match name:
            case "to":
                return value in emails
            case "tag":
                return value in send.tags
            case "q":
                return all(w in words or w in emails for w in value.lower().split())
            case _:
                return bool(getattr(send, name) == value)

    return all(one(name, value) for name, value in filters.items())


def listed(world: World, filters: dict[str, str], caller: Caller = CALLER, limit: int = 50, **span: Any) -> list[str]:
    """Page after page, to the end."""
    found, after = [], None
    while True:
        page = world.history.page(
            caller, filters, since=span.get("since"), until=span.get("until"), limit=limit, after=after
        )
        assert len(page.sends) <= limit
        found += [s.id for s in page.sends]
        if (after := page.next) is None:
            return found


def combinations() -> Iterator[dict[str, str]]:
    """Every set of filters, with values that take turns."""
    for size in range(len(FILTERS) + 1):
        for number, names in enumerate(itertools.combinations(FILTERS, size)):
            yield {name: FILTERS[name][(number + at) % len(FILTERS[name])] for at, name in enumerate(names)}


def test_filters_mean_together_what_each_of_them_means(world: World) -> None:
    """All 256 sets of filters, against a plain reading of what they say."""
    made = stored(world, 120)
    since, until = START + timedelta(minutes=20), START + timedelta(minutes=90)
    found = 0
    for filters in combinations():
        expected = [s for s in made if matches(s, filters)]
        assert listed(world, filters) == newest_first(expected), filters
        within = [s for s in expected if since <= s.created_at < until]
        assert listed(world, filters, since=since, until=until) == newest_first(within), filters
        found += bool(expected)
    assert found > 150


def test_filters_mean_the_same_on_both_stores(shared: World) -> None:
    """Two labels and more are where the stores go different ways."""
    made = stored(shared, 60)
    for filters in (
        {"tag": "red", "to": PEOPLE[0]},
        {"tag": "green", "q": "invoice march", "account": "acc_a"},
        {"q": "elsewhere for", "status": "sent"},
        {"to": PEOPLE[1], "tag": "red", "q": "offer"},
        {"q": "nowhere for"},
    ):
        expected = newest_first([s for s in made if matches(s, filters)])
        for limit in (2, 50):
            assert listed(shared, filters, limit=limit) == expected, (filters, limit)
            only = [s for s in made if matches(s, filters) and s.account == "acc_b"]
            assert listed(shared, filters, key("acc_b", "acc_0"), limit=limit) == newest_first(only), (filters, limit)
            assert listed(shared, filters, key("acc_a", "acc_b"), limit=limit) == expected, (filters, limit)


@pytest.mark.parametrize("filters", [{}, {"tag": "red"}, {"tag": "red", "q": "elsewhere"}, {"account": "acc_a"}])
@pytest.mark.parametrize("caller", [CALLER, key("acc_a", "acc_b")], ids=["owner", "key"])
def test_pages_stay_where_they_are_while_new_sends_arrive(shared: World, filters: Any, caller: Caller) -> None:
    made = [s for s in stored(shared, 30) if matches(s, filters)]
    found, after, fresh = [], None, 100
    while True:
        page = shared.history.page(caller, filters, since=None, until=None, limit=2, after=after)
        found += [s.id for s in page.sends]
        stored(shared, 12, start=fresh)
        fresh += 12
        if (after := page.next) is None or fresh > 400:
            break
    assert found == newest_first(made)


def test_a_search_without_a_word_finds_nothing(world: World) -> None:
    stored(world, 3)
    assert listed(world, {"q": "!?"}) == []
    assert list(world.history.all(CALLER, {"q": "—"}, since=None, until=None)) == []


def test_a_page_token_of_another_question_is_refused(world: World) -> None:
    stored(world, 9)
    page = world.history.page(CALLER, {}, since=None, until=None, limit=2, after=None)
    for filters, caller in (({"status": "sent"}, CALLER), ({}, key("acc_a")), ({"q": "invoice"}, CALLER)):
        with pytest.raises(InvalidRequest):
            world.history.page(caller, filters, since=None, until=None, limit=2, after=page.next)


@pytest.mark.parametrize("filters", [{}, {"q": "invoice"}, {"q": "invoice march"}, {"tag": "red"}, {"status": "sent"}])
def test_a_key_for_some_accounts_sees_theirs_alone(world: World, filters: dict[str, str]) -> None:
    made = stored(world, 60)
    own = newest_first([s for s in made if s.account == "acc_b" and matches(s, filters)])
    assert listed(world, filters, key("acc_b"), limit=7) == own
    assert [s.id for s in world.history.all(key("acc_b"), filters, since=None, until=None)] == own
    assert listed(world, {**filters, "account": "acc_a"}, key("acc_b")) == []
    assert listed(world, filters, key()) == []
    assert listed(world, filters, key("acc_none")) == []


def test_what_a_key_may_not_see_shows_in_no_page_token(world: World) -> None:
    """A page ends where its own sends end, however many others lie between: nothing tells how many those are."""
    stored(world, 60)
    others = [s.id for s in stored(world, 400, start=1000) if s.account == "acc_a"]
    world.documents.commit([Delete(outbox.path(OWNER, f"snd_{n:04}")) for n in range(1001, 1400, 2)])
    assert len(others) == 200
    first = world.history.page(key("acc_b"), {"q": "for"}, since=None, until=None, limit=50, after=None)
    assert len(first.sends) == 20
    assert first.next is None
    one = world.history.page(key("acc_b"), {}, since=None, until=None, limit=1, after=None)
    same = world.history.page(Caller(OWNER, "key", accounts=frozenset({"acc_b"})), {}, since=None, until=None, limit=1,
                              after=one.next)  # fmt: skip
    assert (one.sends[0].id, same.sends[0].id) == ("snd_0059", "snd_0057")


def test_a_send_or_batch_of_another_account_is_as_unknown_as_any(world: World) -> None:
    world.connect("acc_bob", "bob@example.com")
    receipt = world.merge(["a@example.org"], send_at=START + DAY)
    stranger, other = key("acc_bob"), Caller("own_other", "user")
    for who in (stranger, other):
        for wanted in (receipt.sends[0].id, "snd_0", "acc_0", "snd_", "../x"):
            with pytest.raises(NotFound, match="There is no send"):
                world.history.get(who, wanted)
        for wanted in (receipt.id, "bat_0", "bat_"):
            with pytest.raises(NotFound, match="There is no batch"):
                world.history.batch(who, wanted)
            with pytest.raises(NotFound, match="There is no batch"):
                world.controlling.cancel_batch(who, wanted)
    assert world.record(receipt.sends[0].id).status is Status.SCHEDULED
    assert world.controlling.cancel_batch(key(ACCOUNT), receipt.id) == 1


def test_a_batch_says_how_its_sends_stand(shared: World) -> None:
    receipt = shared.merge([f"p{n}@example.org" for n in range(4)], send_at=START + DAY)
    shared.controlling.cancel(CALLER, receipt.sends[0].id)
    view = shared.history.batch(key(ACCOUNT), receipt.id)
    assert (len(view.batch.sends), view.counts) == (4, {"scheduled": 3, "cancelled": 1})
    assert len(listed(shared, {"batch": receipt.id})) == 4
    assert shared.controlling.cancel_batch(CALLER, receipt.id) == 3
    assert shared.history.batch(CALLER, receipt.id).counts == {"cancelled": 4}
    assert shared.controlling.cancel_batch(CALLER, receipt.id) == 0


def test_an_attempt_that_fell_silent_is_shown_as_what_it_is(world: World) -> None:
    send_id = world.queue(send_at=START + DAY)
    claimed = sends.claim(world.record(send_id), "atm_1", START)
    world.set(send_id, status=Status.SENDING, attempts=claimed.attempts, attempt_id="atm_1",
              lease_until=START + sends.LEASE, due_at=START + sends.LEASE)  # fmt: skip
    assert world.history.get(CALLER, send_id).status is Status.SENDING
    world.clock.pass_(hours=1)
    assert world.history.get(CALLER, send_id).status is Status.UNKNOWN


def event(send: Send, kind: Any, minutes: float, **fields: Any) -> Event:
    at = START + timedelta(minutes=minutes)
    return Event(f"evt_{kind}{minutes}", OWNER, send.id, send.account, kind, at, **fields)


def test_a_timeline_has_what_we_did_and_what_came_of_it_in_order(world: World) -> None:
    world.mailbox.script = [says(429, "rateLimitExceeded", Retry_After="60")]
    send_id = world.queue()
    world.run(minutes=5)
    send = world.record(send_id)
    evidence = {"user_agent": "Mozilla/5.0", "delay": 12.5}
    world.timeline.add(event(send, "replied", 20, reason="a person"), Counting(replies=1))
    world.timeline.add(event(send, "opened", 10, verdict="human", evidence=evidence), Counting(opens=1, all_opens=1))
    found = world.history.events(world.history.get(CALLER, send_id))
    assert [e.type for e in found] == ["queued", "deferred", "sent", "opened", "replied"]
    assert [e.at for e in found] == sorted(e.at for e in found)
    assert (found[3].evidence, found[3].verdict) == (evidence, "human")
    assert len({e.id for e in found}) == 5
    assert [e.id for e in world.history.events(send)] == [e.id for e in found]
    assert world.history.get(CALLER, send_id).opens == 1


def test_an_event_whose_time_is_over_is_not_shown_though_the_store_still_has_it(shared: World) -> None:
    send = shared.record(shared.send().id)
    shared.timeline.add(event(send, "opened", 1, expires_at=START + DAY), Counting())
    shared.timeline.add(event(send, "bounced", 2), Counting())
    assert [e.type for e in shared.history.events(send)] == ["queued", "sent", "opened", "bounced"]
    shared.clock.now = START + DAY
    assert [e.type for e in shared.history.events(send)] == ["queued", "sent", "bounced"]


@pytest.mark.parametrize("can_read", [False, True], ids=["send only", "readable, and deleted there"])
def test_the_exact_message_of_a_send_that_waited_is_the_one_that_went_out(world: World, can_read: bool) -> None:
    """Its Date is that of the attempt, not of the request."""
    posted: list[bytes] = []
    deliver = world.mailbox._deliver
    world.mailbox._deliver = lambda raw, send_id: posted.append(raw) or deliver(raw, send_id)  # type: ignore[method-assign,func-returns-value]
    send_id = world.queue(send_at=START + DAY, html="<p>Hello</p>")
    before = world.history.mime(world.history.get(CALLER, send_id))
    world.run(days=2)
    if can_read:
        world.mailbox.reads = [says(404, "notFound")]
    else:
        world.change_account(scopes=("https://www.googleapis.com/auth/gmail.send",))
    found = world.history.mime(world.history.get(CALLER, send_id))
    assert [found] == posted
    assert message_from_bytes(before)["Message-ID"] == message_from_bytes(found)["Message-ID"]
    assert message_from_bytes(before)["Date"] != message_from_bytes(found)["Date"]


def test_a_message_that_is_no_longer_kept_is_not_found(world: World) -> None:
    send = world.record(world.send().id)
    world.change_account(scopes=("https://www.googleapis.com/auth/gmail.send",))
    world.documents.commit([Delete(contents.path(OWNER, send.id))])
    with pytest.raises(NotFound, match="no longer kept"):
        world.history.mime(send)
    assert world.history.get(CALLER, send.id) == send


def test_a_batch_that_is_being_made_is_not_cancelled_halfway(world: World) -> None:
    """Its request would go on making sends. Once it was cut off for good, the batch ends with what there is."""
    receipt = world.merge(["a@example.org", "b@example.org"], send_at=START + DAY)
    found = world.batches.find(OWNER, receipt.id)
    assert found
    data = {**records.to_data(found.batch), "status": "open"}
    world.documents.commit([Put(f"owners/{OWNER}/batches/{receipt.id}", data)])
    with pytest.raises(Conflict, match="still being accepted"):
        world.controlling.cancel_batch(CALLER, receipt.id)
    world.clock.pass_(minutes=11)
    assert world.controlling.cancel_batch(CALLER, receipt.id) == 2
    world.run(days=2)
    assert world.mailbox.posts == []
