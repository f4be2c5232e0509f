"""What is kept for a time only."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from functions.adapters import http, values
from functions.domain.errors import GmailRejected, IdempotencyMismatch, NotFound, Unavailable
from functions.domain.messages import Attachment
from functions.domain.ports import Documents, Query, Update
from functions.domain.sends import Status
from functions.services import contents, owners
from functions.services import expiring as module
from functions.services.attachments import Attachments
from functions.services.contents import BlobSource
from functions.services.expiring import Expiring
from tests.services.fakes import CALLER, OWNER, FlakyDocuments, SlowDocuments, World, says

DATA = b"x" * 300_000
FILE = Attachment("a.bin", "application/octet-stream", len(DATA), sha256(DATA).hexdigest(), "", lambda: iter((DATA,)))


def blobs(world: World) -> list[Path]:
    return [p for p in (world.directory / "blobs").rglob("*") if p.is_file()]


def expiring(world: World) -> Expiring:
    attachments = Attachments(world.documents, world.blobs, world.clock)
    return Expiring(world.documents, world.blobs, lambda: attachments, world.clock)


def test_contents_go_with_their_files_when_their_time_is_over_and_the_record_stays(world: World) -> None:
    send_id = world.send(attachments=(FILE,)).id
    world.clock.pass_(days=89)
    expiring(world).expire()
    assert world.documents.get(contents.path(OWNER, send_id))
    world.clock.pass_(days=3)
    expiring(world).expire()
    assert world.documents.get(contents.path(OWNER, send_id)) is None
    assert blobs(world) == []
    assert world.record(send_id).subject == "Hi"


def test_an_owner_chooses_how_long(world: World) -> None:
    owners.Owners(world.documents).keep(OWNER, content_days=2, event_days=2)
    send_id = world.send().id
    world.clock.pass_(days=4)
    expiring(world).expire()
    assert world.documents.get(contents.path(OWNER, send_id)) is None


def test_the_time_of_a_scheduled_send_begins_when_it_goes_out(world: World) -> None:
    send_id = world.queue(send_at=world.clock() + timedelta(days=200), attachments=(FILE,))
    world.clock.pass_(days=199)
    expiring(world).expire()
    world.run(days=2)
    assert world.record(send_id).status.value == "sent"
    assert len(world.mailbox.stored) == 1


def test_a_file_that_others_refer_to_stays(world: World) -> None:
    world.blobs.write("attachments/own_ann/att_1", iter((DATA,)))
    shared = BlobSource(world.blobs, "attachments/own_ann/att_1", shared=True)
    world.send(attachments=(Attachment("a.bin", FILE.content_type, FILE.size, FILE.sha256, "", shared),))
    world.clock.pass_(days=92)
    expiring(world).expire()
    assert len(blobs(world)) == 1


def test_the_files_of_a_batch_stay_until_the_last_of_its_sends_needs_them_no_more(world: World) -> None:
    world.merge(["a@example.org", "b@example.org"], attachments=(FILE,))
    world.run(minutes=5)
    world.clock.pass_(days=89)
    expiring(world).expire()
    assert len(blobs(world)) == 1
    world.clock.pass_(days=3)
    expiring(world).expire()
    expiring(world).expire()
    assert blobs(world) == []


def test_what_can_still_go_out_never_loses_its_content(world: World) -> None:
    """Moved by 300 days after it was accepted: its time is over long before it goes out."""
    send_id = world.queue(send_at=world.clock() + timedelta(days=1), attachments=(FILE,))
    world.controlling.reschedule(CALLER, send_id, world.clock() + timedelta(days=300))
    for _ in range(30):
        world.clock.pass_(days=10)
        expiring(world).expire()
    world.run(days=2)
    assert world.record(send_id).status is Status.SENT
    expiring(world).expire()
    assert world.documents.get(contents.path(OWNER, send_id))
    world.clock.pass_(days=125)
    expiring(world).expire()
    assert world.documents.get(contents.path(OWNER, send_id)) is None
    assert blobs(world) == []


def test_what_is_sent_again_keeps_the_files_of_the_first(world: World) -> None:
    world.mailbox.script = [says(400, "invalidArgument")]
    with pytest.raises(GmailRejected):
        world.send(attachments=(FILE,))
    (failed,) = world.history.all(CALLER, {}, since=None, until=None)
    world.clock.pass_(days=80)
    again, _ = world.controlling.resend(CALLER, failed.id)
    world.controlling.reschedule(CALLER, again.id, world.clock() + timedelta(days=60))
    for _ in range(6):
        world.clock.pass_(days=10)
        expiring(world).expire()
    world.run(days=2)
    assert world.record(again.id).status is Status.SENT
    for _ in range(9):
        world.clock.pass_(days=31)
        expiring(world).expire()
    assert blobs(world) == []


def test_a_batch_keeps_its_files_while_one_of_its_sends_waits(world: World) -> None:
    receipt = world.merge(["a@example.org", "b@example.org"], attachments=(FILE,), send_at=world.clock() + timedelta(1))
    world.controlling.reschedule(CALLER, receipt.sends[0].id, world.clock() + timedelta(days=200))
    for _ in range(20):
        world.clock.pass_(days=10)
        expiring(world).expire()
    world.run(days=2)
    assert world.record(receipt.sends[0].id).status is Status.SENT


def test_the_record_of_a_batch_stays_when_its_files_go(shared: World) -> None:
    """So its key still gives the first answer, and nothing is sent a second time, or taken and never sent."""
    receipt = shared.merge(["a@example.org", "b@example.org"], key="k", fingerprint="f", attachments=(FILE,))
    shared.run(minutes=5)
    shared.clock.pass_(days=95)
    for _ in range(2):
        expiring(shared).expire()
    assert blobs(shared) == []
    assert shared.history.batch(CALLER, receipt.id).counts == {"sent": 2}
    again = shared.repeat("k", "f")
    assert again
    assert (again.id, again.repeated) == (receipt.id, True)
    with pytest.raises(IdempotencyMismatch):
        shared.repeat("k", "another body")
    page = shared.documents.query(Query("batches", order=("expires_at", "asc"), until=shared.clock(), group=True))
    assert page.documents == ()


def test_a_sweep_takes_what_it_has_time_for_and_the_next_ones_do_the_rest(
    shared: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONTENTS", 10)
    receipts = [shared.merge([f"p{n}-{m}@example.org" for n in range(30)]) for m in range(2)]
    shared.run(minutes=30)
    shared.clock.pass_(days=92)
    left, slow = 60, SlowDocuments(shared.documents, shared.clock, contents=module.TIME_LIMIT.total_seconds() / 2)
    for _ in range(4):
        Expiring(slow, shared.blobs, lambda: attachments(shared), shared.clock).expire()
        left = max(0, left - 20)
        there = shared.documents.get_many([contents.path(OWNER, s.id) for r in receipts for s in r.sends])
        assert sum(map(bool, there)) == left


def test_as_many_contents_go_in_one_sweep_as_have_expired_in_few_calls(
    shared: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many came in a day: a fixed number each minute would keep everything beyond it for ever longer."""
    monkeypatch.setattr(module, "CONTENTS", 12)
    monkeypatch.setattr(module, "BATCHES", 2)
    receipts = [shared.merge([f"p{n}-{m}@example.org" for n in range(10)]) for m in range(5)]
    shared.run(minutes=30)
    shared.clock.pass_(days=92)
    calls = Counted(shared.documents)
    Expiring(calls, shared.blobs, lambda: attachments(shared), shared.clock).expire()
    assert not any(shared.documents.get_many([contents.path(OWNER, s.id) for r in receipts for s in r.sends]))
    page = shared.documents.query(Query("batches", order=("expires_at", "asc"), until=shared.clock(), group=True))
    assert page.documents == ()
    assert calls.count <= 5 * 3 + 5 * 2 + 3  # pages of contents, batches, and pages of those


def test_what_is_read_at_once_fits_into_one_answer_however_large_it_is(world: World) -> None:
    """An answer that is too large fails, and would fail again in every sweep after it."""
    world.merge([f"p{n}@example.org" for n in range(60)], attachments=(FILE,))
    world.run(minutes=30)
    world.clock.pass_(days=92)
    store = Sizes(world.documents)
    Expiring(store, world.blobs, lambda: attachments(world), world.clock).expire()
    world.clock.pass_(days=31)
    Expiring(store, world.blobs, lambda: attachments(world), world.clock).expire()
    assert blobs(world) == []
    assert store.asked
    assert max(store.asked) * values.MAX_STORED * 4 / 3 < http.MAX_ANSWER


def test_what_is_interrupted_is_finished_by_the_next_sweep(shared: World) -> None:
    """Wherever the store went away in between: no blob is left that no record knows of."""
    for failing in (0, 1):
        send_id = shared.send(attachments=(FILE,)).id
        shared.clock.pass_(days=92)
        flaky = FlakyDocuments(shared.documents)
        flaky.fail = {failing}
        with pytest.raises(Unavailable):
            Expiring(flaky, shared.blobs, lambda: attachments(shared), shared.clock).expire()
        if blobs(shared):
            assert shared.documents.get(contents.path(OWNER, send_id))
        expiring(shared).expire()
        assert shared.documents.get(contents.path(OWNER, send_id)) is None
        assert blobs(shared) == []


def test_a_message_that_is_sent_again_while_its_content_expires_is_sent_or_refused(shared: World) -> None:
    """Whichever comes first at the store: what is accepted goes out whole."""
    failed = []
    for _ in range(2):
        shared.mailbox.script = [says(400, "invalidArgument")]
        with pytest.raises(GmailRejected):
            shared.send(attachments=(FILE,))
        failed.append(next(iter(shared.history.all(CALLER, {"status": "failed"}, since=None, until=None))).id)
        shared.clock.pass_(minutes=1)
    shared.clock.pass_(days=92)

    between = Between(shared.documents, lambda: shared.controlling.resend(CALLER, failed[0]))
    Expiring(between, shared.blobs, lambda: attachments(shared), shared.clock).expire()
    with pytest.raises(NotFound, match="no longer kept"):
        shared.controlling.resend(CALLER, failed[1])
    shared.run(minutes=5)
    again = shared.record(failed[0]).resent_as
    assert again
    assert shared.record(again).status is Status.SENT
    assert len(shared.mailbox.stored) == 1


def test_a_content_whose_blobs_are_going_is_not_sent_again(world: World) -> None:
    world.mailbox.script = [says(400, "invalidArgument")]
    with pytest.raises(GmailRejected):
        world.send(attachments=(FILE,))
    (failed,) = world.history.all(CALLER, {}, since=None, until=None)
    world.documents.commit([Update(contents.path(OWNER, failed.id), {"gone": True})])
    with pytest.raises(NotFound, match="no longer kept"):
        world.controlling.resend(CALLER, failed.id)


def test_one_that_can_not_be_removed_keeps_no_other(shared: World) -> None:
    """Somebody changes a content at this moment: it stays, the others go."""
    kept, other = shared.send().id, shared.send().id
    shared.clock.pass_(days=92)
    touched = lambda: shared.documents.commit([Update(contents.path(OWNER, kept), {"thread_id": "t"})])  # noqa: E731
    Expiring(Between(shared.documents, touched), shared.blobs, lambda: attachments(shared), shared.clock).expire()
    assert shared.documents.get(contents.path(OWNER, kept))
    assert shared.documents.get(contents.path(OWNER, other)) is None


def attachments(world: World) -> Attachments:
    return Attachments(world.documents, world.blobs, world.clock)


class Counted:
    """How often the store is called."""

    def __init__(self, inner: Documents) -> None:
        self._inner = inner
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Any:
            self.count += 1
            return getattr(self._inner, name)(*args)

        return call


class Sizes(Counted):
    """How many contents are asked for at once."""

    def __init__(self, inner: Documents) -> None:
        super().__init__(inner)
        self.asked: list[int] = []

    def query(self, query: Query) -> Any:
        if query.collection == "contents":
            self.asked.append(query.limit)
        return self._inner.query(query)

    def get_many(self, paths: Sequence[str]) -> Any:
        self.asked.append(sum("/contents/" in path for path in paths))
        return self._inner.get_many(paths)


class Between(Counted):
    """Something happens once the sends were read, before anything is removed."""

    def __init__(self, inner: Documents, happens: Callable[[], object]) -> None:
        super().__init__(inner)
        self._happens: Callable[[], object] | None = happens

    def get_many(self, paths: Sequence[str]) -> Any:
        found = self._inner.get_many(paths)
        if self._happens:
            happens, self._happens = self._happens, None
            happens()
        return found
