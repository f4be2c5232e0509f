"""HTTP to Google and to OIDC issuers: pooled connections on http.client that never replay a request by themselves.

http.client because it does exactly what it is told: httplib2 POSTs again when a server closes without answering, which
under `messages.send` is a second email. One SSL context serves every connection: loading CA roots is most of what a
fresh client costs.
"""

import http.client
import json
import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from functions.domain.errors import Unavailable

MAX_ANSWER = 64 << 20  # bytes: a raw message read back; everything else is far smaller
# Google's front ends keep idle connections for minutes; a young one is hardly ever closed under a request.
MAX_IDLE = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Answer:
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


class Http:
    """Thread-safe. `timeout` bounds connecting, and each wait for the peer, in seconds."""

    def __init__(self, *, connect_timeout: float = 5, timeout: float = 30) -> None:
        self._connect_timeout = connect_timeout
        self._timeout = timeout
        self._idle: dict[tuple[str, str, int], deque[tuple[http.client.HTTPConnection, float]]] = defaultdict(deque)
        self._lock = threading.Lock()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

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
        parts = urlsplit(url)
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        origin = (parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        begun = complete = False
        try:
            connection = self._connection(origin)
        except (OSError, http.client.HTTPException) as exc:
            raise RequestFailed(f"can't connect to {origin[1]}: {_reason(exc)}", body_begun=False) from exc
        try:
            if connection.sock is not None:
                connection.sock.settimeout(timeout or self._timeout)
            length = len(body) if isinstance(body, bytes) else size
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if length or method not in ("GET", "HEAD", "DELETE"):
                connection.putheader("Content-Length", str(length))
            if isinstance(body, bytes):
                complete = True
                begun = bool(body)  # a short body leaves in one segment with the headers
                connection.endheaders(body or None)
            else:
                connection.endheaders()
                try:
                    for block in body():
                        begun = True
                        connection.send(block)
                except (BrokenPipeError, ConnectionResetError):
                    # A server that refuses a body may answer, and close, before it has read all of it.
                    if connection.sock is None:
                        raise
                    connection.sock.settimeout(2)
                else:
                    complete = True
            response = connection.getresponse()
            data = response.read(MAX_ANSWER + 1)
            if len(data) > MAX_ANSWER:
                raise http.client.HTTPException("the answer is too long")
            if response.length:  # read(n) does not mind that the rest is missing, as read() would
                raise http.client.IncompleteRead(data, response.length)
        except (OSError, http.client.HTTPException) as exc:
            connection.close()
            raise RequestFailed(f"{origin[1]}: {_reason(exc)}", body_begun=begun) from exc
        except BaseException:
            connection.close()
            raise
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, data)
        if response.will_close or not complete:
            connection.close()
        else:
            with self._lock:
                self._idle[origin].append((connection, time.monotonic()))
        return answer

    def _connection(self, origin: tuple[str, str, int]) -> http.client.HTTPConnection:
        while True:
            with self._lock:
                waiting = self._idle[origin]
                connection, since = waiting.pop() if waiting else (None, 0.0)
            if connection is None:
                break
            if time.monotonic() - since < MAX_IDLE and not _readable(connection):
                return connection
            connection.close()
        scheme, host, port = origin
        fresh = (
            http.client.HTTPSConnection(host, port, timeout=self._connect_timeout, context=self._tls)
            if scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=self._connect_timeout)
        )
        fresh.connect()
        return fresh


def _readable(connection: http.client.HTTPConnection) -> bool:
    """An idle connection with something to read was closed by the peer, or is out of step: useless either way."""
    import select

    if connection.sock is None:
        return True
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN | select.POLLHUP | select.POLLERR)
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
