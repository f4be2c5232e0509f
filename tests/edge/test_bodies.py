"""Who is refused while a body is still to come is waited for, but not for as long as it likes."""

import socket
import threading
from collections.abc import Iterator
from itertools import takewhile

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from functions.edge import bodies


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Of one connection: the caller's and the server's."""
    caller, server = socket.socketpair()
    with caller, server:
        yield caller, server


def request_over(server: socket.socket, length: int | None) -> Request:
    """None: in chunks, whose end the server knows."""
    came = {"gunicorn.socket": server, "wsgi.input": server.makefile("rb")}
    kind = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    environ = EnvironBuilder(method="POST").get_environ()
    return Request({**environ, **came, **(kind if length is None else {"CONTENT_LENGTH": str(length)})})


@pytest.mark.parametrize("length", [1000, None])
def test_a_body_that_does_not_come_is_given_up_and_the_answer_goes_out(
    ends: tuple[socket.socket, socket.socket], length: int | None
) -> None:
    caller, server = ends
    caller.sendall(b"x")
    bodies.discard(request_over(server, length), 0.05)
    server.sendall(b"answer")
    assert caller.recv(6) == b"answer"


def test_a_body_that_comes_byte_by_byte_is_given_up(ends: tuple[socket.socket, socket.socket]) -> None:
    caller, server = ends
    over = threading.Event()
    caller.settimeout(60)

    def trickle() -> None:
        for _ in takewhile(lambda _: not over.wait(0.01), iter(int, 1)):
            try:
                caller.send(b"x")
            except OSError:  # nobody reads any more
                return

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        bodies.discard(request_over(server, 1_000_000), 0.05)
    finally:
        over.set()
        thread.join()


def test_a_body_that_comes_is_read_to_its_end(ends: tuple[socket.socket, socket.socket]) -> None:
    """So that its sender, who may still be sending, gets to read the answer."""
    caller, server = ends
    sending = threading.Thread(target=lambda: caller.sendall(bytes(3 << 20)))
    sending.start()
    bodies.discard(request_over(server, 3 << 20), 60)
    sending.join()
    server.setblocking(False)
    with pytest.raises(BlockingIOError):  # nothing is left, and it is still open
        server.recv(1)
