"""One POST to a URL that a stranger chose, so that it can reach nothing but the public internet, nor hold a worker.

The name is resolved once, every address it has is checked, and the connection goes to a checked address, never to the
name again: a resolver that answers differently the next time (DNS rebinding) is not asked. No redirects, no proxies, no
connections kept. The certificate has to be the name's own. All waiting ends at a deadline for the whole, not for each
read: an answer that drips in is cut off.
"""

import contextlib
import http.client
import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from functions.domain.public_urls import NotPublic, Target, forbidden, loopback, parse
from functions.domain.webhook_ports import HookAnswer, NoAnswer

CONNECTING = 5.0  # seconds: name, TCP and TLS
ANSWERING = 15.0  # seconds, from then on (Standard Webhooks: 15 to 30)
MAX_BODY = 64 << 10  # bytes of the answer that are read
MAX_ANSWER = 2 * MAX_BODY  # with its head, as it comes
ADDRESSES = 4  # of one name that are tried
RESOLVING = 32  # names at once: the system's resolver has no deadline of its own, so a thread waits for it

Resolve = Callable[[str, int], Sequence[str]]


def system_resolve(host: str, port: int) -> Sequence[str]:
    """Every address of a name, both families."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class SafeHttp:
    """Thread-safe. `allow`: `host:port` that may be reached though private, on laptops and in tests."""

    def __init__(
        self,
        allow: Collection[str] = (),
        *,
        resolve: Resolve = system_resolve,
        connecting: float = CONNECTING,
        answering: float = ANSWERING,
    ) -> None:
        self._allow = frozenset(allow)
        self._resolve = resolve
        self._connecting = connecting
        self._answering = answering
        self._resolving = threading.BoundedSemaphore(RESOLVING)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        """Raises NoAnswer."""
        try:
            target = parse(url, self._allow)
        except NotPublic as exc:
            raise NoAnswer("forbidden", str(exc)) from None
        try:
            connection = self._connect(target, time.monotonic() + self._connecting)
        except TimeoutError:
            raise NoAnswer("timeout", f"It could not be connected to within {self._connecting:g} seconds.") from None
        with connection:
            until = time.monotonic() + self._answering
            try:
                _send(connection, _request(target, headers, body), until)
                return _answer(connection, until)
            except TimeoutError:
                detail = f"It did not answer completely within {self._answering:g} seconds."
                raise NoAnswer("timeout", detail) from None
            except (OSError, http.client.HTTPException, ValueError) as exc:
                raise NoAnswer("malformed", f"It did not give an HTTP answer ({type(exc).__name__}).") from exc

    def _connect(self, target: Target, until: float) -> socket.socket:
        """Raises NoAnswer, TimeoutError."""
        addresses = self._addresses(target, until)[:ADDRESSES]
        failure: OSError | None = None
        for index, address in enumerate(addresses):
            try:
                # One that swallows everything leaves time for the others.
                plain = _connected(address, target.port, _left(until) / (len(addresses) - index))
            except OSError as exc:
                failure = exc
                continue
            return plain if target.scheme == "http" else self._secured(plain, target.host, until)
        if isinstance(failure, TimeoutError):
            raise failure
        raise NoAnswer("unreachable", f"Nothing takes a connection there ({type(failure).__name__}).") from failure

    def _secured(self, plain: socket.socket, host: str, until: float) -> socket.socket:
        """TLS, with the certificate of this name. Raises NoAnswer, TimeoutError."""
        with contextlib.ExitStack() as opened:
            opened.enter_context(plain)
            plain.settimeout(_left(until))  # of the whole handshake
            try:
                secured = self._tls.wrap_socket(plain, server_hostname=host)
            except TimeoutError:
                raise
            except (OSError, ValueError) as exc:
                reason = getattr(exc, "verify_message", "") or getattr(exc, "reason", "") or type(exc).__name__
                raise NoAnswer("tls", f"TLS failed: {reason}.") from exc
            opened.pop_all()
            return secured

    def _addresses(self, target: Target, until: float) -> list[str]:
        """All of them fit to be connected to: where one is not, none is. Raises NoAnswer, TimeoutError."""
        literal = ":" in target.host or target.host.replace(".", "").isdigit()
        found = [target.host] if literal else self._resolved(target, until)
        for address in found:
            why = "" if target.allowed else forbidden(address)
            if target.scheme == "http" and not loopback(address):
                why = "plain http is for this machine only"
            if why:
                raise NoAnswer("forbidden", f"Its address is not a public one: {why}.")
        return found

    def _resolved(self, target: Target, until: float) -> list[str]:
        if not self._resolving.acquire(blocking=False):
            raise NoAnswer("unresolved", "Too many names are being looked up.")
        outcome: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def resolve() -> None:
            try:
                outcome.put(self._resolve(target.host, target.port))
            except Exception as exc:  # noqa: BLE001 - raised where it is waited for
                outcome.put(exc)
            finally:
                self._resolving.release()

        threading.Thread(target=resolve, name="resolve", daemon=True).start()
        try:
            found = outcome.get(timeout=_left(until))
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(found, Exception):
            raise NoAnswer("unresolved", "Its name has no address, or it could not be looked up.") from found
        return list(found)


def _connected(address: str, port: int, timeout: float) -> socket.socket:
    plain = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        plain.settimeout(timeout)
        plain.connect((address, port))
    except BaseException:
        plain.close()
        raise
    return plain


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    named = {"Host": target.authority, **headers, "Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line break in a header")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _send(connection: socket.socket, request: bytes, until: float) -> None:
    """Not `sendall`, which under TLS waits anew for each part."""
    left = memoryview(request)
    while left:
        connection.settimeout(_left(until))
        left = left[connection.send(left[: 16 << 10]) :]


def _answer(connection: socket.socket, until: float) -> HookAnswer:
    source: Any = _Source(connection, until)
    response = http.client.HTTPResponse(source, method="POST")
    response.begin()
    try:
        body = response.read(MAX_BODY)
    except _TooLong:
        body = b""
    except http.client.IncompleteRead as exc:
        body = exc.partial
    return HookAnswer(response.status, {k.lower(): v for k, v in response.getheaders()}, body[:MAX_BODY])


class _TooLong(http.client.HTTPException):
    """More came than an answer to an event may have."""


class _Source(io.RawIOBase):
    """What http.client reads an answer from: bounded in time and size as a whole."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until
        self._left = MAX_ANSWER

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left <= 0:
            raise _TooLong
        self._connection.settimeout(_left(self._until))
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count


def _left(until: float) -> float:
    """Raises TimeoutError."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
