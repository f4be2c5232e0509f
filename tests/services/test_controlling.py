"""What owners do to sends on record: cancel, move, and the queues of whole accounts."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.callers import Caller
from functions.domain.errors import Conflict, NotFound, Unavailable
from functions.domain.sends import Status
from functions.services import controlling
from functions.services.announcing import ENQUEUERS
from tests.services.fakes import ACCOUNT, CALLER, OWNER, START, FlakyDocuments, World, breaks, meanwhile

DAY = timedelta(days=1)


def test_a_scheduled_send_is_cancelled_and_cancelling_twice_is_fine(world: World) -> None:
    send_id = world.queue(send_at=START + DAY)
    first = world.controlling.cancel(CALLER, send_id)
    assert world.controlling.cancel(CALLER, send_id) == first
    assert first.status is Status.CANCELLED
    world.clock.pass_(days=2)
    world.run(minutes=2)
    assert world.mailbox.posts == []


@pytest.mark.parametrize("change", ["cancel", "reschedule"])
def test_what_has_begun_can_be_neither_cancelled_nor_moved(world: World, change: str) -> None:
    def act() -> object:
        if change == "cancel":
            return world.controlling.cancel(CALLER, send_id)
        return world.controlling.reschedule(CALLER, send_id, START + DAY)

    def too_late() -> None:
        with pytest.raises(Conflict, match="too late"):
            act()

    world.mailbox.script = [meanwhile(too_late)]
    send_id = world.queue()
    world.deliver()
    too_late()
    assert world.record(send_id).status is Status.SENT


def test_a_cancel_that_comes_between_finding_and_claiming_wins(world: World) -> None:
    send_id = world.queue()
    found = world.outbox.find(OWNER, send_id)
    assert found
    world.controlling.cancel(CALLER, send_id)
    world.outbox.find = lambda *_: found  # type: ignore[method-assign]
    world.delivering.deliver(OWNER, send_id)
    assert world.mailbox.posts == []


def test_a_cancel_that_loses_to_a_change_looks_again(world: World) -> None:
    """Pacing moved the send meanwhile, but it still waits."""
    send_id = world.queue()
    find = world.outbox.find
    calls: list[str] = []

    def meddled(owner: str, wanted: str) -> object:
        found = find(owner, wanted)
        if len(calls) < 3:
            calls.append(wanted)
            world.set(wanted, tags=(str(len(calls)),))
        return found

    original = world.set.__func__  # type: ignore[attr-defined]

    def set_(wanted: str, **fields: object) -> None:
        world.outbox.find = find  # type: ignore[method-assign]
        original(world, wanted, **fields)
        world.outbox.find = meddled  # type: ignore[method-assign, assignment]

    world.set = set_  # type: ignore[method-assign, assignment]
    world.outbox.find = meddled  # type: ignore[method-assign, assignment]
    assert world.controlling.cancel(CALLER, send_id).status is Status.CANCELLED
    assert len(calls) == 3


def test_a_send_is_moved_later_and_earlier(world: World) -> None:
    send_id = world.queue(send_at=START + DAY)
    assert world.controlling.reschedule(CALLER, send_id, START + 2 * DAY).due_at == START + 2 * DAY
    world.clock.pass_(days=1, minutes=1)
    world.run(minutes=2)
    assert world.mailbox.posts == []  # the first task came, and was too early

    assert world.controlling.reschedule(CALLER, send_id, START).status is Status.QUEUED
    world.run(minutes=1)
    assert world.record(send_id).status is Status.SENT


def test_another_owners_send_is_not_found_and_nor_is_another_accounts(world: World) -> None:
    send_id = world.queue(send_at=START + DAY)
    strangers = [Caller("own_eve", "user"), Caller(OWNER, "key", accounts=frozenset({"acc_other"}))]
    for caller in strangers:
        for act in (
            world.controlling.cancel,
            world.controlling.resend,
            lambda c, s: world.controlling.reschedule(c, s, START),
        ):
            with pytest.raises(NotFound):
                act(caller, send_id)
    assert world.record(send_id).status is Status.SCHEDULED


def test_disconnecting_cancels_pages_of_waiting_sends_of_this_account_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is read in pages while the very field it is read by changes."""
    monkeypatch.setattr(controlling, "PAGE", 3)
    world.connect("acc_eve", "eve@example.com")
    mine = [world.queue(send_at=START + DAY * (n % 3)) for n in range(20)]
    others = [world.queue(account="acc_eve", send_at=START + DAY) for _ in range(4)]
    world.disconnect()
    assert {world.record(i).status for i in mine} == {Status.CANCELLED}
    assert {world.record(i).status for i in others} == {Status.SCHEDULED}


def test_reconnecting_releases_pages_of_held_sends_and_touches_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controlling, "PAGE", 3)
    held = [world.queue() for _ in range(10)]
    world.change_account(status="reauth_required")
    world.deliver()
    assert {world.record(i).waits_for for i in held} == {"reauth_required"}
    world.tasks.all.clear()
    world.connect()
    assert {world.record(i).waits_for for i in held} == {""}
    assert {t.send_id for t in world.tasks.all} == set(held)
    assert {t.lane for t in world.tasks.all} == {ACCOUNT}


def test_what_is_released_is_enqueued_side_by_side(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cloud's queue takes a task per call, and whoever reconnects waits for all of them."""
    for _ in range(2 * ENQUEUERS):
        world.queue()
    world.change_account(status="reauth_required")
    world.deliver()
    together = threading.Barrier(ENQUEUERS)
    monkeypatch.setattr(world.tasks, "enqueue", lambda *_: together.wait(30))
    world.connect()
    assert not together.broken


def test_of_very_many_held_sends_the_rest_goes_out_within_the_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reconnects does not wait for the last one."""
    monkeypatch.setattr(controlling, "PAGE", 3)
    held = [world.queue() for _ in range(12)]
    world.change_account(status="reauth_required")
    world.deliver()
    enqueue = world.tasks.enqueue

    def slowly(*task: Any) -> None:
        world.clock.pass_(seconds=4)
        enqueue(*task)

    with monkeypatch.context() as patched:
        patched.setattr(world.tasks, "enqueue", slowly)
        world.connect()
    assert [world.record(i).waits_for for i in held].count("reauth_required") == 6
    world.run(hours=1)
    assert {world.record(i).status for i in held} == {Status.SENT}


def test_sends_that_a_failing_disconnect_left_behind_are_cancelled_when_due(world: World) -> None:
    send_id = world.queue(send_at=START + timedelta(hours=1))
    dies_before_it_cancels(world)
    world.run(hours=2)
    assert world.record(send_id).status is Status.CANCELLED
    assert world.mailbox.posts == []


def dies_before_it_cancels(world: World) -> None:
    """Disconnects the account, and comes no further than its record."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.controlling, "_each_waiting", raising(Unavailable("The store is away.")))
        with pytest.raises(Unavailable):
            world.disconnect()


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> Any:
        raise error

    return fail


def test_what_waits_is_cancelled_before_google_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google may hang for longer than the function may take."""
    send_id = world.queue(send_at=START + DAY)
    told: list[Status] = []
    monkeypatch.setattr(world.watching, "stop", lambda _: told.append(world.record(send_id).status))
    monkeypatch.setattr(world.oauth, "revoke", lambda _: told.append(world.record(send_id).status))
    world.disconnect()
    assert told == [Status.CANCELLED] * 2


def test_google_is_told_although_nothing_could_be_cancelled(world: World) -> None:
    """The record is gone, and with it the token that ends the grant."""
    dies_before_it_cancels(world)
    assert world.oauth.revoked == [f"refresh-{ACCOUNT}"]


def test_an_account_is_gone_although_its_token_can_not_be_read_to_revoke_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller can't repeat the call: there is no account any more."""
    send_id = world.queue(send_at=START + DAY)
    monkeypatch.setattr(world.tokens, "refresh_token", raising(Unavailable("The key is disabled.")))
    monkeypatch.setattr(world.watching, "stop", raising(Unavailable("The store is away.")))
    world.disconnect()
    assert world.record(send_id).status is Status.CANCELLED
    with pytest.raises(NotFound):
        world.disconnect()


def test_google_is_told_before_the_last_of_very_many_sends_is_cancelled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function has a minute, and nobody can tell Google later: the token is gone with the record."""
    monkeypatch.setattr(controlling, "PAGE", 2)
    waiting = [world.queue(send_at=START + DAY) for _ in range(10)]
    left: list[int] = []

    def revoke(_: str) -> None:
        left.append(sum(world.record(i).status is Status.SCHEDULED for i in waiting))

    changed = world.controlling._changed

    def slowly(*page: Any) -> Any:
        world.clock.pass_(seconds=12)
        return changed(*page)

    monkeypatch.setattr(world.controlling, "_changed", slowly)
    monkeypatch.setattr(world.oauth, "revoke", revoke)
    world.disconnect()
    assert left == [6]
    assert {world.record(i).status for i in waiting} == {Status.CANCELLED}


def test_disconnecting_again_cancels_what_the_first_call_left_behind(world: World) -> None:
    send_id = world.queue(send_at=START + DAY)
    dies_before_it_cancels(world)
    strangers = [Caller("own_eve", "user"), Caller(OWNER, "key", accounts=frozenset({"acc_other"}))]
    for caller in strangers:
        with pytest.raises(NotFound):
            world.disconnecting.disconnect(caller, ACCOUNT)
    assert world.record(send_id).status is Status.SCHEDULED
    with pytest.raises(NotFound):
        world.disconnect()
    assert world.record(send_id).status is Status.CANCELLED


def test_what_has_no_form_of_an_account_is_not_looked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.controlling, "cancel_all", raising(AssertionError("looked for")))
    for wanted in ("", "snd_1", "../accounts/acc_1", "me"):
        with pytest.raises(NotFound):
            world.disconnecting.disconnect(CALLER, wanted)


def test_a_queue_that_is_away_stops_no_change(world: World) -> None:
    send_id = world.queue(send_at=START + DAY)
    world.tasks.down = True
    assert world.controlling.reschedule(CALLER, send_id, START).status is Status.QUEUED
    world.tasks.down = False
    world.run(minutes=3)
    assert world.record(send_id).status is Status.SENT


def test_a_send_in_doubt_can_not_be_cancelled(world: World) -> None:
    world.mailbox.script = [breaks(begun=True)]
    send_id = world.queue()
    world.deliver()
    with pytest.raises(Conflict):
        world.controlling.cancel(CALLER, send_id)


def test_a_send_that_changes_without_end_is_a_conflict(world: World) -> None:
    send_id = world.queue()
    flaky = FlakyDocuments(world.documents)
    other = world.beside(flaky)
    find = other.outbox.find

    def meddled(owner: str, wanted: str) -> object:
        found = find(owner, wanted)
        world.set(wanted, tags=(str(world.clock()),))
        world.clock.pass_(seconds=1)
        return found

    other.outbox.find = meddled  # type: ignore[method-assign, assignment]
    with pytest.raises(Conflict):
        other.controlling.cancel(CALLER, send_id)
