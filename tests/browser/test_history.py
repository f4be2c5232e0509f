"""The History section, as people use it: find a message, see what became of it, do something about it."""

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import Person, loaded, notice
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch, accessible

TOMORROW = timedelta(days=1)
SCROLLED_WITHIN = 60  # seconds
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
HTML = '<html><body><h1>News</h1><p><a href="https://shop.example/">The shop</a></p></body></html>'


@pytest.fixture
def sender(server: LocalServer, home: Page, token: str, ada: Person) -> Person:
    """Somebody whose account is connected; the page is theirs."""
    loaded(home)
    server.connect(token, ada.email)
    return ada


def visit(page: Page, place: str) -> None:
    page.evaluate("place => { location.hash = place }", place)
    loaded(page)


def row(page: Page, subject: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=subject, exact=True))


def scheduled(server: LocalServer, token: str, **message: Any) -> str:
    at = (datetime.now(UTC) + TOMORROW).isoformat()
    found: str = server.send(token, send_at=at, **message).json()["id"]
    return found


def play(server: LocalServer, message: str, what: str, **given: Any) -> Any:
    """The reader does something with a message; 200 is the pretend Google's own answer."""
    answer = server.google.http.post(f"{server.google.url}/sandbox/messages/{message}/{what}", json=given)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.usefixtures("sender")
def test_what_the_reader_does_is_seen(server: LocalServer, home: Page, token: str) -> None:
    """Opened by a proxy at once, clicked by a robot, answered by a person: each with its verdict and reason."""
    tracking = {"opens": True, "clicks": True}
    sent = server.send(token, to=["grace@example.com"], subject="News", text="", html=HTML, tracking=tracking).json()
    play(server, sent["gmail_message_id"], "open")
    play(server, sent["gmail_message_id"], "click", index=0, user_agent="curl/8.5.0")
    visit(home, "/history")
    row(home, "News").get_by_role("link").click()
    story = home.get_by_role("list", name="What happened")
    expect(story.get_by_text("Sent", exact=True)).to_be_visible()
    expect(story.get_by_text("Opened", exact=True)).to_be_visible()
    expect(story.get_by_text(re.compile("Gmail's image proxy, only .* after the message went out"))).to_be_visible()
    expect(story.get_by_text("Link clicked", exact=True)).to_be_visible()
    expect(story.get_by_text("https://shop.example/")).to_be_visible()
    expect(story.get_by_text("a filter or a robot")).to_be_visible()
    expect(story.get_by_text("does not count")).to_have_count(2)
    expect(home.get_by_text("1 in all")).to_have_count(2)
    home.get_by_role("button", name="What the words mean").click()
    expect(home.get_by_text("Gmail, Yahoo and Outlook fetch pictures")).to_be_visible()
    story.get_by_role("button", name="What was seen").first.click()
    expect(story.get_by_text("user_agent").first).to_be_visible()
    accessible(home)


@pytest.mark.usefixtures("sender")
def test_a_reply_and_a_bounce_come_to_the_page_by_themselves(server: LocalServer, home: Page, token: str) -> None:
    sent = server.send(token, to=["grace@example.com"], subject="An answer, please").json()
    visit(home, f"/history/{sent['id']}")
    story = home.get_by_role("list", name="What happened")
    expect(story.get_by_text("Sent", exact=True)).to_be_visible()
    play(server, sent["gmail_message_id"], "reply", text="Gladly")
    # Nobody presses anything: a fresh message is asked for again every fifteen seconds.
    expect(story.get_by_text("Answered", exact=True)).to_be_visible()
    play(server, sent["gmail_message_id"], "bounce", kind="hard")
    home.reload()
    expect(story.get_by_text("Bounced", exact=True)).to_be_visible()
    expect(story.get_by_text("for good")).to_be_visible()
    visit(home, "/history")
    expect(row(home, "An answer, please")).to_contain_text("1 reply, 1 bounce")


@pytest.mark.usefixtures("sender")
def test_filters_narrow_the_list_and_stand_in_the_address(server: LocalServer, home: Page, token: str) -> None:
    server.send(token, to=["bo@elsewhere.example"], subject="Analytical engine", tags=["notes"])
    server.send(token, to=["cy@elsewhere.example"], subject="Difference engine")
    scheduled(server, token, subject="Later")
    visit(home, "/history")
    links = home.get_by_role("row").get_by_role("link")
    expect(links).to_have_text(["Later", "Difference engine", "Analytical engine"])

    home.get_by_role("searchbox", name="Search").fill("engine")
    expect(links).to_have_text(["Difference engine", "Analytical engine"])
    home.get_by_role("button", name="More filters").click()
    home.get_by_label("Recipient").fill("CY@elsewhere.example")
    expect(links).to_have_text(["Difference engine"])
    assert home.url.endswith("#/history?q=engine&to=CY%40elsewhere.example")
    home.reload()
    expect(links).to_have_text(["Difference engine"])
    expect(home.get_by_role("searchbox", name="Search")).to_have_value("engine")

    home.get_by_label("Tag").fill("unheard-of")
    expect(home.get_by_text("No message matches.")).to_be_visible()
    home.get_by_role("button", name="Clear all filters").click()
    expect(links).to_have_count(3)
    home.get_by_role("button", name="Status").click()
    home.get_by_role("option", name="scheduled").click()
    expect(links).to_have_text(["Later"])
    accessible(home)


@pytest.mark.usefixtures("sender")
def test_days_are_chosen_from_a_calendar(server: LocalServer, home: Page, token: str) -> None:
    server.send(token, subject="Today")
    visit(home, "/history")
    home.get_by_role("button", name="Time").click()
    home.get_by_role("option", name="Chosen days").click()
    home.get_by_role("button", name="Open the calendar").click()
    home.get_by_role("button", name="Previous").click()
    days = home.get_by_role("application").get_by_role("button", name=re.compile(r"\b\d{4}\b"))
    days.nth(0).click()
    days.nth(1).click()
    expect(home.get_by_text("No message matches.")).to_be_visible()
    home.get_by_role("button", name="Time").click()
    home.get_by_role("option", name="Today").click()
    expect(row(home, "Today")).to_be_visible()


def test_nothing_sent_yet_says_what_to_do(home: Page) -> None:
    loaded(home)
    visit(home, "/history")
    expect(home.get_by_text("Nothing was sent yet.")).to_be_visible()
    expect(home.get_by_role("button", name="Write a message")).to_be_visible()


@pytest.mark.usefixtures("sender")
def test_a_scheduled_message_is_moved_and_cancelled(server: LocalServer, home: Page, token: str) -> None:
    send = scheduled(server, token, subject="Not yet")
    visit(home, f"/history/{send}")
    before = server.call("GET", f"/api/gmail/history/{send}/", token).json()["send_at"]
    home.get_by_role("button", name="Move").click()
    home.get_by_role("spinbutton", name=re.compile("^hour")).first.press("ArrowUp")
    accessible(home)
    home.get_by_role("dialog").get_by_role("button", name="Move").click()
    expect(notice(home)).to_contain_text("It goes out")
    assert server.call("GET", f"/api/gmail/history/{send}/", token).json()["send_at"] != before

    home.get_by_role("button", name="Cancel", exact=True).click()
    accessible(home)
    home.get_by_role("button", name="Keep it").click()
    home.get_by_role("button", name="Cancel", exact=True).click()
    home.get_by_role("button", name="Cancel the message").click()
    expect(notice(home)).to_contain_text("The message is cancelled.")
    expect(notice(home)).to_be_focused()
    expect(home.get_by_text("It was cancelled before it went out")).to_be_visible()
    assert server.call("GET", f"/api/gmail/history/{send}/", token).json()["status"] == "cancelled"


@pytest.mark.usefixtures("sender")
def test_a_message_is_sent_again_after_a_warning(server: LocalServer, home: Page, token: str) -> None:
    sent = server.send(token, subject="Once more").json()
    visit(home, f"/history/{sent['id']}")
    home.get_by_role("button", name="Send again").click()
    expect(home.get_by_role("alertdialog")).to_contain_text("its recipients get it a second time")
    home.get_by_role("alertdialog").get_by_role("button", name="Send again").click()
    expect(notice(home)).to_contain_text("It is sent again")
    notice(home).get_by_role("button", name="Show the new one").click()
    expect(home.get_by_text("Says again")).to_be_visible()
    expect(home.get_by_text("Gmail accepted the message.")).to_be_visible()
    again = server.call("GET", f"/api/gmail/history/{sent['id']}/", token).json()["resent_as"]
    assert again in home.url


@pytest.mark.usefixtures("sender")
def test_the_message_is_shown_as_it_was_sent_and_looking_counts_as_nothing(
    server: LocalServer, home: Page, token: str
) -> None:
    """With the picture it brings, without those from the web, without our pixel, and with no script."""
    html = (
        '<html><head><style>h1 { color: rgb(1, 2, 3) }</style></head><body><h1>Shown</h1><img src="cid:dot" alt="dot">'
        '<img src="https://pictures.example/1.png" alt="far"><script>document.title = "run"</script>'
        '<a href="https://shop.example/">The shop</a></body></html>'
    )
    dot = {
        "filename": "dot.gif",
        "content_type": "image/gif",
        "content_id": "dot",
        "content": "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
    }
    note = {"filename": "notes.txt", "content_type": "text/plain", "content": "Tm90ZXM="}
    tracking = {"opens": True, "clicks": True}
    sent = server.send(
        token, subject="Look", text="Shown", html=html, attachments=[dot, note], tracking=tracking
    ).json()
    visit(home, f"/history/{sent['id']}")
    home.get_by_role("tab", name="Message").click()
    frame = home.frame_locator("iframe[title='The message as its readers see it']")
    expect(frame.get_by_role("heading", name="Shown")).to_have_css("color", "rgb(1, 2, 3)")
    assert frame.get_by_alt_text("dot").evaluate("image => image.naturalWidth") == 1
    expect(frame.get_by_alt_text("far")).not_to_have_attribute("src", re.compile("."))
    expect(frame.get_by_role("link")).to_have_count(0)
    expect(frame.locator("img[src*='/t/o/']")).to_have_count(0)
    sandbox = home.locator("iframe").get_attribute("sandbox") or ""
    assert "allow-same-origin" not in sandbox
    expect(home.get_by_text("1 picture from the web is not shown.")).to_be_visible()
    expect(home.get_by_text("Tracked links lead nowhere here")).to_be_visible()
    with home.expect_download() as download:
        home.get_by_role("button", name="Download notes.txt").click()
    assert Path(download.value.path()).read_text() == "Notes"
    accessible(home)
    found = server.call("GET", f"/api/gmail/history/{sent['id']}/", token).json()
    assert found["totals"] == {"opens": 0, "clicks": 0}


@pytest.mark.usefixtures("sender")
def test_pictures_from_the_web_come_when_they_are_asked_for(server: LocalServer, home: Page, token: str) -> None:
    picture = "https://pictures.example/1.png"
    home.context.route(picture, lambda route: route.fulfill(body="<svg xmlns='http://www.w3.org/2000/svg'/>",
                                                            content_type="image/svg+xml"))  # fmt: skip
    sent = server.send(token, subject="Far", text="", html=f'<p>Hi <img src="{picture}" alt="far"></p>').json()
    visit(home, f"/history/{sent['id']}?view=content")
    expect(home.frame_locator("iframe").get_by_text("Hi")).to_be_visible()
    with home.context.expect_event("request", lambda request: request.url == picture):
        home.get_by_role("button", name="Show pictures").click()
    expect(home.frame_locator("iframe").get_by_alt_text("far")).to_have_attribute("src", picture)


@pytest.mark.usefixtures("sender")
def test_headers_and_source_can_be_read_and_taken_along(server: LocalServer, home: Page, token: str) -> None:
    sent = server.send(token, subject="Source").json()
    visit(home, f"/history/{sent['id']}?view=source")
    expect(home.get_by_role("definition").filter(has_text="Source").first).to_be_visible()
    expect(home.locator("pre")).to_contain_text("MIME-Version: 1.0")
    with home.expect_download() as download:
        home.get_by_role("button", name="Download (.eml)").click()
    assert "Subject: Source" in Path(download.value.path()).read_text()
    accessible(home)


@pytest.mark.usefixtures("sender")
def test_a_batch_shows_how_it_stands_and_is_cancelled(server: LocalServer, home: Page, token: str) -> None:
    at = (datetime.now(UTC) + TOMORROW).isoformat()
    body = {
        "recipients": [{"to": "bo@elsewhere.example"}, {"to": "cy@elsewhere.example"}],
        "subject": "To each",
        "text": "Hello",
        "send_at": at,
    }
    made = server.call("POST", "/api/gmail/send/", token, json=body).json()
    visit(home, f"/history/{made['sends'][0]['id']}")
    home.get_by_role("link", name=made["batch"]).click()
    expect(home.get_by_role("heading", name="Batch")).to_be_visible()
    expect(home.get_by_text("0 of 2")).to_be_visible()
    expect(home.get_by_role("row").get_by_role("link")).to_have_count(2)
    accessible(home)
    home.get_by_role("button", name="Cancel what waits").click()
    home.get_by_role("alertdialog").get_by_role("button", name="Cancel what waits").click()
    expect(notice(home)).to_contain_text("2 messages are cancelled.")
    expect(home.get_by_text("2 of 2")).to_be_visible()


@pytest.mark.usefixtures("sender")
@pytest.mark.parametrize(("kind", "name"), [("CSV", "sends.csv"), ("NDJSON", "sends.ndjson")])
def test_what_is_shown_is_exported(server: LocalServer, home: Page, token: str, kind: str, name: str) -> None:
    server.send(token, subject="Kept", tags=["notes"])
    server.send(token, subject="Left out")
    visit(home, "/history?tag=notes")
    expect(home.get_by_role("row").get_by_role("link")).to_have_count(1)
    home.get_by_role("button", name="More", exact=True).click()
    with home.expect_download() as download:
        home.get_by_role("menuitem", name=f"Export as {kind}").click()
    assert download.value.suggested_filename == name
    lines = Path(download.value.path()).read_text().strip().splitlines()
    if kind == "CSV":
        assert len(lines) == 2
        assert ",Kept," in lines[1]
    else:
        assert [json.loads(line)["subject"] for line in lines] == ["Kept"]


@pytest.mark.usefixtures("sender")
def test_statistics_are_drawn_and_can_be_read_as_a_table(server: LocalServer, home: Page, token: str) -> None:
    for number in range(3):
        server.send(token, subject=f"Number {number}")
    visit(home, "/history")
    home.get_by_role("button", name="Statistics").click()
    expect(home.get_by_role("heading", name="Statistics")).to_be_visible()
    chart = home.get_by_role("figure", name="Messages, opens, clicks, replies and bounces per day")
    expect(chart.locator("svg").first).to_be_visible()
    expect(chart.get_by_text("Messages", exact=True)).to_be_visible()
    home.get_by_role("button", name="As a table").click()
    newest = home.get_by_role("grid", name="Messages, opens").get_by_role("row").nth(1)
    expect(newest.get_by_role("gridcell").first).to_have_text("3")
    expect(home.get_by_role("grid", name="By status").get_by_role("row", name=re.compile("sent"))).to_contain_text("3")
    accessible(home)


def test_how_long_things_are_kept_is_chosen(server: LocalServer, home: Page, token: str) -> None:
    loaded(home)
    visit(home, "/history")
    home.get_by_role("button", name="More", exact=True).click()
    home.get_by_role("menuitem", name="How long it is kept").click()
    home.get_by_label("Text, HTML and files, in days").fill("30")
    accessible(home)
    home.get_by_role("button", name="Save").click()
    expect(notice(home)).to_contain_text("It counts for messages from now on.")
    kept = server.call("GET", "/api/gmail/history/settings/", token).json()
    assert kept == {"content_days": 30, "event_days": 400}


@pytest.mark.usefixtures("sender")
def test_more_rows_come_when_the_end_is_near(server: LocalServer, home: Page, token: str) -> None:
    at = (datetime.now(UTC) + TOMORROW).isoformat()
    people = [{"to": f"p{number}@elsewhere.example"} for number in range(120)]
    body = {"recipients": people, "subject": "To many", "text": "Hello", "send_at": at}
    assert server.call("POST", "/api/gmail/send/", token, json=body).status_code == 202
    visit(home, "/history")
    rows = home.get_by_role("row").filter(has=home.get_by_role("link"))
    expect(rows).to_have_count(50)
    # As a wheel does: rows that come in meanwhile push the end away again.
    end = time.monotonic() + SCROLLED_WITHIN
    while rows.count() < len(people) and time.monotonic() < end:
        home.mouse.move(400, 400)
        home.mouse.wheel(0, 10_000)
        home.wait_for_timeout(100)
    expect(rows).to_have_count(len(people))
    expect(home.get_by_role("button", name="Show more")).to_have_count(0)


def test_a_message_of_somebody_else_is_not_there(
    server: LocalServer, home: Page, new_token: Callable[[], str], somebody: Callable[[str], Person], watch: Watch
) -> None:
    stranger = new_token()
    server.connect(stranger, somebody("Zoe").email)
    theirs = server.send(stranger, subject="Secret").json()["id"]
    loaded(home)
    watch.expect(f"404 /api/gmail/history/{theirs}/")
    home.evaluate("place => { location.hash = place }", f"/history/{theirs}")
    expect(home.get_by_role("alert")).to_contain_text("There is no send with this id.")
    expect(home.get_by_text("Secret")).to_have_count(0)


@pytest.mark.usefixtures("sender")
def test_a_reply_is_written_in_compose(server: LocalServer, home: Page, token: str) -> None:
    home.reload()
    loaded(home)
    sent = server.send(token, to=["grace@example.com"], subject="A question").json()
    visit(home, f"/history/{sent['id']}")
    home.get_by_role("button", name="Reply").click()
    expect(home.get_by_role("tab", name="Compose", selected=True)).to_be_visible()
    expect(home.get_by_text("“A question”")).to_be_visible()
    expect(home.get_by_role("row", name="grace@example.com")).to_be_visible()
    assert home.url.endswith("#/compose")  # it is begun: a reload does not begin another one


@pytest.mark.usefixtures("sender")
def test_on_a_narrow_window_the_chosen_view_is_the_one_in_sight(server: LocalServer, home: Page, token: str) -> None:
    sent = server.send(token, subject="Narrow").json()
    home.set_viewport_size({"width": 360, "height": 800})
    visit(home, f"/history/{sent['id']}")
    view = home.get_by_role("tab", name="Source", exact=True)
    view.click()
    expect(view).to_have_attribute("aria-selected", "true")
    expect(view).to_be_in_viewport(ratio=0.9)  # its edge lies over that of the list
