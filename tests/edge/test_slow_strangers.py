"""Who sends no body, or something else behind it, against a server as it really runs."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.processes import environment, free_port
from tests.e2e.tether import tie

# The server of a laptop, whose patience is over sooner.
SERVER = """
from functions.cli import server
from functions.edge import deadlines, endpoint
server.HEAD = 0.5
endpoint.STRANGERS = endpoint.READING = 0.5
deadlines.STEP = 0.05
from functions.cli.commands import main
main()
"""
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def port(directory: Path) -> Iterator[int]:
    found = free_port()
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, "serve"],
            cwd=directory,
            env={**environment({}), "PORT": str(found), "PYTHONPATH": os.getcwd()},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    tie(server)
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", found)).close()
            break
        except OSError:
            time.sleep(0.1)
    yield found
    server.terminate()
    server.wait(20)
    assert "Traceback" not in Path(directory / "log").read_text()


def asking(port: int, method: str, path: str, *headers: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: a", *headers, "", ""])
    connection.sendall(head.encode())
    return connection


def answers(connection: socket.socket) -> bytes:
    """All that comes until the other end closes."""
    found = b""
    try:
        while came := connection.recv(65536):
            found += came
    except ConnectionResetError:
        pass
    return found


def test_who_never_ends_the_head_of_a_request_keeps_nobody_out(port: int) -> None:
    begun = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(80)]  # there are 64 threads
    for connection in begun:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
    trickling = begun[:8]

    def trickle() -> None:
        with contextlib.suppress(OSError):
            while True:
                for connection in trickling:
                    connection.sendall(b"x")
                time.sleep(0.1)

    threading.Thread(target=trickle, daemon=True).start()

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=20) as answer:
        assert answer.status == 200
    for connection in begun:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/gmail/send/"),
        ("POST", "/api/gmail/hooks/trg_nobody/"),
        ("POST", "/healthz"),
        ("PUT", "/api/gmail/attachments/upload/?token=none"),
    ],
)
def test_strangers_who_send_no_body_keep_nobody_from_an_answer(port: int, method: str, path: str) -> None:
    """More of them than the server has threads."""
    strangers = [asking(port, method, path, "Content-Length: 100") for _ in range(80)]
    with asking(port, "GET", "/healthz", "Connection: close") as somebody:
        assert answers(somebody).startswith(b"HTTP/1.1 200 ")
    for stranger in strangers:
        with stranger:
            assert answers(stranger)[:10] == b"HTTP/1.1 4"


def test_who_has_an_upload_url_may_take_longer(port: int, directory: Path) -> None:
    """A large file over a slow line."""
    key = re.search(r"API key +(\S+)", (directory / "log").read_text())
    assert key
    wanted = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/gmail/attachments/",
        data=json.dumps({"filename": "a.txt", "size": 20}).encode(),
        headers={"Authorization": f"Bearer {key[1]}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(wanted) as answer:
        url = json.load(answer)["upload"]["url"]
    path = url.partition(f":{port}")[2]
    with asking(port, "PUT", path, "Content-Length: 20", "Connection: close") as connection:
        for _ in range(20):  # in twice the time that a stranger has
            time.sleep(0.05)
            connection.sendall(b"x")
        assert answers(connection)[:13] == b"HTTP/1.1 200 "


@pytest.mark.parametrize("length", [60_000, 60_000_000])
def test_what_comes_behind_a_body_that_was_given_up_is_no_request(port: int, length: int) -> None:
    def smuggle(_: int) -> bytes:
        with asking(port, "POST", "/api/gmail/send/", f"Content-Length: {length}") as connection:
            connection.sendall(b"x")
            time.sleep(0.4)
            over = threading.Event()

            def send() -> None:
                while not over.wait(0.0003):
                    try:
                        connection.sendall(SMUGGLED)
                    except OSError:
                        return

            sending = threading.Thread(target=send)
            sending.start()
            try:
                return answers(connection)
            finally:
                over.set()
                sending.join()

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(smuggle, range(12)):
            assert b"HTTP/1.1 2" not in found
            assert found.count(b"HTTP/1.1 ") <= 1
