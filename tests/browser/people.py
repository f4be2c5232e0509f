"""What people do on the pages."""

import itertools
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.programs import LocalServer

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """Somebody who has a Gmail account at the pretend Google."""

    email: str
    name: str

    @classmethod
    def new(cls, server: LocalServer, name: str) -> "Person":
        email = f"{name.lower()}-{next(_numbers)}@example.com"
        server.google.http.post(f"{server.google.url}/sandbox/people", json={"email": email, "name": name})
        return cls(email, name)


def connect(page: Page, email: str, **answer: str) -> None:
    """From the start page through Google's page and back."""
    page.get_by_role("button", name="Connect a Gmail account").click()
    consent(page, email, **answer)


def consent(page: Page, email: str, *, untick: str = "", press: str = "Allow") -> None:
    expect(page.get_by_role("heading", name="Choose an account")).to_be_visible()
    page.get_by_role("radio", name=email).check()
    if untick:
        page.get_by_role("checkbox", name=untick).uncheck()
    page.get_by_role("button", name=press).click()


def loaded(page: Page) -> None:
    """Nothing is on its way any more."""
    expect(page.get_by_role("tabpanel").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.get_by_role("img", name="Loading…")).to_have_count(0)


def notice(page: Page) -> Locator:
    return page.get_by_role("status", name="Messages")


def account(page: Page, email: str) -> Locator:
    return page.get_by_role("region", name=email, exact=True)


def status(row: Locator, text: str) -> None:
    expect(row.get_by_text(text, exact=True)).to_be_visible()


def more(page: Page, email: str, action: str) -> None:
    """Something out of an account's menu."""
    page.get_by_role("button", name=f"More for {email}").click()
    page.get_by_role("menuitem", name=action).click()
