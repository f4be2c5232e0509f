"""Finding what fell between record and queue."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from functions.domain.errors import Unavailable
from functions.domain.ports import Documents, Update
from functions.domain.sends import Status
from functions.services import contents, sweeping
from functions.services.sweeping import Sweeping
from tests.services.fakes import START, World, breaks


def test_an_accepted_send_without_a_task_is_found(world: World) -> None:
    send_id = world.queue()
    world.tasks.all.clear()
    assert world.sweeping.sweep().overdue == 0  # the queue may be about to do it
    world.clock.pass_(minutes=1)
    assert world.sweeping.sweep().overdue == 1
    world.deliver()
    assert world.record(send_id).status is Status.SENT
    assert world.sweeping.sweep().overdue == 0


def test_a_sweep_changes_nothing_itself(world: World) -> None:
    send_id = world.queue()
    before = world.record(send_id)
    world.clock.pass_(minutes=1)
    first, second = world.sweeping.sweep(), world.sweeping.sweep()
    assert first == second
    assert world.record(send_id) == before


def test_every_state_in_which_something_is_due_is_swept(world: World) -> None:
    scheduled = world.queue(send_at=START + timedelta(minutes=1))
    queued = world.queue()
    unknown, dead = world.queue(), world.queue()
    world.tasks.all.clear()
    world.mailbox.script = [breaks(begun=True, delivered=True)]
    world.delivering.deliver("own_ann", unknown)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    world.mailbox.script = [dies]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        world.delivering.deliver("own_ann", dead)
    world.tasks.all.clear()
    world.clock.pass_(minutes=10)
    assert world.sweeping.sweep().overdue == 4
    world.deliver()
    assert {world.record(i).status for i in (scheduled, queued, unknown)} == {Status.SENT}
    assert world.record(dead).status is Status.UNKNOWN


def test_one_sweep_is_bounded_and_says_that_there_is_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 5)
    ids = [world.queue() for _ in range(12)]
    world.tasks.all.clear()
    world.clock.pass_(minutes=1)
    seen = []
    for _ in range(3):
        swept = world.sweeping.sweep()
        seen.append((swept.overdue, swept.complete))
        world.deliver()
    assert seen == [(5, False), (5, False), (2, True)]
    assert {world.record(i).status for i in ids} == {Status.SENT}


def test_two_sweepers_at_once_send_nothing_twice(shared: World, open_store: Callable[[], Documents]) -> None:
    ids = [shared.queue() for _ in range(8)]
    other = shared.beside(open_store())
    shared.tasks.all.clear()
    shared.clock.pass_(minutes=1)
    with ThreadPoolExecutor(2) as pool:
        for swept in [pool.submit(w.sweeping.sweep) for w in (shared, other)]:
            assert swept.result().overdue == 8
    tasks = shared.tasks.all
    with ThreadPoolExecutor(6) as pool:
        for number, task in enumerate(tasks):
            pool.submit((shared, other)[number % 2].delivering.deliver, task.owner, task.send_id)
    assert {shared.record(i).status for i in ids} == {Status.SENT}
    assert len(shared.mailbox.posts) == 8


def test_a_send_a_year_ahead_goes_out_on_its_day(world: World) -> None:
    """Whatever queue there was has long forgotten it."""
    send_id = world.queue(send_at=START + timedelta(days=365))
    world.tasks.all.clear()
    for days in (1, 100, 263):
        world.clock.pass_(days=days)
        world.run(minutes=2)
        assert world.mailbox.posts == []
    world.clock.now = START + timedelta(days=365, seconds=-1)
    world.run(minutes=3)
    assert world.record(send_id).status is Status.SENT


def test_a_poisoned_send_keeps_no_other_from_being_swept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be composed fails for good, instead of standing at the head of every sweep."""
    monkeypatch.setattr(sweeping, "BATCH", 2)
    poisoned = [world.queue() for _ in range(3)]
    world.documents.commit([Update(contents.path("own_ann", i), {"bodies": b"?"}) for i in poisoned])
    world.clock.pass_(seconds=1)
    fine = world.queue()
    world.tasks.all.clear()
    world.run(minutes=5)
    assert {world.record(i).status for i in poisoned} == {Status.FAILED}
    assert world.record(fine).status is Status.SENT


def test_a_queue_that_is_away_is_left_for_the_next_sweep(world: World) -> None:
    world.queue()
    world.tasks.all.clear()
    world.clock.pass_(minutes=1)
    world.tasks.down = True
    done = []
    sweeping = Sweeping(world.documents, world.tasks.enqueue, world.clock, [lambda: done.append("a chore")])
    with pytest.raises(Unavailable):
        sweeping.sweep()
    assert done == ["a chore"]  # it needs no queue
    world.tasks.down = False
    assert world.sweeping.sweep().overdue == 1
