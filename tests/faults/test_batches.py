"""Kills, store faults and rivals in the middle of a batch: one mail for each recipient, or none for anybody.

The short form has a few recipients and small commits; FAULT_FULL=1 has 120, with the commits of production.
"""

import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.domain.sends import Send, Status
from tests.faults.ledger import Figures, Report, Request, check, marks
from tests.faults.world import FAST, Server, World, letter
from tests.full import FULL

PEOPLE = 120 if FULL else 24
# A request that was cut off can be repeated after two seconds, and is given up much later, unless a test says so.
SHORT: dict[str, Any] = {
    **FAST,
    "functions.domain.batches.LEASE": 2,
    "functions.domain.batches.PATIENCE": 600,
    "functions.services.delivering.SOON": 0.5,
} | ({} if FULL else {"functions.services.merging.CHUNK": 10, "functions.services.outbox.WRITES": 20})
GIVEN_UP = {**SHORT, "functions.domain.batches.LEASE": 20 if FULL else 5, "functions.domain.batches.PATIENCE": 1}
# Each with how often it is passed before the kill: of the sends' commits, and of deliveries.
KILLS = (
    ("before the batch", 1),
    ("after the batch", 1),
    ("after the accepting commit", 1),
    ("before the accepting commit", 3),
    ("before the batch is ready", 1),
    ("after the batch is ready", 1),
    ("after the claim", 3),
    ("after Gmail accepted", 5),
    ("before the settling commit", 9),
)


def merge(name: str, *, key: bool = True) -> Request:
    subject = f"{name} {uuid.uuid4().hex[:8]}"
    recipients = [{"to": f"p{number}.{uuid.uuid4().hex[:8]}@elsewhere.example"} for number in range(PEOPLE)]
    return Request(subject, letter(subject, to=None, recipients=recipients), f"key-{uuid.uuid4().hex}" if key else "")


def people(one: Request) -> list[str]:
    return [recipient["to"] for recipient in one.body["recipients"]]


def judge(world: World, merges: list[Request], sends: list[Send]) -> tuple[Figures, list[str]]:
    """The figures, and every broken promise: each answer is one batch of one send for each recipient, and nobody got
    two mails."""
    deliveries = world.deliveries()
    figures, wrong = check([], sends, deliveries)
    figures.asked = sum(len(people(one)) for one in merges)
    records = {send.id for send in sends}
    for one in merges:
        accepted = [body for status, body in one.answers if status == 202]
        if len({body["batch"] for body in accepted}) > 1:
            wrong.append(f"{one.subject}: one key, several batches")
        if accepted:
            figures.answered += len(people(one))
            if [send["to"] for send in accepted[0]["sends"]] != people(one):
                wrong.append(f"{one.subject}: its answer has other recipients")
            if missing := {send["id"] for send in accepted[0]["sends"]} - records:
                figures.lost += len(missing)
                wrong.append(f"{one.subject}: {len(missing)} accepted sends are not on record")
    for address, count in Counter(to for send in sends for to in (a.email for a in send.to)).items():
        if count > 1:
            wrong.append(f"{address} has {count} sends")
    return figures, wrong


def statuses(one: Request, sends: list[Send]) -> Counter[Status]:
    asked = set(people(one))
    return Counter(send.status for send in sends if send.to[0].email in asked)


@pytest.mark.timeout(1500)
def test_a_killed_batch_goes_out_once_when_it_is_repeated(world: World, report: Report, kind: str) -> None:
    """Each server is killed within one batch; the next one serves the repetition, and what was left behind."""
    armed = world.directory / "armed"
    kills = KILLS if FULL else KILLS[::2] if kind == "sqlite" else KILLS[1::2]
    wrong: list[str] = []
    merges: list[Request] = []

    def start(point: str) -> Server:
        return world.start("--kill-at", point, "--armed", str(armed), constants=SHORT)

    server = start(kills[0][0])
    world.connect(server)
    for number, (point, times) in enumerate(kills):
        merges.append(merge(point))
        armed.write_text(str(times))
        world.send(server, merges[-1])
        if not server.died(30):
            wrong.append(f"{point}: the server was not killed")
        armed.unlink()
        server.kill()
        server = start(kills[(number + 1) % len(kills)][0])
    world.insist_all(server, merges)
    sends = world.wait_until_settled()
    figures, more = judge(world, merges, sends)
    figures.runs = len(kills)
    report.add(f"killed within a batch, {kind}", figures)
    assert wrong + more == []
    assert figures.recorded == figures.answered == len(kills) * PEOPLE
    for one in merges:
        found = statuses(one, sends)
        assert set(found) <= {Status.SENT, Status.UNKNOWN}, one.subject
        assert found[Status.UNKNOWN] <= 20, "of those whose attempt was killed with the server"


@pytest.mark.timeout(600)
def test_a_killed_batch_that_is_not_repeated_goes_to_nobody(world: World, report: Report, kind: str) -> None:
    """Unless it was ready: then it goes to everybody, although nobody heard of it."""
    kills = [("after the accepting commit", 2, True), ("before the batch is ready", 1, False)]
    kills += [("after the batch is ready", 1, False)]
    armed = world.directory / "armed"
    merges: list[Request] = []
    for point, times, key in kills:
        server = world.start("--kill-at", point, "--armed", str(armed), constants=GIVEN_UP)
        if not merges:
            world.connect(server)
        merges.append(merge(point, key=key))
        armed.write_text(str(times))
        assert not world.send(server, merges[-1])
        assert server.died(30)
        armed.unlink()
    server = world.start(constants=GIVEN_UP)
    sends = world.wait_until_settled()
    cut_off, unready, ready = merges
    assert world.send(server, cut_off)
    assert (cut_off.answers[-1][0], cut_off.answers[-1][1]["code"]) == (409, "conflict")
    assert world.wait_until_settled() == sends
    figures, wrong = judge(world, merges, sends)
    figures.runs = len(merges)
    report.add(f"a killed batch is not repeated, {kind}", figures)
    assert wrong == []
    assert set(statuses(cut_off, sends)) == {Status.CANCELLED}
    assert statuses(unready, sends) == {Status.CANCELLED: PEOPLE}
    assert statuses(ready, sends) == {Status.SENT: PEOPLE}


@pytest.mark.timeout(600)
def test_twenty_callers_at_two_servers_make_one_batch(world: World, report: Report, kind: str) -> None:
    """The same key at the same moment; two queues and two sweepers bring it out."""
    servers = [world.start("--copies", "2", constants=SHORT) for _ in range(2)]
    world.connect(servers[0])
    wanted = merge("twenty")
    calls = [Request(wanted.subject, wanted.body, wanted.key) for _ in range(20)]
    with ThreadPoolExecutor(len(calls)) as pool:
        list(pool.map(lambda call: world.send(servers[call[0] % 2], call[1]), enumerate(calls)))
    assert {answer[0] for call in calls for answer in call.answers} <= {202, 409}
    wanted.answers = [answer for call in calls for answer in call.answers]
    for server in servers:
        world.insist(server, wanted)
    sends = world.wait_until_settled()
    figures, wrong = judge(world, [wanted], sends)
    report.add(f"a batch asked for 20 times at once, {kind}", figures)
    assert wrong == []
    assert statuses(wanted, sends) == {Status.SENT: PEOPLE}
    assert figures.delivered == PEOPLE


@pytest.mark.timeout(600)
def test_a_store_that_fails_now_and_then_sends_each_once(world: World, report: Report, kind: str) -> None:
    """One commit of twenty fails, half of those after it was written; callers with a key repeat, the others don't."""
    faultless = world.start()
    world.connect(faultless)
    faultless.kill()
    server = world.start("--failing-commits", "0.05", constants=SHORT)
    insisting = [merge("failing") for _ in range(4 if FULL else 3)]
    once = [merge("failing, once", key=False) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(world.insist, server, one) for one in insisting]
        asked += [pool.submit(lambda one=one: world.send(server, one)) for one in once]  # type: ignore[misc]
        for one in asked:
            one.result()
    sends = world.wait_until_settled()
    figures, wrong = judge(world, [*insisting, *once], sends)
    report.add(f"5 % of the commits fail, {kind}", figures)
    assert wrong == []
    for merged in insisting:
        assert statuses(merged, sends) == {Status.SENT: PEOPLE}
    for merged in once:
        accepted = merged.answers[-1][0] == 202
        assert set(statuses(merged, sends)) <= {Status.SENT if accepted else Status.CANCELLED}, merged.answers


@pytest.mark.timeout(600)
def test_what_a_cancel_reports_does_not_go_out(world: World, report: Report, kind: str) -> None:
    """A batch is cancelled while it goes out, and some of its recipients unsubscribe at that very moment."""
    server = world.start(constants=SHORT)
    world.connect(server)
    wanted = merge("cancelled")
    assert world.send(server, wanted)
    batch = wanted.answers[0][1]["batch"]
    end = time.monotonic() + 30
    while not world.deliveries() and time.monotonic() < end:
        time.sleep(0.02)
    leaving = people(wanted)[::3]

    def leave(address: str) -> None:
        assert world.call(server, "POST", "suppressions/", json={"address": address}).status_code in (200, 201)

    with ThreadPoolExecutor(4) as pool:
        left = pool.map(leave, leaving)
        answer = world.call(server, "POST", f"history/{batch}/cancel/", json={})
        told = {send.id: send.status for send in world.sends()}
        list(left)
    assert answer.status_code == 200, answer.text
    sends = world.wait_until_settled()
    figures, wrong = judge(world, [wanted], sends)
    report.add(f"a batch cancelled while it goes out, {kind}", figures)
    assert wrong == []
    found = statuses(wanted, sends)
    assert set(found) <= {Status.SENT, Status.CANCELLED}
    assert found.total() == PEOPLE
    by_owner = [send for send in sends if send.waits_detail == "its owner cancelled the batch"]
    assert len(by_owner) == answer.json()["cancelled"]
    assert {told[send.id] for send in by_owner} <= {Status.CANCELLED}
    delivered = {mark for delivery in world.deliveries() for mark in marks(delivery)}
    assert not delivered & {send_id for send_id, status in told.items() if status is Status.CANCELLED}
