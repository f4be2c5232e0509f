"""Endings that HTTP has no word for: a connection closed, reset or cut off in the middle of the answer."""

import os
import socket
import struct
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Ending = Literal["close", "reset", "half_answer"]

DRAIN_SECONDS = 5.0


class ConnectionCut(Exception):
    """Raised by a handler that wants no answer to be given."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending = ending


class CuttableConnections:
    """WSGI middleware: counts connections, and ends them as `environ["sandbox.ending"]` asks.

    gunicorn's threaded worker passes the socket in `environ["gunicorn.socket"]` and takes a BrokenPipeError of the
    application for a client that went away: it logs nothing and writes nothing more.
    """

    def __init__(self, app: "WSGIApplication", count: Callable[[str], None]) -> None:
        self._app = app
        self._count = count
        self._seen: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._seeing = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        connection: socket.socket | None = environ.get("gunicorn.socket")
        if connection is not None and not environ["PATH_INFO"].startswith("/sandbox/"):
            self._note(connection)
        head: list[tuple[str, list[tuple[str, str]]]] = []

        def keep_head(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> Callable[[bytes], None]:
            head.append((status, headers))
            return lambda _body: None

        body = self._app(environ, keep_head)
        ending: Ending | None = environ.get("sandbox.ending")
        if ending == "half_answer" and connection is not None:
            start_response(*head[-1])
            return _half(b"".join(body), connection)
        if ending is None or connection is None:
            start_response(*head[-1])
            return body
        if ending == "reset":
            _reset(connection)
        else:
            _close(connection)
        raise BrokenPipeError(32, "the sandbox ended the connection")

    def _note(self, connection: socket.socket) -> None:
        with self._seeing:
            if connection in self._seen:
                return
            self._seen.add(connection)
        self._count("connections")


def _half(body: bytes, connection: socket.socket) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    _close(connection)
    raise BrokenPipeError(32, "the sandbox ended the connection")


def _close(connection: socket.socket) -> None:
    """An orderly end (FIN). What the client still sends is read and thrown away: unread bytes would make it a reset."""
    deadline = time.monotonic() + DRAIN_SECONDS
    try:
        connection.shutdown(socket.SHUT_WR)
        while (remaining := deadline - time.monotonic()) > 0:
            connection.settimeout(remaining)
            if not connection.recv(65536):
                break
    except OSError:
        pass  # the client was faster


def _reset(connection: socket.socket) -> None:
    """A reset (RST) at once: a close with no time to linger.

    The server still holds this file descriptor and will close it; another socket is put under the number so that it
    does not close a stranger's.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with socket.socket() as stand_in:
        os.dup2(stand_in.fileno(), connection.fileno())
