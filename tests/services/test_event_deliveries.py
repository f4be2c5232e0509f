"""Delivering events: at least once, by a schedule of three days, and what an endpoint's answers do to it."""

import json
import os
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain import deliveries, webhooks
from functions.domain.callers import Caller
from functions.domain.deliveries import Delivery, DeliveryAttempt, DeliveryStatus
from functions.domain.errors import Conflict, Forbidden, NotFound, Unavailable
from functions.domain.ports import Documents, Update
from functions.domain.webhook_ports import HookAnswer
from functions.domain.webhooks import WebhookEndpoint
from functions.services import endpoints
from tests.services.fakes import CALLER, OWNER, START, FlakyDocuments, World
from tests.services.hooks import breaks, meanwhile, says

URL = "https://hooks.example.com/in"
SCHEDULE = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]  # seconds; Standard Webhooks


def listen(world: World, *, url: str = URL, caller: Caller = CALLER) -> tuple[WebhookEndpoint, str]:
    return world.endpoints.create(caller, url=url, events=("send.sent",), enabled=True, secret=None)


def tell(world: World) -> Delivery:
    """A send goes out, and its event waits."""
    world.send()
    (endpoint,) = world.endpoints.page(CALLER, 1, None).endpoints
    return log(world, endpoint.id)[0]


def log(world: World, endpoint_id: str, status: str = "") -> list[Delivery]:
    return list(world.event_deliveries.page(CALLER, endpoint_id, status, 500, None).deliveries)


def now_is(world: World, delivery: Delivery) -> Delivery:
    return world.event_deliveries.get(CALLER, delivery.endpoint, delivery.id)


def endpoint_of(world: World, delivery: Delivery) -> WebhookEndpoint:
    return world.endpoints.get(CALLER, delivery.endpoint)


@pytest.fixture
def listening(world: World) -> World:
    listen(world)
    return world


# One delivery


def test_an_event_arrives_signed_and_the_published_library_verifies_it(world: World) -> None:
    _, secret = listen(world)
    world.clock.now = datetime.now(world.clock.now.tzinfo)  # the library looks at the wall clock
    delivery = tell(world)
    world.deliver()

    (got,) = world.hooks.got
    assert Webhook(secret).verify(got.body, dict(got.headers)) == json.loads(delivery.payload)
    assert got.url == URL
    assert got.id == delivery.event
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["User-Agent"].startswith("Gmail-Integration")
    after = now_is(world, delivery)
    assert (after.status, after.due_at, after.attempt_id) == (DeliveryStatus.DELIVERED, None, "")
    assert [(a.status_code, a.error) for a in after.attempts] == [(204, "")]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(listening: World, status: int) -> None:
    delivery = tell(listening)
    listening.hooks.always = says(status, b"thanks")
    listening.run(days=5)

    assert now_is(listening, delivery).status == "delivered"
    assert now_is(listening, delivery).attempts[0].answer == "thanks"
    assert len(listening.hooks.got) == 1


@pytest.mark.parametrize(
    "answer",
    [says(301, location="https://x.example/"), says(400), says(404), says(429), says(500), says(503), breaks()],
    ids=["301", "400", "404", "429", "500", "503", "timeout"],
)
def test_anything_else_is_tried_again_by_the_schedule_for_three_days(listening: World, answer: Any) -> None:
    delivery = tell(listening)
    listening.hooks.always = answer
    listening.run(days=5)

    waits = [(b.at - a.at).total_seconds() for a, b in zip(listening.hooks.got, listening.hooks.got[1:], strict=False)]
    assert len(waits) == len(SCHEDULE)
    for wait, planned in zip(waits, SCHEDULE, strict=True):
        assert 0.9 * planned <= wait <= 1.1 * planned + 60, waits  # at most a minute later, if the sweep found it
    after = now_is(listening, delivery)
    assert (after.status, after.due_at, after.tries) == (DeliveryStatus.FAILED, None, 10)
    assert timedelta(days=2.8) < after.attempts[-1].at - START < timedelta(days=3.6)
    assert {got.id for got in listening.hooks.got} == {delivery.event}
    assert len({got.body for got in listening.hooks.got}) == 1


def test_each_attempt_is_signed_with_its_own_time(listening: World) -> None:
    tell(listening)
    listening.hooks.script = [says(500)] * 3
    listening.run(hours=3)

    for got in listening.hooks.got:
        assert got.headers["webhook-timestamp"] == str(int(got.at.timestamp()))
    assert len({got.headers["webhook-signature"] for got in listening.hooks.got}) == 4


def test_retries_are_spread(world: World) -> None:
    listen(world)
    for _ in range(30):
        world.send()
    world.hooks.always = says(500)
    world.deliver()

    due = {d.due_at for d in log(world, world.endpoints.page(CALLER, 1, None).endpoints[0].id)}

    assert len(due) > 20


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("86400", 86_400),
        ("999999999", 86_400),  # a day at most
        ("Mon, 01 Mar 2027 12:30:01 GMT", 1800),
        ("0", 5),
        ("-5", 5),
        ("soon", 5),
        ("Mon, 01 Mar 2027 11:00:00 GMT", 5),
        ("١٢", 5),
        ("9" * 5000, 86_400),
        (f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT", 5),
        (f"1 Jan 2026 {'9' * 20}:00:00 GMT", 5),
        (f"1 Jan 2026 00:00:00 +{'9' * 22}", 5),
    ],
)
def test_retry_after_is_honoured(listening: World, header: str, seconds: float) -> None:
    delivery = tell(listening)
    listening.hooks.script = [says(503, retry_after=header)]
    listening.deliver()

    due = now_is(listening, delivery).due_at
    assert due
    wait = (due - listening.clock()).total_seconds()
    assert 0.9 * seconds <= wait <= 1.1 * seconds


def test_an_answer_that_cannot_be_read_is_an_attempt_like_any_other(listening: World) -> None:
    """Whatever is wrong with it: it stands in the log, and the schedule goes on and comes to an end."""

    def unheard_of() -> HookAnswer:
        raise OverflowError("whatever")

    delivery = tell(listening)
    listening.hooks.always = unheard_of
    listening.run(days=5)

    after = now_is(listening, delivery)
    assert len(listening.hooks.got) == len(SCHEDULE) + 1
    assert (after.status, after.tries) == (DeliveryStatus.FAILED, 10)
    assert {(a.status_code, a.error, a.detail) for a in after.attempts} == {
        (None, "malformed", "Its answer could not be read (OverflowError).")
    }
    assert endpoint_of(listening, delivery).failing_since


def test_the_log_shows_what_came_back(listening: World) -> None:
    delivery = tell(listening)
    listening.hooks.script = [
        says(500, b"\x1b[31mboom\x00\xff<script>\n" + b"x" * 10_000),
        breaks("forbidden"),
        says(200, "grüße".encode()),
    ]
    listening.run(minutes=7)

    first, second, third = now_is(listening, delivery).attempts
    assert (first.status_code, first.error) == (500, "")
    assert first.answer.startswith("\ufffd[31mboom\ufffd\ufffd<script>\nxxx")
    assert len(first.answer) == deliveries.ANSWER_KEPT
    assert (second.status_code, second.error, second.detail) == (None, "forbidden", "It did not answer.")
    assert (third.status_code, third.answer) == (200, "grüße")


def test_a_log_keeps_the_last_attempts() -> None:
    attempt = DeliveryAttempt(START, 500, 1)
    found = Delivery("dlv_1", OWNER, "end_1", "evt_1", "x", "{}", START, START, due_at=START)
    for number in range(30):
        again = deliveries.redeliver(found, START)
        found = deliveries.settle(again, replace(attempt, milliseconds=number), START, 0.5)

    assert [a.milliseconds for a in found.attempts] == list(range(18, 30))


def test_a_delivery_is_forgotten_after_thirty_days(listening: World) -> None:
    assert tell(listening).expires_at == START + timedelta(days=30)


# At least once, and by one worker at a time


def test_a_task_that_is_brought_twice_is_one_delivery(listening: World) -> None:
    delivery = tell(listening)
    for _ in range(3):
        listening.event_deliveries.deliver(OWNER, delivery.id)

    assert len(listening.hooks.got) == 1


def test_two_workers_never_have_one_attempt(shared: World, open_store: Callable[[], Documents]) -> None:
    listen(shared)
    delivery = tell(shared)
    at_once, most, lock = 0, 0, threading.Lock()

    def slow() -> HookAnswer:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.3)
        with lock:
            at_once -= 1
        return HookAnswer(204, {}, b"")

    shared.hooks.always = slow
    instances = [shared, shared.beside(open_store()), shared.beside(open_store())]
    with ThreadPoolExecutor(9) as pool:
        for done in [pool.submit(w.event_deliveries.deliver, OWNER, delivery.id) for w in instances * 3]:
            done.result()

    assert (len(shared.hooks.got), most) == (1, 1)


def test_a_worker_that_dies_leaves_the_delivery_to_the_next_after_its_lease(listening: World) -> None:
    delivery = tell(listening)

    def dies() -> HookAnswer:
        raise KeyboardInterrupt

    listening.hooks.script = [dies]
    with pytest.raises(KeyboardInterrupt):
        listening.event_deliveries.deliver(OWNER, delivery.id)
    listening.event_deliveries.deliver(OWNER, delivery.id)
    assert len(listening.hooks.got) == 1

    listening.run(seconds=deliveries.LEASE.total_seconds() + 60)

    assert len(listening.hooks.got) == 2
    assert listening.hooks.got[0].id == listening.hooks.got[1].id
    assert now_is(listening, delivery).status == "delivered"


def test_where_the_end_of_an_attempt_cannot_be_noted_it_is_made_again(tmp_path: Path) -> None:
    flaky = FlakyDocuments(SqliteDocuments(tmp_path / "gmail.db", declared()))
    world = World(flaky, tmp_path)
    world.connect()
    listen(world)
    delivery = tell(world)
    flaky.fail = {flaky.commits + 1}  # the claim is written, the outcome is not

    with pytest.raises(Unavailable):
        world.event_deliveries.deliver(OWNER, delivery.id)
    world.run(minutes=3)

    assert [g.id for g in world.hooks.got] == [delivery.event] * 2
    assert now_is(world, delivery).status == "delivered"


def test_a_task_that_was_lost_is_found_by_the_sweep(listening: World) -> None:
    delivery = tell(listening)
    listening.tasks.all.clear()
    assert listening.event_deliveries.sweep().overdue == 0  # the queue may be about to bring it
    listening.clock.pass_(minutes=1)

    assert listening.event_deliveries.sweep().overdue == 1
    listening.deliver()

    assert now_is(listening, delivery).status == "delivered"
    assert listening.event_deliveries.sweep().overdue == 0


def test_a_task_that_comes_too_early_is_put_back(listening: World) -> None:
    delivery = tell(listening)
    listening.hooks.script = [says(500)]
    listening.deliver()
    listening.tasks.all.clear()

    listening.event_deliveries.deliver(OWNER, delivery.id)

    assert len(listening.hooks.got) == 1
    assert [t.at for t in listening.tasks.all] == [now_is(listening, delivery).due_at]


def test_a_delivery_of_another_owner_is_none(listening: World) -> None:
    delivery = tell(listening)
    listening.event_deliveries.deliver("own_bea", delivery.id)
    listening.event_deliveries.deliver(OWNER, "dlv_0")
    listening.event_deliveries.deliver(OWNER, "../x")

    assert listening.hooks.got == []


# What answers do to the endpoint


def test_410_disables_the_endpoint_at_once(listening: World) -> None:
    delivery = tell(listening)
    listening.clock.pass_(seconds=1)
    second = tell(listening)
    listening.hooks.always = says(410)
    listening.event_deliveries.deliver(OWNER, delivery.id)
    listening.send()
    listening.run(days=5)

    endpoint = endpoint_of(listening, delivery)
    assert (endpoint.enabled, endpoint.disabled_at) == (False, START + timedelta(seconds=1))
    assert "410" in endpoint.disabled_reason
    assert len(listening.hooks.got) == 1
    assert now_is(listening, delivery).status == "failed"
    cancelled = now_is(listening, second)
    assert (cancelled.status, cancelled.detail) == (DeliveryStatus.CANCELLED, "The endpoint was disabled.")
    assert len(log(listening, endpoint.id)) == 2  # what happened afterwards was not for it


def test_an_endpoint_that_fails_for_five_days_is_disabled(listening: World) -> None:
    listening.hooks.always = says(500)
    day = 0
    while (endpoint := listening.endpoints.page(CALLER, 1, None).endpoints[0]).enabled:
        listening.send()
        listening.run(days=1)
        day += 1
        assert day < 9
    assert 5 <= day <= 7
    assert endpoint.disabled_reason == "Every delivery has failed for 5 days."
    assert endpoint.failing_since == START


def test_one_success_begins_the_time_anew(listening: World) -> None:
    for _ in range(4):
        listening.hooks.always = says(500)
        listening.send()
        listening.run(days=4)
        listening.hooks.always = says(200)
        listening.send()
        listening.run(minutes=1)

    endpoint = listening.endpoints.page(CALLER, 1, None).endpoints[0]
    assert endpoint.enabled
    assert (endpoint.failing_since, endpoint.given_up) == (None, 0)


def test_a_failure_long_after_another_is_not_five_days_of_failing(listening: World) -> None:
    listening.hooks.always = says(500)
    listening.send()
    listening.run(days=10)
    delivery = tell(listening)
    listening.deliver()

    endpoint = endpoint_of(listening, delivery)
    assert endpoint.enabled
    assert endpoint.failing_since == listening.clock()


def test_ten_events_given_up_in_a_row_disable_the_endpoint(listening: World) -> None:
    for _ in range(10):
        listening.send()
    listening.hooks.always = breaks()
    listening.run(days=4)

    endpoint = listening.endpoints.page(CALLER, 1, None).endpoints[0]
    assert not endpoint.enabled
    assert endpoint.disabled_reason == "10 events in a row could not be delivered, each tried 10 times."


def test_an_endpoint_that_fails_is_no_hot_document(listening: World) -> None:
    for _ in range(50):
        listening.send()
    listening.hooks.always = says(500)
    path = endpoints.path(OWNER, listening.endpoints.page(CALLER, 1, None).endpoints[0].id)
    versions = set()
    for task in listening.tasks.take():
        listening.event_deliveries.deliver(task.owner, task.send_id)
        document = listening.documents.get(path)
        assert document
        versions.add(document.version)

    assert len(listening.hooks.got) == 50
    assert len(versions) == 1


def test_an_endpoint_that_was_changed_meanwhile_is_not_disabled_for_what_it_was(listening: World) -> None:
    delivery = tell(listening)
    other = "https://new.example.com/"
    change = lambda: listening.endpoints.put(  # noqa: E731
        CALLER, delivery.endpoint, url=other, events=("send.sent",), enabled=True
    )
    listening.hooks.script = [meanwhile(change, says(410))]
    listening.deliver()

    assert endpoint_of(listening, delivery).enabled


def test_enabling_it_again_forgets_why_it_was_disabled(listening: World) -> None:
    delivery = tell(listening)
    listening.hooks.script = [says(410)]
    listening.deliver()
    listening.endpoints.put(CALLER, delivery.endpoint, url=URL, events=("send.sent",), enabled=True)

    endpoint = endpoint_of(listening, delivery)
    assert (endpoint.enabled, endpoint.disabled_reason, endpoint.disabled_at) == (True, "", None)
    listening.send()
    listening.deliver()
    assert len(listening.hooks.got) == 2


def test_an_endpoint_that_is_deleted_while_an_event_is_on_its_way(listening: World) -> None:
    delivery = tell(listening)
    listening.hooks.script = [meanwhile(lambda: listening.endpoints.delete(CALLER, delivery.endpoint), says(500))]
    listening.run(days=1)

    assert len(listening.hooks.got) == 1
    with pytest.raises(NotFound):
        now_is(listening, delivery)


def test_a_secret_whose_key_is_gone_is_a_failed_attempt_that_says_so(
    listening: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = tell(listening)
    monkeypatch.setattr(listening.endpoints, "secrets", lambda _: [])
    listening.deliver()

    (attempt,) = now_is(listening, delivery).attempts
    assert (attempt.error, attempt.status_code) == ("unsigned", None)
    assert listening.hooks.got == []


# What an owner does


def test_redelivering_has_the_same_id_and_another_round_of_tries(listening: World) -> None:
    delivery = tell(listening)
    listening.hooks.always = says(500)
    listening.run(days=4)
    listening.hooks.got.clear()
    listening.hooks.always = says(200)

    again = listening.event_deliveries.redeliver(CALLER, delivery.endpoint, delivery.id)
    listening.run(minutes=1)

    assert (again.status, again.tries) == (DeliveryStatus.PENDING, 0)
    assert [(g.id, g.body.decode()) for g in listening.hooks.got] == [(delivery.event, delivery.payload)]
    assert now_is(listening, delivery).status == "delivered"
    assert len(now_is(listening, delivery).attempts) == 11


def test_what_was_delivered_can_be_delivered_again(listening: World) -> None:
    delivery = tell(listening)
    listening.deliver()
    listening.event_deliveries.redeliver(CALLER, delivery.endpoint, delivery.id)
    listening.deliver()

    assert [g.id for g in listening.hooks.got] == [delivery.event] * 2


def test_nothing_is_redelivered_while_it_is_delivered_or_to_a_disabled_endpoint(listening: World) -> None:
    delivery = tell(listening)
    again = lambda: listening.event_deliveries.redeliver(CALLER, delivery.endpoint, delivery.id)  # noqa: E731
    seen: list[type] = []

    def try_it() -> None:
        with pytest.raises(Conflict) as caught:
            again()
        seen.append(caught.type)

    listening.hooks.script = [meanwhile(try_it)]
    listening.deliver()
    listening.endpoints.put(CALLER, delivery.endpoint, url=URL, events=("send.sent",), enabled=False)
    try_it()

    assert seen == [Conflict, Conflict]
    assert now_is(listening, delivery).status == "delivered"


@pytest.mark.parametrize(
    ("answer", "status"),
    [(says(200, b"hi"), "delivered"), (says(410), "failed"), (breaks(), "failed")],
    ids=["200", "410", "timeout"],
)
def test_a_test_is_sent_now_once_and_says_what_came_back(world: World, answer: Any, status: str) -> None:
    endpoint, _ = listen(world)
    world.hooks.script = [answer]

    done = world.event_deliveries.test(CALLER, endpoint.id)
    world.run(days=4)

    assert (done.status, len(done.attempts)) == (status, 1)
    (got,) = world.hooks.got
    assert json.loads(got.body)["type"] == "test"
    assert json.loads(got.body)["data"] == {"endpoint": endpoint.id}
    assert log(world, endpoint.id) == [done]
    assert world.endpoints.get(CALLER, endpoint.id) == endpoint  # whatever came back


def test_a_disabled_endpoint_can_be_tested_before_it_is_enabled(world: World) -> None:
    endpoint, _ = world.endpoints.create(CALLER, url=URL, events=("*",), enabled=False, secret=None)

    assert world.event_deliveries.test(CALLER, endpoint.id).status == "delivered"


def test_the_log_is_newest_first_filtered_and_paged(listening: World) -> None:
    made = []
    for number in range(5):
        made.append(tell(listening).id)
        listening.hooks.script = [says(500 if number % 2 else 200)]
        listening.deliver()
        listening.clock.pass_(seconds=1)
    endpoint_id = log(listening, listening.endpoints.page(CALLER, 1, None).endpoints[0].id)[0].endpoint

    assert [d.id for d in log(listening, endpoint_id)] == made[::-1]
    assert {d.id for d in log(listening, endpoint_id, "pending")} <= {made[1], made[3]}
    assert len(log(listening, endpoint_id, "delivered")) >= 3
    first = listening.event_deliveries.page(CALLER, endpoint_id, "", 2, None)
    second = listening.event_deliveries.page(CALLER, endpoint_id, "", 2, first.next)
    assert [d.id for d in (*first.deliveries, *second.deliveries)] == made[::-1][:4]


def test_deliveries_of_another_endpoint_are_not_found(world: World) -> None:
    one, _ = listen(world)
    other, _ = listen(world, url="https://other.example.com/")
    world.send()
    (theirs,) = log(world, other.id)

    for act in (world.event_deliveries.get, world.event_deliveries.redeliver):
        with pytest.raises(NotFound):
            act(CALLER, one.id, theirs.id)


# Endpoints and their secrets


def test_both_secrets_sign_until_the_overlap_is_over(listening: World) -> None:
    delivery = tell(listening)
    _, fresh = listening.endpoints.rotate(CALLER, delivery.endpoint, None, webhooks.OVERLAP)
    listening.deliver()
    listening.clock.pass_(hours=25)
    listening.send()
    listening.deliver()

    during, after = (g.headers["webhook-signature"].split(" ") for g in listening.hooks.got)
    assert (len(during), len(after)) == (2, 1)
    got = listening.hooks.got[1]
    secret = webhooks.parse_secret(fresh)
    assert secret
    assert after == [webhooks.sign(secret, got.id, int(got.at.timestamp()), got.body)]


def test_a_secret_of_ones_own_is_taken(world: World) -> None:
    secret = os.urandom(24)
    _, shown = world.endpoints.create(CALLER, url=URL, events=("*",), enabled=True, secret=secret)

    assert shown == webhooks.secret_text(secret)


def test_a_new_secret_has_256_random_bits_and_is_sealed_to_its_endpoint(world: World) -> None:
    one, first = listen(world)
    two, second = listen(world)

    assert first != second
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", first)
    document = world.documents.get(endpoints.path(OWNER, one.id))
    assert document
    assert first.removeprefix("whsec_") not in str(document.data)
    # The records' secrets swapped: the seal does not open for another endpoint.
    swapped = replace(one, secrets=two.secrets)
    with pytest.raises(AssertionError):  # of the tests' own sealer, which checks what it is bound to
        world.endpoints.secrets(swapped)


def test_an_owner_has_so_many_endpoints_and_no_more(world: World) -> None:
    for _ in range(webhooks.MAX_ENDPOINTS):
        listen(world)

    with pytest.raises(Conflict):
        listen(world)
    listen(world, caller=Caller("own_bea", "user"))


def test_a_key_for_some_accounts_has_nothing_to_do_with_endpoints(world: World) -> None:
    """An endpoint hears of every account."""
    endpoint, _ = listen(world)
    world.send()
    (delivery,) = log(world, endpoint.id)
    key = Caller(OWNER, "key", accounts=frozenset({"acc_ann"}))
    put: dict[str, Any] = {"url": URL, "events": ("*",), "enabled": True}
    calls: list[Callable[[], object]] = [
        lambda: world.endpoints.page(key, 10, None),
        lambda: world.endpoints.get(key, endpoint.id),
        lambda: world.endpoints.create(key, **put, secret=None),
        lambda: world.endpoints.put(key, endpoint.id, **put),
        lambda: world.endpoints.rotate(key, endpoint.id, None, timedelta()),
        lambda: world.endpoints.delete(key, endpoint.id),
        lambda: world.event_deliveries.test(key, endpoint.id),
        lambda: world.event_deliveries.page(key, endpoint.id, "", 10, None),
        lambda: world.event_deliveries.get(key, endpoint.id, delivery.id),
        lambda: world.event_deliveries.redeliver(key, endpoint.id, delivery.id),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            call()
    assert world.endpoints.get(CALLER, endpoint.id) == endpoint


def test_a_record_of_an_older_release_is_read(world: World) -> None:
    """Fields that are missing take their defaults."""
    endpoint, _ = listen(world)
    document = world.documents.get(endpoints.path(OWNER, endpoint.id))
    assert document
    world.documents.commit([Update(document.path, {"unknown": 1})])

    assert world.endpoints.get(CALLER, endpoint.id) == endpoint
