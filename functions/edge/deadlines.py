"""Bodies that do not come: once their time is over, nothing more is read from their connection.

A limit for each read would not hold for a body that comes byte by byte, and a timer for each request would be a thread
for each request: so one thread looks at all that wait.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from werkzeug.wrappers import Request

STEP = 0.5  # seconds between two looks


class Deadlines:
    """Thread-safe; one for each process."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[float, dict[str, Any]]] = {}  # by request: until when, and its environment
        self._watcher: threading.Thread | None = None
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def within(self, request: Request, seconds: float) -> Iterator[None]:
        """The request's body ends then, whatever still comes; so does its connection, after the answer."""
        if "gunicorn.socket" not in request.environ:  # another server's; or none, in tests
            yield
            return
        with self._lock:
            self._waiting[id(request)] = (time.monotonic() + seconds, request.environ)
            if self._watcher is None or not self._watcher.is_alive():  # as after a fork
                self._watcher = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._watcher.start()
        try:
            yield
        finally:
            with self._lock:  # from here on the connection may be another request's
                del self._waiting[id(request)]

    def _watch(self) -> None:
        while True:
            time.sleep(STEP)
            now = time.monotonic()
            with self._lock:
                for until, environ in self._waiting.values():
                    if until <= now:
                        _end(environ)


def _end(environ: dict[str, Any]) -> None:
    # The system goes on to hand out what still arrives, and gunicorn counts what it asked for as read. Of a body that
    # has failed it does not look for the next request behind it.
    with contextlib.suppress(AttributeError):  # a reader of another kind
        environ["wsgi.input"].failed = True
    with contextlib.suppress(OSError):  # it is closed
        # Of the plain socket: that of TLS would go on in plain text. Over TLS (on a laptop) the answer is lost with it.
        socket.socket.shutdown(environ["gunicorn.socket"], socket.SHUT_RD)


DEADLINES = Deadlines()
