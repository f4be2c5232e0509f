"""Where people end who come back from Google and have no page to go back to."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import people
from tests.browser.people import Person, consent
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch, wide

START = """async (token) => {
  const headers = { Accept: "application/json", Authorization: `Bearer ${token}` };
  const answer = await fetch("/api/gmail/authorize/", { headers });
  return (await answer.json()).authorization_url;
}"""
CALLBACK = "/api/gmail/oauth2callback/"


@pytest.fixture
def at_google(home: Page, token: str, ada: Person) -> Page:  # noqa: ARG001 - she has to be there first
    """At Google's page, where Ada is known, by a link that names no page to return to."""
    people.loaded(home)
    home.goto(home.evaluate(START, token))
    return home


def test_success_names_the_account(server: LocalServer, at_google: Page, token: str, ada: Person) -> None:
    consent(at_google, ada.email)
    expect(at_google.get_by_role("heading", name="Connected", exact=True)).to_be_visible()
    expect(at_google.get_by_text(f"{ada.email} is connected. You can close this page.")).to_be_visible()
    assert at_google.title() == "Connected"
    (account,) = server.call("GET", "/api/gmail/accounts/", token).json()["accounts"]
    assert account["email"] == ada.email
    at_google.set_viewport_size({"width": 360, "height": 640})
    assert wide(at_google) == 0


def test_failure_says_why_and_what_to_do(
    server: LocalServer, at_google: Page, token: str, watch: Watch, ada: Person
) -> None:
    watch.expect(f"400 {CALLBACK}")
    consent(at_google, ada.email, press="Deny")
    expect(at_google.get_by_role("heading", name="Not connected")).to_be_visible()
    expect(at_google.get_by_text("Access was denied on Google's page.")).to_be_visible()
    expect(at_google.get_by_text("Connect again, and allow access on Google's page.")).to_be_visible()
    assert server.call("GET", "/api/gmail/accounts/", token).json()["accounts"] == []


def test_a_link_works_once(at_google: Page, watch: Watch, ada: Person) -> None:
    consent(at_google, ada.email)
    expect(at_google.get_by_role("heading", name="Connected", exact=True)).to_be_visible()
    watch.expect(f"400 {CALLBACK}")
    at_google.reload()
    expect(at_google.get_by_role("heading", name="Not connected")).to_be_visible()
    expect(at_google.get_by_text("Start again from the application:")).to_be_visible()


def test_the_page_has_no_script_and_can_be_framed_by_nobody(at_google: Page, watch: Watch, ada: Person) -> None:
    with at_google.expect_response(lambda response: CALLBACK in response.url) as answer:
        consent(at_google, ada.email)
    policy = answer.value.headers["content-security-policy"]
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert answer.value.headers["referrer-policy"] == "no-referrer"  # the code stands in the address
    assert watch.trouble == []
