"""Sending a message again because its owner says so: a new send, once, that names the old one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from functions.domain.errors import Conflict, NotFound
from functions.domain.ports import Delete, Documents
from functions.domain.sends import Status
from functions.services import contents
from tests.services.fakes import CALLER, OWNER, START, World, breaks, says


def lost(world: World) -> str:
    world.mailbox.script = [breaks(begun=True)]
    send_id = world.queue(tags=("t",))
    world.deliver()
    return send_id


def test_a_send_in_doubt_is_sent_again_at_once_under_a_new_id(world: World) -> None:
    old = lost(world)
    made, new = world.controlling.resend(CALLER, old)
    assert new
    world.run(minutes=1)
    assert (world.record(made.id).status, world.record(made.id).resend_of) == (Status.SENT, old)
    assert world.record(old).resent_as == made.id
    assert world.record(made.id).tags == ("t",)
    assert [p.send_id for p in world.mailbox.posts] == [old, made.id]


def test_asked_twice_it_is_made_once(world: World) -> None:
    old = lost(world)
    first, new = world.controlling.resend(CALLER, old)
    world.run(minutes=1)
    second, again = world.controlling.resend(CALLER, old)
    assert (first.id, new, again) == (second.id, True, False)
    assert second.status is Status.SENT


def test_twenty_who_ask_at_once_get_the_same_new_send(shared: World, open_store: Callable[[], Documents]) -> None:
    old = lost(shared)
    other = shared.beside(open_store())
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit((shared, other)[n % 2].controlling.resend, CALLER, old) for n in range(20)]
        answers = [a.result() for a in asked]
    assert len({send.id for send, _ in answers}) == 1
    assert sum(new for _, new in answers) == 1
    shared.run(minutes=1)
    assert len(shared.mailbox.stored) == 1


@pytest.mark.parametrize("status", ["queued", "scheduled"])
def test_what_is_still_open_is_not_sent_again(world: World, status: str) -> None:
    at = START + timedelta(days=1) if status == "scheduled" else None
    send_id = world.queue(send_at=at)
    with pytest.raises(Conflict, match=status):
        world.controlling.resend(CALLER, send_id)


def test_what_failed_was_cancelled_or_was_sent_can_be_sent_again(world: World) -> None:
    world.mailbox.script = [says(400, "invalidArgument")]
    failed = world.queue()
    world.deliver()
    cancelled = world.queue()
    world.controlling.cancel(CALLER, cancelled)
    sent = world.send().id
    made = [world.controlling.resend(CALLER, i)[0].id for i in (failed, cancelled, sent)]
    world.run(minutes=1)
    assert {world.record(i).status for i in made} == {Status.SENT}


def test_without_its_content_there_is_nothing_to_send_again(world: World) -> None:
    old = lost(world)
    world.documents.commit([Delete(contents.path(OWNER, old))])
    with pytest.raises(NotFound):
        world.controlling.resend(CALLER, old)


def test_a_look_that_is_noted_at_the_same_moment_is_no_conflict(world: World) -> None:
    old = lost(world)
    found = world.outbox.find(OWNER, old)
    assert found
    world.set(old, looks=1)
    made, new = world.resending.resend(found)
    assert new
    assert world.record(old).looks == 1
    assert world.record(old).resent_as == made.id


def test_a_late_success_of_the_old_one_is_noted_beside_its_resend(world: World) -> None:
    world.mailbox.script = [breaks(begun=True, delivered=True)]
    old = world.queue()
    world.deliver()
    made, _ = world.controlling.resend(CALLER, old)
    world.run(minutes=1)
    assert world.record(old).status is Status.SENT
    assert world.record(old).resent_as == made.id
