"""One request, a message for each recipient."""

import time
from email.message import EmailMessage
from typing import Any

import pytest

from tests.e2e.client import Caller, File, letter, multipart
from tests.e2e.google import Google, Person
from tests.e2e.hosts import Local
from tests.e2e.issuer import Issuer
from tests.e2e.test_queue import at

MIB = 2**20
HTML = (
    '<p>Dear reader, <a href="https://shop.example/offer?a=1&amp;b=2">look</a> or <a href="{{ unsubscribe_url }}">leave'
    "</a>.</p>"
)


def merge(caller: Caller, count: int, **fields: Any) -> Any:
    recipients = [{"to": f"reader{n}@elsewhere.example"} for n in range(count)]
    return caller.post("send/", letter(to=None, recipients=recipients, **fields))


def html(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part
    return str(part.get_content())


def test_a_batch_is_accepted_shown_and_cancelled_as_one(caller: Caller, stranger: Caller, ada: Person) -> None:
    caller.connect(ada)
    made = merge(caller, 5, send_at=at(days=1)).ok(202)
    assert [s["to"] for s in made["sends"]] == [f"reader{n}@elsewhere.example" for n in range(5)]
    assert {s["status"] for s in made["sends"]} == {"scheduled"}

    assert caller.get(f"history/{made['batch']}/").ok()["counts"] == {"scheduled": 5}
    assert len(caller.history(batch=made["batch"])) == 5
    stranger.get(f"history/{made['batch']}/").problem(404, "not_found")
    stranger.post(f"history/{made['batch']}/cancel/", {}).problem(404, "not_found")

    caller.post(f"history/{made['sends'][0]['id']}/cancel/", {}).ok()
    cancelled = caller.post(f"history/{made['batch']}/cancel/", {}).ok()
    assert (cancelled["cancelled"], cancelled["counts"]) == (4, {"cancelled": 5})


def test_the_same_key_gives_the_same_batch(caller: Caller, ada: Person) -> None:
    caller.connect(ada)
    body = letter(to=None, recipients=[{"to": "a@elsewhere.example"}], send_at=at(days=1))
    first = caller.post("send/", body, Idempotency_Key="k").ok(202)
    again = caller.post("send/", body, Idempotency_Key="k")
    assert (again.ok(202), again.headers["Idempotent-Response"]) == (first, "true")
    caller.send_as("k").problem(422, "idempotency_mismatch")
    assert len(caller.history()) == 1


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"recipients": [{"to": "a@b.example"}, {"to": "no address"}]}, "/recipients/1/to"),
        ({"recipients": [{"to": "a@b.example", "variables": {"x": 1}}]}, "/recipients/0/variables"),
        ({"recipients": []}, "/recipients"),
        ({"recipients": [{"to": "a@b.example"}] * 1001}, "/recipients"),
        ({"recipients": [{"to": "a@b.example"}], "to": ["c@d.example"]}, "/to"),
        ({"to": ["a@b.example", "c@d.example"], "unsubscribe": True}, "/unsubscribe"),
    ],
)
def test_what_is_wrong_with_one_refuses_all(caller: Caller, ada: Person, changed: Any, pointer: str) -> None:
    caller.connect(ada)
    assert caller.post("send/", letter(**{"to": None, **changed})).pointers(422, "invalid_message") == [pointer]
    assert caller.history() == []


def test_a_mistake_that_all_share_is_told_once_and_of_none_of_them(caller: Caller, ada: Person) -> None:
    caller.connect(ada)
    variables = [{"key": "name"}, {"key": "count", "type": "number"}, {"key": "items", "type": "list", "fallback": []}]
    html = "<p>{{ name }}{{ count }}{% for i in items %}{{ i.name }}{% endfor %}</p>"
    made = caller.post("templates/", {"name": "T", "subject": "S", "html": html, "variables": variables}).ok(201)
    caller.post(f"templates/{made['id']}/publish/", {}).ok()

    def told(shared: Any, *own: Any, code: str = "invalid_message", **more: Any) -> list[str]:
        recipients = [{"to": "a@b.example", "variables": variables} for variables in own]
        body = letter(to=None, subject=None, text=None, template={"id": made["id"], "variables": shared})
        return caller.post("send/", {**body, "recipients": recipients, **more}).pointers(422, code)

    right = {"name": "A"}
    assert told({"count": "three"}, *[right] * 60) == ["/template/variables/count"]
    assert told({"count": "three"}, *[right] * 60, dry_run=True) == ["/template/variables/count"]
    assert told({"count": "three"}, right, {**right, "count": 3}, {"name": 4}) == [
        "/template/variables/count",
        "/recipients/2/variables/name",
    ]
    assert told({"count": "three"}, {**right, "count": "four"}) == ["/recipients/0/variables/count"]
    assert told({"count": 3, "items": [{"name": "\0"}], "a/b": 1}, right, right) == [
        "/template/variables/a~1b",
        "/template/variables/items/0/name",
    ]
    assert told({"count": 3}, right, {}, code="missing_variable") == ["/recipients/1/variables/name"]
    assert caller.history() == []


def test_each_gets_links_of_their_own(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    if not isinstance(caller.host, Local):
        pytest.skip("the queue runs in the local server")
    made = merge(caller, 3, text=None, html=HTML, unsubscribe=True, tracking={"opens": True, "clicks": True}).ok(202)
    deadline = time.monotonic() + 60
    while caller.get(f"history/{made['batch']}/").ok()["counts"] != {"sent": 3}:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    sent = [google.message(ada.email, one["gmail_message_id"]) for one in google.deliveries(ada)]
    bodies = [html(message) for message in sent]
    base = f"{caller.host.public_url}/t/"
    for body, message in zip(bodies, sent, strict=True):
        assert body.count(f"{base}c/") == 1  # the shop; the way out is no click
        assert body.count(f"{base}o/") == 1
        link = str(message["List-Unsubscribe"]).replace(" ", "")
        assert link.startswith(f"<{base}u/")
        assert link.strip("<>") in body
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "shop.example" not in body
        assert "unsubscribe_url" not in body
    assert len(set(bodies)) == 3


def peak(pid: int) -> float:
    """MiB that were resident at most."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def workers(hosting: Local) -> list[int]:
    found = []
    for program in hosting.programs():
        with open(f"/proc/{program.pid}/task/{program.pid}/children") as children:
            found += [int(pid) for pid in children.read().split()]
    return found


def test_a_thousand_with_a_large_file_take_little_memory_and_store_the_file_once(
    hostings: Any, issuer: Issuer, ada: Person
) -> None:
    hosting = hostings("local-sqlite")
    caller = Caller(hosting, issuer.token())
    caller.connect(ada)
    before = set(hosting.blobs)
    recipients = [{"to": {"email": f"reader{n}@elsewhere.example", "name": f"Reader {n}"}} for n in range(1000)]
    message = letter(to=None, recipients=recipients, html="<p>Dear reader</p>" * 500, send_at=at(days=1))
    body, kind = multipart(message, File("brochure.pdf", b"%PDF-1.7" + b"x" * 5 * MIB))
    made = caller.call("POST", "send/", body, headers={"Content-Type": kind}).ok(202)
    assert len(made["sends"]) == 1000
    stored = set(hosting.blobs) - before
    assert [path.stat().st_size // MIB for path in stored] == [5]
    assert max(map(peak, workers(hosting))) < 200
    assert caller.post(f"history/{made['batch']}/cancel/", {}).ok()["cancelled"] == 1000
