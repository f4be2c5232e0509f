"""Somebody who receives events: a real HTTP server that verifies each of them with the published library."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Message:
    path: str
    headers: dict[str, str]
    body: bytes
    verified: int  # by how many of the secrets that are known for its path

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def type(self) -> str:
        return str(self.json["type"])


Act = Callable[[BaseHTTPRequestHandler], None]


def answers(status: int, body: bytes = b"", **headers: str) -> Act:
    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return act


@dataclass
class Receiver:
    """Each path is a receiver of its own: what it answers in turn (the last answer for good), and its secrets."""

    acts: dict[str, list[Act]] = field(default_factory=dict)
    secrets: dict[str, list[str]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.place = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://{self.place}{path}"

    def at(self, path: str) -> list[Message]:
        return [m for m in self.messages if m.path == path]

    def wait(self, path: str, count: int = 1, seconds: float = 90) -> list[Message]:
        """The messages to this path, once there are so many. An event may come twice where a server dies or is slow:
        where it matters which have come, wait `until` they have."""
        self.until(lambda: len(self.at(path)) >= count, seconds)
        return self.at(path)

    def until(self, come: Callable[[], bool], seconds: float = 90) -> None:
        """`come` is asked again after each message."""
        with self._changed:
            assert self._changed.wait_for(come, seconds), self.messages

    def close(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """An answer that never ends, a byte at a time."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.stopped.wait(0.2):
            handler.wfile.write(b"y")

    def _arrived(self, message: Message) -> Act:
        with self._changed:
            self.messages.append(message)
            acts = self.acts.get(message.path, [answers(204)])
            act = acts.pop(0) if len(acts) > 1 else acts[0]
            self._changed.notify_all()
        return act

    def _verified(self, path: str, headers: dict[str, str], body: bytes) -> int:
        count = 0
        for secret in self.secrets.get(path, []):
            try:
                Webhook(secret).verify(body, headers)
            except Exception:  # noqa: BLE001 - the library raises more than its own error
                continue
            count += 1
        return count

    def _handler(receiver) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                verified = receiver._verified(self.path, headers, body)
                receiver._arrived(Message(self.path, headers, body, verified))(self)

            def do_GET(self) -> None:  # nobody ever asks
                receiver.messages.append(Message(self.path, {}, b"GET", 0))

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:  # the other side has hung up
                    time.sleep(0)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
