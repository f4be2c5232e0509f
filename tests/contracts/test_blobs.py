"""What every store of blobs does, in files and in Cloud Storage (the official client, talking to a server of ours)."""

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.adapters.cloud_storage import CloudStorageBlobs
from functions.adapters.file_blobs import FileBlobs
from functions.domain.errors import BlobMissing, PayloadTooLarge, Unavailable
from functions.domain.ports import BlobInfo, Blobs
from tests.contracts.fake_gcs import FakeCloudStorage

KIB, MIB = 1024, 1024 * 1024


def content(blobs: Blobs, name: str) -> bytes:
    return b"".join(blobs.read(name))


@pytest.mark.parametrize("size", [0, 1, 256 * KIB, 256 * KIB + 1, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, 5 * MIB + 7])
def test_what_is_written_is_read_back(blobs: Blobs, size: int) -> None:
    data = os.urandom(size)
    written = blobs.write("owners/a/att_1", [data[:100], b"", data[100:]])
    assert written == BlobInfo("owners/a/att_1", size, hashlib.sha256(data).hexdigest())
    blocks = list(blobs.read("owners/a/att_1"))
    assert b"".join(blocks) == data
    assert all(0 < len(block) <= 256 * KIB for block in blocks)


def test_many_small_blocks(blobs: Blobs) -> None:
    written = blobs.write("a", (b"%07d" % n for n in range(100_000)))
    assert written.size == 700_000
    assert content(blobs, "a") == b"".join(b"%07d" % n for n in range(100_000))


def test_no_blocks_are_an_empty_blob(blobs: Blobs) -> None:
    assert blobs.write("a", []).size == 0
    assert content(blobs, "a") == b""


def test_a_missing_blob_is_told_before_the_first_block(blobs: Blobs) -> None:
    blobs.write("owners/a/att_1", [b"x"])
    for name in ("nothing", "owners/a", "owners/a/att_1/x", "owners/a/att_"):
        with pytest.raises(BlobMissing):
            blobs.read(name)


def test_writing_again_replaces_all_of_it(blobs: Blobs) -> None:
    blobs.write("a", [b"x" * MIB])
    blobs.write("a", [b"short"])
    assert content(blobs, "a") == b"short"


def test_delete_is_done_once_and_fine_twice(blobs: Blobs) -> None:
    blobs.write("a/b", [b"x"])
    for name in ("a/b", "a/b", "a", "a/b/c", "never"):
        blobs.delete(name)
    with pytest.raises(BlobMissing):
        blobs.read("a/b")


def test_delete_all_goes_by_the_beginning_of_the_name(blobs: Blobs) -> None:
    names = ["owners/a/att_1", "owners/a/att_2", "owners/a/x/att_3", "owners/ab/att_4", "owners/b/att_5"]
    for name in names:
        blobs.write(name, [b"x"])
    blobs.delete_all("owners/a/")
    assert [name for name in names if exists(blobs, name)] == names[3:]
    blobs.delete_all("owners/a")
    assert [name for name in names if exists(blobs, name)] == names[4:]
    blobs.delete_all("nothing/")
    blobs.delete_all("")
    assert not exists(blobs, names[4])


def exists(blobs: Blobs, name: str) -> bool:
    try:
        blobs.read(name)
    except BlobMissing:
        return False
    return True


def test_a_blob_may_be_named_as_another_ones_directory(blobs: Blobs) -> None:
    for name in ("a", "a/b", "a/b/c"):
        blobs.write(name, [name.encode()])
    assert [content(blobs, name) for name in ("a", "a/b", "a/b/c")] == [b"a", b"a/b", b"a/b/c"]


@pytest.mark.parametrize(
    "name",
    ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", ".a", "a/.b", "a\\b", "a b", "é", "a\0", "=a", "a\n"],
)
def test_what_is_no_name_is_refused(blobs: Blobs, name: str) -> None:
    for call in (blobs.read, blobs.delete, lambda name: blobs.write(name, [b"x"])):
        with pytest.raises(ValueError, match="Not a blob's name"):
            call(name)
    if name.strip("/") and not name.endswith("/"):
        with pytest.raises(ValueError, match="Not the beginning"):
            blobs.delete_all(name)


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("failure", [Interrupted(), OSError("the caller went away"), PayloadTooLarge()], ids=repr)
@pytest.mark.parametrize("size", [10, 3 * MIB])
def test_blocks_that_end_in_an_error_leave_what_was_there(blobs: Blobs, failure: Exception, size: int) -> None:
    """And the error is the caller's own, whatever its type."""

    def blocks() -> Iterator[bytes]:
        yield b"y" * size
        raise failure

    blobs.write("a", [b"before"])
    for name in ("a", "b"):
        with pytest.raises(type(failure)) as caught:
            blobs.write(name, blocks())
        assert caught.value is failure
    assert content(blobs, "a") == b"before"
    assert not exists(blobs, "b")


def test_a_blob_is_not_seen_before_it_is_whole(blobs: Blobs) -> None:
    written, seen = threading.Event(), threading.Event()

    def blocks() -> Iterator[bytes]:
        yield b"x" * 3 * MIB
        written.set()
        seen.wait(10)

    writer = threading.Thread(target=blobs.write, args=("a", blocks()))
    writer.start()
    assert written.wait(10)
    assert not exists(blobs, "a")
    seen.set()
    writer.join()
    assert len(content(blobs, "a")) == 3 * MIB


def test_a_reader_never_mixes_two_versions(blobs: Blobs) -> None:
    """It gets the rest of the old one, or an error: never a bit of each."""
    blobs.write("a", [b"1" * 5 * MIB])
    reader = blobs.read("a")
    found = next(reader)
    blobs.write("a", [b"2" * 5 * MIB])
    try:
        found += b"".join(reader)
    except Unavailable:
        pass
    else:
        assert len(found) == 5 * MIB
    assert set(found) == {ord("1")}


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    FileBlobs(tmp_path / "blobs").write("a/b", [b"x"])
    files = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert [(path.name, path.stat().st_mode & 0o777) for path in files] == [("=b", 0o600)]


def test_a_directory_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    blobs = FileBlobs(tmp_path / "file" / "blobs")
    for call in (lambda: blobs.write("a", [b"x"]), lambda: blobs.read("a")):
        with pytest.raises((Unavailable, BlobMissing)):
            call()
    with pytest.raises(Unavailable):
        blobs.write("a", [b"x"])


@pytest.fixture
def bucket(fake_storage: FakeCloudStorage) -> CloudStorageBlobs:
    return CloudStorageBlobs(fake_storage.bucket.name, deadline=5)


def test_a_passing_failure_of_cloud_storage_is_retried(
    bucket: CloudStorageBlobs, fake_storage: FakeCloudStorage
) -> None:
    for call in (
        lambda: bucket.write("a", [b"x" * 3 * MIB]),
        lambda: content(bucket, "a"),
        lambda: bucket.delete_all("a"),
    ):
        fake_storage.bucket.failures.append(503)
        call()
    assert fake_storage.bucket.objects == {}


def test_a_download_that_differs_from_what_is_stored_is_unavailable(
    bucket: CloudStorageBlobs, fake_storage: FakeCloudStorage
) -> None:
    bucket.write("a", [os.urandom(300 * KIB)])
    fake_storage.bucket.corrupt = True
    with pytest.raises(Unavailable, match="did not arrive"):
        content(bucket, "a")


@pytest.mark.parametrize("status", [401, 403, 404, 400])
def test_a_refusal_is_unavailable_and_names_the_bucket(
    bucket: CloudStorageBlobs, fake_storage: FakeCloudStorage, status: int
) -> None:
    fake_storage.bucket.failures += [status] * 3  # google-auth answers a 401 with another try
    with pytest.raises(Unavailable) as caught:
        bucket.write("a", [b"x"])
    assert "roles/storage.objectUser" in caught.value.remedy


@pytest.mark.timeout(100)  # the SDK alone would try for 120 s, each time
def test_a_dead_cloud_storage_is_unavailable_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.getsockname()[1]}")
        blobs = CloudStorageBlobs("b", deadline=1, timeout=0.5)
        for call in (lambda: blobs.read("a"), lambda: blobs.write("a", [b"x"]), lambda: blobs.delete("a")):
            with pytest.raises(Unavailable):
                call()
