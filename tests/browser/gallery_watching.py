"""For the screenshots: what became of messages, who gets no more mail, endpoints and keys."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.browser.programs import LocalServer

if TYPE_CHECKING:
    from tests.browser.gallery import Stage

HTML = """<html><body style="font-family: sans-serif"><h1 style="color: #0b57d0">News of the engine</h1>
<p>Dear Grace,</p><p>the <a href="https://shop.example/">Analytical Engine</a> weaves algebraical patterns, just as
the Jacquard loom weaves flowers and leaves. <img src="https://pictures.example/loom.png" alt="A loom"></p>
</body></html>"""
TRACKED = "Read by many"
HOOK = "https://hooks.example.com/gmail"  # nobody listens there


def prepare(server: LocalServer) -> None:
    """Ada is connected. Needs no more than what the API and the pretend Google offer."""
    later = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    account = "ada@example.com"
    note = {"filename": "notes.txt", "content_type": "text/plain", "content": "Tm90ZXM="}
    sent = server.send(
        account=account,
        to=[{"email": "grace@example.com", "name": "Grace Hopper"}],
        subject=TRACKED,
        text="News",
        html=HTML,
        attachments=[note],
        tags=["news", "engine"],
        metadata={"order": "1042"},
        tracking={"opens": True, "clicks": True},
    ).json()
    message = sent["gmail_message_id"]
    play(server, message, "open")
    play(server, message, "click", index=0, user_agent="curl/8.5.0")
    play(server, message, "reply", text="Gladly")
    server.send(account=account, to=["nosuchuser@elsewhere.example"], subject="Is anybody there?")
    server.send(account=account, subject="A reminder", send_at=later)
    people = [{"to": f"reader{number}@elsewhere.example"} for number in range(3)]
    body = {"account": account, "recipients": people, "subject": "To each", "text": "Hello", "send_at": later}
    server.call("POST", "/api/gmail/send/", json=body)
    rows = [
        {"address": "bo@elsewhere.example", "note": "asked by phone"},
        {"address": "cy@elsewhere.example", "reason": "unsubscribed"},
    ]
    server.call("POST", "/api/gmail/suppressions/", json={"suppressions": rows})
    server.call("POST", "/api/gmail/keys/", json={"name": "Order service", "scopes": ["send"]})
    server.call("POST", "/api/gmail/keys/", json={"name": "Reports", "scopes": ["send", "read", "manage"]})
    made = server.call(
        "POST", "/api/gmail/endpoints/", json={"url": HOOK, "events": ["send.failed", "message.bounced"]}
    )
    if made.ok:
        server.call("POST", f"/api/gmail/endpoints/{made.json()['id']}/test/")


def play(server: LocalServer, message: str, what: str, **given: Any) -> None:
    server.google.http.post(f"{server.google.url}/sandbox/messages/{message}/{what}", json=given)


def place(path: str) -> Callable[["Stage"], None]:
    return lambda stage: stage.open(path)


def message(view: str = "") -> Callable[["Stage"], None]:
    def shown(stage: "Stage") -> None:
        found = stage.server.call("GET", "/api/gmail/history/?tag=engine").json()["sends"][0]
        stage.open(f"/history/{found['id']}{view}")
        if "content" in view:
            expect(stage.page.frame_locator("iframe").get_by_role("heading")).to_be_visible()

    return shown


def batch(stage: "Stage") -> None:
    sends = stage.server.call("GET", "/api/gmail/history/").json()["sends"]
    stage.open(f"/history/{next(send['batch'] for send in sends if send['batch'])}")


def move(stage: "Stage") -> None:
    found = stage.server.call("GET", "/api/gmail/history/?status=scheduled&q=reminder").json()["sends"][0]
    stage.open(f"/history/{found['id']}")
    stage.page.get_by_role("button", name="Move").click()


def statistics(stage: "Stage") -> None:
    stage.open("/history/stats?period=7")
    expect(stage.page.get_by_role("figure").locator("svg").first).to_be_visible()
    stage.page.get_by_role("button", name="As a table").click()


def endpoint(stage: "Stage") -> None:
    (found,) = stage.server.call("GET", "/api/gmail/endpoints/").json()["endpoints"]
    stage.open(f"/events/{found['id']}")


def pressed(path: str, button: str) -> Callable[["Stage"], None]:
    def shown(stage: "Stage") -> None:
        stage.open(path)
        stage.page.get_by_role("button", name=button).click()
        expect(stage.page.get_by_role("dialog")).to_be_visible()

    return shown


def filters(stage: "Stage") -> None:
    stage.open("/history?status=sent")
    stage.page.get_by_role("button", name="More filters").click()


PAGES: dict[str, Callable[["Stage"], None]] = {
    "history": place("/history"),
    "history-filters": filters,
    "history-nothing": place("/history?tag=unheard-of"),
    "history-message": message(),
    "history-message-content": message("?view=content"),
    "history-message-source": message("?view=source"),
    "history-move": move,
    "history-batch": batch,
    "history-statistics": statistics,
    "suppressions": place("/suppressions"),
    "suppressions-import": pressed("/suppressions", "Import"),
    "events": place("/events"),
    "events-add": pressed("/events", "Add an endpoint"),
    "events-endpoint": endpoint,
    "keys": place("/keys"),
    "keys-make": pressed("/keys", "Make a key"),
}
