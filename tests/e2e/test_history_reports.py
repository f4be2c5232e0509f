"""The whole history as one file, and its counts."""

import csv
import io
import json
import re
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain import records, search
from functions.domain.ids import owner_id
from functions.domain.messages import Address
from functions.domain.ports import Create
from functions.domain.sends import Status
from tests.e2e.client import Answer, Caller
from tests.e2e.google import Google, Person
from tests.e2e.hosts import Inside, Local
from tests.e2e.issuer import Issuer
from tests.services.builders import send as build

NAMES = [
    ('=1+1 Invoice, "März"', ["ada+x@ex-ample.com"]),
    ("請求書のお知らせ 🎉", ["bo@elsewhere.example"]),
    ("İstanbul'da Straße", [{"email": "di@elsewhere.example", "name": "Di Øresund"}, "bo@elsewhere.example"]),
]


def exported(caller: Caller, kind: str, **query: str) -> Answer:
    answer = caller.get("history/export/", format=kind, **query)
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Disposition"] == f'attachment; filename="history.{kind}"'
    return answer


def test_the_history_is_exported_as_it_is_listed(caller: Caller, stranger: Caller, ada: Person) -> None:
    account = caller.connect(ada)
    for subject, to in NAMES:
        caller.send(subject=subject, to=to, cc=["cc@elsewhere.example"], tags=["red", "=green"]).ok()

    lines = exported(caller, "ndjson").text.splitlines()
    assert [json.loads(line) for line in lines] == caller.history()
    assert exported(caller, "ndjson", q="invoice").text.count("\n") == 1
    assert exported(caller, "ndjson", status="failed").text == ""

    table = exported(caller, "csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.body.decode())))
    assert [row["id"] for row in rows] == [one["id"] for one in caller.history()]
    assert [row["subject"] for row in rows] == [NAMES[2][0], NAMES[1][0], "'" + NAMES[0][0]]
    assert rows[0]["to"] == "di@elsewhere.example bo@elsewhere.example"
    assert (rows[0]["from"], rows[0]["cc"], rows[0]["account"]) == (ada.email, "cc@elsewhere.example", account["id"])
    assert (rows[0]["status"], rows[0]["opens"], rows[0]["tags"]) == ("sent", "0", "red =green")
    assert exported(caller, "csv", tag="none").text.splitlines() == [table.text.splitlines()[0]]
    assert exported(stranger, "ndjson").text == ""
    assert caller.call("HEAD", "history/export/").body == b""
    caller.get("history/export/", format="xlsx").problem(400, "invalid_request")
    caller.get("history/export/", page_size=3).problem(400, "invalid_request")


def test_no_cell_of_an_export_is_a_formula(user: Caller, ada: Person) -> None:
    user.connect(ada)
    for subject in ("=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\uff1d1", "'=1", "fine"):
        user.send(subject=subject, to=["=cmd@elsewhere.example"]).ok()
    rows = list(csv.DictReader(io.StringIO(exported(user, "csv").text)))
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\uff1d"))]
    assert {row["subject"] for row in rows} == {
        "'=HYPERLINK(1)", "'+1", "'-1", "'@SUM(1)", "'\uff1d1", "''=1", "fine"
    }  # fmt: skip


def test_the_counts_are_those_of_the_history(
    caller: Caller, stranger: Caller, ada: Person, grace: Person, google: Google
) -> None:
    """In every hosting, on every store."""
    first, second = caller.connect(ada), caller.connect(grace)
    google.fault("send", account=ada.email, preset="400-invalidArgument", times=1)
    caller.send(account=ada.email).problem(502, "gmail_rejected")
    caller.send(account=ada.email).ok()
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    caller.send(account=grace.email, send_at=later).ok(202)

    def counted(by: str, who: Caller = caller, **query: str) -> dict[Any, Any]:
        return {row["key"]: row for row in who.get("history/stats/", by=by, **query).ok()["stats"]}

    days = counted("day")
    assert 30 <= len(days) <= 31
    assert sum(row["sends"] for row in days.values()) == 3
    today = list(days.values())[-1]
    nothing = dict.fromkeys(("opens", "clicks", "replies", "bounces", "unsubscribes"), 0)
    if today["sends"] == 3:  # or midnight has just passed
        assert (today["statuses"], today["events"]) == ({"sent": 1, "failed": 1, "scheduled": 1}, nothing)
    accounts = counted("account")
    assert {key: row["sends"] for key, row in accounts.items()} == {first["id"]: 2, second["id"]: 1}
    assert accounts[first["id"]]["statuses"] == {"sent": 1, "failed": 1}
    assert {key: row["sends"] for key, row in counted("template").items()} == {None: 3}
    assert {key: row["sends"] for key, row in counted("status").items() if row["sends"]} == {
        "sent": 1, "failed": 1, "scheduled": 1
    }  # fmt: skip
    assert counted("status", account=grace.email)["scheduled"]["sends"] == 1
    assert not any(row["sends"] for row in counted("day", stranger).values())
    key = caller.key("read", accounts=[second["id"]])
    assert {k: row["sends"] for k, row in counted("account", key).items()} == {second["id"]: 1}
    assert {k: row["sends"] for k, row in counted("status", key).items() if row["sends"]} == {"scheduled": 1}
    key.get("history/stats/", account=ada.email).problem(404, "not_found")

    caller.delete(f"accounts/{second['id']}/").ok(204)
    assert {k: row["sends"] for k, row in counted("account").items()} == {first["id"]: 2, None: 1}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"by": "hour"}, "/by"),
        ({"status": "lost"}, "/status"),
        ({"since": "yesterday"}, "/since"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "/since"),
        ({"since": "2024-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "/since"),
        ({"until": "0001-01-02T00:00:00Z"}, "/until"),
        ({"since": "0001-01-01T00:00:00Z", "until": "9999-12-31T00:00:00Z"}, "/since"),
        ({"since": "9999-12-31T00:00:00Z", "until": "9999-12-31T23:00:00Z"}, "/until"),
        ({"by": "status", "since": "9999-12-30T12:00:00Z", "until": "9999-12-31T00:00:01Z"}, "/until"),
        ({"q": "word"}, "/q"),
    ],
)
def test_counts_of_what_means_nothing_are_refused(user: Caller, query: dict[str, str], pointer: str) -> None:
    assert user.get("history/stats/", **query).pointers(400, "invalid_request") == [pointer]


def test_days_are_counted_until_the_last_that_has_an_end(user: Caller) -> None:
    found = user.get("history/stats/", since="9999-12-29T12:00:00Z", until="9999-12-31T00:00:00Z").ok()["stats"]
    assert [row["key"] for row in found] == ["9999-12-29", "9999-12-30"]


def test_what_readers_do_is_counted_and_told(inside: Inside, user: Caller, ada: Person, google: Google) -> None:
    user.connect(ada)
    letter = '<a href="https://shop.example/">Shop</a>'
    sent = user.send(html=letter, tracking={"opens": True, "clicks": True}).ok()
    html = google.message(ada.email, sent["gmail_message_id"]).get_body(("html",))
    assert html
    inside.time.jump(hours=1)
    person = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    link = re.search(r'href="[^"]*(/t/c/[^"]+)"', html.get_content())
    assert link
    assert Caller(inside).call("GET", link[1], headers=person).status == 302

    deadline = time.monotonic() + 10
    while not (found := user.get(f"history/{sent['id']}/").ok())["counts"]["clicks"]:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    assert found["explanation"] == "Gmail accepted the message; it had its links clicked once."
    (clicked,) = [event for event in found["events"] if event["type"] == "clicked"]
    assert (clicked["url"], clicked["verdict"]) == ("https://shop.example/", "human")
    assert clicked["evidence"]
    row = user.get("history/stats/", by="account").ok()["stats"][0]
    assert row["events"]["clicks"] == 1


MANY = 15_000


@pytest.fixture
def crowded(hostings: Any, issuer: Issuer) -> tuple[Local, Caller]:
    """A user with very many sends, written past the program."""
    hosting = hostings("local-sqlite")
    owner = owner_id(issuer.url, "crowded")
    store = SqliteDocuments(Path(hosting.directory) / "gmail.db", declared())
    to = (Address("bo@elsewhere.example", "Bo"),)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for first in range(0, MANY, 500):
        store.commit(
            [
                Create(
                    f"owners/{owner}/sends/snd_{n:06}",
                    records.to_data(
                        build(owner, id=f"snd_{n:06}", status=Status.SENT, to=to, subject="A line of many " * 8,
                              labels=search.labels("", to, ()), created_at=start + timedelta(seconds=n))
                    ),
                )
                for n in range(first, first + 500)
            ]
        )  # fmt: skip
    store.close()
    return hosting, Caller(hosting, issuer.token("crowded"))


def test_a_large_export_is_streamed_and_ends_when_nobody_reads_it(crowded: tuple[Local, Caller]) -> None:
    """15,000 lines are about 12 MB. They are made as they are read, never all in memory; and whoever leaves early stops
    the work."""
    hosting, caller = crowded
    log = Path(hosting.directory) / "server.log"
    exported(caller, "ndjson", since="2026-01-01T03:00:00Z")  # what any export needs
    began = ticks(hosting)
    answer = exported(caller, "ndjson")
    whole = ticks(hosting) - began
    assert answer.body.count(b"\n") == MANY, (answer.headers, answer.body[:500], log.read_text()[-3000:])
    assert len(answer.body) > 10_000_000

    parts = urlsplit(hosting.public_url)
    began = ticks(hosting)
    with socket.socket() as leaving:
        leaving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        leaving.settimeout(60)
        leaving.connect((parts.hostname or "", parts.port or 80))
        path = "/api/gmail/history/export/?format=" + quote("ndjson")
        leaving.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {caller.token}\r\n\r\n".encode())
        assert leaving.recv(1000).startswith(b"HTTP/1.1 200")
        assert rests(hosting, whole) - began < whole * 0.7  # it waits for its reader
    assert rests(hosting, whole) - began < whole * 0.7
    assert caller.get("history/", page_size=1).ok()["sends"]
    assert "Traceback" not in log.read_text()


def rests(hosting: Local, whole: int) -> int:
    """Its CPU time once it has done next to nothing for a second. `whole`: what a lot of work takes."""
    seen = [ticks(hosting)]
    while len(seen) <= 10 or seen[-1] - seen[-11] > whole / 10:
        time.sleep(0.1)
        seen.append(ticks(hosting))
    return seen[-1]


def ticks(hosting: Local) -> int:
    """CPU time of the server's processes, in hundredths of a second."""
    total = 0
    for program in hosting.programs():
        children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
        for pid in (program.pid, *children):
            total += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return total
