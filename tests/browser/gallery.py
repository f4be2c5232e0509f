"""The pages that screenshots are made of. A page is a name and the way to it; add yours to PAGES."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser import gallery_hooked, gallery_watching, gallery_writing, people
from tests.browser.programs import LocalServer


@dataclass(frozen=True)
class Stage:
    """A local server with two people connected, one of whom has withdrawn her grant. `page` is signed in and empty."""

    server: LocalServer
    page: Page

    def open(self, place: str = "") -> None:
        """A place of the console such as "/history", loaded afresh."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.server.url}/#{place}")
        people.loaded(self.page)


def prepare(server: LocalServer) -> None:
    """What is to be seen on the pages."""
    for email in ("ada@example.com", "grace@example.com"):
        server.connect(server.key, email)
    server.send(account="ada@example.com", subject="Notes on the Analytical Engine")
    server.google.http.post(f"{server.google.url}/sandbox/people/grace@example.com/revoke")
    server.send(account="grace@example.com", subject="Too late")
    gallery_watching.prepare(server)
    gallery_writing.prepare(server)
    gallery_hooked.prepare(server)


def sign_in(stage: Stage) -> None:
    stage.page.get_by_role("button", name="Use another key").click()
    expect(stage.page.get_by_label("API key or ID token")).to_be_visible()


def accounts(stage: Stage) -> None:
    stage.open("/accounts")


def account_settings(stage: Stage) -> None:
    stage.open("/accounts")
    people.more(stage.page, "ada@example.com", "Settings")
    expect(stage.page.get_by_role("dialog")).to_be_visible()


def disconnect(stage: Stage) -> None:
    stage.open("/accounts")
    people.more(stage.page, "ada@example.com", "Disconnect")
    expect(stage.page.get_by_role("alertdialog")).to_contain_text(re.compile(r"\d messages? that"))


PAGES: dict[str, Callable[[Stage], None]] = {
    "sign-in": sign_in,
    "accounts": accounts,
    "accounts-settings": account_settings,
    "accounts-disconnect": disconnect,
    **gallery_writing.PAGES,
    **gallery_watching.PAGES,
    **gallery_hooked.PAGES,
}
