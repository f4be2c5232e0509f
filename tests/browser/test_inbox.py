"""A reader at the inboxes of the pretend Google."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watch import accessible, wide
from tests.sandbox.client import Account, Google, running
from tests.sandbox.senders import Sender, newsletter, sender, wait_until

SAYS = "The report is in the sender's mailbox."


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with running() as made:
        # The browser gets there by the name that the sandbox gives itself.
        yield Google(made.url.replace("127.0.0.1", "localhost"))


@pytest.fixture
def sender_account(google: Google) -> Account:
    google.reset(everything=True)
    return google.account("ada@example.com")


@pytest.fixture
def site() -> Iterator[Sender]:
    with sender() as made:
        yield made


def opened(page: Page, google: Google, account: str) -> None:
    page.goto(f"{google.url}/inbox/{account}")
    page.locator("ul.list a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_reader_opens_clicks_answers_unsubscribes_and_bounces(
    page: Page, google: Google, sender_account: Account, site: Sender
) -> None:
    sender_account.sent(newsletter(site.url, to="Bo Ek <bo@elsewhere.example>, eve@elsewhere.example"))
    opened(page, google, "elsewhere")
    expect(page.frame_locator("iframe").get_by_role("link", name="more")).to_be_visible()
    accessible(page)
    assert (wide(page), site.asked) == (0, [])

    page.get_by_role("button", name="Show images").click()
    wait_until(lambda: site.paths("GET") == ["/pixel?t=1&u=2"])
    assert "GoogleImageProxy" in site.asked[0].headers["User-Agent"]

    site.landing = f"{google.url}/"
    with page.context.expect_page() as tab:
        page.frame_locator("iframe").get_by_role("link", name="more").click()
    expect(tab.value.get_by_role("heading", name="Inboxes")).to_be_visible()
    (click,) = [one for one in site.asked if one.path.startswith("/go")]
    assert "Chrome" in click.headers["User-Agent"]
    tab.value.close()

    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("status")).to_have_text("The sender's server was told to unsubscribe this reader.")
    assert [one.body for one in site.asked if one.method == "POST"] == [b"List-Unsubscribe=One-Click"]

    page.get_by_label("Who reads it").select_option("eve@elsewhere.example")
    page.get_by_label("Your answer").fill("With pleasure")
    page.get_by_role("button", name="Reply").click()
    expect(page.get_by_role("status")).to_have_text("The answer is in the sender's mailbox.")
    page.get_by_role("button", name="Out of office").click()
    for kind in ("Bounce this", "Mailbox full", "Blocked", "Delayed", "Forged bounce"):
        page.get_by_role("button", name=kind).click()
        expect(page.get_by_role("status")).to_have_text(SAYS)
    accessible(page)
    assert wide(page) == 0

    received = sender_account.found("in:inbox")[::-1]
    senders = [sender_account.header(id_, "From") for id_ in received]
    assert senders[:2] == ["eve@elsewhere.example", "Bo Ek <bo@elsewhere.example>"]
    assert senders[2:] == ["Mail Delivery Subsystem <mailer-daemon@googlemail.com>"] * 5
    assert [sender_account.header(id_, "Auto-Submitted") for id_ in received[:2]] == [None, "auto-replied"]

    opened(page, google, "ada@example.com")
    accessible(page)


def test_an_inbox_can_show_pictures_always_as_gmail_does(
    page: Page, google: Google, sender_account: Account, site: Sender
) -> None:
    sender_account.sent(newsletter(site.url))
    opened(page, google, "grace@example.com")
    page.get_by_role("button", name="Always show").click()
    wait_until(lambda: len(site.paths("GET")) == 1)
    opened(page, google, "grace@example.com")
    wait_until(lambda: len(site.paths("GET")) == 2)
    page.get_by_role("button", name="Ask first").click()
    expect(page.get_by_role("button", name="Show images")).to_be_visible()
    assert len(site.paths("GET")) == 2
