"""A reader's browser at the links of a message: the page to unsubscribe, a click, a link that leads nowhere."""

import email
import email.policy
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from functions.domain.html_scan import Tag, scan
from tests.browser.people import Person
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch, accessible, wide


@pytest.fixture
def message(server: LocalServer, token: str, ada: Person) -> tuple[str, str, str]:
    """The id of a send, its link to unsubscribe, and a tracked link that leads to the server's own start page."""
    server.connect(token, ada.email)
    html = f'<p><a href="{server.url}/?from=mail">shop</a></p>'
    sent = server.send(token, html=html, unsubscribe=True, tracking={"opens": True, "clicks": True}).json()
    found = server.call("GET", f"/api/gmail/history/{sent['id']}/?include=mime", token).json()
    parsed = email.message_from_string(found["mime"], policy=email.policy.default)
    page = parsed.get_body(("html",)).get_content()  # type: ignore[union-attr]
    links = [t.attributes["href"].value for t in scan(page) if isinstance(t, Tag) and t.name == "a"]
    return sent["id"], str(parsed["List-Unsubscribe"]).strip("<>"), links[0]


def events(server: LocalServer, token: str, send_id: str) -> list[str]:
    found = server.call("GET", f"/api/gmail/history/{send_id}/", token).json()["events"]
    return [e["type"] for e in found if e["type"] in ("opened", "clicked", "unsubscribed")]


def test_unsubscribing_takes_a_look_and_a_press(
    server: LocalServer,
    page: Page,
    token: str,
    message: tuple[str, str, str],
) -> None:
    send_id, link, _ = message
    page.goto(link)
    expect(page.get_by_role("heading", name="Unsubscribe")).to_be_visible()
    expect(page.locator("main")).to_contain_text("bo@elsewhere.example")
    accessible(page)
    assert not wide(page)
    page.reload()
    assert events(server, token, send_id) == []

    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", name="Unsubscribed")).to_be_visible()
    accessible(page)
    assert events(server, token, send_id) == ["unsubscribed"]


def test_a_click_arrives_and_says_nothing_of_where_it_came_from(
    server: LocalServer, page: Page, token: str, message: tuple[str, str, str]
) -> None:
    send_id, _, link = message
    page.goto(link)
    expect(page).to_have_url(f"{server.url}/?from=mail")
    assert page.evaluate("document.referrer") == ""
    end = time.monotonic() + 60
    while events(server, token, send_id) != ["clicked"] and time.monotonic() < end:
        time.sleep(0.05)
    assert events(server, token, send_id) == ["clicked"]


def test_a_link_that_was_cut_leads_to_a_page_that_says_so(
    page: Page,
    message: tuple[str, str, str],
    watch: Watch,
) -> None:
    _, link, _ = message
    watch.expect(f"404 {urlsplit(link[:-5]).path}")
    page.goto(link[:-5])
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    accessible(page)
