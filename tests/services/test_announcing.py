"""Events are on record with what they tell of: in one commit, for each endpoint that wants them, or not at all."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain import records, webhooks
from functions.domain.callers import Caller
from functions.domain.deliveries import Delivery
from functions.domain.errors import PreconditionFailed, ReauthRequired, Unavailable
from functions.domain.events import Counting, Event
from functions.domain.messages import Address
from functions.domain.ports import Documents, Query, Write
from functions.domain.webhooks import WebhookEndpoint
from functions.services import announcing
from tests.services.fakes import ACCOUNT, CALLER, OWNER, START, FlakyDocuments, World, breaks, says

EVERYTHING = ("*",)


def listen(world: World, *events: str, url: str = "https://hooks.example.com/") -> WebhookEndpoint:
    made, _ = world.endpoints.create(CALLER, url=url, events=events or EVERYTHING, enabled=True, secret=None)
    return made


def told(world: World, *, owner: str = OWNER) -> list[Delivery]:
    """Every delivery on record, in the order in which they were made."""
    found = world.documents.query(
        Query("deliveries", equals={"status": "pending"}, order=("due_at", "asc"), limit=500, group=True)
    )
    mine = [records.from_data(Delivery, d.data) for d in found.documents]
    return [d for d in mine if d.owner == owner]


def types(world: World) -> list[str]:
    return [d.type for d in told(world)]


def data(delivery: Delivery) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(delivery.payload)["data"]
    return found


class Counted(FlakyDocuments):
    """Counts reads, and keeps commits."""

    def __init__(self, inner: Documents) -> None:
        super().__init__(inner)
        self.reads = 0
        self.queries: list[str] = []
        self.committed: list[list[Write]] = []

    def get_many(self, paths: Sequence[str]) -> list[Any]:
        self.reads += 1
        return super().get_many(paths)

    def query(self, query: Query) -> Any:
        self.queries.append(query.collection)
        return super().query(query)

    def commit(self, writes: Sequence[Write]) -> list[str]:
        self.committed.append(list(writes))
        return super().commit(writes)


@pytest.fixture
def counted(tmp_path: Path) -> tuple[World, Counted]:
    documents = Counted(SqliteDocuments(tmp_path / "gmail.db", declared()))
    made = World(documents, tmp_path)
    made.connect()
    return made, documents


# What it costs


def test_where_nobody_listens_a_warm_send_reads_and_writes_nothing_more(counted: tuple[World, Counted]) -> None:
    world, documents = counted
    world.send()
    documents.queries.clear()
    documents.committed.clear()

    world.send()

    assert f"owners/{OWNER}/endpoints" not in documents.queries
    assert not [w for commit in documents.committed for w in commit if "deliveries" in w.path]


def test_an_owners_endpoints_are_read_again_after_a_while(counted: tuple[World, Counted]) -> None:
    world, documents = counted
    for _ in range(3):
        world.send()
        world.clock.pass_(seconds=announcing.FRESH.total_seconds() - 1)
        world.send()
        world.clock.pass_(seconds=2)

    assert documents.queries.count(f"owners/{OWNER}/endpoints") == 3


def test_another_instances_new_endpoint_is_known_once_the_memory_is_over(world: World) -> None:
    world.send()
    other = world.beside(world.documents)
    listen(other)

    world.send()
    assert types(world) == []
    world.clock.pass_(seconds=announcing.FRESH.total_seconds())
    world.send()
    assert types(world) == ["send.sent"]


def test_only_so_many_owners_are_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "REMEMBERED", 3)
    for number in range(10):
        world.announcing.writes(f"own_{number}", "send.sent", None, dict)

    assert list(world.announcing._known) == ["own_7", "own_8", "own_9"]


# In one commit with the change


def test_the_delivery_is_in_the_very_commit_that_settles_the_send(counted: tuple[World, Counted]) -> None:
    world, documents = counted
    listen(world)
    documents.committed.clear()

    send_id = world.send().id

    (commit,) = [c for c in documents.committed if any("/deliveries/" in w.path for w in c)]
    assert any(w.path.endswith(send_id) and getattr(w, "data", {}).get("status") == "sent" for w in commit)


@pytest.mark.parametrize("written", [False, True], ids=["lost", "only the answer lost"])
def test_a_settling_commit_that_fails_tells_once_in_the_end(tmp_path: Path, written: bool) -> None:
    flaky = FlakyDocuments(SqliteDocuments(tmp_path / "gmail.db", declared()), written=written)
    world = World(flaky, tmp_path)
    world.connect()
    listen(world)
    world.send()
    before = flaky.commits
    world.send()
    settling = flaky.commits - before - 1
    flaky.fail = {flaky.commits + settling}

    send_id = world.send().id

    assert [data(d)["id"] for d in told(world)].count(send_id) == 1


def test_a_change_that_somebody_else_made_first_tells_nothing(world: World) -> None:
    listen(world, "send.cancelled")
    send_id = world.queue()
    stale = world.outbox.find(OWNER, send_id)
    assert stale
    world.controlling.cancel(CALLER, send_id)

    with pytest.raises(PreconditionFailed):
        world.outbox.save(stale, replace(stale.send, status=stale.send.status.__class__.CANCELLED))

    assert types(world) == ["send.cancelled"]


def test_two_workers_that_settle_one_send_tell_of_it_once(shared: World, open_store: Callable[[], Documents]) -> None:
    listen(shared, "send.sent")
    other = shared.beside(open_store())
    ids = [shared.queue() for _ in range(5)]
    tasks = shared.tasks.take()

    with ThreadPoolExecutor(8) as pool:
        for world in (shared, other):
            for task in tasks:
                pool.submit(world.delivering.deliver, task.owner, task.send_id)

    assert sorted(data(d)["id"] for d in told(shared)) == sorted(ids)


def test_where_the_endpoints_cannot_be_read_nothing_is_changed_silently(tmp_path: Path) -> None:
    flaky = FlakyDocuments(SqliteDocuments(tmp_path / "gmail.db", declared()))
    world = World(flaky, tmp_path)
    flaky.down = True

    with pytest.raises(Unavailable):
        world.announcing.writes(OWNER, "send.sent", None, dict)


def test_a_queue_that_is_away_does_not_keep_the_send_from_its_answer(world: World) -> None:
    listen(world)
    world.tasks.down = True

    assert world.send().status == "sent"
    assert types(world) == ["send.sent"]
    world.tasks.down = False
    world.clock.pass_(minutes=1)
    world.deliver(sweeping=True)
    assert len(world.hooks.got) == 1


# What is told


def test_a_send_that_goes_out_at_once_is_told_of_once(world: World) -> None:
    listen(world)
    receipt = world.send(tags=("a",), metadata={"k": "v"})

    (delivery,) = told(world)

    assert delivery.type == "send.sent"
    body = json.loads(delivery.payload)
    assert body["type"] == "send.sent"
    assert body["timestamp"] == "2027-03-01T12:00:01.000Z"
    assert body["data"] == {
        "id": receipt.id,
        "status": "sent",
        "account": ACCOUNT,
        "from": {"email": "ann@example.com"},
        "to": [{"email": "bob@example.org"}],
        "cc": [],
        "bcc": [],
        "recipients": 1,
        "subject": "Hi",
        "template": None,
        "trigger": None,
        "batch": None,
        "tags": ["a"],
        "metadata": {"k": "v"},
        "created_at": "2027-03-01T12:00:01.000Z",
        "send_at": None,
        "next_attempt_at": None,
        "sent_at": "2027-03-01T12:00:01.000Z",
        "gmail_message_id": "m1",
        "gmail_thread_id": "tm1",
        "code": None,
        "detail": None,
    }


def test_the_life_of_a_queued_send(world: World) -> None:
    listen(world)
    send_id = world.queue()
    world.mailbox.script = [says(429, "rateLimitExceeded")]
    world.run(minutes=40)

    events = [json.loads(got.body) for got in world.hooks.got]
    assert [e["type"] for e in events] == ["send.queued", "send.sent"]
    assert {e["data"]["id"] for e in events} == {send_id}


def test_a_scheduled_send_that_is_cancelled(world: World) -> None:
    listen(world)
    send_id = world.queue(send_at=START + timedelta(days=1))
    world.controlling.cancel(CALLER, send_id)

    queued, cancelled = sorted(told(world), key=lambda d: d.type, reverse=True)

    assert (queued.type, data(queued)["status"], data(queued)["next_attempt_at"]) == (
        "send.queued",
        "scheduled",
        "2027-03-02T12:00:01.000Z",
    )
    assert (cancelled.type, data(cancelled)["detail"]) == ("send.cancelled", "its owner cancelled it")


def test_a_send_that_fails_says_why(world: World) -> None:
    listen(world, "send.failed")
    world.mailbox.always = says(400, "invalidArgument", "Invalid To header")
    world.queue()
    world.deliver()

    (delivery,) = told(world)

    assert data(delivery)["code"] == "gmail_rejected"
    assert "Invalid To header" in data(delivery)["detail"]


def test_an_unknown_outcome_and_what_it_is_settled_to(world: World) -> None:
    listen(world, "send.unknown", "send.sent")
    world.mailbox.script = [breaks(begun=True, delivered=True)]
    send_id = world.send().id
    assert types(world) == ["send.unknown"]

    world.run(minutes=30)

    assert world.record(send_id).status == "sent"
    assert [json.loads(g.body)["type"] for g in world.hooks.got] == ["send.unknown", "send.sent"]


def test_a_resend_is_a_new_send_in_the_queue(world: World) -> None:
    old = world.send().id
    listen(world, "send.queued")

    again, _ = world.controlling.resend(CALLER, old)

    assert [data(d)["id"] for d in told(world)] == [again.id]


def test_every_message_of_a_batch_is_told_of(world: World) -> None:
    for number in range(3):
        listen(world, "send.queued", url=f"https://hooks{number}.example.com/")
    batch = world.merge([f"r{n}@example.org" for n in range(130)])

    found = told(world)

    assert len(found) == 390
    assert {data(d)["id"] for d in found} == {s.id for s in batch.sends}
    assert {data(d)["batch"] for d in found} == {batch.id}
    assert len({t.send_id for t in world.tasks.all if t.send_id.startswith("dlv_")}) == 390


def test_a_message_to_many_shows_some_of_them_and_their_number(world: World) -> None:
    listen(world)
    people = tuple(Address(f"r{n}@example.org") for n in range(400))
    world.send(to=people[:40], cc=people[40:60], bcc=people[60:])

    (delivery,) = told(world)

    shown = data(delivery)
    assert (len(shown["to"]), len(shown["cc"]), len(shown["bcc"]), shown["recipients"]) == (40, 10, 0, 400)


def test_what_happens_to_a_message_later(world: World) -> None:
    listen(world)
    send_id = world.send().id
    for index, kind in enumerate(webhooks.MESSAGE_EVENTS):
        event = Event(
            id=f"evt_{index}",
            owner=OWNER,
            send=send_id,
            account=ACCOUNT,
            type=kind,  # type: ignore[arg-type]
            at=START + timedelta(minutes=index),
            recipient="bob@example.org",
            url="https://example.com/" if kind == "clicked" else "",
            verdict="hard" if kind == "bounced" else "human",
            reason="because",
            evidence={"status": "5.1.1", "user_agent": "never told"} if kind == "bounced" else {},
        )
        assert world.timeline.add(event, Counting())
        assert not world.timeline.add(event, Counting())  # it is on record already

    found = {d.type: d for d in told(world) if d.type != "send.sent"}

    assert set(found) == set(webhooks.MESSAGE_EVENTS.values())
    bounced = found["message.bounced"]
    assert bounced.event == "evt_4"  # the webhook-id is the event's own, as the history shows it
    assert json.loads(bounced.payload)["timestamp"] == "2027-03-01T12:04:01.000Z"
    assert data(bounced) == {
        "id": "evt_4",
        "send": send_id,
        "account": ACCOUNT,
        "recipient": "bob@example.org",
        "url": None,
        "verdict": "hard",
        "reason": "because",
        "classification": {"status": "5.1.1"},
    }
    assert data(found["message.clicked"])["url"] == "https://example.com/"


def test_an_owner_hears_of_a_dead_grant_the_moment_it_is_known_and_once(world: World) -> None:
    listen(world, "account.reauth_required")
    for _ in range(3):
        world.oauth.fails = [ReauthRequired("revoked")]
        world.clock.pass_(hours=2)
        with pytest.raises(ReauthRequired):
            world.send()

    (delivery,) = told(world)

    assert data(delivery)["id"] == ACCOUNT
    assert data(delivery)["email"] == "ann@example.com"
    assert data(delivery)["problem"]["code"] == "reauth_required"
    assert "refresh" not in delivery.payload


def test_a_grant_that_dies_again_after_it_was_mended_is_told_of_again(world: World) -> None:
    listen(world, "account.reauth_required")
    for _ in range(2):
        world.oauth.fails = [ReauthRequired("revoked")]
        world.clock.pass_(hours=2)
        with pytest.raises(ReauthRequired):
            world.send()
        world.connect()

    assert len(told(world)) == 2


def test_a_disconnected_account_is_told_of(world: World) -> None:
    listen(world, "account.disconnected")
    world.disconnect()

    (delivery,) = told(world)

    assert (data(delivery)["id"], data(delivery)["problem"]) == (ACCOUNT, None)


# Who is told


def test_each_endpoint_gets_what_it_asked_for_under_one_id(world: World) -> None:
    both, sent = listen(world, "send.sent", "send.queued"), listen(world, "send.sent")
    failed, everything = listen(world, "send.failed"), listen(world)
    disabled = listen(world)
    world.endpoints.put(CALLER, disabled.id, url=disabled.url, events=disabled.events, enabled=False)

    world.send()

    found = told(world)
    assert {d.endpoint for d in found} == {both.id, sent.id, everything.id}
    assert failed.id not in {d.endpoint for d in found}
    assert len({d.event for d in found}) == 1
    assert len({d.id for d in found}) == 3


def test_another_owners_endpoint_hears_nothing(world: World) -> None:
    stranger = Caller("own_bea", "user")
    world.endpoints.create(stranger, url="https://bea.example.com/", events=EVERYTHING, enabled=True, secret=None)

    world.send()
    world.deliver()

    assert told(world) == told(world, owner="own_bea") == []
    assert world.hooks.got == []


def test_an_endpoint_that_was_deleted_hears_nothing_more(world: World) -> None:
    endpoint = listen(world)
    world.send()
    world.endpoints.delete(CALLER, endpoint.id)
    world.send()

    assert len(told(world)) == 1
    world.deliver()
    assert told(world) == []
    assert world.hooks.got == []
