"""SIGKILL between the commit of a change and the delivery of its event: the event arrives all the same."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.e2e.receiver import Receiver, answers
from tests.faults.world import FAST, World, letter

FASTER: dict[str, Any] = {**FAST, "functions.domain.deliveries.LEASE": 2, "functions.services.announcing.FRESH": 1}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def start(world: World, receiver: Receiver, *arguments: str) -> Any:
    return world.start(*arguments, constants=FASTER, ENDPOINTS_ALLOW=receiver.place)


def listen(world: World, server: Any, receiver: Receiver, *events: str) -> None:
    asked = {"url": receiver.url("/in"), "events": list(events)}
    made = world.call(server, "POST", "endpoints/", json=asked)
    assert made.status_code == 201, made.text
    receiver.secrets["/in"] = [made.json()["secret"]]


def told(receiver: Receiver) -> set[str]:
    """The sends whose event has arrived, each of them signed."""
    assert all(m.verified == 1 for m in receiver.at("/in"))
    return {m.json["data"]["id"] for m in receiver.at("/in")}


@pytest.mark.timeout(300)
def test_what_was_committed_before_a_kill_is_delivered_after_the_restart(world: World, receiver: Receiver) -> None:
    """Killed with the settling commit done, before the queue or the receiver has heard anything."""
    armed = world.directory / "armed"
    server = start(world, receiver, "--kill-at", "after the settling commit", "--armed", str(armed))
    world.connect(server)
    listen(world, server, receiver, "send.sent")
    armed.write_text("1")
    with pytest.raises(requests.RequestException):
        world.call(server, "POST", "send/", json=letter("killed"))
    assert server.died(20)
    assert receiver.at("/in") == []
    armed.unlink()

    start(world, receiver)
    receiver.wait("/in")

    (send,) = world.sends()
    assert send.status == "sent"
    assert told(receiver) == {send.id}
    assert len({m.id for m in receiver.at("/in")}) == 1


@pytest.mark.timeout(300)
def test_a_kill_in_the_middle_of_a_delivery_makes_it_come_again(world: World, receiver: Receiver) -> None:
    """At least once: the receiver may have seen the first, and knows the second by its id."""
    server = start(world, receiver)
    world.connect(server)
    listen(world, server, receiver, "send.sent")
    receiver.acts["/in"] = [receiver.drip, answers(200)]
    assert world.call(server, "POST", "send/", json=letter("half")).status_code == 200
    receiver.wait("/in")
    server.kill()

    start(world, receiver)
    messages = receiver.wait("/in", 2)

    assert len({m.id for m in messages}) == 1
    assert told(receiver) == {send.id for send in world.sends()}


@pytest.mark.timeout(300)
def test_no_event_of_a_burst_is_lost_in_a_kill(world: World, receiver: Receiver) -> None:
    armed = world.directory / "armed"
    server = start(world, receiver, "--kill-at", "after the settling commit", "--armed", str(armed))
    world.connect(server)
    listen(world, server, receiver, "send.sent", "send.queued")
    armed.write_text("7")
    for number in range(12):
        try:
            world.call(server, "POST", "send/", json=letter(f"burst {number}", wait=False))
        except requests.RequestException:  # it has been killed already
            break
    assert server.died(30)
    armed.unlink()

    start(world, receiver)
    sends = world.wait_until_settled()
    assert len(sends) >= 7
    certain = {send.id for send in sends if send.status == "sent"}
    assert certain
    wanted = {("send.sent", id_) for id_ in certain} | {("send.queued", send.id) for send in sends}

    def come() -> set[tuple[str, str]]:
        return {(m.type, m.json["data"]["id"]) for m in receiver.at("/in")}

    receiver.until(lambda: come() >= wanted)
    assert come() == wanted
