"""The cookie of a sign-in on our own pages, and a frontend on another site that is used right after it."""

from playwright.sync_api import Page, expect

from tests.browser import people
from tests.browser.frontend import Frontend
from tests.browser.people import Person, consent, notice
from tests.browser.programs import LocalServer
from tests.browser.test_other_origins import accounts, confirm, start


def test_who_has_just_signed_in_here_connects_on_another_site_too(
    server: LocalServer, frontend: Frontend, home: Page, token: str, ada: Person, grace: Person
) -> None:
    people.loaded(home)
    home.get_by_role("button", name="Connect a Gmail account").click()
    consent(home, grace.email)
    expect(notice(home)).to_contain_text("The account is connected.")
    people.loaded(home)
    kept = [one["value"] for one in home.context.cookies()]

    start(home, frontend.other_site, server, token)
    expect(home.get_by_role("heading", name="Choose an account")).to_be_visible()
    assert [one["value"] for one in home.context.cookies()] == kept != []  # the one of before, and no other
    consent(home, ada.email)
    home.wait_for_url(f"{frontend.other_site}/?status=confirm&pending=pnd_*")
    confirm(home, server, token)

    expect(notice(home)).to_have_text(f"Connected: {ada.email}")
    assert {one["email"] for one in accounts(server, token)} == {ada.email, grace.email}
