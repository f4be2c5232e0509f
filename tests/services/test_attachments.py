"""Attachments: uploaded once, referred to by sends, never gone while an accepted send needs them."""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.adapters.file_blobs import FileBlobs
from functions.adapters.upload_links import UploadLinks
from functions.domain import attachments as rules
from functions.domain import records
from functions.domain.attachments import AttachmentStatus, StoredAttachment, UploadRequest
from functions.domain.callers import Caller
from functions.domain.errors import (
    BlobMissing,
    Conflict,
    InvalidMessage,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    Unavailable,
)
from functions.domain.ports import Data, Document, Documents, Write
from functions.domain.send_requests import AttachmentRef
from functions.services.attachments import Attachments, path
from functions.services.contents import BlobSource
from functions.services.purging import BATCH, Purging
from functions.services.uploading import Uploading
from tests.domain.test_archives import zipped
from tests.services.fakes import CALLER, OWNER, Clock, FlakyDocuments, Sealer

DAY = timedelta(days=1)
DATA = b"%PDF-1.7 " + bytes(200_000)
STRANGER = Caller("own_bob", "user")


class Between:
    """A store in front of which something happens once: before the next commit, or after the next read."""

    def __init__(self, inner: Documents) -> None:
        self.inner = inner
        self.before_commit: list[Callable[[], object]] = []
        self.commits: list[Write] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def commit(self, writes: Any) -> list[str]:
        if self.before_commit:
            self.before_commit.pop(0)()
        self.commits += writes
        return self.inner.commit(writes)


@dataclass
class World:
    documents: Documents
    directory: Path
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.links = UploadLinks(Sealer(), "http://localhost/upload/", self.clock)
        self.blobs = FileBlobs(self.directory / "blobs", self.links.sign)
        self.between = Between(self.documents)
        self.attachments = Attachments(self.between, self.blobs, self.clock)  # type: ignore[arg-type]
        self.uploading = Uploading(self.between, self.blobs, self.attachments, self.clock, os.urandom)  # type: ignore[arg-type]
        self.purging = Purging(self.between, self.blobs, self.clock)  # type: ignore[arg-type]

    def upload(self, caller: Caller = CALLER, name: str = "a.pdf", data: bytes = DATA, days: float = 30) -> str:
        expires_at = self.clock() + timedelta(days=days)
        return self.uploading.store(caller, name, "application/pdf", [data], lambda: expires_at).id

    def reserve(self, size: int = 5, sha256: str = "", name: str = "a.pdf") -> tuple[str, str]:
        """The id and the token of the URL."""
        asked = UploadRequest(name, "application/pdf", size, sha256, self.clock() + 30 * DAY)
        attachment, signed = self.uploading.reserve(CALLER, asked)
        from urllib.parse import unquote

        return attachment.id, unquote(signed.url.partition("token=")[2])

    def put(self, token: str, data: bytes) -> None:
        self.links.take(self.blobs, token, [data])

    def resolve(self, *ids: str, until: datetime | None = None, caller: Caller = CALLER) -> list[Any]:
        refs = [AttachmentRef(i) for i in ids]
        at = [f"/attachments/{n}" for n in range(len(refs))]
        return list(self.attachments.resolve(caller, refs, until or self.clock() + DAY, at))

    def record(self, attachment_id: str) -> StoredAttachment | None:
        found = self.documents.get(path(OWNER, attachment_id))
        return records.from_data(StoredAttachment, found.data) if found else None

    def stored(self) -> list[str]:
        return sorted(p.name for p in (self.directory / "blobs").rglob("*") if p.is_file())

    def has_bytes(self, attachment_id: str) -> bool:
        try:
            return b"".join(self.blobs.read(f"attachments/{OWNER}/{attachment_id}/file")) == DATA
        except BlobMissing:
            return False


@pytest.fixture
def world(open_store: Callable[[], Documents], tmp_path: Path) -> World:
    """On both stores."""
    return World(open_store(), tmp_path)


@pytest.fixture
def local(make_sqlite: Documents, tmp_path: Path) -> World:
    return World(make_sqlite, tmp_path)


@pytest.fixture
def make_sqlite(tmp_path: Path) -> Documents:
    from functions.adapters.declared_indexes import declared
    from functions.adapters.sqlite import SqliteDocuments

    return SqliteDocuments(tmp_path / "gmail.db", declared())


def pointers(caught: pytest.ExceptionInfo[Any]) -> list[str]:
    return [error.pointer for error in caught.value.errors]


# Uploading


def test_a_file_that_was_uploaded_is_listed_read_and_referred_to(world: World) -> None:
    first, second = world.upload(name="a.pdf"), ""
    world.clock.pass_(seconds=1)
    second = world.upload(name="b.pdf", data=b"")
    assert [a.id for a in world.attachments.page(CALLER, 10, None).attachments] == [second, first]
    attachment, blocks = world.attachments.content(CALLER, first)
    assert b"".join(blocks) == DATA
    assert (attachment.size, attachment.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    part, empty = world.resolve(first, second)
    assert b"".join(part.source()) == DATA
    assert (part.filename, part.content_type, part.size) == ("a.pdf", "application/pdf", len(DATA))
    assert b"".join(empty.source()) == b""


def test_the_list_has_pages(world: World) -> None:
    made = []
    for _ in range(5):
        world.clock.pass_(seconds=1)
        made.append(world.upload(data=b"x"))
    found, after = [], None
    while True:
        page = world.attachments.page(CALLER, 2, after)
        found += [a.id for a in page.attachments]
        if (after := page.next) is None:
            break
    assert found == made[::-1]


class Interrupted(BaseException):
    """As a worker's thread is ended."""


@pytest.mark.parametrize("failure", [Interrupted(), InvalidRequest("cut off"), ValueError()], ids=repr)
@pytest.mark.parametrize("where", ["in the middle", "behind it"])
def test_an_upload_that_ends_in_the_middle_leaves_nothing(local: World, failure: BaseException, where: str) -> None:
    def blocks() -> Iterator[bytes]:
        yield DATA
        if where == "in the middle":
            raise failure

    def expires_at() -> datetime:
        raise failure

    with pytest.raises(type(failure)):
        local.uploading.store(CALLER, "a.pdf", "application/pdf", blocks(), expires_at)
    assert local.stored() == []
    assert local.attachments.page(CALLER, 10, None).attachments == ()
    local.clock.pass_(days=400)
    assert local.purging.purge()


def test_what_a_process_leaves_that_dies_while_it_uploads_is_never_seen_and_swept(local: World) -> None:
    """Nothing can be done then: the record is there, the file perhaps, and nobody comes back."""
    local.uploading._forget = lambda _: None  # type: ignore[method-assign]

    def dies() -> datetime:
        raise Interrupted

    with pytest.raises(Interrupted):
        local.uploading.store(CALLER, "a.pdf", "application/pdf", [DATA], dies)
    (left,) = local.stored()
    assert left == "=file"
    assert local.attachments.page(CALLER, 10, None).attachments == ()
    local.clock.pass_(hours=23)
    local.purging.purge()
    assert local.stored() == [left]
    local.clock.pass_(hours=2)
    local.purging.purge()
    assert local.stored() == []


def test_a_refused_type_inside_of_an_archive_leaves_nothing(local: World) -> None:
    with pytest.raises(InvalidRequest, match=r"setup\.exe") as caught:
        local.upload(name="a.zip", data=zipped("setup.exe"))
    assert pointers(caught) == ["/content"]
    assert local.stored() == []


@pytest.mark.parametrize("fails", [0, 1])
@pytest.mark.parametrize("written", [False, True])
def test_a_store_that_fails_leaves_nothing_to_refer_to(local: World, fails: int, written: bool) -> None:
    flaky = FlakyDocuments(local.documents, written=written)
    flaky.fail = {fails}
    attachments = Attachments(flaky, local.blobs, local.clock)
    uploading = Uploading(flaky, local.blobs, attachments, local.clock, os.urandom)
    with pytest.raises(Unavailable):
        uploading.store(CALLER, "a.pdf", "application/pdf", [DATA], lambda: local.clock() + DAY)
    assert local.attachments.page(CALLER, 10, None).attachments == ()
    local.clock.pass_(days=2)
    local.purging.purge()
    assert local.stored() == []


# Signed uploads


def test_a_file_that_went_past_us_is_ready_once_it_was_looked_at(world: World) -> None:
    attachment_id, token = world.reserve(5, hashlib.sha256(b"hello").hexdigest())
    assert world.attachments.get(CALLER, attachment_id).status is AttachmentStatus.WAITING
    with pytest.raises(Conflict, match="not arrived"):
        world.uploading.complete(CALLER, attachment_id)
    world.put(token, b"hello")
    with pytest.raises(InvalidMessage, match="completely") as caught:
        world.resolve(attachment_id)
    assert pointers(caught) == ["/attachments/0/id"]
    with pytest.raises(Conflict):
        world.attachments.content(CALLER, attachment_id)
    assert world.attachments.page(CALLER, 10, None).attachments == ()
    done = world.uploading.complete(CALLER, attachment_id)
    assert (done.status, done.size, done.sha256) == ("ready", 5, hashlib.sha256(b"hello").hexdigest())
    assert world.uploading.complete(CALLER, attachment_id) == done
    assert b"".join(world.resolve(attachment_id)[0].source()) == b"hello"


@pytest.mark.parametrize(
    ("size", "sha256", "name", "data", "pointer"),
    [
        (5, "0" * 64, "a.pdf", b"hello", "/sha256"),
        (len(zipped("x.exe")), "", "a.zip", zipped("x.exe"), "/content"),
        (len(zipped("x.exe")), "", "a.pdf", zipped("x.exe"), "/content"),
    ],
)
def test_a_file_that_is_not_what_was_announced_is_deleted(
    local: World, size: int, sha256: str, name: str, data: bytes, pointer: str
) -> None:
    attachment_id, token = local.reserve(size, sha256, name)
    local.put(token, data)
    with pytest.raises(InvalidRequest) as caught:
        local.uploading.complete(CALLER, attachment_id)
    assert pointers(caught) == [pointer]
    with pytest.raises(NotFound):
        local.uploading.complete(CALLER, attachment_id)
    with pytest.raises(InvalidMessage):
        local.resolve(attachment_id)


def test_a_file_of_another_size_is_refused(local: World) -> None:
    """The URL takes no other size; this is for a store that would."""
    attachment_id, _ = local.reserve(5)
    local.blobs.write(f"attachments/{OWNER}/{attachment_id}/file", [b"hello there"])
    with pytest.raises(InvalidRequest) as caught:
        local.uploading.complete(CALLER, attachment_id)
    assert pointers(caught) == ["/size"]


def test_the_blob_outlives_its_upload_url(local: World) -> None:
    """Or the URL would store it again after it was removed, and no record would know."""
    attachment_id, token = local.reserve(5)
    local.put(token, b"hello")
    local.uploading.complete(CALLER, attachment_id)
    local.attachments.delete(CALLER, attachment_id)
    local.clock.pass_(minutes=59)
    local.purging.purge()
    with pytest.raises(Conflict):
        local.put(token, b"other")
    local.clock.pass_(days=1)
    local.purging.purge()
    assert local.stored() == []


def test_an_upload_that_nobody_completes_is_swept(local: World) -> None:
    attachment_id, token = local.reserve(5)
    local.put(token, b"hello")
    local.clock.pass_(days=1, seconds=1)
    local.purging.purge()
    assert local.stored() == []
    with pytest.raises(NotFound):
        local.uploading.complete(CALLER, attachment_id)


def test_two_who_complete_at_once_get_the_same(local: World) -> None:
    attachment_id, token = local.reserve(5)
    local.put(token, b"hello")
    local.between.before_commit.append(lambda: local.uploading.complete(CALLER, attachment_id))
    assert local.uploading.complete(CALLER, attachment_id).status is AttachmentStatus.READY


def test_completing_what_is_deleted_meanwhile_does_not_bring_it_back(local: World) -> None:
    attachment_id, token = local.reserve(5)
    local.put(token, b"hello")
    local.between.before_commit.append(lambda: local.attachments.delete(CALLER, attachment_id))
    with pytest.raises(NotFound):
        local.uploading.complete(CALLER, attachment_id)


# Referring to it


def test_what_can_not_be_referred_to_is_named_with_its_pointer(local: World) -> None:
    fine, deleted, expired = local.upload(), local.upload(), local.upload(days=1)
    waiting, _ = local.reserve()
    others = local.upload(STRANGER)
    local.attachments.delete(CALLER, deleted)
    local.clock.pass_(days=1)
    with pytest.raises(InvalidMessage) as caught:
        local.resolve(fine, deleted, expired, "att_0", waiting, others, fine)
    assert pointers(caught) == [f"/attachments/{n}/id" for n in (1, 2, 3, 4, 5)]
    said = {error.pointer: error.detail for error in caught.value.errors}
    unknown = said["/attachments/3/id"]
    assert said["/attachments/1/id"] == said["/attachments/5/id"] == unknown
    assert "expired" in said["/attachments/2/id"]
    assert local.record(fine).kept_until is None  # type: ignore[union-attr]


def test_a_send_may_name_it_differently(local: World) -> None:
    one = local.upload()
    refs = [AttachmentRef(one), AttachmentRef(one, "b.txt", "text/plain", "logo")]
    first, second = local.attachments.resolve(CALLER, refs, local.clock(), ["/attachments/0", "/attachments/1"])
    assert (first.filename, first.content_type, first.content_id) == ("a.pdf", "application/pdf", "")
    assert (second.filename, second.content_type, second.content_id) == ("b.txt", "text/plain", "logo")
    assert isinstance(second.source, BlobSource)
    assert second.source.shared


def test_many_sends_of_one_file_write_it_once_in_weeks(local: World) -> None:
    one = local.upload(days=300)
    local.between.commits.clear()
    for _ in range(1000):
        local.resolve(one)
        local.clock.pass_(minutes=40)  # 28 days in all
    assert len(local.between.commits) == 1


@pytest.mark.parametrize("end", ["deleted", "expired"])
def test_an_accepted_send_keeps_its_file(world: World, end: str) -> None:
    """Until it is needed no more, and a good while longer; then the file goes."""
    one = world.upload(days=1)
    needed = world.clock() + 10 * DAY
    (part,) = world.resolve(one, until=needed)
    if end == "deleted":
        world.attachments.delete(CALLER, one)
    else:
        world.clock.pass_(days=1)
    with pytest.raises(InvalidMessage):
        world.resolve(one)
    with pytest.raises(NotFound):
        world.attachments.get(CALLER, one)
    world.clock.now = needed + rules.LEEWAY - timedelta(seconds=1)
    world.purging.purge()
    assert b"".join(part.source()) == DATA
    world.clock.pass_(days=100)
    world.purging.purge()
    assert not world.has_bytes(one)
    assert world.record(one) is None


def test_what_no_send_needs_goes_with_the_next_sweep(local: World) -> None:
    deleted, expired, stays = local.upload(), local.upload(days=1), local.upload(days=2)
    local.attachments.delete(CALLER, deleted)
    local.clock.pass_(days=1, seconds=1)
    local.purging.purge()
    assert [local.has_bytes(i) for i in (deleted, expired, stays)] == [False, False, True]
    assert [local.record(i) is None for i in (deleted, expired, stays)] == [True, True, False]


def test_a_send_that_goes_out_later_than_planned_keeps_its_file_longer(local: World) -> None:
    one = local.upload(days=1)
    (part,) = local.resolve(one)
    until = local.clock() + 300 * DAY
    local.attachments.keep(OWNER, [part.source.name, "sends/own/snd_1/0"], until)
    local.attachments.delete(CALLER, one)
    local.clock.now = until
    local.purging.purge()
    assert local.has_bytes(one)


def test_what_is_gone_can_not_be_kept(local: World) -> None:
    one = local.upload(days=1)
    local.clock.pass_(days=2)
    local.attachments.keep(OWNER, [f"attachments/{OWNER}/{one}/file"], local.clock() + DAY)
    local.purging.purge()
    local.attachments.keep(OWNER, [f"attachments/{OWNER}/{one}/file"], local.clock() + DAY)
    assert local.record(one) is None


def test_a_sweep_removes_a_bounded_number_and_says_that_there_is_more(local: World) -> None:
    for _ in range(BATCH + 1):
        local.attachments.delete(CALLER, local.upload(data=b"x"))
    local.clock.pass_(seconds=1)
    assert not local.purging.purge()
    assert len(local.stored()) == 1
    assert local.purging.purge()
    assert local.stored() == []


# Races: something happens between the reading and the writing of another


def test_a_deletion_after_a_send_asked_keeps_the_bytes(world: World) -> None:
    one = world.upload()
    needed = world.clock() + 5 * DAY
    world.between.before_commit.append(lambda: world.resolve(one, until=needed))
    world.attachments.delete(CALLER, one)
    world.clock.now = needed
    world.purging.purge()
    assert world.has_bytes(one)


def test_a_send_that_asks_after_the_deletion_is_refused(world: World) -> None:
    one = world.upload()
    world.between.before_commit.append(lambda: world.attachments.delete(CALLER, one))
    with pytest.raises(InvalidMessage) as caught:
        world.resolve(one)
    assert pointers(caught) == ["/attachments/0/id"]
    world.clock.pass_(seconds=1)
    world.purging.purge()
    assert not world.has_bytes(one)


def test_two_sends_that_ask_at_once_both_count(world: World) -> None:
    one = world.upload(days=1)
    near, far = world.clock() + DAY, world.clock() + 200 * DAY
    world.between.before_commit.append(lambda: world.resolve(one, until=far))
    world.resolve(one, until=near)
    assert world.record(one).kept_until >= far + rules.LEEWAY  # type: ignore[union-attr,operator]


def test_a_send_that_asks_while_the_sweep_is_about_to_remove_it_wins_or_is_refused(local: World) -> None:
    """By a clock that is behind, it has not expired yet: the sweep finds the record changed and leaves it alone."""
    one = local.upload(days=1)
    local.clock.pass_(days=1, seconds=1)

    def behind() -> None:
        local.clock.pass_(seconds=-2)
        local.resolve(one)
        local.clock.pass_(seconds=2)

    local.between.before_commit.append(behind)
    local.purging.purge()
    assert local.has_bytes(one)
    local.purging.purge()
    assert local.has_bytes(one)


@pytest.mark.parametrize("dies_at", [0, 1])
def test_a_sweep_that_dies_is_finished_by_the_next(local: World, dies_at: int) -> None:
    one = local.upload(days=1)
    local.clock.pass_(days=1, seconds=1)
    flaky = FlakyDocuments(local.documents)
    flaky.fail = {dies_at}
    with pytest.raises(Unavailable):
        Purging(flaky, local.blobs, local.clock).purge()
    with pytest.raises(InvalidMessage):
        local.resolve(one)
    local.purging.purge()
    assert local.record(one) is None
    assert not local.has_bytes(one)


def test_sends_deletions_and_sweeps_at_once_never_lose_an_accepted_send(local: World) -> None:
    """Threads race over one file; whoever was given the file can read it."""
    for _ in range(5):
        one = local.upload()
        given: list[Any] = []
        start = threading.Barrier(8)

        def asks(found: list[Any] = given, gate: threading.Barrier = start, name: str = one) -> None:
            gate.wait()
            with contextlib.suppress(InvalidMessage, Conflict):
                found += local.resolve(name)

        def ends(gate: threading.Barrier = start, name: str = one) -> None:
            gate.wait()
            local.attachments.delete(CALLER, name)
            local.purging.purge()

        threads = [threading.Thread(target=asks) for _ in range(7)] + [threading.Thread(target=ends)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        local.clock.pass_(seconds=1)
        local.purging.purge()
        assert all(b"".join(part.source()) == DATA for part in given)
        assert local.has_bytes(one) == bool(given)


# Whose it is


def test_nobody_else_finds_it(local: World) -> None:
    one = local.upload()
    for call in (local.attachments.get, local.attachments.content, local.attachments.delete, local.uploading.complete):
        with pytest.raises(NotFound) as caught:
            call(STRANGER, one)
        with pytest.raises(NotFound) as unknown:
            call(STRANGER, "att_0")
        assert caught.value.detail == unknown.value.detail
    assert local.attachments.page(STRANGER, 10, None).attachments == ()


def test_a_key_for_some_accounts_has_only_what_it_uploaded(local: World) -> None:
    """An attachment belongs to no account; what the others send is none of this key's business."""
    limited = Caller(OWNER, "key", accounts=frozenset({"acc_1"}), key_id="key_1")
    other = limited._replace(key_id="key_2")
    free = Caller(OWNER, "key", key_id="key_3")
    mine, owners = local.upload(limited), local.upload()
    assert [a.id for a in local.attachments.page(limited, 10, None).attachments] == [mine]
    assert local.attachments.page(other, 10, None).attachments == ()
    assert {a.id for a in local.attachments.page(free, 10, None).attachments} == {mine, owners}
    assert local.resolve(mine, caller=limited)
    for caller, one in ((limited, owners), (other, mine), (other, owners)):
        with pytest.raises(InvalidMessage):
            local.resolve(one, caller=caller)
        for call in (local.attachments.get, local.attachments.content, local.attachments.delete):
            with pytest.raises(NotFound):
                call(caller, one)
    local.attachments.delete(CALLER, mine)


def test_a_record_survives_the_way_to_the_store_and_back(local: World) -> None:
    one = local.upload()
    found: Document | None = local.documents.get(path(OWNER, one))
    assert found
    data: Data = found.data
    assert records.to_data(records.from_data(StoredAttachment, data)) == {**data}


def test_a_change_that_somebody_else_made_is_told(local: World) -> None:
    there = local.attachments.find(CALLER, local.upload())
    local.attachments.save(there, replace(there.attachment, filename="b.pdf"))
    with pytest.raises(PreconditionFailed):
        local.attachments.save(there, replace(there.attachment, filename="c.pdf"))
