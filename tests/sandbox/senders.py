"""The sender's side of a mail: a program that gets its pictures, links, one-click posts and pushes."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
GIF += b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
PATIENCE = 60.0  # seconds, on a machine that is busy with other things


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Sender:
    """`/pixel` is a picture, `/go` redirects to `landing`; posts are answered with the next of `answers`."""

    url: str
    landing: str = "https://shop.example/landing"
    asked: list[Asked] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    pause: float = 0.0  # seconds before each answer

    def paths(self, method: str) -> list[str]:
        return [one.path for one in self.asked if one.method == method]

    def wait_for(self, count: int, method: str = "POST") -> list[Asked]:
        """Once there are so many requests, all of them."""
        wait_until(lambda: len(self.paths(method)) >= count)
        return [one for one in self.asked if one.method == method]


def wait_until(what: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@contextmanager
def sender(certificate: Any = None) -> Iterator[Sender]:
    made = Sender("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({"/pixel": 200, "/go": 302, "/script.svg": 200}.get(self.path.partition("?")[0], 404))

        def do_POST(self) -> None:
            self._answer(made.answers.pop(0) if made.answers else 204)

        def _answer(self, status: int) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, dict(self.headers), body, time.monotonic())
            made.asked.append(asked)
            time.sleep(made.pause)
            self.send_response(status)
            content = GIF if status == 200 else b""
            self.send_header("Content-Type", "image/svg+xml" if self.path == "/script.svg" else "image/gif")
            self.send_header("Content-Length", str(len(content)))
            if status == 302:
                self.send_header("Location", made.landing)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        server.socket = certificate.wrap_socket(server.socket, server_side=True)
    made.url = f"{'https' if certificate else 'http'}://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def newsletter(url: str, to: str = "grace@example.com", **more: str) -> bytes:
    """With a pixel, a link, a picture of its own and an unsubscribe header."""
    built = EmailMessage()
    built["From"], built["To"], built["Subject"] = "ada@example.com", to, "News"
    built["List-Unsubscribe"] = f"<{url}/u/1>, <mailto:stop@example.com>"
    built["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for name, value in more.items():
        built[name.replace("_", "-")] = value
    built.set_content(f"Read {url}/go?a=1")
    built.add_alternative(
        f'<!doctype html><p>Read <a href="{url}/go?a=1&amp;b=2">more</a>'
        f'<img alt="a > b" src="{url}/pixel?t=1&amp;u=2"><img src="cid:logo"></p>',
        subtype="html",
    )
    page = built.get_body(("html",))
    assert page is not None
    page.add_related(GIF, "image", "gif", cid="<logo>")
    return built.as_bytes()
