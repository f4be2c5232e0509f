"""The cookie that binds a sign-in to its browser, as a browser keeps it."""

import time

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import people
from tests.browser.people import Person, account, consent, notice
from tests.browser.programs import LocalServer

ATTRIBUTES = ("name", "secure", "httpOnly", "sameSite", "path", "domain")


def cookie(context: BrowserContext) -> dict[str, object]:
    (found,) = (one for one in context.cookies() if "gmail_oauth" in one["name"])
    assert 0 < found["expires"] - time.time() <= 600
    return {name: found[name] for name in ATTRIBUTES}


def test_over_https_the_cookie_is_for_this_host_alone(tls_server: LocalServer, page: Page) -> None:
    assert tls_server.url.startswith("https://localhost:")
    page.goto(tls_server.link)
    people.loaded(page)
    page.get_by_role("button", name="Connect a Gmail account").click()
    expect(page.get_by_role("heading", name="Choose an account")).to_be_visible()
    bound = {
        "name": "__Host-gmail_oauth",
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
        "path": "/",
        "domain": "localhost",
    }
    assert cookie(page.context) == bound
    consent(page, "ada@example.com")
    expect(notice(page)).to_contain_text("The account is connected.")
    people.status(account(page, "ada@example.com"), "connected")
    people.loaded(page)
    assert cookie(page.context) == bound  # another tab may be on its way back; it ends by itself
    assert tls_server.send().json()["status"] == "sent"


def test_over_plain_http_the_cookie_has_no_prefix(home: Page, ada: Person) -> None:
    people.loaded(home)
    home.get_by_role("button", name="Connect a Gmail account").click()
    expect(home.get_by_role("heading", name="Choose an account")).to_be_visible()
    bound = {
        "name": "gmail_oauth",
        "secure": False,
        "httpOnly": True,
        "sameSite": "Lax",
        "path": "/",
        "domain": "localhost",
    }
    assert cookie(home.context) == bound
    consent(home, ada.email)
    expect(notice(home)).to_contain_text("The account is connected.")
    people.loaded(home)
    assert cookie(home.context) == bound


def test_where_the_cookie_is_lost_the_start_page_confirms_by_itself(home: Page, ada: Person) -> None:
    people.loaded(home)
    home.get_by_role("button", name="Connect a Gmail account").click()
    expect(home.get_by_role("heading", name="Choose an account")).to_be_visible()
    home.context.clear_cookies()
    consent(home, ada.email)
    expect(notice(home)).to_contain_text(f"{ada.email} is connected.")
    people.status(account(home, ada.email), "connected")


def test_where_the_key_is_lost_too_it_is_asked_for_first(home: Page, token: str, ada: Person) -> None:
    people.loaded(home)
    home.get_by_role("button", name="Connect a Gmail account").click()
    expect(home.get_by_role("heading", name="Choose an account")).to_be_visible()
    home.context.clear_cookies()
    elsewhere = home.context.new_page()  # a tab of its own has no key
    elsewhere.goto(home.url)
    consent(elsewhere, ada.email)
    expect(notice(elsewhere)).to_contain_text("Enter your key to finish connecting the account.")
    elsewhere.get_by_label("API key or ID token").fill(token)
    elsewhere.keyboard.press("Enter")
    expect(notice(elsewhere)).to_contain_text(f"{ada.email} is connected.")
    people.status(account(elsewhere, ada.email), "connected")
