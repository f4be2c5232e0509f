"""Webhooks that come three times, to two servers at once, while servers die: one send and one mail for each."""

import json
import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, product
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.bench import paced
from tests.bench.load import Ask
from tests.bench.paced import Due
from tests.e2e import hooks
from tests.faults.ledger import Report, Request, check
from tests.faults.server import HOOK_POINTS
from tests.faults.world import Server, World
from tests.full import FULL

STORES = ("sqlite", "firestore")
POINTS = (
    "before the accepting commit",
    "after the accepting commit",
    "after enqueue",
    *HOOK_POINTS,
    "after the claim",
    "after Gmail accepted",
    "before the settling commit",
)
DEATHS = list(product(STORES, POINTS) if FULL else zip(cycle(STORES), POINTS, strict=False))
RATE, SECONDS = (50, 30) if FULL else (20, 3)  # webhooks a second; each comes three times


@dataclass
class Sender:
    """A trigger, and whoever signs for it."""

    target: str
    secret: str

    def asks(self, request: Request) -> Ask:
        body = json.dumps(request.body).encode()
        headers = {"Content-Type": "application/json", **hooks.standard(self.secret, request.key, body)}
        return Ask("POST", self.target, headers, body)

    def insist(self, server: Server, request: Request, seconds: float = 60) -> None:
        """Until there is a 2xx, as senders do."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ask = self.asks(request)
            try:
                answer = requests.post(server.url + ask.target, ask.body, headers=ask.headers, timeout=30)
            except requests.RequestException:
                return  # the server is dead: its successor will be asked
            if answer.ok:
                answered(request, answer.status_code, answer.json())
                return
            time.sleep(0.2)
        raise AssertionError(f"no answer to {request.key}")


def sender(world: World, server: Server) -> Sender:
    world.connect(server)
    asked: dict[str, Any] = {
        "name": "Faults",
        "scheme": "standard-webhooks",
        "subject": "{{ subject }}",
        "html": "<p>{{ subject }}</p>",
        "mapping": {"variables": {"subject": "subject"}, "to": [{"email": "bo@elsewhere.example"}]},
    }
    made = world.call(server, "POST", "triggers/", json=asked)
    assert made.status_code == 201, made.text
    return Sender(urlsplit(made.json()["url"]).path, made.json()["secrets"][0]["secret"])


def webhook(name: str) -> Request:
    subject = f"{name} {uuid.uuid4().hex[:8]}"
    return Request(subject, {"subject": subject}, f"msg_{uuid.uuid4().hex}")


def answered(request: Request, status: int, body: dict[str, Any]) -> None:
    request.answers.append((status, {"id": body["send"]}))


def test_each_of_many_webhooks_is_sent_once(world: World, report: Report, kind: str) -> None:
    """The short form of what `python -m tests.bench --sections webhooks` measures; here no time counts."""
    servers = [world.start() for _ in range(2)]
    signs, chance = sender(world, servers[0]), random.Random(6)
    wanted = [webhook("load") for _ in range(RATE * SECONDS)]
    plan = []
    for number, one in enumerate(wanted):
        at, ask = number / RATE, signs.asks(one)
        plan += [(Due(at, server.port, ask), one) for server in servers]
        plan.append((Due(at + chance.uniform(0, 0.5), chance.choice(servers).port, ask), one))
    course = paced.run([due for due, _ in plan], world.directory / "plan")
    for (_, one), came in zip(plan, course.answers, strict=True):
        if came.status in (200, 202):
            answered(one, came.status, json.loads(came.body))
    for one in wanted:  # an answer that got lost on a busy machine
        if not one.answers:
            signs.insist(servers[0], one)
    sends = world.wait_until_settled()
    figures, wrong = check(wanted, sends, world.deliveries())
    report.add(f"webhooks three times, two servers, {kind}", figures)
    assert wrong == []
    assert set(course.statuses) <= {200, 202, 503}
    assert figures.sent == figures.delivered == len(wanted)
    assert all(sum(status == 202 for status, _ in one.answers) <= 1 for one in wanted)


@pytest.mark.parametrize(("kind", "point"), DEATHS, indirect=["kind"])
def test_a_server_that_dies_with_a_webhook_in_hand_loses_and_doubles_nothing(
    world: World, report: Report, kind: str, point: str
) -> None:
    armed = world.directory / "armed"
    first = world.start("--kill-at", point, "--armed", str(armed))
    signs = sender(world, first)
    wanted = [webhook(point) for _ in range(6)]
    armed.write_text("2")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda one: signs.insist(first, one), wanted))
    assert first.died(20)
    second = world.start()
    for one in wanted:  # whoever got no answer asks again, and whoever got one may do so, too
        signs.insist(second, one)
    sends = world.wait_until_settled()
    figures, wrong = check(wanted, sends, world.deliveries())
    report.add(f"webhooks, {point}, {kind}", figures)
    # Whoever died after the claim may have posted, or not. Where the mailbox does not say so in time, the send stays
    # visibly unknown, and is not posted again.
    assert wrong == []
    assert figures.sent + figures.unknown == figures.recorded == len(wanted)
