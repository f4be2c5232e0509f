"""The queue's port: what both adapters do, and what each does in its own way."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from functions.adapters import cloud_tasks, local_queue
from functions.adapters.cloud_tasks import CloudTasks
from functions.adapters.google_access import GoogleAccess, NoAccess
from functions.adapters.http import Http
from functions.adapters.local_queue import LocalQueue
from functions.domain import tasks
from functions.domain.errors import Unavailable
from tests.adapters.metadata import Metadata
from tests.contracts.fake_cloud_tasks import FakeCloudTasks
from tests.contracts.rest import STATUSES
from tests.faults.stub import ACCEPT, Act, Stub

URL = "https://mail.example.com/tasks/deliver"
ACCOUNT = "gmail-tasks@project.iam.gserviceaccount.com"
QUEUE = "projects/project/locations/europe-west1/queues/sends"
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[FakeCloudTasks]:
    made = FakeCloudTasks()
    yield made
    made.close()


def cloud(root: str, clock: Clock, access: GoogleAccess | None = None) -> CloudTasks:
    return CloudTasks(
        http=Http(),
        access=access or NoAccess(),
        project="project",
        location="europe-west1",
        queue="sends",
        url=URL,
        service_account=ACCOUNT,
        clock=clock,
        root=root,
    )


@pytest.fixture
def remote(server: FakeCloudTasks, clock: Clock) -> CloudTasks:
    return cloud(server.url, clock)


class Local:
    """A local queue whose deliveries a test can watch, hold up and let fail."""

    def __init__(self, clock: Clock) -> None:
        self.delivered: list[tuple[str, str]] = []
        self.changed = threading.Condition()
        self.hook: Callable[[str, str], None] = lambda _owner, _send: None
        self.sweeps = 0
        self.queue = LocalQueue(self.deliver, self.sweep, clock, sweep_every=0.01)

    def deliver(self, owner: str, send_id: str) -> None:
        with self.changed:
            self.delivered.append((owner, send_id))
            self.changed.notify_all()
        self.hook(owner, send_id)

    def sweep(self) -> None:
        self.sweeps += 1
        if self.sweeps < 3:
            raise Unavailable("The store is away.")

    def until(self, count: int, within: float = 10.0) -> list[tuple[str, str]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.delivered) >= count, within), self.delivered
            return list(self.delivered)


@pytest.fixture
def local(clock: Clock) -> Local:
    return Local(clock)


# Both


@pytest.fixture(params=["local", "cloud"])
def enqueued(request: pytest.FixtureRequest) -> tuple[Any, Callable[[], list[tuple[str, str]]]]:
    """A queue, and what will be delivered now."""
    if request.param == "local":
        local = request.getfixturevalue("local")
        return local.queue, lambda: sorted(local.until(1))
    server = request.getfixturevalue("server")

    def bodies() -> list[tuple[str, str]]:
        found = [tasks.parse(body) for body in server.bodies()]
        return sorted(task for task in found if task)

    return request.getfixturevalue("remote"), bodies


def test_a_send_is_delivered_by_owner_and_id(enqueued: Any) -> None:
    queue, delivered = enqueued
    queue.enqueue("own_a", "snd_a")
    assert delivered() == [("own_a", "snd_a")]


def test_an_event_is_delivered_by_owner_and_id(enqueued: Any) -> None:
    queue, delivered = enqueued
    queue.enqueue("own_a", "dlv_a", None, "end_a")
    assert delivered() == [("own_a", "dlv_a")]


def test_the_past_means_now(enqueued: Any) -> None:
    queue, delivered = enqueued
    queue.enqueue("own_a", "snd_a", NOW - timedelta(days=40), "acc_a")
    assert delivered() == [("own_a", "snd_a")]


# Cloud Tasks


def test_a_task_carries_an_id_only_and_a_token_for_its_address(remote: CloudTasks, server: FakeCloudTasks) -> None:
    at = NOW + timedelta(hours=2, microseconds=250_000)
    remote.enqueue("own_a", "snd_a", at, "acc_a")
    (task,) = server.tasks.values()
    assert server.bodies() == [{"send": "own_a/snd_a"}]
    asked = task["httpRequest"]
    assert (asked["url"], asked["httpMethod"]) == (URL, "POST")
    assert asked["headers"] == {"Content-Type": "application/json"}
    assert asked["oidcToken"] == {"serviceAccountEmail": ACCOUNT, "audience": URL}
    assert datetime.fromisoformat(task["scheduleTime"]) == at
    assert task["dispatchDeadline"] == "540s"


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(2027, 3, 2, tzinfo=UTC), "2027-03-02T00:00:00Z"),
        (datetime(2027, 3, 2, 1, 2, 3, 4, tzinfo=UTC), "2027-03-02T01:02:03.000004Z"),
        (datetime(2027, 3, 2, 1, tzinfo=timezone(timedelta(hours=-5))), "2027-03-02T06:00:00Z"),
    ],
)
def test_times_are_written_in_utc(remote: CloudTasks, server: FakeCloudTasks, at: datetime, written: str) -> None:
    remote.enqueue("own_a", "snd_a", at)
    assert [task["scheduleTime"] for task in server.tasks.values()] == [written]


def test_a_task_says_by_its_name_what_its_id_is_of(remote: CloudTasks, server: FakeCloudTasks) -> None:
    remote.enqueue("own_a", "dlv_a")
    assert server.bodies() == [{"delivery": "own_a/dlv_a"}]


@pytest.mark.parametrize(
    "body",
    [{}, {"send": 7}, {"send": "own_a"}, {"send": "own_a/dlv_a"}, {"delivery": "own_a/snd_a"}, {"x": "own_a/snd_a"}],
)
def test_what_names_no_send_and_no_event_is_no_task(body: dict[str, Any]) -> None:
    assert tasks.parse(body) is None


def test_names_are_hashed_and_differ_by_send_owner_and_time(remote: CloudTasks, server: FakeCloudTasks) -> None:
    for owner, send_id, seconds in [("own_a", "snd_a", 0), ("own_a", "snd_b", 0), ("own_b", "snd_a", 0)]:
        remote.enqueue(owner, send_id, NOW + timedelta(seconds=seconds))
    remote.enqueue("own_a", "snd_a", NOW + timedelta(seconds=1))
    assert len(server.tasks) == 4
    assert all(re.fullmatch(rf"{QUEUE}/tasks/[0-9a-f]{{40}}", name) for name in server.tasks)


def test_a_task_that_exists_already_is_fine(remote: CloudTasks, server: FakeCloudTasks) -> None:
    for _ in range(3):
        remote.enqueue("own_a", "snd_a", NOW)
    assert (server.calls, len(server.tasks)) == (3, 1)


@pytest.mark.parametrize("status", sorted(STATUSES.keys() - {"ALREADY_EXISTS", "UNAUTHENTICATED"}))
def test_what_the_queue_refuses_is_unavailable_at_once(remote: CloudTasks, server: FakeCloudTasks, status: str) -> None:
    server.failures = [status]
    with pytest.raises(Unavailable, match=status):
        remote.enqueue("own_a", "snd_a")
    assert (server.calls, server.tasks) == (1, {})


@pytest.mark.parametrize("status", [204, 302, 400, 404, 409, 413, 429, 502])
@pytest.mark.parametrize("body", [b"<html>Error</html>", b"", b"[]", b'{"error": "x"}', b"\xff"])
def test_an_answer_that_is_not_the_queues_is_unavailable_too(
    remote: CloudTasks, server: FakeCloudTasks, status: int, body: bytes
) -> None:
    """409 counts as queued only where Cloud Tasks itself says so."""
    server.failures = [(status, b"" if status == 204 else body)]
    with pytest.raises(Unavailable, match=str(status)):
        remote.enqueue("own_a", "snd_a")
    assert server.calls == 1


def test_a_queue_that_is_not_there_is_unavailable_quickly(clock: Clock) -> None:
    with pytest.raises(Unavailable):
        cloud("http://127.0.0.1:1", clock).enqueue("own_a", "snd_a")


def test_a_queue_that_says_nothing_is_given_up(stub: Stub, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_tasks, "TIMEOUT", 0.2)
    stub.script.append(Act(how="silent"))
    with pytest.raises(Unavailable):
        cloud(stub.url, clock).enqueue("own_a", "snd_a")
    assert len(stub.bodies) == 1


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_that_breaks_is_made_anew_once(stub: Stub, clock: Clock, how: Any) -> None:
    queue = cloud(stub.url, clock)
    stub.script.extend([ACCEPT, Act(how=how), ACCEPT, Act(how=how), Act(how=how)])
    queue.enqueue("own_a", "snd_a")
    queue.enqueue("own_a", "snd_b")
    with pytest.raises(Unavailable):
        queue.enqueue("own_a", "snd_c")
    first, second, again, *third = stub.bodies
    assert first != second == again
    assert len(third) == 2


def test_a_token_that_is_refused_is_fetched_anew_once(server: FakeCloudTasks, metadata: Metadata, clock: Clock) -> None:
    queue = cloud(server.url, clock, GoogleAccess(Http(), metadata_host=metadata.host))
    server.failures = ["UNAUTHENTICATED"]
    queue.enqueue("own_a", "snd_a")
    assert len(server.tasks) == 1
    server.failures = ["UNAUTHENTICATED"] * 2
    with pytest.raises(Unavailable, match="UNAUTHENTICATED"):
        queue.enqueue("own_a", "snd_b")
    assert server.tokens == ["ya29.1", "ya29.2", "ya29.2", "ya29.3"]


def test_credentials_that_cannot_be_had_are_unavailable_too(server: FakeCloudTasks, clock: Clock) -> None:
    with pytest.raises(Unavailable) as caught:
        cloud(server.url, clock, GoogleAccess(Http(), metadata_host="127.0.0.1:1")).enqueue("own_a", "snd_a")
    assert "service account" in caught.value.remedy
    assert server.calls == 0


@pytest.mark.parametrize(("days", "tasks"), [(28, 1), (29, 1), (30, 0), (365, 0)])
def test_what_is_further_ahead_than_the_queue_holds_is_left_to_the_sweeper(
    remote: CloudTasks, server: FakeCloudTasks, days: int, tasks: int
) -> None:
    remote.enqueue("own_a", "snd_a", NOW + timedelta(days=days))
    assert len(server.tasks) == tasks


# The local queue


def test_an_exception_stops_neither_the_queue_nor_its_workers(local: Local) -> None:
    def fail(_owner: str, send_id: str) -> None:
        if send_id != "snd_last":
            raise KeyError(send_id)

    local.hook = fail
    for number in range(60):
        local.queue.enqueue("own_a", f"snd_{number}")
    local.until(60)
    local.queue.enqueue("own_a", "snd_last")
    assert local.until(61)[-1] == ("own_a", "snd_last")


def test_sweeping_goes_on_after_it_failed(local: Local) -> None:
    local.queue.start()
    end = time.monotonic() + 60
    while local.sweeps < 5 and time.monotonic() < end:
        time.sleep(0.01)
    assert local.sweeps >= 5


def test_what_is_due_first_is_delivered_first(local: Local, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_queue, "WORKERS", 1)
    for seconds in (30, 10, 20):
        local.queue.enqueue("own_a", f"snd_{seconds}", NOW + timedelta(seconds=seconds))
    clock.now += timedelta(minutes=1)
    assert [send_id for _, send_id in local.until(3)] == ["snd_10", "snd_20", "snd_30"]


def test_one_task_is_kept_for_a_send_and_a_time(local: Local, clock: Clock) -> None:
    for _ in range(5):
        local.queue.enqueue("own_a", "snd_a", NOW + timedelta(seconds=10))
    local.queue.enqueue("own_a", "snd_a", NOW + timedelta(seconds=20))
    clock.now += timedelta(minutes=1)
    local.until(2)
    time.sleep(0.05)
    assert len(local.delivered) == 2


def test_a_sweep_while_the_workers_are_behind_adds_one_task_at_most(
    local: Local, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_queue, "WORKERS", 1)
    go = threading.Event()
    local.hook = lambda _owner, send_id: (go.wait(60), None)[1] if send_id == "snd_slow" else None
    local.queue.enqueue("own_a", "snd_slow")
    local.until(1)
    for _ in range(10):
        local.queue.enqueue("own_a", "snd_a")
        clock.now += timedelta(seconds=15)
    go.set()
    local.until(2)
    time.sleep(0.05)
    assert local.delivered.count(("own_a", "snd_a")) == 1


def test_a_wall_clock_that_is_set_ahead_or_back_loses_nothing(local: Local, clock: Clock) -> None:
    local.queue.enqueue("own_a", "snd_ten", NOW + timedelta(minutes=10))
    clock.now -= timedelta(minutes=10)
    local.queue.enqueue("own_a", "snd_now")
    local.until(1)
    assert local.delivered == [("own_a", "snd_now")]
    clock.now += timedelta(minutes=30)
    assert local.until(2)[1] == ("own_a", "snd_ten")


def test_an_account_whose_sends_are_slow_delays_no_other(local: Local) -> None:
    """One owner, two accounts: the slow one has hundreds of sends due before the other's first."""
    go = threading.Event()
    local.hook = lambda _owner, send_id: (go.wait(60), None)[1] if send_id.startswith("snd_slow") else None
    for number in range(200):
        local.queue.enqueue("own_a", f"snd_slow{number}", None, "acc_slow")
    local.until(local_queue.AT_ONCE)
    for number in range(30):
        local.queue.enqueue("own_a", f"snd_quick{number}", None, "acc_quick")
    delivered = local.until(local_queue.AT_ONCE + 30)
    assert sum(s.startswith("snd_quick") for _, s in delivered) == 30
    assert sum(s.startswith("snd_slow") for _, s in delivered) == local_queue.AT_ONCE
    go.set()
    local.until(230)


def test_endpoints_that_are_slow_leave_workers_to_the_sends(local: Local) -> None:
    """As many as an owner may have, each with hundreds of events due."""
    go = threading.Event()
    local.hook = lambda _owner, item: (go.wait(60), None)[1] if item.startswith("dlv_") else None
    for number in range(200):
        local.queue.enqueue("own_a", f"dlv_{number}", None, f"end_{number % 10}")
    local.until(10 * local_queue.EVENTS_AT_ONCE)
    for number in range(20):
        local.queue.enqueue("own_a", f"snd_{number}", None, "acc_a")
    delivered = local.until(10 * local_queue.EVENTS_AT_ONCE + 20)
    assert sum(item.startswith("snd_") for _, item in delivered) == 20
    assert sum(item.startswith("dlv_") for _, item in delivered) == 10 * local_queue.EVENTS_AT_ONCE
    go.set()
    local.until(220)


def test_many_threads_that_enqueue_at_once_lose_nothing(local: Local) -> None:
    def enqueue(thread: int) -> None:
        for number in range(40):
            local.queue.enqueue("own_a", f"snd_{thread}x{number}", None, f"acc_{number % 3}")

    threads = [threading.Thread(target=enqueue, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(local.until(400))) == 400
