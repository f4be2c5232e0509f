"""Files of a request whose send may be on record or not, on a laptop."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.domain.errors import Unavailable
from functions.services import orphans
from tests.e2e.client import Caller, File, multipart
from tests.e2e.google import Person
from tests.e2e.hosts import Inside

LARGE = File("a.bin", os.urandom(300_000))


def post(caller: Caller, **message: Any) -> Any:
    body, kind = multipart({"to": ["a@b.example"], "subject": "s", "text": "t", **message}, LARGE)
    return caller.post("send/", body, Content_Type=kind)


def uploads(inside: Inside) -> list[Path]:
    return sorted(path for path in inside.blobs if "/uploads/" in str(path))


def sweep(inside: Inside, **later: float) -> None:
    inside.time.jump(**later)
    inside.app.sweeping.sweep()


@pytest.fixture
def orphan(inside: Inside, user: Caller, ada: Person, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a send that was not recorded, as far as anybody could tell."""
    inside.app.sweeping.sweep()  # as at the start
    return orphaned(inside, user, ada, monkeypatch)


def orphaned(inside: Inside, user: Caller, ada: Person, monkeypatch: pytest.MonkeyPatch) -> Path:
    user.connect(ada)

    def uncertain(*_: Any) -> Any:
        raise Unavailable("The store did not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(inside.app.outbox, "create", uncertain)
        post(user).problem(503, "unavailable")
    (left,) = uploads(inside)
    return left


def test_a_file_that_no_record_names_is_removed_days_later(inside: Inside, orphan: Path) -> None:
    sweep(inside)
    sweep(inside, days=1.9)
    assert uploads(inside) == [orphan]  # its request could still be at work, as far as its age tells

    sweep(inside, days=1)

    assert uploads(inside) == []


def test_what_a_send_or_a_batch_needs_stays_however_old_it_is(inside: Inside, user: Caller, orphan: Path) -> None:
    reader = user.key("read")
    one = post(user, send_at=(inside.app.clock() + timedelta(days=200)).isoformat()).ok(202)["id"]
    recipients = [{"to": f"{name}@b.example"} for name in "cd"]
    later = (inside.app.clock() + timedelta(days=200)).isoformat()
    body, kind = multipart({"recipients": recipients, "subject": "s", "text": "t", "send_at": later}, LARGE)
    user.post("send/", body, Content_Type=kind).ok(202)
    assert len(uploads(inside)) == 3

    sweep(inside, days=100)

    assert len(uploads(inside)) == 2
    assert orphan not in uploads(inside)
    assert "a.bin" in reader.get(f"history/{one}/", include="mime").ok()["mime"]


def test_it_is_looked_for_once_a_day(inside: Inside, orphan: Path) -> None:
    sweep(inside, days=3)
    assert uploads(inside) == []
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(b"x")  # as if it had lain there all the time
    os.utime(orphan, (0, 0))

    sweep(inside, hours=23)
    assert uploads(inside) == [orphan]
    sweep(inside, hours=1.1)
    assert uploads(inside) == []


def test_what_is_no_upload_of_a_request_is_left_alone(inside: Inside, user: Caller, orphan: Path) -> None:
    """Attachments have records of their own, and the sweep that goes by those."""
    user.call("POST", "attachments/", b"x", query={"filename": "a.txt", "expires_in": 31_622_400}).ok(201)
    large = post(user, text="x" * 700_000, send_at=(inside.app.clock() + timedelta(days=200)).isoformat())
    large.ok(202)
    others = [path for path in inside.blobs if path != orphan]

    sweep(inside, days=5)

    assert sorted(inside.blobs) == sorted(others)


def test_another_store_with_the_same_directory_removes_nothing_of_the_first_nor_the_first_of_it(
    inside: Inside, user: Caller, orphan: Path, make_inside: Callable[..., Inside]
) -> None:
    later = (inside.app.clock() + timedelta(days=200)).isoformat()
    post(user, send_at=later).ok(202)
    before = uploads(inside)
    assert len(before) == 2
    assert orphan in before

    other = make_inside(STORE_URL=f"sqlite:///{inside.directory}/other.db")
    for _ in range(2):
        sweep(other, days=5)
        assert uploads(inside) == before

    sweep(inside, days=10)  # what the other one has stored is in no record of this one
    assert uploads(inside) == before


def test_a_copy_of_a_store_is_another_store(
    inside: Inside, user: Caller, orphan: Path, make_inside: Callable[..., Inside]
) -> None:
    copied = f"{inside.directory}/copied.db"
    with (
        contextlib.closing(sqlite3.connect(f"{inside.directory}/gmail.db")) as store,
        contextlib.closing(sqlite3.connect(copied)) as copy,
    ):
        store.backup(copy)
    later = (inside.app.clock() + timedelta(days=200)).isoformat()
    post(user, send_at=later).ok(202)  # the copy knows nothing of it
    before = uploads(inside)
    assert orphan in before

    sweep(make_inside(STORE_URL=f"sqlite:///{copied}"), days=5)

    assert uploads(inside) == before


def test_what_lay_in_a_directory_that_names_no_store_is_left_alone(
    inside: Inside, user: Caller, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = orphaned(inside, user, ada, monkeypatch)
    for _ in range(2):
        sweep(inside, days=5)
        assert uploads(inside) == [left]

    left.unlink()
    sweep(inside, days=1)
    left.write_bytes(b"x")
    os.utime(left, (0, 0))
    sweep(inside, days=1.1)

    assert uploads(inside) == []  # with nothing in it, it became this store's


def test_a_store_is_known_again_after_a_restart(
    inside: Inside, orphan: Path, make_inside: Callable[..., Inside]
) -> None:
    assert uploads(inside) == [orphan]

    sweep(make_inside(), days=3)

    assert uploads(inside) == []


@pytest.mark.parametrize("there", [b"str_another", b"several"])
def test_of_two_stores_that_begin_at_once_the_slower_one_takes_nothing(
    inside: Inside, there: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other binds the directory after this one saw that nobody had."""
    directory = inside.app.local_blobs
    look = directory.older

    def meanwhile(prefix: str, than: datetime) -> Iterator[str]:
        directory.write(orphans.BINDING, [there])
        return look(prefix, than)

    with monkeypatch.context() as patched:
        patched.setattr(directory, "older", meanwhile)
        inside.app.orphans.remove()

    assert b"".join(directory.read(orphans.BINDING)) == b"several"


def test_the_names_are_those_that_requests_are_given(orphan: Path) -> None:
    assert f"/blobs/{orphans.PREFIX}own_" in str(orphan)
