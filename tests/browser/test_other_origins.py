"""Frontends that are not on the API's own origin, in a browser that treats cookies as browsers do."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.frontend import Frontend
from tests.browser.people import Person, consent, notice
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch


def start(page: Page, origin: str, server: LocalServer, token: str) -> None:
    page.goto(f"{origin}/")
    # Not waited for: it ends by leaving the page.
    page.evaluate("([api, token]) => { connect(api, token) }", [server.url, token])


def confirm(page: Page, server: LocalServer, token: str) -> None:
    page.evaluate("([api, token]) => confirmPending(api, token)", [server.url, token])


def accounts(server: LocalServer, token: str) -> list[dict[str, Any]]:
    return list(server.call("GET", "/api/gmail/accounts/", token).json()["accounts"])


def test_on_another_site_the_account_is_connected_once_its_owner_confirms(
    server: LocalServer, frontend: Frontend, page: Page, token: str, ada: Person
) -> None:
    start(page, frontend.other_site, server, token)
    expect(page.get_by_role("heading", name="Choose an account")).to_be_visible()
    assert page.context.cookies() == []  # dropped: this is what the confirmation is for
    consent(page, ada.email)
    page.wait_for_url(f"{frontend.other_site}/?status=confirm&pending=pnd_*")
    assert accounts(server, token) == []
    confirm(page, server, token)
    expect(notice(page)).to_have_text(f"Connected: {ada.email}")
    (account,) = accounts(server, token)
    assert (account["email"], account["status"]) == (ada.email, "connected")
    assert server.send(token).json()["status"] == "sent"


def test_somebody_else_can_not_confirm_it(
    server: LocalServer, frontend: Frontend, page: Page, new_token: Callable[[], str], watch: Watch, ada: Person
) -> None:
    starter, other = new_token(), new_token()
    start(page, frontend.other_site, server, starter)
    consent(page, ada.email)
    page.wait_for_url(f"{frontend.other_site}/?status=confirm&pending=pnd_*")
    watch.expect("400 /api/gmail/oauth2callback/")
    for token in (other, starter):  # and what was refused once is gone
        confirm(page, server, token)
        expect(notice(page)).to_have_text("Refused: invalid_state")
        assert accounts(server, token) == []


def test_on_another_origin_of_the_same_site_it_is_connected_at_once(
    server: LocalServer, frontend: Frontend, page: Page, token: str, ada: Person
) -> None:
    start(page, frontend.same_site, server, token)
    consent(page, ada.email)
    page.wait_for_url(f"{frontend.same_site}/?status=connected&account=acc_*")
    assert [account["email"] for account in accounts(server, token)] == [ada.email]


def test_an_origin_that_is_not_listed_is_told_nothing(
    tls_server: LocalServer, frontend: Frontend, page: Page, watch: Watch
) -> None:
    page.goto(f"{frontend.other_site}/")
    asking = f"fetch('{tls_server.url}/api/gmail/accounts/', {{headers: {{Authorization: 'Bearer x'}}}})"
    assert page.evaluate(f"{asking}.then(() => 'answered', () => 'blocked')") == "blocked"
    assert "CORS policy" in watch.take()
