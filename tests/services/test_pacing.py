"""The account's budget, shared by instances through the store."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain import records, retries
from functions.domain.accounts import GmailAccount
from functions.domain.errors import InvalidMessage, Unavailable
from functions.domain.messages import Address
from functions.domain.pacing import Calendar
from functions.domain.ports import Create, Delete, Documents, Query, Write
from functions.domain.sends import Status
from functions.domain.suppressions import Reason, Suppression
from functions.services import calendars, contents, standing
from functions.services.pacing import Pacing
from tests.services.fakes import ACCOUNT, CALLER, OWNER, START, FlakyDocuments, World, says


def test_a_lone_send_costs_no_write(world: World) -> None:
    counted = FlakyDocuments(world.documents)
    pacing = Pacing(counted, world.clock, 6000)
    assert pacing.reserve(world.account(), 1).at == START
    assert counted.commits == 0


def test_a_burst_is_spread_over_minutes_and_all_of_it_goes(world: World) -> None:
    ids = [world.queue() for _ in range(130)]
    world.run(minutes=4)
    assert {world.record(i).status for i in ids} == {Status.SENT}
    moments = [p.at for p in world.mailbox.posts]
    assert max(sum(a <= b < a + timedelta(minutes=1) for b in moments) for a in moments) <= 60
    assert len(world.mailbox.posts) == 130


def test_a_paced_send_says_why_it_waits_and_until_when(world: World) -> None:
    world.change_account(daily_limit=1)
    world.send()
    receipt = world.send()
    send = world.record(receipt.id)
    assert (receipt.status, send.waits_for) == ("queued", "paced")
    assert receipt.next_attempt_at == send.due_at == send.slot_at
    assert "daily limit of 1 recipients" in send.waits_detail


@pytest.mark.parametrize("more", [{}, {"dry_run": True}, {"wait": False}, {"send_at": START + timedelta(days=1)}])
@pytest.mark.parametrize(
    ("people", "pointer"), [({"to": 4}, "/to"), ({"to": 1, "cc": 2, "bcc": 1}, "/cc"), ({"to": 0, "bcc": 4}, "/bcc")]
)
def test_a_message_to_more_recipients_than_a_day_has_is_refused(
    world: World, people: dict[str, int], pointer: str, more: dict[str, Any]
) -> None:
    world.change_account(daily_limit=3)
    to = {name: tuple(Address(f"{name}{n}@example.org") for n in range(count)) for name, count in people.items()}
    with pytest.raises(InvalidMessage, match=r"4 recipients .* daily limit of ann@example.com, which is 3") as refused:
        world.send(**to, **more)
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert "to 3 recipients at most" in refused.value.remedy
    assert "`daily_limit`" in refused.value.remedy
    assert world.mailbox.posts == []
    assert not world.documents.query(Query(f"owners/{OWNER}/sends", order=("created_at", "desc"))).documents


def test_each_message_of_a_batch_has_to_fit_into_a_day_and_not_all_of_them(world: World) -> None:
    world.change_account(daily_limit=3)
    people, copies = [f"p{n}@example.org" for n in range(5)], [Address(f"cc{n}@example.org") for n in range(3)]
    for dry_run in (True, False):
        with pytest.raises(InvalidMessage, match="4 recipients") as refused:
            world.merge(people, cc=tuple(copies), dry_run=dry_run)
        assert [error.pointer for error in refused.value.errors] == ["/cc"]
    batch = world.merge(people, cc=tuple(copies[:2]))
    world.run(days=6)
    assert {world.record(send.id).status for send in batch.sends} == {Status.SENT}


@pytest.mark.parametrize(("cc", "bcc", "pointer"), [(1, 0, "/cc"), (0, 1, "/bcc"), (1, 2, "/bcc"), (1, 1, "/cc")])
def test_a_batch_is_told_of_its_copies_and_not_of_a_to_that_it_has_not(
    world: World, cc: int, bcc: int, pointer: str
) -> None:
    world.change_account(daily_limit=1)
    copies = {
        name: tuple(Address(f"{name}{n}@example.org") for n in range(count))
        for name, count in (("cc", cc), ("bcc", bcc))
    }
    with pytest.raises(InvalidMessage, match=f"{1 + cc + bcc} recipients") as refused:
        world.merge(["p1@example.org", "p2@example.org"], **copies)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_what_was_accepted_before_the_limit_was_lowered_goes_when_the_day_is_empty(world: World) -> None:
    world.send()
    send_id = world.queue(to=tuple(Address(f"p{n}@example.org") for n in range(4)))
    world.change_account(daily_limit=3)
    world.deliver()
    assert world.record(send_id).status is Status.QUEUED
    world.run(days=2)
    assert world.record(send_id).status is Status.SENT


def test_one_busy_account_delays_no_other(world: World) -> None:
    world.connect("acc_eve", "eve@example.com")
    for _ in range(70):
        world.queue()
    world.deliver()
    assert world.send(account="acc_eve").status == "sent"


def test_several_instances_share_the_budget_within_what_each_may_overlook(
    shared: World, open_store: Callable[[], Documents]
) -> None:
    instances = [shared.pacing, *(Pacing(open_store(), shared.clock, 6000) for _ in range(3))]
    account, slots, lock = shared.account(), [], threading.Lock()

    def burst(pacing: Pacing) -> None:
        for _ in range(50):
            slot = pacing.reserve(account, 1)
            with lock:
                slots.append(slot.at)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(burst, instances))
    at_once = sum(at < START + timedelta(minutes=1) for at in slots)
    assert 60 <= at_once <= 60 + len(instances) * 2 * 6  # a tenth each, read and then written
    for pacing in instances:
        pacing.capacity(account)
    assert shared.pacing.capacity(account).recipients_left_today == 2000 - 200


def test_threads_that_come_first_together_share_one_calendar(world: World) -> None:
    pacing, account, barrier = Pacing(world.documents, world.clock, 1000), world.account(), threading.Barrier(20)

    def reserve(_: int) -> bool:
        barrier.wait()
        return pacing.reserve(account, 1).at == START

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(reserve, range(20))) == 10


def several(world: World, number: int) -> list[GmailAccount]:
    return [replace(world.account(), id=f"acc_{n}") for n in range(number)]


def test_a_calendar_is_forgotten_only_once_it_is_written_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "REMEMBERED", 2)
    pacing, accounts = Pacing(world.documents, world.clock, 6000), several(world, 5)
    for _ in range(3):
        for one in accounts:
            pacing.reserve(one, 1)  # too little to be written by itself
    assert len(pacing._calendars._quiet) == 2
    for one in accounts:
        assert pacing.capacity(one).recipients_left_today == 2000 - 3
    other = Pacing(world.documents, world.clock, 6000)
    assert [other.capacity(one).recipients_left_today for one in accounts] == [2000 - 3] * 5


def test_while_the_store_is_away_no_calendar_is_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "REMEMBERED", 2)
    flaky = FlakyDocuments(world.documents)
    pacing, accounts = Pacing(flaky, world.clock, 6000), several(world, 5)
    flaky.down = True
    for one in accounts:
        pacing.reserve(one, 7)
    assert len(pacing._calendars._quiet) == 5
    flaky.down = False
    assert [pacing.capacity(one).recipients_left_today for one in accounts] == [2000 - 7] * 5
    assert len(pacing._calendars._quiet) == 2


def test_no_slot_is_lost_while_calendars_come_and_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One in use is not forgotten: what a thread adds to it would be lost with it."""
    monkeypatch.setattr(calendars, "REMEMBERED", 1)
    pacing, accounts = Pacing(world.documents, world.clock, 6000), several(world, 4)
    together = threading.Barrier(8)

    def reserve(number: int) -> None:
        together.wait(30)
        for turn in range(10):
            pacing.reserve(accounts[(number + turn) % 4], 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(reserve, range(8)))
    assert [pacing.capacity(one).recipients_left_today for one in accounts] == [2000 - 20] * 4
    assert len(pacing._calendars._turns) == 0


def test_where_others_took_all_calendars_meanwhile_there_is_none_to_forget(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendars, "REMEMBERED", 1)
    pacing, account = Pacing(world.documents, world.clock, 6000), world.account()
    lengths = [2]

    class Emptied(OrderedDict[str, calendars.SharedCalendar]):
        """There were two a moment ago."""

        def __len__(self) -> int:
            return lengths.pop() if lengths else super().__len__()

    pacing._calendars._quiet = Emptied()
    with pacing._calendars.of("pacing/one", world.clock()):
        pacing._calendars._forget(world.clock())
    assert pacing.capacity(account).recipients_left_today == 2000


def test_many_recipients_are_written_down_at_once(world: World) -> None:
    """Six messages to hundreds of people would else be unseen by the other instances."""
    account = world.account()
    world.pacing.reserve(account, 400)
    other = Pacing(world.documents, world.clock, 6000)
    assert other.capacity(account).recipients_left_today == 1600


def test_a_pause_reaches_the_other_instances(world: World) -> None:
    other = Pacing(world.documents, world.clock, 6000)
    account = world.account()
    other.reserve(account, 1)
    world.pacing.pause(account, START + timedelta(hours=1), "Gmail asks to slow down")
    world.clock.pass_(seconds=31)
    assert not other.holds(account, world.clock())
    slot = other.reserve(account, 1)
    assert (slot.at, slot.reason) == (START + timedelta(hours=1), "Gmail asks to slow down")


def test_a_clock_that_is_set_back_does_not_blind_an_instance(world: World) -> None:
    other, account = Pacing(world.documents, world.clock, 6000), world.account()
    other.reserve(account, 1)
    world.clock.pass_(minutes=-10)
    world.pacing.pause(account, START + timedelta(hours=1), "asked")
    assert other.reserve(account, 1).at == START + timedelta(hours=1)


def test_a_store_that_is_away_stops_no_send_and_forgets_no_reservation(world: World) -> None:
    flaky = FlakyDocuments(world.documents)
    pacing, account = Pacing(flaky, world.clock, 6000), world.account()
    flaky.down = True
    slots = [pacing.reserve(account, 1).at for _ in range(70)]
    assert sum(at == START for at in slots) == 60
    flaky.down = False
    assert pacing.capacity(account).recipients_left_today == 1930
    document = world.documents.get(f"owners/{OWNER}/pacing/{account.id}")
    assert document
    assert sum(document.data["recipients"].values()) == 70


def test_capacity_names_what_is_left_the_next_slot_and_why(world: World) -> None:
    account = world.account()
    fresh = world.pacing.capacity(account)
    assert (fresh.sends_left_this_minute, fresh.recipients_left_today) == (60, 2000)
    assert (fresh.next_slot, fresh.reason) == (START, "")
    for _ in range(60):
        world.pacing.reserve(account, 1)
    used = world.pacing.capacity(account)
    assert (used.sends_left_this_minute, used.recipients_left_today) == (0, 1940)
    assert timedelta(seconds=55) <= used.next_slot - START <= timedelta(seconds=70)
    assert "quota units a minute" in used.reason


def test_what_gmail_refused_or_put_off_takes_nothing_from_the_day(world: World) -> None:
    world.mailbox.script = [says(400, "invalidArgument"), says(429, "", "", retry_after="60")]
    world.queue()
    deferred = world.queue()
    world.deliver()
    assert world.pacing.capacity(world.account()).recipients_left_today == 2000
    world.run(minutes=5)
    assert world.record(deferred).status is Status.SENT
    assert world.pacing.capacity(world.account()).recipients_left_today == 1999


# Slots that are not used


class Watched(FlakyDocuments):
    """Counts what is written to calendars."""

    calendars = 0

    def commit(self, writes: Sequence[Write]) -> list[str]:
        self.calendars += sum("/pacing/" in write.path for write in writes)
        return super().commit(writes)


def half_sent(world: World) -> tuple[str, list[str]]:
    """A batch that takes the whole day: 60 of it are sent, 40 have their slots in the next minute."""
    world.change_account(daily_limit=100)
    batch = world.merge([f"p{n}@example.org" for n in range(100)])
    world.deliver()
    waiting = [send.id for send in batch.sends if world.record(send.id).status is Status.QUEUED]
    assert len(waiting) == 40
    assert left_today(world) == 0
    return batch.id, waiting


def left_today(world: World) -> int:
    return world.pacing.capacity(world.account()).recipients_left_today


def taken(world: World) -> int:
    """Recipients in the calendar's windows, once all is written down."""
    left_today(world)
    document = world.documents.get(f"owners/{OWNER}/pacing/{ACCOUNT}")
    calendar = records.from_data(Calendar, document.data) if document else Calendar()
    return sum(calendar.current(world.clock()).recipients.values())


@pytest.mark.parametrize(("change", "writes"), [("cancel", 40), ("move", 40), ("cancel_batch", 1), ("disconnect", 1)])
def test_what_its_owner_cancels_or_moves_leaves_its_slot_to_others(world: World, change: str, writes: int) -> None:
    """Another function does it: what that one remembers for itself helps nobody."""
    batch, waiting = half_sent(world)
    documents = Watched(world.documents)
    other = world.beside(documents)
    if change == "cancel_batch":
        assert other.controlling.cancel_batch(CALLER, batch) == 40
    elif change == "disconnect":
        other.disconnect()
        world.connect()
        world.change_account(daily_limit=100)
    elif change == "cancel":
        for send_id in waiting:
            other.controlling.cancel(CALLER, send_id)
    else:
        for send_id in waiting:
            other.controlling.reschedule(CALLER, send_id, START + timedelta(days=2))
    assert documents.calendars == writes

    world.clock.pass_(minutes=1, seconds=10)
    assert left_today(world) == 40
    assert world.send().status == "sent"
    assert left_today(world) == 39


def test_a_slot_is_given_back_once(world: World) -> None:
    _, waiting = half_sent(world)
    for _ in range(2):
        world.controlling.cancel(CALLER, waiting[0])
        world.controlling.reschedule(CALLER, waiting[1], START + timedelta(days=2))
    assert left_today(world) == 2


def test_what_has_no_slot_is_cancelled_without_a_look_at_the_calendar(world: World) -> None:
    documents = Watched(world.documents)
    send_ids = [world.queue(send_at=START + timedelta(days=1)) for _ in range(3)]
    other = world.beside(documents)
    other.controlling.cancel(CALLER, send_ids[0])
    other.controlling.reschedule(CALLER, send_ids[1], START + timedelta(days=2))
    other.disconnect()
    assert documents.calendars == 0


def suppressed(world: World, _: str) -> None:
    entry = Suppression(address="bob@example.org", reasons=(Reason.UNSUBSCRIBED,), created_at=START)
    world.documents.commit([Create(standing.path(OWNER, "bob@example.org"), records.to_data(entry))])


def overtaken(world: World, send_id: str) -> None:
    first = world.queue()
    world.set(first, replies=1)
    world.set(send_id, in_reply_to_send=first, cancel_if=("replied",))


def without_content(world: World, send_id: str) -> None:
    world.documents.commit([Delete(contents.path(OWNER, send_id))])


def without_a_token(world: World, send_id: str) -> None:
    world.set(send_id, tries=retries.MAX_TRIES - 1)
    world.oauth.fails = [Unavailable("5xx")]  # the one there was is good for an hour


def disconnected(world: World, _: str) -> None:
    """While it is claimed."""
    claim = world.outbox.claim

    def claimed(found, after):  # type: ignore[no-untyped-def]
        world.disconnect()
        return claim(found, after)

    world.outbox.claim = claimed  # type: ignore[method-assign]


@pytest.mark.parametrize("becomes", [suppressed, overtaken, without_content, without_a_token, disconnected])
def test_what_does_not_go_out_when_its_slot_comes_takes_nothing_from_the_day(
    world: World, becomes: Callable[[World, str], None]
) -> None:
    world.change_account(daily_limit=1)
    world.send()
    send_id = world.queue()
    world.deliver()
    slot = world.record(send_id).slot_at
    assert slot
    becomes(world, send_id)
    world.clock.now = slot
    world.delivering.deliver(OWNER, send_id)

    assert world.record(send_id).status in (Status.CANCELLED, Status.FAILED)
    if becomes is disconnected:
        world.connect()
        world.change_account(daily_limit=1)
    assert left_today(world) == 1


@pytest.mark.parametrize("gets", ["its first", "another", "one that is now"])
def test_what_is_cancelled_while_it_gets_a_slot_keeps_none(world: World, gets: str) -> None:
    world.change_account(daily_limit=1)
    world.send()
    send_id = world.queue()
    if had_one := gets != "its first":
        world.deliver()
        slot = world.record(send_id).slot_at
        assert slot
        world.clock.now = slot + timedelta(minutes=2)  # which it missed
    if gets == "another":
        world.pacing.pause(world.account(), world.clock() + timedelta(hours=1), "Gmail asks to slow down")
    before = taken(world)
    save = world.outbox.save

    def cancelled_meanwhile(found, after, *also):  # type: ignore[no-untyped-def]
        world.outbox.save = save  # type: ignore[method-assign]
        world.controlling.cancel(CALLER, send_id)
        return save(found, after, *also)

    world.outbox.save = cancelled_meanwhile  # type: ignore[method-assign]
    world.delivering.deliver(OWNER, send_id)
    assert world.record(send_id).status is Status.CANCELLED
    assert taken(world) == before - had_one


def test_what_is_given_back_in_a_burst_is_written_down(world: World) -> None:
    account, send = world.account(), replace(world.record(world.queue()), slot_at=START)
    for _ in range(60):
        world.pacing.reserve(account, 1)
    for _ in range(30):
        world.pacing.give_back(send)
    other = Pacing(world.documents, world.clock, 6000)
    assert other.capacity(account).recipients_left_today > 2000 - 60 + 30 - 6
