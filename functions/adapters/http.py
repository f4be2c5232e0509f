"""HTTP to Google and to OIDC issuers: pooled connections that never replay a request by themselves.

A request is written as it is and posted once: httplib2 POSTs again when a server closes without answering, which under
`messages.send` is a second email. Answers are read by httptools (llhttp, Node's parser), at a tenth of what http.client
takes. One SSL context serves every connection.
"""

import json
import re
import select
import socket
import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httptools

from functions.adapters.tls import tls_context
from functions.domain.errors import Unavailable

MAX_ANSWER = 64 << 20  # bytes: a raw message read back; everything else is far smaller
MAX_HEADERS = 100  # of an answer; a long one counts as several
_LONG = 1 << 10  # bytes
# Google's front ends keep idle connections for minutes; a young one is hardly ever closed under a request.
MAX_IDLE = 20.0  # seconds
EARLY_ANSWER = 2.0  # seconds to wait for what a server says that takes no more of a body
_READ = 64 << 10  # bytes at once
_TOGETHER = 32 << 10  # bytes: what is shorter leaves in one piece with what comes before it
_TARGET = re.compile(r"/[!-~]*")
_LINE = re.compile(r"[\t -~\x80-\xff]*")  # what a header may hold: RFC 9110 §5.5


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        """Raises ValueError where the body is not JSON."""
        return json.loads(self.body)


class RequestFailed(Exception):
    """No complete answer came. `body_begun`: a byte of the request's body may have reached the server."""

    def __init__(self, reason: str, *, body_begun: bool) -> None:
        super().__init__(reason)
        self.body_begun = body_begun


Body = bytes | Callable[[], Iterator[bytes]]
Origin = tuple[str, str, int]


class Http:
    """Thread-safe. `timeout` bounds connecting, and each wait for the peer, in seconds."""

    def __init__(self, *, connect_timeout: float = 5, timeout: float = 30) -> None:
        self._connect_timeout = connect_timeout
        self._timeout = timeout
        self._idle: dict[Origin, deque[tuple[socket.socket, float]]] = defaultdict(deque)
        # Of TLS: with one, a handshake proves no certificates again.
        self._sessions: dict[Origin, ssl.SSLSession | None] = {}
        self._lock = threading.Lock()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = tls_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body = b"",
        size: int | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """One request, one answer. `size` is the length of a streamed body. Raises RequestFailed."""
        origin, host, target = _place(url)
        length = len(body) if isinstance(body, bytes) else size
        if not length and method in ("GET", "HEAD", "DELETE"):
            length = None
        head = _head(method, target, host, headers or {}, length)
        try:
            connection, fresh = self._connection(origin)
        except OSError as exc:
            raise RequestFailed(f"can't connect to {origin[1]}: {_reason(exc)}", body_begun=False) from exc
        sending = _Sending(connection)
        try:
            if connection.gettimeout() != (wait := timeout or self._timeout):  # to set it is a call of the system
                connection.settimeout(wait)
            complete = sending.all(head, body)
            answer, reusable = _Answering(connection).read()
        except (OSError, httptools.HttpParserError, httptools.HttpParserUpgrade) as exc:
            connection.close()
            raise RequestFailed(f"{origin[1]}: {_reason(exc)}", body_begun=sending.begun) from exc
        except BaseException:
            connection.close()
            raise
        if fresh and isinstance(connection, ssl.SSLSocket):
            # Tickets come with the first answer (RFC 8446 §4.6.1). Python copies a session to give it out, certificates
            # and all, which takes as long as a request: so once for each connection.
            self._sessions[origin] = connection.session
        if complete and reusable:
            with self._lock:
                self._idle[origin].append((connection, time.monotonic()))
        else:
            connection.close()
        return answer

    def _connection(self, origin: Origin) -> tuple[socket.socket, bool]:
        """And whether it is a fresh one."""
        while True:
            with self._lock:
                waiting = self._idle[origin]
                connection, since = waiting.pop() if waiting else (None, 0.0)
            if connection is None:
                return self._connected(origin), True
            if time.monotonic() - since < MAX_IDLE and not _readable(connection):
                return connection, False
            connection.close()

    def _connected(self, origin: Origin) -> socket.socket:
        scheme, host, port = origin
        plain = socket.create_connection((host, port), self._connect_timeout)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if scheme != "https":
                return plain
            return self._tls.wrap_socket(plain, server_hostname=host, session=self._sessions.get(origin))
        except BaseException:
            plain.close()
            raise


@lru_cache(256)
def _place(url: str) -> tuple[Origin, str, str]:
    """A URL's origin, its host as a request names it, and its target. Raises ValueError."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    if not _TARGET.fullmatch(target):
        raise ValueError(f"Not a target of a request: {target!r}")
    origin = (parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    return origin, parts.netloc.rpartition("@")[2], target


def _head(method: str, target: str, host: str, headers: Mapping[str, str], length: int | None) -> bytes:
    """Raises ValueError for what could end a line, and begin one of its own."""
    lines = [f"Host: {host}", *[f"{name}: {value}" for name, value in headers.items()]]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    if not _LINE.fullmatch("".join(lines)):
        wrong = next(line for line in lines if not _LINE.fullmatch(line))
        raise ValueError(f"Not a header: {wrong.partition(':')[0]!r}")
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")


class _Sending:
    """A request on its way. `begun`: a byte of its body may have left."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.begun = False

    def all(self, head: bytes, body: Body) -> bool:
        """Whether all of it left: a server that refuses a body may answer, and close, before it has read it."""
        if isinstance(body, bytes):
            self.begun = bool(body)
            self._connection.sendall(head + body)
            return True
        waiting = bytearray(head)
        try:
            for block in body():
                if len(waiting) + len(block) <= _TOGETHER:
                    waiting += block
                    continue
                self._flush(waiting)
                self.begun = True
                self._connection.sendall(block)
            self._flush(waiting)
        except (BrokenPipeError, ConnectionResetError):
            self._connection.settimeout(EARLY_ANSWER)
            return False
        return True

    def _flush(self, waiting: bytearray) -> None:
        if waiting:
            self.begun = True
            self._connection.sendall(waiting)
            waiting.clear()


class _Answering:
    """Reads one answer from a connection. The methods in the middle are httptools' to call."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._heading = 0
        self._size = 0
        self._headed = False  # all headers are there
        self._complete = self._reusable = False
        self._more = False  # than one answer

    def read(self) -> tuple[Answer, bool]:
        """The answer, and whether the connection can be used again. Raises OSError, httptools.HttpParserError."""
        while not self._complete:
            data = self._connection.recv(_READ)
            if data:
                self._parser.feed_data(data)
            elif self._ends_with_the_connection():
                return self._answer(), False
            else:
                raise ConnectionError("closed before the answer was complete")
        return self._answer(), self._reusable and not self._more

    def on_message_begin(self) -> None:
        if self._complete:
            self._more = True
        else:
            self._headers.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._heading += 1 + (len(name) + len(value)) // _LONG
        if self._heading > MAX_HEADERS:
            raise ValueError("the answer's headers are too long")
        if not self._complete:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        # A server may say in between that it goes on (RFC 9110 §15.2).
        self._headed = self._parser.get_status_code() >= 200

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > MAX_ANSWER:
            raise ValueError("the answer is too long")
        if not self._complete:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._headed and not self._complete:
            self._complete, self._reusable = True, self._parser.should_keep_alive()

    def _answer(self) -> Answer:
        return Answer(self._parser.get_status_code(), self._headers, b"".join(self._parts))

    def _ends_with_the_connection(self) -> bool:
        """An answer without a length (RFC 9112 §6.3)."""
        return self._headed and self._headers.keys().isdisjoint(("content-length", "transfer-encoding"))


def _readable(connection: socket.socket) -> bool:
    """An idle connection with something to read was closed by the peer, or is out of step: useless either way."""
    poll = select.poll()
    poll.register(connection, select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))


def _reason(exc: Exception) -> str:
    if isinstance(exc, TimeoutError):
        return "no answer in time"
    if isinstance(exc, ssl.SSLError):
        return f"TLS failed ({exc.reason or 'handshake'})"
    return type(exc).__name__


def get_json(client: Http, url: str) -> Any:
    """A JSON document, asked for twice where a connection broke. Raises Unavailable."""
    for attempt in (1, 2):
        try:
            answer = client.request("GET", url, headers={"Accept": "application/json"}, timeout=10)
        except RequestFailed as exc:
            if attempt == 2:
                raise Unavailable(f"Reading {url} failed: {exc}.") from exc
            continue
        if answer.status == 200:
            try:
                return answer.json()
            except ValueError as exc:
                raise Unavailable(f"{url} answered something that is not JSON.") from exc
        if attempt == 2 or answer.status < 500:
            raise Unavailable(f"{url} answered {answer.status}.")
    raise AssertionError  # the loop always returns or raises
