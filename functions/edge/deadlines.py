"""Requests that do not come: once their time is over, nothing more is read from their connection.

A limit for each read would not hold for one that comes byte by byte, and a timer for each request would be a thread
for each request: so one thread looks at all that wait.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from werkzeug.wrappers import Request

STEP = 0.5  # seconds between two looks


class Deadlines:
    """Thread-safe; one for each process."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[float, Callable[[], None]]] = {}  # by what waits: until when, and what then
        self._watcher: threading.Thread | None = None
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def within(self, request: Request, seconds: float) -> Iterator[None]:
        """The request's body ends then, whatever still comes; so does its connection, after the answer."""
        environ = request.environ
        if "gunicorn.socket" not in environ:  # another server's; or none, in tests
            yield
            return
        self.begin(request, seconds, lambda: _end_body(environ))
        try:
            yield
        finally:
            self.over(request)  # from here on the connection may be another request's

    def begin(self, what: object, seconds: float, end: Callable[[], None]) -> None:
        """`end` is called then, and again at every look until it is `over`."""
        with self._lock:
            self._waiting[id(what)] = (time.monotonic() + seconds, end)
            if self._watcher is None or not self._watcher.is_alive():  # as after a fork
                self._watcher = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._watcher.start()

    def over(self, what: object) -> None:
        with self._lock:
            self._waiting.pop(id(what), None)

    def _watch(self) -> None:
        while True:
            time.sleep(STEP)
            now = time.monotonic()
            with self._lock:
                for until, end in self._waiting.values():
                    if until <= now:
                        end()


def end(connection: socket.socket) -> None:
    """Nothing more is read from it."""
    with contextlib.suppress(OSError):  # it is closed
        # Of the plain socket: that of TLS would go on in plain text. Over TLS (on a laptop) the answer is lost with it.
        socket.socket.shutdown(connection, socket.SHUT_RD)


def _end_body(environ: dict[str, Any]) -> None:
    # The system goes on to hand out what still arrives, and gunicorn counts what it asked for as read. Of a body that
    # has failed it does not look for the next request behind it.
    with contextlib.suppress(AttributeError):  # a reader of another kind
        environ["wsgi.input"].failed = True
    end(environ["gunicorn.socket"])


DEADLINES = Deadlines()
