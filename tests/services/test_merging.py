"""A batch: one request, a message for each recipient; all of them go out once, or none."""

import base64
import os
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from functions.adapters import values
from functions.domain import records, sizes
from functions.domain.batches import LEASE, PATIENCE, BatchStatus
from functions.domain.errors import Conflict, IdempotencyInProgress, IdempotencyMismatch, InvalidMessage, Unavailable
from functions.domain.messages import Address, Attachment
from functions.domain.ports import Create, Delete, Write
from functions.domain.send_requests import Recipient, SendRequest
from functions.domain.sends import Status
from functions.domain.suppressions import Reason, Suppression
from functions.services import merging, outbox, standing
from functions.services.contents import BlobSource
from functions.services.receipts import BatchReceipt
from tests.services.fakes import ACCOUNT, CALLER, OWNER, START, FlakyDocuments, World

CHUNK = 10  # recipients of a commit; production has 50
PEOPLE = [f"p{n}@example.org" for n in range(26)]  # two commits, and a smaller one
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "CHUNK", CHUNK)
    monkeypatch.setattr(outbox, "WRITES", 2 * CHUNK)


def statuses(world: World, receipt: BatchReceipt) -> Counter[str]:
    return Counter(world.record(s.id).status.value for s in receipt.sends)


def test_every_recipient_gets_one_message_of_their_own(world: World) -> None:
    receipt = world.merge(PEOPLE)
    assert [s.to for s in receipt.sends] == PEOPLE
    assert {s.status for s in receipt.sends} == {"queued"}
    world.run(minutes=10)
    assert statuses(world, receipt) == {"sent": len(PEOPLE)}
    assert sorted(s.to for s in world.mailbox.stored) == sorted(f"<{email}>" for email in PEOPLE)
    assert {world.record(s.id).batch for s in receipt.sends} == {receipt.id}


def test_a_recipient_can_have_a_time_of_their_own(world: World) -> None:
    recipients = (Recipient(Address("a@example.org")), Recipient(Address("b@example.org"), send_at=START + DAY))
    receipt = world.merge([], recipients=recipients, send_at=START + 2 * DAY)
    assert [s.status for s in receipt.sends] == ["scheduled", "scheduled"]
    world.run(days=1, minutes=5)
    assert [world.record(s.id).status for s in receipt.sends] == [Status.SCHEDULED, Status.SENT]


def test_the_same_key_gives_the_first_answer_again_and_sends_nothing(world: World) -> None:
    first = world.merge(PEOPLE[:3], key="k", fingerprint="f")
    world.run(minutes=5)
    again = world.repeat("k", "f")
    assert isinstance(again, BatchReceipt)
    assert (again.id, again.sends, again.repeated) == (first.id, first.sends, True)
    with pytest.raises(IdempotencyMismatch):
        world.repeat("k", "another body")
    world.run(minutes=5)
    assert len(world.mailbox.stored) == 3


def test_a_key_that_made_a_batch_makes_no_single_send(world: World) -> None:
    world.merge(PEOPLE[:2], key="k", fingerprint="f")
    with pytest.raises(IdempotencyMismatch):
        world.repeat("k", "g")


def test_one_bad_recipient_refuses_all_of_them_with_a_pointer(world: World) -> None:
    recipients = (Recipient(Address("a@example.org")), Recipient(Address("b@example.org\r\nBcc: c@example.org")))
    with pytest.raises(InvalidMessage):
        world.merge([], recipients=recipients)
    world.run(minutes=5)
    assert world.mailbox.posts == []


class Dying(FlakyDocuments):
    """With the commit that fails, the process is gone: nothing of it reaches the store any more."""

    def commit(self, writes: Sequence[Write]) -> list[str]:
        try:
            return super().commit(writes)
        except Unavailable:
            self.down = True
            raise


@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_what_was_cut_off_goes_out_only_once_it_is_finished_under_its_key(world: World, failing: int) -> None:
    """Commits: the batch, its sends in chunks, the batch ready. Whichever fails, nothing goes out before the repeat."""
    flaky = Dying(world.documents)
    broken = world.beside(flaky)
    flaky.fail = {failing}
    with pytest.raises(Unavailable):
        broken.merge(PEOPLE, key="k", fingerprint="f")
    world.run(minutes=5)
    assert world.mailbox.posts == []
    with pytest.raises(IdempotencyInProgress):
        world.repeat("k", "f")
    world.run(seconds=(LEASE - timedelta(minutes=4)).total_seconds())
    assert world.repeat("k", "f") is None
    receipt = world.merge(PEOPLE, key="k", fingerprint="f")
    world.run(minutes=30)
    assert statuses(world, receipt) == {"sent": len(PEOPLE)}
    assert len(world.mailbox.stored) == len(PEOPLE)


@pytest.mark.parametrize("failing", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("written", [False, True])
def test_after_a_failure_of_the_store_the_repeat_goes_on_at_once(world: World, failing: int, written: bool) -> None:
    flaky = FlakyDocuments(world.documents, written=written)
    flaky.fail = {failing}
    try:
        world.beside(flaky).merge(PEOPLE, key="k", fingerprint="f")
    except Unavailable:
        assert world.repeat("k", "f") is None
        world.merge(PEOPLE, key="k", fingerprint="f")
    receipt = world.repeat("k", "f")
    assert isinstance(receipt, BatchReceipt)
    world.run(minutes=10)
    assert statuses(world, receipt) == {"sent": len(PEOPLE)}
    assert len(world.mailbox.posts) == len(PEOPLE)


@pytest.mark.parametrize("failing", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("written", [False, True])
def test_without_a_key_an_error_means_that_nothing_goes_out(world: World, failing: int, written: bool) -> None:
    """Nobody can repeat it, so it is given up at once. Where only the answer was lost, it goes out, and says so."""
    flaky = FlakyDocuments(world.documents, written=written)
    flaky.fail = {failing}
    accepted = True
    try:
        world.beside(flaky).merge(PEOPLE)
    except Unavailable:
        accepted = False
    world.run(minutes=10)
    found = Counter(s.status.value for s in world.history.all(CALLER, {}, since=None, until=None))
    assert accepted is (written and failing in (0, 4))
    assert len(world.mailbox.posts) == (len(PEOPLE) if accepted else 0)
    assert set(found) <= ({"sent"} if accepted else {"cancelled"})


def test_a_request_that_was_taken_for_dead_says_so_and_doubles_nothing(world: World) -> None:
    """It stands still for longer than its lease; its repetition goes on, and then it wakes up."""

    class Sleeping(FlakyDocuments):
        def commit(self, writes: Sequence[Write]) -> list[str]:
            self.commits += 1
            if self.commits == 3:
                world.clock.pass_(seconds=LEASE.total_seconds() + 1)
                world.merge(PEOPLE, key="k", fingerprint="f")
            return self.inner.commit(writes)

    receipt = world.beside(Sleeping(world.documents)).merge(PEOPLE, key="k", fingerprint="f")
    world.run(minutes=10)
    assert statuses(world, receipt) == {"sent": len(PEOPLE)}
    assert len(world.mailbox.posts) == len(PEOPLE)


def test_what_is_given_up_while_its_request_stands_still_stays_so(world: World) -> None:
    class Sleeping(FlakyDocuments):
        def commit(self, writes: Sequence[Write]) -> list[str]:
            self.commits += 1
            if self.commits == 3:
                world.run(seconds=(LEASE + PATIENCE).total_seconds() + 120)
            return self.inner.commit(writes)

    with pytest.raises(IdempotencyInProgress):
        world.beside(Sleeping(world.documents)).merge(PEOPLE, key="k", fingerprint="f")
    world.run(minutes=10)
    with pytest.raises(Conflict, match="given up"):
        world.repeat("k", "f")
    sends = list(world.history.all(CALLER, {}, since=None, until=None))
    assert (len(sends), {s.status for s in sends}) == (len(PEOPLE), {Status.CANCELLED})
    assert world.mailbox.posts == []


def test_what_was_cut_off_and_never_repeated_is_given_up(world: World) -> None:
    flaky = Dying(world.documents)
    flaky.fail = {2}
    with pytest.raises(Unavailable):
        world.beside(flaky).merge(PEOPLE, key="k", fingerprint="f")
    world.run(seconds=(LEASE + PATIENCE).total_seconds() + 120)
    assert world.mailbox.posts == []
    with pytest.raises(Conflict, match="given up"):
        world.repeat("k", "f")
    sends = list(world.history.all(CALLER, {}, since=None, until=None))
    assert len(sends) >= CHUNK
    assert {s.status for s in sends} == {Status.CANCELLED}
    assert "cut off" in sends[0].waits_detail


def test_a_message_of_a_batch_that_was_given_up_can_be_sent_again(world: World) -> None:
    flaky = FlakyDocuments(world.documents)
    flaky.fail = {2}
    with pytest.raises(Unavailable):
        world.beside(flaky).merge(PEOPLE)
    world.run(minutes=10)
    cancelled = next(iter(world.history.all(CALLER, {}, since=None, until=None)))
    assert cancelled.status is Status.CANCELLED
    made, _ = world.controlling.resend(CALLER, cancelled.id)
    world.run(minutes=5)
    assert world.record(made.id).status is Status.SENT
    assert [p.send_id for p in world.mailbox.posts] == [made.id]


def test_files_are_stored_once_for_all_messages(world: World) -> None:
    data = b"x" * 300_000
    digest = sha256(data).hexdigest()
    file = Attachment("a.bin", "application/octet-stream", len(data), digest, "", lambda: iter((data,)))
    world.merge(PEOPLE[:5], attachments=(file,))
    stored = [p for p in (world.directory / "blobs").rglob("*") if p.is_file()]
    assert len(stored) == 1
    world.run(minutes=5)
    assert len(world.mailbox.stored) == 5


@pytest.mark.parametrize(("failing", "written"), [(0, True), (1, True), (2, False)])
def test_whatever_goes_out_has_its_files_however_often_the_request_was_cut_off(
    world: World, failing: int, written: bool
) -> None:
    """A request's files are deleted with it, unless it says that they are on record now. The second request takes the
    batch over, and its answer is lost; the third finishes it."""

    people = PEOPLE[:15]

    def request(at: World, name: str) -> None:
        data, kept = b"x" * 100_000, list[str]()
        place = f"uploads/{OWNER}/{name}/"
        stored = at.blobs.write(f"{place}0", [data])
        source = BlobSource(at.blobs, stored.name)
        asked = SendRequest(
            account=ACCOUNT,
            recipients=tuple(Recipient(Address(email)) for email in people),
            subject="Hi",
            text="Hello",
            attachments=(Attachment("a.bin", "application/octet-stream", stored.size, stored.sha256, "", source),),
        )
        try:
            at.merging.send(CALLER, asked, at.merging.batch_id(OWNER, "k"), "f", lambda: kept.append(name))
        finally:
            if not kept:
                at.blobs.delete_all(place)

    for name, commit in (("first", failing), ("second", 1)):
        cut_off = Dying(world.documents, written=written)
        cut_off.fail = {commit}
        with pytest.raises(Unavailable):
            request(world.beside(cut_off), name)
        world.clock.pass_(seconds=LEASE.total_seconds())
    request(world, "third")
    world.run(minutes=10)
    receipt = world.repeat("k", "f")
    assert isinstance(receipt, BatchReceipt)
    assert statuses(world, receipt) == {"sent": len(people)}
    assert len(world.mailbox.stored) == len(people)


IMAGE = f'<p>Hi</p><img src="data:image/png;base64,{base64.b64encode(os.urandom(80_000)).decode()}">'
METADATA = tuple((f"key{n}", "é" * 500) for n in range(50))


@pytest.mark.parametrize(
    ("fields", "endpoints"),
    [
        ({"html": IMAGE}, 0),
        ({"cc": tuple(Address(f"c{n}@{'x' * 60}.example.org", "n" * 100) for n in range(499))}, 0),
        ({"metadata": METADATA}, 3),
    ],
    ids=["body", "recipients", "events"],
)
def test_what_is_large_takes_more_commits_and_is_ready(
    world: World, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], endpoints: int
) -> None:
    monkeypatch.setattr(merging, "CHUNK", 50)
    monkeypatch.setattr(outbox, "WRITES", 100)
    for n in range(endpoints):
        world.endpoints.create(CALLER, url=f"https://e{n}.example/", events=("*",), enabled=True, secret=None)

    class Weighing(FlakyDocuments):
        def commit(self, writes: Sequence[Write]) -> list[str]:
            for write in writes:
                assert isinstance(write, Delete) or values.size(write.path, write.data) <= sizes.of_writes([write])
            return super().commit(writes)

    people = [f"p{n}@example.org" for n in range(60)]
    weighing = Weighing(world.documents)
    receipt = world.beside(weighing).merge(people, **fields)
    assert weighing.commits < 12  # as many sends in each as it takes
    assert statuses(world, receipt) == {"queued": len(people)}
    assert world.batches.status(OWNER, receipt.id) is BatchStatus.READY


def test_what_is_large_is_cancelled_too(world: World) -> None:
    for n in range(8):
        world.endpoints.create(CALLER, url=f"https://e{n}.example/", events=("*",), enabled=True, secret=None)
    receipt = world.merge(PEOPLE, metadata=METADATA, send_at=START + DAY)
    assert world.controlling.cancel_batch(CALLER, receipt.id) == len(PEOPLE)
    assert statuses(world, receipt) == {"cancelled": len(PEOPLE)}


def test_the_whole_batch_can_be_cancelled(world: World) -> None:
    receipt = world.merge(PEOPLE[:7], send_at=START + DAY)
    world.controlling.cancel(CALLER, receipt.sends[0].id)
    assert world.controlling.cancel_batch(CALLER, receipt.id) == 6
    world.run(days=2)
    assert statuses(world, receipt) == {"cancelled": 7}
    assert world.mailbox.posts == []


def test_who_unsubscribed_is_skipped_with_the_reason_on_record(world: World) -> None:
    entry = Suppression(address=PEOPLE[1], reasons=(Reason.UNSUBSCRIBED,), created_at=START)
    world.documents.commit([Create(standing.path(OWNER, PEOPLE[1]), records.to_data(entry))])
    receipt = world.merge(PEOPLE[:3])
    assert [s.status for s in receipt.sends] == ["queued", "cancelled", "queued"]
    world.run(minutes=5)
    assert statuses(world, receipt) == {"sent": 2, "cancelled": 1}
    assert "unsubscribed" in world.record(receipt.sends[1].id).waits_detail


def test_a_copy_to_somebody_who_unsubscribed_refuses_all(world: World) -> None:
    entry = Suppression(address="cc@example.org", reasons=(Reason.UNSUBSCRIBED,), created_at=START)
    world.documents.commit([Create(standing.path(OWNER, "cc@example.org"), records.to_data(entry))])
    with pytest.raises(InvalidMessage) as refused:
        world.merge(PEOPLE[:3], cc=(Address("cc@example.org"),))
    assert [error.pointer for error in refused.value.errors] == ["/cc/0"]


def test_a_merge_that_takes_too_long_to_compose_is_refused_whole(world: World) -> None:
    """A request that outlives the platform's patience would be repeated for ever."""
    times = iter(range(1000))
    slow = world.clock.now
    world.merging._clock = lambda: slow + timedelta(seconds=5 * next(times))
    with pytest.raises(InvalidMessage, match="24 of 26 messages"):
        world.merge(PEOPLE)
    world.run(minutes=5)
    assert world.mailbox.posts == []
