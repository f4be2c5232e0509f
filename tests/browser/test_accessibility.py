"""What axe-core finds on each page, in light and in dark."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import people
from tests.browser.people import Person, account, consent, notice
from tests.browser.programs import LocalServer
from tests.browser.test_callback_page import CALLBACK, START
from tests.browser.watch import Watch

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = {"light": 1440, "dark": 360}


@pytest.fixture(params=WIDTHS)
def check(request: pytest.FixtureRequest, page: Page) -> Callable[[], None]:
    """No violation on the page as it is now."""
    if not AXE.exists():
        if os.environ.get("CI"):
            pytest.fail("axe-core is missing: run tests/setup.sh.")
        pytest.skip("axe-core is missing: run tests/setup.sh.")
    page.emulate_media(color_scheme=request.param)
    page.set_viewport_size({"width": WIDTHS[request.param], "height": 800})

    def run() -> None:
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run({resultTypes: ['violations']}).then(result => result.violations)")
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []

    return run


def test_the_start_page_in_every_state(
    server: LocalServer,
    page: Page,
    token: str,
    check: Callable[[], None],
    watch: Watch,
    ada: Person,
    grace: Person,
) -> None:
    page.goto(server.url)
    expect(page.get_by_label("API key or ID token")).to_be_visible()
    check()
    watch.expect("401 /api/gmail/accounts/", "401 /api/gmail/history/")
    page.get_by_label("API key or ID token").fill("wrong")
    page.keyboard.press("Enter")
    expect(notice(page)).not_to_be_empty()
    check()

    page.goto(f"{server.url}/#key={token}")
    people.loaded(page)
    check()
    people.connect(page, ada.email)
    people.status(account(page, ada.email), "connected")
    check()
    server.connect(token, grace.email, sandbox_untick="gmail.readonly")
    server.send(token, subject="It goes")
    server.google.faults({"match": "send", "account": ada.email, "preset": "400-invalidArgument"})
    server.send(token, subject="It fails")
    server.google.faults(
        {"match": "*", "account": ada.email, "action": {"close": "after_accept", "drop_headers": ["X-*"]}}
    )
    server.send(token, subject="Nobody knows")
    server.google.http.post(f"{server.google.url}/sandbox/people/{ada.email}/revoke")
    server.send(token, subject="It is too late")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#sends > li")).to_have_count(4)
    people.status(account(page, ada.email), "needs attention")
    check()
    page.get_by_role("button", name=f"Disconnect {ada.email}").click()
    check()


@pytest.mark.parametrize(("press", "title"), [("Allow", "Connected"), ("Deny", "Not connected")])
def test_the_pages_after_googles(
    home: Page,
    token: str,
    check: Callable[[], None],
    watch: Watch,
    ada: Person,
    press: str,
    title: str,
) -> None:
    watch.expect(f"400 {CALLBACK}")
    people.loaded(home)
    home.goto(home.evaluate(START, token))
    consent(home, ada.email, press=press)
    expect(home.get_by_role("heading", name=title, exact=True)).to_be_visible()
    check()
