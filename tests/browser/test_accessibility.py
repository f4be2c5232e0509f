"""What keeps people from using a page: looked for on each, in light and dark, narrow and wide."""

import os
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser import people
from tests.browser.people import Person, account, consent, notice
from tests.browser.programs import LocalServer
from tests.browser.test_callback_page import CALLBACK, START
from tests.browser.watch import AXE, Watch, accessible


@pytest.fixture(autouse=True)
def axe() -> None:
    if not AXE.exists():
        if os.environ.get("CI"):
            pytest.fail("axe-core is missing: run tests/setup.sh.")
        pytest.skip("axe-core is missing: run tests/setup.sh.")


def test_asking_for_a_key(server: LocalServer, page: Page, watch: Watch) -> None:
    page.goto(server.url)
    expect(page.get_by_label("API key or ID token")).to_be_visible()
    accessible(page)
    watch.expect("401 /api/gmail/accounts/")
    page.get_by_label("API key or ID token").fill("wrong")
    page.keyboard.press("Enter")
    expect(notice(page)).not_to_be_empty()
    accessible(page)


def test_accounts_in_every_state(server: LocalServer, home: Page, token: str, ada: Person, grace: Person) -> None:
    people.loaded(home)
    accessible(home)
    people.connect(home, ada.email)
    people.status(account(home, ada.email), "connected")
    people.loaded(home)
    accessible(home)
    server.connect(token, grace.email, sandbox_untick="gmail.readonly")
    server.google.http.post(f"{server.google.url}/sandbox/people/{ada.email}/revoke")
    server.send(token, subject="It is too late")
    home.reload()
    people.status(account(home, ada.email), "needs attention")
    people.loaded(home)
    accessible(home)
    pairs: list[tuple[str, Literal["dialog", "alertdialog"]]] = [("Settings", "dialog"), ("Disconnect", "alertdialog")]
    for action, role in pairs:
        people.more(home, ada.email, action)
        expect(home.get_by_role(role, name=ada.email)).to_be_visible()
        expect(home.locator("[inert]", has=account(home, ada.email))).to_have_count(
            1
        )  # the page behind is out of reach
        accessible(home)
        home.keyboard.press("Escape")
    home.get_by_role("button", name=f"Send a test {grace.email}").click()
    accessible(home)


@pytest.mark.parametrize(("press", "title"), [("Allow", "Connected"), ("Deny", "Not connected")])
def test_the_pages_after_googles(home: Page, token: str, watch: Watch, ada: Person, press: str, title: str) -> None:
    watch.expect(f"400 {CALLBACK}")
    people.loaded(home)
    home.goto(home.evaluate(START, token))
    consent(home, ada.email, press=press)
    expect(home.get_by_role("heading", name=title, exact=True)).to_be_visible()
    accessible(home)
