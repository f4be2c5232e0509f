"""Who gets no more mail: put on the list by themselves, by a bounce or by the owner; asked about at every send."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain import records
from functions.domain.callers import Caller
from functions.domain.errors import Conflict, InvalidMessage, NotFound, Unavailable
from functions.domain.messages import Address
from functions.domain.ports import Create, Document, Documents, Put
from functions.domain.send_requests import SendRequest
from functions.domain.sends import Status
from functions.domain.suppressions import Reason, Suppression
from functions.services import outbox
from functions.services.standing import Standings, path
from functions.services.suppressions import Suppressions
from functions.services.timeline import Timeline
from tests.services.builders import NOW, Clock, send
from tests.services.fakes import CALLER, World, says
from tests.services.fakes import OWNER as OWNER_OF_THE_WORLD

OWNER = "own_1"
ME = Caller(OWNER, "user")
BO, CY = "bo@elsewhere.example", "cy@elsewhere.example"


@pytest.fixture
def documents(tmp_path: Path) -> SqliteDocuments:
    return SqliteDocuments(tmp_path / "gmail.db", declared())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def suppressions(documents: Documents, clock: Clock) -> Suppressions:
    documents.commit([Create(outbox.path(OWNER, "snd_1"), records.to_data(send()))])
    return made(documents, clock)


def made(documents: Documents, clock: Clock) -> Suppressions:
    return Suppressions(documents, Timeline(documents), clock)


def entry(address: str = BO, *reasons: Reason, **more: Any) -> Suppression:
    return Suppression(address, reasons or (Reason.MANUAL,), more.pop("created_at", NOW), **more)


def listed(suppressions: Suppressions, caller: Caller = ME, **query: Any) -> list[str]:
    return [s.address for s in suppressions.page(caller, **query).suppressions]


def events(documents: Documents) -> list[tuple[str, str, dict[str, str]]]:
    return [(e.type, e.recipient, e.evidence) for e in Timeline(documents).of(OWNER, "snd_1")]


# Unsubscribing.


def test_whoever_unsubscribes_is_on_the_list_and_the_send_says_so(
    suppressions: Suppressions, documents: Documents
) -> None:
    assert suppressions.unsubscribe(OWNER, "snd_1", "Bo@Elsewhere.example", "one-click")

    (found,) = suppressions.page(ME).suppressions
    assert (found.address, found.reasons) == (BO, (Reason.UNSUBSCRIBED,))
    assert (found.send, found.account, found.created_at) == ("snd_1", "acc_1", NOW)
    assert events(documents) == [("unsubscribed", BO, {"how": "one-click"})]


def test_unsubscribing_twice_is_one_event_and_keeps_the_first_date(
    suppressions: Suppressions, documents: Documents, clock: Clock
) -> None:
    suppressions.unsubscribe(OWNER, "snd_1", BO, "one-click")
    clock.now += timedelta(days=1)

    assert not suppressions.unsubscribe(OWNER, "snd_1", BO, "page")

    (found,) = suppressions.page(ME).suppressions
    assert found.created_at == NOW
    assert events(documents) == [("unsubscribed", BO, {"how": "one-click"})]


def test_who_was_taken_off_the_list_can_unsubscribe_again_by_the_same_link(suppressions: Suppressions) -> None:
    suppressions.unsubscribe(OWNER, "snd_1", BO, "page")
    suppressions.remove(ME, BO)

    suppressions.unsubscribe(OWNER, "snd_1", BO, "page")

    assert listed(suppressions) == [BO]


def test_an_event_that_was_lost_is_made_up_for_by_the_repeat(documents: Documents, clock: Clock) -> None:
    """The entry counts most and is written first; the answer was an error, so the caller asks again."""

    class Away(Timeline):
        def add(self, *_: Any) -> bool:
            raise Unavailable

    documents.commit([Create(outbox.path(OWNER, "snd_1"), records.to_data(send()))])
    with pytest.raises(Unavailable):
        Suppressions(documents, Away(documents), clock).unsubscribe(OWNER, "snd_1", BO, "page")
    assert listed(made(documents, clock)) == [BO]

    assert made(documents, clock).unsubscribe(OWNER, "snd_1", BO, "page")
    assert len(events(documents)) == 1


def test_an_unsubscription_counts_even_where_the_send_is_gone(suppressions: Suppressions, documents: Documents) -> None:
    suppressions.unsubscribe(OWNER, "snd_gone", BO, "page")

    assert listed(suppressions) == [BO]
    assert Timeline(documents).of(OWNER, "snd_gone") == []


# Bounces.


def test_a_hard_bounce_suppresses_the_recipient_it_came_from(suppressions: Suppressions) -> None:
    assert suppressions.hard_bounced(OWNER, "snd_1", "BO@elsewhere.example")

    (found,) = suppressions.page(ME).suppressions
    assert (found.address, found.reasons, found.send) == (BO, (Reason.HARD_BOUNCE,), "snd_1")


@pytest.mark.parametrize(("send_id", "address"), [("snd_1", CY), ("snd_2", BO), ("no id", BO)])
def test_a_bounce_can_not_suppress_an_address_that_its_send_did_not_go_to(
    suppressions: Suppressions, send_id: str, address: str
) -> None:
    assert not suppressions.hard_bounced(OWNER, send_id, address)

    assert listed(suppressions) == []


def test_a_bounce_and_an_unsubscription_are_both_remembered(suppressions: Suppressions) -> None:
    suppressions.hard_bounced(OWNER, "snd_1", BO)
    suppressions.unsubscribe(OWNER, "snd_1", BO, "page")

    assert listed(suppressions, reason="hard_bounce") == listed(suppressions, reason="unsubscribed") == [BO]
    assert listed(suppressions, reason="manual") == []


# The owner's own hand.


def test_the_list_is_newest_first_and_comes_in_pages(suppressions: Suppressions) -> None:
    suppressions.add(OWNER, [entry(f"p{n}@x.example", created_at=NOW + timedelta(seconds=n)) for n in range(5)])

    first = suppressions.page(ME, limit=3)
    second = suppressions.page(ME, limit=3, after=first.next)

    found = [s.address for s in (*first.suppressions, *second.suppressions)]
    assert found == [f"p{n}@x.example" for n in (4, 3, 2, 1, 0)]
    assert second.next is None
    assert [s.address for s in suppressions.all(ME)] == found


@pytest.mark.parametrize("asked", [BO, "Bo@ELSEWHERE.example"])
def test_one_address_is_found_without_its_case(suppressions: Suppressions, asked: str) -> None:
    suppressions.add(OWNER, [entry(BO), entry(CY)])

    assert listed(suppressions, address=asked) == [BO]
    assert listed(suppressions, address=asked, reason="manual") == [BO]
    assert listed(suppressions, address=asked, reason="unsubscribed") == []
    assert listed(suppressions, address="nobody@elsewhere.example") == []


def test_thousands_are_added_with_one_result_for_each_address(suppressions: Suppressions) -> None:
    suppressions.add(OWNER, [entry("p7@x.example"), entry("p8@x.example", Reason.UNSUBSCRIBED)])
    wanted = [entry(f"p{n}@x.example", note="imported") for n in range(1200)]

    written = suppressions.add(OWNER, [*wanted, entry("p9@x.example", Reason.HARD_BOUNCE)])

    assert len(written) == 1200
    assert sum(w.fresh for w in written) == 1198
    assert sum(w.changed for w in written) == 2
    assert len(list(suppressions.all(ME))) == 1200
    by_address = {w.entry.address: w.entry for w in written}
    assert by_address["p8@x.example"].reasons == (Reason.UNSUBSCRIBED, Reason.MANUAL)
    assert by_address["p9@x.example"].reasons == (Reason.HARD_BOUNCE, Reason.MANUAL)


def test_adding_what_is_there_already_changes_nothing(suppressions: Suppressions) -> None:
    suppressions.add(OWNER, [entry(BO, note="n")])

    (again,) = suppressions.add(OWNER, [entry(BO)])

    assert (again.fresh, again.changed, again.entry.note) == (False, False, "n")


@pytest.mark.parametrize("by", ["address", "id"])
def test_an_entry_is_removed_by_its_address_or_its_id(suppressions: Suppressions, by: str) -> None:
    """An address with a slash is no segment of a path; an id always is."""
    (made_,) = suppressions.add(OWNER, [entry("a/b@x.example")])

    suppressions.remove(ME, made_.entry.id if by == "id" else "A/b@x.example")

    assert listed(suppressions) == []


@pytest.mark.parametrize("unknown", [BO, "sup_0", "not an address", "", "../accounts/acc_1", "snd_1"])
def test_what_is_not_on_the_list_can_not_be_removed(suppressions: Suppressions, unknown: str) -> None:
    with pytest.raises(NotFound):
        suppressions.remove(ME, unknown)


def test_another_owner_sees_and_removes_nothing(suppressions: Suppressions, documents: Documents) -> None:
    (there,) = suppressions.add(OWNER, [entry(BO)])
    other = Caller("own_2", "user")

    assert listed(suppressions, other) == listed(suppressions, other, address=BO) == []
    assert Standings(documents).of("own_2", [BO]).suppressed == {}
    for wanted in (BO, there.entry.id):
        with pytest.raises(NotFound):
            suppressions.remove(other, wanted)
    assert listed(suppressions) == [BO]


def test_a_key_for_other_accounts_does_not_see_who_left_this_one(suppressions: Suppressions) -> None:
    suppressions.unsubscribe(OWNER, "snd_1", BO, "page")
    suppressions.add(OWNER, [entry(CY)])
    key = Caller(OWNER, "key", accounts=frozenset({"acc_2"}))

    assert listed(suppressions, key) == [CY]
    assert [s.address for s in suppressions.all(key)] == [CY]
    assert listed(suppressions, key, address=BO) == []
    with pytest.raises(NotFound):
        suppressions.remove(key, BO)


@pytest.mark.parametrize("reason", ["", "unsubscribed"])
def test_pages_and_cursors_of_a_key_are_of_what_it_sees(suppressions: Suppressions, reason: str) -> None:
    key = Caller(OWNER, "key", accounts=frozenset({"acc_2"}))
    own = [f"own{n}@x.example" for n in range(2)]
    hidden = [f"hidden{n}@x.example" for n in range(2)]
    for n, address in enumerate((own[0], hidden[0], own[1], hidden[1])):
        account = "acc_1" if address in hidden else "" if n else "acc_2"
        at = NOW + timedelta(seconds=n)
        suppressions.add(OWNER, [entry(address, Reason.UNSUBSCRIBED, created_at=at, account=account)])

    first = suppressions.page(key, reason=reason, limit=1)
    second = suppressions.page(key, reason=reason, limit=1, after=first.next)

    assert [[s.address for s in page.suppressions] for page in (first, second)] == [[own[1]], [own[0]]]
    assert (first.next is None, second.next) == (False, None)
    assert suppressions.page(key, reason=reason, limit=2).next is None
    assert [s.address for s in suppressions.all(key, reason=reason)] == own[::-1]


def test_a_key_that_adds_what_it_does_not_see_is_told_what_it_gave_and_nothing_more(
    suppressions: Suppressions,
) -> None:
    suppressions.hard_bounced(OWNER, "snd_1", BO)
    key = Caller(OWNER, "key", accounts=frozenset({"acc_2"}))
    given = entry(BO, note="by phone", created_at=NOW + timedelta(days=1))

    for _ in range(2):
        (told,) = suppressions.add_as(key, [given])
        assert (told.entry, told.fresh, told.changed) == (given, True, False)

    (there,) = suppressions.page(ME).suppressions
    assert (there.reasons, there.send, there.note) == ((Reason.HARD_BOUNCE, Reason.MANUAL), "snd_1", "by phone")
    assert listed(suppressions, key) == []
    new, again = entry("new@x.example"), entry(CY)
    suppressions.add(OWNER, [again])
    many = suppressions.add_as(key, [given, again, new, replace(given, reasons=(Reason.UNSUBSCRIBED,))])
    assert [(w.fresh, w.changed) for w in many] == [(True, False), (False, False), (True, False)]
    assert many[0].entry.reasons == (Reason.UNSUBSCRIBED, Reason.MANUAL)


@pytest.mark.parametrize(
    "caller",
    [ME, Caller(OWNER, "key"), Caller(OWNER, "key", accounts=frozenset({"acc_1"}))],
    ids=["user", "key", "own"],
)
def test_who_sees_the_entry_is_told_that_it_was_there(suppressions: Suppressions, caller: Caller) -> None:
    suppressions.hard_bounced(OWNER, "snd_1", BO)

    (told,) = suppressions.add_as(caller, [entry(BO)])

    assert (told.fresh, told.changed, told.entry.send) == (False, True, "snd_1")
    assert told.entry.reasons == (Reason.HARD_BOUNCE, Reason.MANUAL)


# Two at the same moment.


class Meanwhile:
    """A store in which something happens right after a read."""

    def __init__(self, inner: Documents, happens: Callable[[], object]) -> None:
        self.inner = inner
        self.happens: Callable[[], object] | None = happens

    def get(self, path: str) -> Document | None:
        return self.get_many([path])[0]

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        found = self.inner.get_many(paths)
        if happens := self.happens:
            self.happens = None
            happens()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_an_unsubscription_at_the_moment_of_the_removal_is_not_lost(
    suppressions: Suppressions, documents: Documents, clock: Clock
) -> None:
    suppressions.add(OWNER, [entry(BO)])
    store: Any = Meanwhile(documents, lambda: suppressions.unsubscribe(OWNER, "snd_1", BO, "page"))

    with pytest.raises(Conflict):
        made(store, clock).remove(ME, BO)

    assert listed(suppressions, reason="unsubscribed") == [BO]


@pytest.mark.parametrize("first", [Reason.MANUAL, None], ids=["there", "not there"])
def test_an_import_at_the_moment_of_an_unsubscription_loses_neither(
    suppressions: Suppressions, documents: Documents, clock: Clock, first: Reason | None
) -> None:
    if first:
        suppressions.add(OWNER, [entry(BO, first)])
    store: Any = Meanwhile(documents, lambda: suppressions.unsubscribe(OWNER, "snd_1", BO, "page"))

    made(store, clock).add(OWNER, [entry(BO, Reason.HARD_BOUNCE), entry(CY)])

    (found,) = suppressions.page(ME, address=BO).suppressions
    assert {Reason.UNSUBSCRIBED, Reason.HARD_BOUNCE} <= set(found.reasons)
    assert listed(suppressions, address=CY) == [CY]


def test_reasons_that_come_from_everywhere_at_once_all_stay(open_store: Callable[[], Documents]) -> None:
    clock, errors = Clock(), []
    open_store().commit([Put(outbox.path(OWNER, "snd_1"), records.to_data(send()))])
    everywhere = [made(open_store(), clock) for _ in Reason]

    def add(where: Suppressions, reason: Reason) -> None:
        try:
            where.add(OWNER, [entry(BO, reason)])
        except Exception as error:  # noqa: BLE001 - the test wants them all
            errors.append(error)

    threads = [threading.Thread(target=add, args=pair) for pair in zip(everywhere, Reason, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    (found,) = everywhere[0].page(ME).suppressions
    assert found.reasons == tuple(Reason)
    assert [s.address for s in everywhere[0].page(ME, reason="manual").suppressions] == [BO]


# What a send asks.


class Counting:
    """A store that counts its reads."""

    def __init__(self, inner: Documents) -> None:
        self.inner = inner
        self.reads: list[int] = []

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        self.reads.append(len(paths))
        return self.inner.get_many(paths)


def test_a_send_learns_all_in_one_read(documents: Documents) -> None:
    """The same address in To and Cc is asked about once."""
    store: Any = Counting(documents)
    documents.commit([Put("owners/own_1", {"default_account": "acc_1", "content_days": 7})])
    documents.commit([Create(path(OWNER, BO), records.to_data(entry(BO, Reason.UNSUBSCRIBED)))])

    standing = Standings(store).of(OWNER, ["BO@elsewhere.example", CY, BO])

    assert store.reads == [3]
    assert standing.kept_for == timedelta(days=7)
    assert standing.reason("Bo@elsewhere.example", False) == f"{BO} unsubscribed"
    assert standing.reason("Bo@elsewhere.example", True) == ""
    assert standing.reason(CY, False) == ""


def test_an_owner_without_a_record_has_the_defaults(documents: Documents) -> None:
    standing = Standings(documents).of(OWNER, [])

    assert (standing.settings.content_days, standing.settings.event_days) == (90, 400)
    assert standing.settings.default_account == ""


def test_a_thousand_recipients_are_asked_about_at_once(open_store: Callable[[], Documents]) -> None:
    documents = open_store()
    people = [f"p{n}@x.example" for n in range(1000)]
    made(documents, Clock()).add(OWNER, [entry(address, Reason.UNSUBSCRIBED) for address in people[::2]])
    store: Any = Counting(documents)

    standing = Standings(store).of(OWNER, people)

    assert len(store.reads) <= 3
    assert [a for a in people if standing.reason(a, False)] == people[::2]


def test_a_message_to_somebody_on_the_list_is_refused_with_a_pointer_to_each(
    suppressions: Suppressions, documents: Documents
) -> None:
    suppressions.add(OWNER, [entry(BO, Reason.UNSUBSCRIBED), entry(CY, Reason.HARD_BOUNCE)])
    request = SendRequest(to=(Address("a@x.example"), Address("BO@elsewhere.example")), bcc=(Address(CY),))
    standing = Standings(documents).of(OWNER, ["a@x.example", BO, CY])

    with pytest.raises(InvalidMessage) as caught:
        standing.refuse(request)

    assert [e.pointer for e in caught.value.errors] == ["/to/1", "/bcc/0"]
    assert f"{BO} unsubscribed" in caught.value.errors[0].detail


def test_a_transactional_message_is_refused_only_to_where_mail_came_back_from(
    suppressions: Suppressions, documents: Documents
) -> None:
    suppressions.add(OWNER, [entry(BO, Reason.UNSUBSCRIBED, Reason.MANUAL), entry(CY, Reason.HARD_BOUNCE)])
    standing = Standings(documents).of(OWNER, [BO, CY])

    standing.refuse(SendRequest(to=(Address(BO),), transactional=True))
    with pytest.raises(InvalidMessage):
        standing.refuse(SendRequest(to=(Address(BO), Address(CY)), transactional=True))


# What waits.


def unsubscribes(world: World, send_id: str) -> None:
    Suppressions(world.documents, world.timeline, world.clock).unsubscribe(OWNER_OF_THE_WORLD, send_id, BO, "one-click")


@pytest.mark.parametrize("ahead", [timedelta(seconds=40), timedelta(hours=2)], ids=str)
def test_who_unsubscribes_before_a_scheduled_send_goes_out_does_not_get_it(world: World, ahead: timedelta) -> None:
    first = world.send(to=(Address(BO),))
    scheduled = world.send(to=(Address(BO),), send_at=world.clock() + ahead)

    unsubscribes(world, first.id)
    world.run(hours=3)

    found = world.record(scheduled.id)
    assert (found.status, found.waits_detail) == (Status.CANCELLED, f"{BO} unsubscribed")
    assert world.mailbox.deliveries(scheduled.id) == 0


def test_a_scheduled_send_that_is_transactional_goes_out_all_the_same(world: World) -> None:
    first = world.send(to=(Address(BO),))
    at = world.clock() + timedelta(hours=2)
    scheduled = world.send(to=(Address(BO),), send_at=at, transactional=True)

    unsubscribes(world, first.id)
    world.run(hours=3)

    assert world.mailbox.deliveries(scheduled.id) == 1


def test_who_unsubscribes_does_so_by_the_message_that_was_sent_again_not_by_the_one_that_failed(world: World) -> None:
    """The link is the same: it was made when the first one was composed."""
    world.mailbox.script = [says(400, "invalidArgument")]
    failed = world.queue(to=(Address(BO),))
    world.run(minutes=1)
    again, _ = world.controlling.resend(Caller(OWNER_OF_THE_WORLD, "user"), failed)
    world.run(minutes=1)
    statuses = (world.record(failed).status, world.record(again.id).status)

    unsubscribes(world, failed)
    unsubscribes(world, failed)

    entry = Suppressions(world.documents, world.timeline, world.clock).page(CALLER, address=BO).suppressions[0]
    assert statuses == (Status.FAILED, Status.SENT)
    assert entry.send == again.id
    assert [event.type for event in world.timeline.of(OWNER_OF_THE_WORLD, again.id)].count("unsubscribed") == 1
    assert "unsubscribed" not in [event.type for event in world.timeline.of(OWNER_OF_THE_WORLD, failed)]


def test_a_message_is_not_sent_again_to_who_unsubscribed_since(world: World) -> None:
    first = world.send(to=(Address(BO),))
    world.run(hours=1)
    unsubscribes(world, first.id)

    again, _ = world.controlling.resend(Caller(OWNER_OF_THE_WORLD, "user"), first.id)
    world.run(minutes=5)

    assert world.record(again.id).status is Status.CANCELLED
    assert world.mailbox.deliveries(again.id) == 0
