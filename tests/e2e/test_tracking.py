"""From a send that asks for it to what the history says: on every hosting and store."""

import time
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest

from functions.domain.html_scan import Tag, scan
from tests.e2e.client import Answer, Caller
from tests.e2e.google import Google, Person

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
HTML = """<html><body><p>Hello <a href="https://shop.example/?a=1&amp;b=2">shop</a> <a href='https://b.example/ä'>b</a>
<a href="mailto:a@b.example">mail</a></p></body></html>"""


@pytest.fixture(autouse=True)
def connected(caller: Caller, ada: Person) -> None:
    caller.connect(ada)


def html(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def addresses(page: str, name: str, attribute: str) -> list[str]:
    return [
        t.attributes[attribute].value
        for t in scan(page)
        if isinstance(t, Tag) and t.name == name and attribute in t.attributes
    ]


class Reader:
    """Who got the message."""

    def __init__(self, caller: Caller, message: EmailMessage) -> None:
        self._caller = Caller(caller.host, "")
        self.page = html(message)
        self.links = addresses(self.page, "a", "href")
        self.images = addresses(self.page, "img", "src")
        for url in (*self.links, *self.images):  # no program may log them
            if "/t/" in url:
                caller.host.journal.secret(url.rpartition("/")[2])

    def get(self, url: str, user_agent: str = CHROME, method: str = "GET", body: bytes | None = None) -> Answer:
        assert url.startswith(self._caller.host.public_url + "/t/"), url
        headers = {"User-Agent": user_agent, "Accept": "text/html,image/*"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self._caller.call(method, urlsplit(url).path, body, headers=headers)


def sent(caller: Caller, google: Google, ada: Person, **more: Any) -> tuple[str, Reader]:
    made = caller.send(html=HTML, **{"tracking": {"opens": True, "clicks": True}, **more}).ok()
    return made["id"], Reader(caller, google.sent(ada))


def history(caller: Caller, send_id: str, events: int) -> dict[str, Any]:
    """As soon as it has so many opens, clicks and unsubscribes, which is a moment later."""
    end = time.monotonic() + 60
    while True:
        found: dict[str, Any] = caller.get(f"history/{send_id}/").ok()
        found["events"] = [e for e in found["events"] if e["type"] in ("opened", "clicked", "unsubscribed")]
        if len(found["events"]) >= events or time.monotonic() > end:
            return found
        time.sleep(0.02)


def test_nothing_is_tracked_that_was_not_asked_for(caller: Caller, google: Google, ada: Person) -> None:
    _, reader = sent(caller, google, ada, tracking={"opens": False, "clicks": False})
    assert reader.images == []
    assert reader.links == ["https://shop.example/?a=1&b=2", "https://b.example/ä", "mailto:a@b.example"]


def test_an_open_and_a_click_are_in_the_history_with_verdict_and_reason(
    caller: Caller, google: Google, ada: Person
) -> None:
    send_id, reader = sent(caller, google, ada)
    (pixel,) = reader.images
    assert [link.partition("/t/")[1] for link in reader.links] == ["/t/", "/t/", ""]

    assert reader.get(pixel, GMAIL).headers["Content-Type"] == "image/gif"
    assert reader.get(reader.links[0]).headers["Location"] == "https://shop.example/?a=1&b=2"
    assert reader.get(reader.links[1]).headers["Location"] == "https://b.example/%C3%A4"

    found = history(caller, send_id, 3)
    kinds = sorted((e["type"], e["url"] or "") for e in found["events"])
    assert kinds == [
        ("clicked", "https://b.example/%C3%A4"),
        ("clicked", "https://shop.example/?a=1&b=2"),
        ("opened", ""),
    ]
    # All of this came within a moment of the send: no person does that, and the counts of people say so.
    assert {e["verdict"] for e in found["events"]} == {"prefetch", "scanner"}
    assert all(e["reason"] for e in found["events"])
    assert (found["counts"]["opens"], found["counts"]["clicks"]) == (0, 0)


def test_another_owner_sees_nothing_of_it(caller: Caller, stranger: Caller, google: Google, ada: Person) -> None:
    send_id, reader = sent(caller, google, ada)
    reader.get(reader.images[0])
    stranger.get(f"history/{send_id}/").problem(404, "not_found")


def test_unsubscribing_takes_one_click_and_stops_the_next_message(caller: Caller, google: Google, ada: Person) -> None:
    send_id, reader = sent(caller, google, ada, unsubscribe=True)
    message = google.sent(ada)
    header = str(message["List-Unsubscribe"]).strip("<>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert header in reader.links

    page = reader.get(header)
    assert page.status == 200
    assert "bo@elsewhere.example" in page.text
    assert history(caller, send_id, 0)["events"] == []

    done = reader.get(header, "Mail program", "POST", b"List-Unsubscribe=One-Click")
    assert done.status == 200
    assert [e["type"] for e in history(caller, send_id, 1)["events"]] == ["unsubscribed"]
    caller.send().problem(422, "invalid_message")
    assert caller.send(transactional=True).status == 200


def test_a_changed_link_leads_nowhere(caller: Caller, google: Google, ada: Person) -> None:
    _, reader = sent(caller, google, ada)
    for url in (reader.links[0], reader.images[0]):
        for wrong in (url[:-2], url + "A", url.replace("/t/c/", "/t/o/").replace("/t/o/", "/t/u/")):
            answer = reader.get(wrong)
            assert (answer.status, answer.headers.get("Location")) == (404, None)
