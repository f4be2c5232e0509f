"""A server on bare sockets that does to each request what it is told to, and counts what really reached it."""

import contextlib
import json
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass
from typing import Literal

Place = Literal["before_reading", "first_byte", "after_headers", "mid_body", "after_body"]
SENT = b'{"id": "g1", "threadId": "t1", "labelIds": ["SENT"]}'


@dataclass(frozen=True)
class Act:
    """What becomes of one request: it is read up to `place`, then `answer` is written, then (`how`) the connection is
    ended, is kept, or goes silent until the client gives up."""

    place: Place = "after_body"
    answer: bytes = b""
    how: Literal["close", "reset", "keep", "silent"] = "keep"


def http(status: int, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """An answer. `length`: what it says its length is."""
    lines = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/json", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def refusal(status: int, reason: str, message: str = "No", *headers: str) -> bytes:
    """An answer in the form of Google's APIs."""
    error = {"code": status, "message": message, "errors": [{"domain": "global", "reason": reason, "message": message}]}
    return http(status, json.dumps({"error": error}).encode(), *headers)


ACCEPT = Act(answer=http(200, SENT))
TOKEN = http(200, b'{"access_token": "ya29.fresh", "expires_in": 3600, "token_type": "Bearer"}')


class Stub:
    """`script` holds the acts of the requests to come; after them, everything is accepted. Calls of /token are answered
    with a token and not counted. `bodies` are those that arrived whole."""

    def __init__(self) -> None:
        self.script: deque[Act] = deque()
        self.connections = 0
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.refused = 0  # whole bodies that were answered with 4xx, so that nothing was delivered
        self.ended = threading.Semaphore(0)  # released whenever the server has ended a connection
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def deliveries(self) -> int:
        return len(self.bodies) - self.refused

    def close(self) -> None:
        # A shutdown wakes the accepting thread, which a close alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(30)
        with contextlib.suppress(OSError), connection:
            while self._one(connection):
                pass

    def _one(self, connection: socket.socket) -> bool:
        """One request; whether another may follow."""
        if self.script and self.script[0].place == "before_reading":
            return self._end(connection, self._next())
        data = connection.recv(1)
        if not data:
            return False
        if self.script and self.script[0].place == "first_byte":
            return self._end(connection, self._next())
        while b"\r\n\r\n" not in data:
            block = connection.recv(65536)
            if not block:
                return False
            data += block
        head, _, body = data.partition(b"\r\n\r\n")
        if b" /token " in head.partition(b"\r\n")[0]:
            self._read(connection, body, _length(head))
            connection.sendall(TOKEN)
            return True
        act = self._next()
        with self._lock:
            self.heads.append(head)
        length = _length(head)
        if act.place == "mid_body":
            self._read(connection, body, length // 2)
        elif act.place == "after_body":
            body = self._read(connection, body, length)
            with self._lock:
                self.bodies.append(body)
                self.refused += act.answer[9:10] == b"4"
        return self._end(connection, act)

    def _next(self) -> Act:
        with self._lock:
            return self.script.popleft() if self.script else ACCEPT

    def _read(self, connection: socket.socket, body: bytes, length: int) -> bytes:
        parts, size = [body], len(body)
        while size < length:
            block = connection.recv(min(65536, length - size))
            if not block:
                raise ConnectionError
            parts.append(block)
            size += len(block)
        return b"".join(parts)

    def _end(self, connection: socket.socket, act: Act) -> bool:
        if act.answer:
            connection.sendall(act.answer)
        if act.how == "keep":
            return True
        if act.how == "silent":
            # The client gives up: what it still sends is not read, or there is nothing.
            if act.place == "after_body":
                connection.recv(1)
            else:
                self._wait_for_the_end(connection)
        if act.how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif act.answer:
            # Unread bytes would make a reset of it, and the client might not read the answer.
            connection.shutdown(socket.SHUT_WR)
            self.ended.release()
            with contextlib.suppress(OSError):
                while connection.recv(65536):
                    pass
        connection.close()
        if act.how == "reset" or not act.answer:
            self.ended.release()
        return False

    def _wait_for_the_end(self, connection: socket.socket) -> None:
        import select

        poll = select.poll()
        poll.register(connection, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        poll.poll(30_000)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
