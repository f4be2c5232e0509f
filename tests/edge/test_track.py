"""The pixel, the redirect and the page to unsubscribe: what goes out, when, and what is on record then."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.cli.server import Gateway, endpoints
from functions.domain import records
from functions.domain.errors import Unavailable
from functions.domain.ids import random_id
from functions.domain.ports import Create
from functions.domain.sends import Send
from functions.track import PIXEL
from tests.e2e.client import Answer, Caller
from tests.e2e.hosts import Inside
from tests.e2e.journal import Journal
from tests.e2e.processes import BIN, ROOT, Program, free_port
from tests.services.builders import send
from tests.services.fakes import FlakyDocuments

OWNER = random_id("own", os.urandom)
URL = "https://shop.example/orders?id=42&x=%C3%A4"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    return Inside("inside", tmp_path, Journal(), {"LOCAL_API_KEY": "unused-here"})


@pytest.fixture
def sent(inside: Inside) -> Send:
    """A message that went out an hour ago."""
    now = inside.app.clock()
    made = send(OWNER, id=random_id("snd", os.urandom), created_at=now, sent_at=now)
    inside.app.documents.commit([Create(f"owners/{OWNER}/sends/{made.id}", records.to_data(made))])
    inside.time.jump(hours=1)
    return made


@pytest.fixture
def reader(inside: Inside) -> Caller:
    return Caller(inside, "")


def path(url: str) -> str:
    return urlsplit(url).path


def links(inside: Inside, made: Send) -> dict[str, str]:
    """The paths of the three kinds."""
    made_by = inside.app.track_links
    return {
        "o": path(made_by.pixel(OWNER, made.id)),
        "c": path(made_by.click(OWNER, made.id, 1, URL)),
        "u": path(made_by.unsubscribe(OWNER, made.id, "bo@elsewhere.example")),
    }


def counts(inside: Inside, made: Send) -> tuple[int, int, int, int]:
    document = inside.app.documents.get(f"owners/{OWNER}/sends/{made.id}")
    assert document
    found = records.from_data(Send, document.data)
    return found.opens, found.all_opens, found.clicks, found.all_clicks


def as_browser(reader: Caller, method: str, target: str, body: bytes | None = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return reader.call(method, target, body, headers={"User-Agent": CHROME, "Accept": "text/html", **named})


def test_the_pixel_is_always_the_same_small_picture(inside: Inside, sent: Send, reader: Caller) -> None:
    answer = as_browser(reader, "GET", links(inside, sent)["o"])

    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/gif")
    assert answer.body == PIXEL
    assert PIXEL.startswith(b"GIF89a")
    assert len(PIXEL) <= 43
    assert "no-store" in answer.headers["Cache-Control"]
    assert "private" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert counts(inside, sent) == (1, 1, 0, 0)


def test_a_click_goes_on_to_where_the_link_led(inside: Inside, sent: Send, reader: Caller) -> None:
    answer = as_browser(reader, "GET", links(inside, sent)["c"])

    assert (answer.status, answer.headers["Location"]) == (302, URL)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    assert 'href="https://shop.example/orders?id=42&amp;x=%C3%A4"' in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert counts(inside, sent) == (0, 0, 1, 1)
    (event,) = inside.app.timeline.of(OWNER, sent.id)
    assert (event.url, event.verdict, event.evidence["link"]) == (URL, "human", 1)


@pytest.mark.parametrize("kind", ["o", "c"])
def test_head_is_answered_alike_and_counts_nothing(inside: Inside, sent: Send, reader: Caller, kind: str) -> None:
    target = links(inside, sent)[kind]
    head, get = as_browser(reader, "HEAD", target), as_browser(reader, "GET", target)

    assert head.status == get.status
    assert head.body == b""
    same = {"X-Request-Id"}
    assert {k: v for k, v in head.headers.items() if k not in same} == {
        k: v for k, v in get.headers.items() if k not in same
    }
    assert sum(counts(inside, sent)) == 2  # of the GET


@pytest.mark.parametrize("kind", ["o", "c", "u"])
def test_wrong_and_old_links_lead_to_one_and_the_same_page(
    inside: Inside, sent: Send, reader: Caller, kind: str
) -> None:
    known = links(inside, sent)
    other = next(k for k in known if k != kind)
    wrong = [
        f"/t/{kind}/x",
        f"/t/{kind}/v1.1.AAAA",
        f"/t/{kind}/v1.3.{'A' * 100}",
        known[kind][:-1],
        known[kind][:-3] + "AAA",
        f"/t/{kind}/{known[other].rpartition('/')[2]}",
        f"/t/{kind}/https:%5C%5Cevil.example",
        f"/t/{kind}/{'A' * 7000}",
    ]
    answers = [as_browser(reader, "GET", target) for target in wrong]
    if kind != "u":
        inside.time.jump(days=401)
        answers.append(as_browser(reader, "GET", known[kind]))

    assert {a.status for a in answers} == {404}
    assert {a.headers["Content-Type"] for a in answers} == {"text/html; charset=utf-8"}
    assert len({a.body for a in answers}) == 1
    assert all("Location" not in a.headers for a in answers)
    assert inside.app.timeline.of(OWNER, sent.id) == []


def test_who_asks_for_json_gets_a_problem_document(reader: Caller) -> None:
    answer = as_browser(reader, "GET", "/t/c/x", Accept="application/json")
    answer.problem(404, "not_found")


def test_a_query_changes_nothing(inside: Inside, sent: Send, reader: Caller) -> None:
    """No parameter of a link is believed: there is nothing to redirect with."""
    target = links(inside, sent)["c"]
    for query in ("url=https://evil.example/", "next=//evil.example", "u=https://evil.example&utm_source=x"):
        assert as_browser(reader, "GET", f"{target}?{query}").headers["Location"] == URL


def test_opening_the_page_to_unsubscribe_does_nothing(inside: Inside, sent: Send, reader: Caller) -> None:
    """Mail filters follow every link: https://github.com/mautic/mautic/issues/9798"""
    target = links(inside, sent)["u"]
    for method in ("GET", "HEAD", "GET"):
        answer = as_browser(reader, method, target)
        assert answer.status == 200
    assert 'form method="post"' in answer.text
    assert "bo@elsewhere.example" in answer.text
    assert "<script" not in answer.text
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert inside.app.timeline.of(OWNER, sent.id) == []
    assert suppressed(inside) == []


FORM = {"Content_Type": "application/x-www-form-urlencoded"}
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("body", "headers", "how"),
    [
        (b"List-Unsubscribe=One-Click", FORM, "one-click"),
        (MULTIPART, {"Content_Type": "multipart/form-data; boundary=x"}, "one-click"),
        (b"unsubscribe=yes", FORM, "page"),
    ],
)
def test_posting_unsubscribes(
    inside: Inside, sent: Send, reader: Caller, body: bytes, headers: dict[str, str], how: str
) -> None:
    target = links(inside, sent)["u"]
    for _ in range(2):  # a repeat changes nothing
        answer = as_browser(reader, "POST", target, body, **headers)
        assert answer.status == 200
        assert "Unsubscribed" in answer.text
    assert suppressed(inside) == ["bo@elsewhere.example"]
    (event,) = inside.app.timeline.of(OWNER, sent.id)
    assert (event.type, event.recipient, event.evidence) == ("unsubscribed", "bo@elsewhere.example", {"how": how})


@pytest.mark.parametrize("body", [b"", b"x=y", b"List-Unsubscribe=Two", b"unsubscribe=no", b"{}"])
def test_posting_anything_else_does_nothing(inside: Inside, sent: Send, reader: Caller, body: bytes) -> None:
    answer = as_browser(reader, "POST", links(inside, sent)["u"], body, **FORM)
    assert (answer.status, answer.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert suppressed(inside) == []


def test_a_large_body_is_refused(inside: Inside, sent: Send, reader: Caller) -> None:
    answer = as_browser(reader, "POST", links(inside, sent)["u"], b"List-Unsubscribe=One-Click" + b"x" * 5000, **FORM)
    assert answer.status == 413
    assert suppressed(inside) == []


def suppressed(inside: Inside) -> list[str]:
    from functions.domain.callers import Caller as Who

    return [s.address for s in inside.app.suppressions.all(Who(owner=OWNER, kind="user"))]


def test_a_links_token_is_in_no_log_line(
    inside: Inside, sent: Send, reader: Caller, capfd: pytest.CaptureFixture[str]
) -> None:
    for target in links(inside, sent).values():
        as_browser(reader, "GET", target)
        as_browser(reader, "GET", target[:-2])
    said = capfd.readouterr().err
    assert '"path": "/t/c/\\u2026"' in said
    for target in links(inside, sent).values():
        assert target.rpartition("/")[2][:20] not in said


# Order: the answer first.


class Listening:
    """A WSGI server's view of one answer: its parts one at a time."""

    def __init__(self, inside: Inside, target: str) -> None:
        environ = EnvironBuilder(target, inside.public_url, headers={"User-Agent": CHROME}).get_environ()
        self.body, self.status, self.headers = run_wsgi_app(Gateway(inside.app, endpoints()), environ, buffered=False)


@pytest.mark.parametrize("kind", ["o", "c"])
def test_the_hit_is_written_behind_the_whole_answer_and_before_its_end(inside: Inside, sent: Send, kind: str) -> None:
    answer = Listening(inside, links(inside, sent)[kind])

    assert answer.status.startswith(("200", "302"))
    assert "Content-Length" not in answer.headers  # or the answer would end before the hit is written
    assert next(iter(answer.body))
    assert sum(counts(inside, sent)) == 0
    assert list(answer.body) == []
    assert sum(counts(inside, sent)) == 2


@pytest.mark.parametrize("kind", ["o", "c"])
@pytest.mark.parametrize("failure", [Unavailable("The store is away."), RuntimeError("a bug")])
def test_a_store_that_is_away_breaks_no_answer(
    inside: Inside, sent: Send, reader: Caller, kind: str, failure: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    target, whole = links(inside, sent)[kind], as_browser(reader, "GET", links(inside, sent)[kind])

    def fails(*_: Any) -> None:
        raise failure

    inside.app.hits.record = fails  # type: ignore[method-assign]
    answer = as_browser(reader, "GET", target)

    assert (answer.status, answer.body) == (whole.status, whole.body)
    said = capfd.readouterr().err
    assert '"event": "hit_lost"' in said
    assert type(failure).__name__ in said


def test_before_a_redirect_the_store_is_not_asked(inside: Inside, sent: Send) -> None:
    target = links(inside, sent)["c"]
    flaky = FlakyDocuments(inside.app.documents)
    flaky.down = True
    inside.app.__dict__["documents"] = flaky
    answer = Listening(inside, target)
    assert dict(answer.headers)["Location"] == URL
    assert list(answer.body)


# The real servers.

SLOW = """
import sys, time
sys.path.insert(0, {root!r})
from functions.adapters.sqlite import SqliteDocuments
read = SqliteDocuments.get_many
def slowly(self, paths):
    time.sleep({seconds})
    return read(self, paths)
SqliteDocuments.get_many = slowly
import main
def __getattr__(name):
    return getattr(main, name)
"""
SECONDS = 3


@pytest.fixture
def slow_server(inside: Inside, tmp_path: Path) -> Iterator[int]:
    """The function alone under the stock framework, with a store that takes its time."""
    source = tmp_path / "slow.py"
    source.write_text(SLOW.format(root=str(ROOT), seconds=SECONDS))
    port = free_port()
    command = [str(BIN / "functions-framework"), "--target", "track", "--source", str(source), "--host", "127.0.0.1"]
    settings = {**inside.settings(), "PORT": str(port), "THREADS": "8"}
    program = Program([*command, "--port", str(port)], settings, port, tmp_path / "slow.log")
    try:
        program.wait_until_ready()
        ask(port, "/t/o/x")  # what is loaded at the first request
        yield port
    finally:
        program.stop()


def ask(port: int, target: str, *, until: bytes = b"\r\n0\r\n\r\n") -> tuple[bytes, float]:
    """What came until then, and after how many seconds."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        started = time.monotonic()
        request = f"GET {target} HTTP/1.1\r\nHost: x\r\nUser-Agent: {CHROME}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        came = b""
        while until not in came and (block := connection.recv(65536)):
            came += block
        return came, time.monotonic() - started


def test_a_reader_has_the_redirect_while_the_hit_is_still_being_written(
    inside: Inside, sent: Send, slow_server: int
) -> None:
    target = links(inside, sent)["c"]

    came, _ = ask(slow_server, target, until=b"</html>")
    assert b"Location: https://shop.example/orders" in came
    assert sum(counts(inside, sent)) == 0  # this reader hung up at the redirect, as browsers do

    end = time.monotonic() + 60
    while counts(inside, sent)[3] == 0 and time.monotonic() < end:
        time.sleep(0.05)
    assert counts(inside, sent)[3] == 1  # and the click is on record all the same

    whole, after = ask(slow_server, target)
    assert whole.endswith(b"0\r\n\r\n")
    assert after >= SECONDS  # the answer is open until the hit is written: the platform gives CPU until then


COLD = """
import json, sys
import main
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request
answer = main.track(Request(EnvironBuilder(sys.argv[1]).get_environ()))
body = iter(answer.response)
first = next(body, None)
print(json.dumps([answer.status_code, answer.headers.get("Location"), bool(first), sorted(sys.modules)]))
"""


@pytest.mark.parametrize("kind", ["o", "c"])
def test_the_answer_goes_out_with_next_to_nothing_loaded(inside: Inside, sent: Send, kind: str) -> None:
    """A cold start is mostly imports: the store and the rules are loaded behind the answer."""
    done = subprocess.run(
        [sys.executable, "-c", COLD, links(inside, sent)[kind]],
        env={**inside.settings(), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    status, location, began, loaded = json.loads(done.stdout)
    assert (status, location, began) == ((302, URL, True) if kind == "c" else (200, None, True))
    adapters = [m for m in loaded if m.startswith("functions.adapters.")]
    assert adapters == [
        "functions.adapters.file_secrets",
        "functions.adapters.sealing",
        "functions.adapters.secret_names",
    ]
    services = [m for m in loaded if m.startswith("functions.services.")]
    assert services == ["functions.services.track_links"]
    for late in (
        "google.cloud.firestore",
        "sqlite3",
        "functions.domain.verdicts",
        "functions.domain.sends",
    ):
        assert late not in loaded


def test_what_is_recorded_is_in_the_store_that_other_instances_read(
    inside: Inside, sent: Send, slow_server: int, tmp_path: Path
) -> None:
    ask(slow_server, links(inside, sent)["o"])
    other = SqliteDocuments(tmp_path / "gmail.db", declared())
    document = other.get(f"owners/{OWNER}/sends/{sent.id}")
    assert document
    assert document.data["all_opens"] == 1
    other.close()


def test_a_send_of_the_local_owner_has_links_too(inside: Inside, reader: Caller) -> None:
    now = inside.app.clock()
    made = replace(send("own_local", id=random_id("snd", os.urandom), created_at=now), sent_at=now)
    inside.app.documents.commit([Create(f"owners/own_local/sends/{made.id}", records.to_data(made))])
    inside.time.jump(hours=1)
    as_browser(reader, "GET", path(inside.app.track_links.pixel("own_local", made.id)))
    assert [e.type for e in inside.app.timeline.of("own_local", made.id)] == ["opened"]
