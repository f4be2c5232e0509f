"""What the pages say and keep when the API refuses, is busy, is away, or can't be reached."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import people, writing
from tests.browser.people import Person, account, notice
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch, accessible

DETAIL, REMEDY = "Too much was asked for.", "Ask again in a minute."


def refusing(status: int, code: str) -> Callable[[Route], None]:
    body = {
        "type": "about:blank",
        "title": code,
        "status": status,
        "code": code,
        "detail": DETAIL,
        "remedy": REMEDY,
        "request_id": "req_1",
        "errors": [],
    }
    return lambda route: route.fulfill(
        status=status, content_type="application/problem+json", body=json.dumps(body), headers={"Retry-After": "1"}
    )


@pytest.fixture
def sender(server: LocalServer, home: Page, token: str, ada: Person) -> Person:
    people.loaded(home)
    server.connect(token, ada.email)
    home.reload()
    people.loaded(home)
    return ada


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (503, "unavailable"), (500, "internal")])
@pytest.mark.usefixtures("sender")
def test_a_list_that_can_not_be_had_says_why_and_what_to_do_and_comes_when_asked_for_again(
    server: LocalServer, home: Page, watch: Watch, status: int, code: str
) -> None:
    for place, path in [("/history", "history"), ("/templates", "templates"), ("/webhooks", "triggers")]:
        watch.expect(f"{status} /api/gmail/{path}/")
        pattern = re.compile(rf"/api/gmail/{path}/(\?|$)")
        home.route(pattern, refusing(status, code))
        home.goto("about:blank")
        home.goto(f"{server.url}/#{place}")
        alert = home.get_by_role("alert")
        expect(alert).to_contain_text(DETAIL)
        expect(alert).to_contain_text(REMEDY)
        expect(alert).to_contain_text("Request req_1")
        accessible(home)
        home.unroute(pattern)
        alert.get_by_role("button", name="Try again").click()
        expect(alert).to_have_count(0)
        people.loaded(home)


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (403, "forbidden"), (409, "reauth_required")])
def test_a_message_that_is_refused_stays_in_the_form_with_the_reason(
    server: LocalServer, home: Page, watch: Watch, token: str, sender: Person, status: int, code: str
) -> None:
    watch.expect(f"{status} /api/gmail/send/")
    writing.compose(home, server, sender, to="grace@example.com", subject="Refused")
    writing.write(home, "Hello")
    home.route("**/api/gmail/send/", refusing(status, code))
    home.get_by_role("button", name="Send", exact=True).click()
    alert = home.get_by_role("alert")
    expect(alert).to_contain_text(DETAIL)
    expect(alert).to_contain_text(REMEDY)
    expect(writing.editor(home)).to_have_text("Hello")
    home.unroute("**/api/gmail/send/")
    home.get_by_role("button", name="Send", exact=True).click()
    expect(writing.going_out(home)).to_be_visible()
    assert len(server.call("GET", "/api/gmail/history/", token).json()["sends"]) == 1


def test_without_a_connection_it_is_said_and_what_was_typed_stays(
    server: LocalServer, home: Page, watch: Watch, token: str, sender: Person
) -> None:
    (found,) = server.call("GET", "/api/gmail/accounts/", token).json()["accounts"]
    watch.expect(f"net::ERR_INTERNET_DISCONNECTED /api/gmail/accounts/{found['id']}/")
    people.more(home, sender.email, "Settings")
    dialog = home.get_by_role("dialog")
    dialog.get_by_label("Name").fill("The Countess")
    home.context.set_offline(True)
    dialog.get_by_role("button", name="Save").click()
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text("The server can't be reached.")
    expect(alert).to_contain_text("Check that it is running and that you are online, then try again.")
    expect(dialog.get_by_label("Name")).to_have_value("The Countess")
    home.context.set_offline(False)
    dialog.get_by_role("button", name="Save").click()
    expect(notice(home)).to_contain_text("are saved")
    expect(account(home, sender.email)).to_contain_text("The Countess")


def test_a_key_that_is_refused_in_the_middle_loses_nothing_that_was_written(
    server: LocalServer, home: Page, watch: Watch, token: str, sender: Person
) -> None:
    watch.expect("401 /api/gmail/send/")
    writing.compose(home, server, sender, to="grace@example.com", subject="Kept")
    writing.write(home, "Half a letter")
    home.route("**/api/gmail/send/", refusing(401, "unauthenticated"))
    home.get_by_role("button", name="Send", exact=True).click()
    field = home.get_by_label("API key or ID token")
    expect(field).to_be_focused()
    expect(notice(home)).to_contain_text("This key is not valid, or not any more.")
    home.unroute("**/api/gmail/send/")
    field.fill(token)
    home.keyboard.press("Enter")
    people.loaded(home)
    expect(writing.editor(home)).to_have_text("Half a letter")
    expect(home.get_by_label("Subject", exact=True)).to_have_value("Kept")


def test_a_section_whose_script_did_not_load_says_so_and_the_others_work(home: Page, watch: Watch) -> None:
    people.loaded(home)
    script = re.compile(r"/assets/KeysSection-[^/]*\.js$")
    home.route(script, lambda route: route.abort())
    home.get_by_role("tab", name="API keys").click()
    alert = home.get_by_role("alert")
    expect(alert).to_contain_text("reload the page")
    accessible(home)
    home.get_by_role("tab", name="Accounts").click()
    people.loaded(home)
    assert "KeysSection" in watch.take()
    home.unroute(script)
    home.get_by_role("tab", name="API keys").click()
    expect(home.get_by_role("heading", name="API keys")).to_be_visible()
