"""What passes through is never in memory as a whole: one large file, several at once, archives among them; and what is
left when the process is killed in the middle."""

import http.client
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.bench.processes import BIN, Program, free_port, running
from tests.domain.test_archives import zipped

KEY = "gmk_local_0123456789abcdef0123456789abcdef"
MIB = 1 << 20


@pytest.fixture
def function(tmp_path: Path) -> Iterator[Program]:
    """`attachments`, alone, as the platform runs it."""
    with running(started(tmp_path)) as program:
        upload(program, "small.txt", [b"x" * 1000])
        yield program


def started(directory: Path) -> Program:
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "2",
        "STORE_URL": f"sqlite:///{directory}/gmail.db",
        "BLOBS_URL": f"file:{directory}/blobs",
        "SECRETS_URL": f"file:{directory}/secrets",
        "LOCAL_API_KEY": KEY,
    }
    command = [str(BIN / "functions-framework"), "--target", "attachments", "--host", "127.0.0.1", "--port", str(port)]
    return Program(command, environ, port, directory / "function.log")


def connect(
    program: Program, name: str, size: int, kind: str = "application/octet-stream"
) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=120)
    connection.putrequest("POST", f"/?filename={name}" if "multipart" not in kind else "/")
    for header in (("Authorization", f"Bearer {KEY}"), ("Content-Type", kind), ("Content-Length", str(size))):
        connection.putheader(*header)
    connection.endheaders()
    return connection


def upload(program: Program, name: str, blocks: list[bytes], kind: str = "application/octet-stream") -> None:
    with closing(connect(program, name, sum(map(len, blocks)), kind)) as connection:
        for block in blocks:
            connection.send(block)
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()


def archive(size: int) -> list[bytes]:
    """A ZIP of about that size, with an archive in it that is compressed."""
    return [zipped(inner__zip=zipped("a.txt", data=bytes(30 * MIB)), noise__bin=os.urandom(size - 40_000))]


def in_form(name: str, size: int) -> list[bytes]:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return [head, *[os.urandom(MIB)] * (size // MIB), b"\r\n--b--\r\n"]


@pytest.mark.parametrize("what", ["raw", "form", "zip"])
def test_a_file_of_30_mb_costs_less_than_8_mib(function: Program, what: str) -> None:
    blocks = {"raw": [os.urandom(MIB)] * 30, "form": in_form("a.bin", 30 * MIB), "zip": archive(30 * MIB)}[what]
    function.forget_peak()
    idle = function.memory()
    upload(function, "a.bin", blocks, "multipart/form-data; boundary=b" if what == "form" else "application/zip")
    assert function.peak() - idle < 8


def test_four_files_of_25_mb_at_once_stay_bounded(function: Program) -> None:
    given = [[os.urandom(MIB)] * 25, [os.urandom(MIB)] * 25, archive(25 * MIB), archive(25 * MIB)]
    function.forget_peak()
    idle = function.memory()
    threads = [threading.Thread(target=upload, args=(function, "a.bin", blocks)) for blocks in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert function.peak() - idle < 24


def test_a_process_that_is_killed_in_the_middle_leaves_nothing_that_is_seen(tmp_path: Path) -> None:
    """Its record is `waiting`, and names the blob, for the sweep; the file itself has no name yet."""
    program = started(tmp_path)
    with running(program):
        upload(program, "before.txt", [b"x"])
        with closing(connect(program, "a.bin", 10 * MIB)) as connection:
            connection.send(os.urandom(5 * MIB))
            until(lambda: any(p.stat().st_size > MIB for p in (tmp_path / "blobs" / ".writing").iterdir()))
            program.stop()
    again = started(tmp_path)
    with running(again), closing(http.client.HTTPConnection("127.0.0.1", again.port, timeout=60)) as connection:
        connection.request("GET", "/", headers={"Authorization": f"Bearer {KEY}"})
        listed = connection.getresponse().read()
    assert b"before.txt" in listed
    assert b"a.bin" not in listed
    with closing(sqlite3.connect(tmp_path / "gmail.db")) as db:
        records = [text for (text,) in db.execute("SELECT data FROM documents") if "a.bin" in str(text)]
    assert len(records) == 1
    assert "waiting" in str(records[0])
    assert len([p for p in (tmp_path / "blobs").rglob("=file") if p.is_file()]) == 1


def test_a_caller_who_hangs_up_leaves_nothing(function: Program, tmp_path: Path) -> None:
    with closing(connect(function, "a.bin", 10 * MIB)) as connection:
        connection.send(os.urandom(5 * MIB))
        until(lambda: any((tmp_path / "blobs" / ".writing").iterdir()))
    until(lambda: not any((tmp_path / "blobs" / ".writing").iterdir()))
    until(lambda: records_of(tmp_path) == 1)  # the small one's


def records_of(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "gmail.db", timeout=10)) as db:
        (count,) = db.execute("SELECT count(*) FROM documents WHERE path LIKE 'owners/%/attachments/%'").fetchone()
    return int(count)


def until(true: object) -> None:
    assert callable(true)
    for _ in range(300):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")
