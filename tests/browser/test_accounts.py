"""The Accounts section, as people use it: connect, look after, send a test, disconnect."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import people
from tests.browser.people import Person, account, consent, notice
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch, wide
from tests.e2e.journal import Journal

New = Callable[[str], Person]


def test_two_people_connect_send_and_one_disconnects(server: LocalServer, page: Page) -> None:
    """The whole way, with the printed key and, for one of them, without a mouse."""
    page.goto(server.link)
    expect(page.get_by_text("No account is connected yet.")).to_be_visible()

    people.connect(page, "ada@example.com")
    expect(notice(page)).to_contain_text("The account is connected.")
    people.status(account(page, "ada@example.com"), "connected")

    by_keyboard(page, "grace@example.com")
    expect(notice(page)).to_contain_text("The account is connected.")
    people.status(account(page, "grace@example.com"), "connected")
    people.status(account(page, "ada@example.com"), "default")

    page.get_by_role("button", name="Send a test grace@example.com").click()
    page.get_by_label("To", exact=True).fill("ada@example.com")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(notice(page)).to_contain_text("The test message to ada@example.com is sent.")
    inbox = page.context.new_page()
    inbox.goto(f"{server.google.url}/inbox/ada@example.com")
    inbox.get_by_role("link", name="A test message").click()
    expect(inbox.get_by_role("heading", name="A test message")).to_be_visible()
    inbox.close()

    waiting = {"account": "grace@example.com", "send_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    scheduled = [server.send(**waiting).json()["id"] for _ in range(2)]
    people.more(page, "grace@example.com", "Disconnect")
    expect(page.get_by_role("alertdialog")).to_contain_text("2 messages that wait to go out from it are cancelled.")
    page.get_by_role("button", name="Disconnect").click()
    expect(notice(page)).to_contain_text("grace@example.com is disconnected.")
    expect(notice(page)).to_be_focused()
    expect(account(page, "grace@example.com")).to_have_count(0)
    assert server.send(account="grace@example.com").status_code == 404
    for send in scheduled:
        assert server.call("GET", f"/api/gmail/history/{send}/").json()["status"] == "cancelled"


def by_keyboard(page: Page, email: str) -> None:
    people.loaded(page)
    tab_to(page, page.get_by_role("button", name="Connect a Gmail account"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Choose an account")).to_be_visible()
    for _ in range(50):
        page.keyboard.press("Tab" if not page.locator("input[type=radio]:focus").count() else "ArrowDown")
        if page.locator(f"input[value='{email}']:focus").count():
            break
    tab_to(page, page.get_by_role("button", name="Allow"))
    page.keyboard.press("Enter")


def tab_to(page: Page, wanted: Locator) -> None:
    expect(wanted).to_be_visible()
    for _ in range(50):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the keyboard does not come there")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"press": "Deny"}, "Nothing was connected: access was not allowed on Google's page."),
        ({"untick": "Send email"}, "Nothing was connected: the permission to send email was left unticked."),
    ],
)
def test_what_was_not_allowed_is_said(home: Page, ada: Person, answer: dict[str, str], said: str) -> None:
    people.connect(home, ada.email, **answer)
    expect(notice(home)).to_contain_text(said)
    expect(home.get_by_text("No account is connected yet.")).to_be_visible()


def test_a_withdrawn_grant_is_shown_and_mended_with_the_same_account(
    server: LocalServer, home: Page, token: str, ada: Person, grace: Person
) -> None:
    people.loaded(home)
    server.connect(token, ada.email)
    server.google.http.post(f"{server.google.url}/sandbox/people/{ada.email}/revoke")
    assert server.send(token).json()["code"] == "reauth_required"
    home.reload()
    people.status(account(home, ada.email), "needs attention")
    expect(account(home, ada.email)).to_contain_text("Reconnect to send again.")

    reconnect(home, ada.email)
    consent(home, grace.email)
    expect(notice(home)).to_contain_text("another Google account than the expected one was chosen")
    reconnect(home, ada.email)
    expect(home.get_by_role("radio", name=ada.email)).to_be_checked()
    consent(home, ada.email)
    people.status(account(home, ada.email), "connected")
    assert server.send(token).json()["status"] == "sent"


def reconnect(page: Page, email: str) -> None:
    page.get_by_role("button", name=f"Reconnect {email}").click()


def test_an_api_key_that_may_only_read_is_told_so_when_it_connects(
    server: LocalServer, page: Page, token: str, journal: Journal, watch: Watch
) -> None:
    made = server.call("POST", "/api/gmail/keys/", token, json={"name": "reader", "scopes": ["read"]}).json()
    journal.secret(made["key"])
    watch.expect("403 /api/gmail/authorize/")
    page.goto(f"{server.url}/#key={made['key']}")
    page.get_by_role("button", name="Connect a Gmail account").click()
    expect(notice(page)).to_contain_text("API keys can't be used here.")
    expect(notice(page)).to_contain_text("Call with a user's ID token.")


def test_settings_are_changed_and_shown_again(server: LocalServer, home: Page, token: str, ada: Person) -> None:
    people.connect(home, ada.email)
    people.more(home, ada.email, "Settings")
    home.get_by_label("Name").fill("Ada, Countess")
    home.get_by_label("Recipients in 24 hours").fill("40")
    home.get_by_role("switch", name="Record opens").press("Space")
    home.get_by_role("button", name="Save").click()
    expect(notice(home)).to_contain_text(f"The settings of {ada.email} are saved.")
    expect(account(home, ada.email)).to_contain_text("Ada, Countess")
    expect(account(home, ada.email)).to_contain_text("40 of 40")
    expect(account(home, ada.email)).to_contain_text("opens")
    (saved,) = server.call("GET", "/api/gmail/accounts/", token).json()["accounts"]
    assert (saved["name"], saved["daily_limit"]) == ("Ada, Countess", 40)
    assert saved["tracking"] == {"opens": True, "clicks": False}


def test_a_field_that_is_refused_says_so_beside_it(home: Page, ada: Person, watch: Watch) -> None:
    people.connect(home, ada.email)
    people.more(home, ada.email, "Settings")
    home.get_by_label("Name").fill("Ada \u202e")
    watch.expect("400 /api/gmail/accounts/*")
    home.get_by_role("button", name="Save").click()
    expect(home.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    expect(home.get_by_role("alert")).to_be_visible()
    watch.take()


def test_another_account_becomes_the_default(
    server: LocalServer, home: Page, token: str, ada: Person, grace: Person
) -> None:
    people.loaded(home)
    for person in (ada, grace):
        server.connect(token, person.email)
    home.reload()
    people.status(account(home, ada.email), "default")
    people.more(home, grace.email, "Make default")
    people.status(account(home, grace.email), "default")
    expect(account(home, ada.email).get_by_text("default", exact=True)).to_have_count(0)


def test_a_server_that_is_away_is_said_to_be_away(home: Page, watch: Watch) -> None:
    expect(home.get_by_text("No account is connected yet.")).to_be_visible()
    home.context.set_offline(True)
    home.get_by_role("button", name="Connect a Gmail account").click()
    expect(notice(home)).to_contain_text("The server can't be reached.")
    assert set(watch.take().splitlines()) == {"net::ERR_INTERNET_DISCONNECTED /api/gmail/authorize/"}
    home.context.set_offline(False)
    home.get_by_role("button", name="Connect a Gmail account").click()
    expect(home.get_by_role("heading", name="Choose an account")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_is_wider_than_the_window(
    server: LocalServer, home: Page, token: str, somebody: New, width: int
) -> None:
    home.set_viewport_size({"width": width, "height": 800})
    people.loaded(home)
    assert wide(home) == 0
    long = somebody("Wilhelmina-" + "long" * 12)
    server.connect(token, long.email)
    home.reload()
    people.loaded(home)
    assert wide(home) == 0
    people.more(home, long.email, "Disconnect")
    assert wide(home) == 0
