"""The Events section, as people use it: endpoints, their secrets, what was delivered, and to a real receiver."""

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Person, loaded, notice
from tests.browser.programs import LocalServer
from tests.browser.test_history import visit
from tests.browser.watch import Watch, accessible
from tests.e2e.issuer import Issuer
from tests.e2e.journal import Journal
from tests.e2e.receiver import Receiver, answers


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, journal: Journal, issuer: Issuer, receiver: Receiver
) -> Iterator[LocalServer]:
    """One that may call this receiver, though it is on this machine."""
    started = LocalServer(
        tmp_path_factory.mktemp("events"),
        journal,
        AUTH_ISSUERS=f"{issuer.url}=tests",
        ENDPOINTS_ALLOW=receiver.place,
    )
    yield started
    started.stop()


@pytest.fixture
def path() -> str:
    """Of the receiver, for this test alone."""
    return f"/{uuid.uuid4().hex}"


def create(page: Page, url: str, journal: Journal) -> str:
    """Through the pages; the secret, as it was shown."""
    page.get_by_role("button", name="Add an endpoint").click()
    page.get_by_label("URL").fill(url)
    page.get_by_role("button", name="Add", exact=True).click()
    return take_secret(page, journal)


def take_secret(page: Page, journal: Journal) -> str:
    shown = page.get_by_role("alertdialog", name="The signing secret")
    secret = shown.get_by_role("group", name="Secret").locator("code").inner_text()
    journal.secret(secret)
    accessible(page)
    shown.get_by_role("button", name="I have it").click()
    return secret


def test_an_endpoint_is_made_tested_and_hears_what_happens(
    server: LocalServer, home: Page, token: str, ada: Person, receiver: Receiver, path: str, journal: Journal
) -> None:
    loaded(home)
    server.connect(token, ada.email)
    visit(home, "/events")
    expect(home.get_by_text("No endpoint yet.")).to_be_visible()
    home.get_by_role("button", name="Add an endpoint").click()
    home.get_by_label("URL").fill(receiver.url(path))
    home.get_by_role("switch", name="Everything").press("Space")
    home.get_by_role("button", name="Add", exact=True).click()
    expect(home.get_by_text("Choose at least one.")).to_be_visible()
    home.get_by_role("checkbox", name=re.compile("^send.sent")).press("Space")
    accessible(home)
    home.get_by_role("button", name="Add", exact=True).click()
    secret = take_secret(home, journal)
    receiver.secrets[path] = [secret]
    expect(home.get_by_role("heading", name=receiver.url(path))).to_be_visible()

    home.get_by_role("button", name="Send a test").click()
    expect(notice(home)).to_contain_text("The test arrived: 204")
    assert receiver.wait(path)[0].verified == 1
    expect(home.get_by_role("row", name="test")).to_contain_text("delivered")

    server.send(token, subject="Told")
    assert receiver.wait(path, 2)[1].type == "send.sent"
    home.reload()
    home.get_by_role("link", name="send.sent").click()
    shown = home.get_by_role("dialog", name="send.sent")
    expect(shown).to_contain_text('"subject": "Told"')
    accessible(home)
    shown.get_by_role("button", name="Deliver again").click()
    expect(notice(home)).to_contain_text("It is delivered again")
    again = receiver.wait(path, 3)
    assert again[2].id == again[1].id
    expect(home.get_by_text(secret)).to_have_count(0)
    accessible(home)


def test_a_secret_is_replaced_and_both_sign_for_a_while(
    home: Page, receiver: Receiver, path: str, journal: Journal
) -> None:
    loaded(home)
    visit(home, "/events")
    old = create(home, receiver.url(path), journal)
    home.get_by_role("button", name="More", exact=True).click()
    home.get_by_role("menuitem", name="New secret").click()
    accessible(home)
    home.get_by_role("button", name="Make a new secret").click()
    expect(home.get_by_role("alertdialog")).to_contain_text("The old secret signs as well until")
    new = take_secret(home, journal)
    assert new != old
    receiver.secrets[path] = [old, new]
    home.get_by_role("button", name="Send a test").click()
    expect(notice(home)).to_contain_text("The test arrived")
    assert receiver.wait(path)[0].verified == 2


def test_an_endpoint_that_is_gone_is_disabled_says_why_and_is_turned_on_again(
    server: LocalServer, home: Page, token: str, ada: Person, receiver: Receiver, path: str, journal: Journal
) -> None:
    loaded(home)
    server.connect(token, ada.email)
    visit(home, "/events")
    create(home, receiver.url(path), journal)
    receiver.acts[path] = [answers(410, b"gone")]
    server.send(token)
    receiver.wait(path)
    disabled = home.get_by_text("off", exact=True)
    for _ in range(100):
        home.reload()
        loaded(home)
        if disabled.count():
            break
        home.wait_for_timeout(250)
    expect(home.get_by_text("410").first).to_be_visible()
    accessible(home)
    home.get_by_role("button", name="Send a test").click()
    expect(notice(home)).to_contain_text("The test did not arrive: it answered 410.")
    home.get_by_role("button", name="Turn on").click()
    expect(notice(home)).to_contain_text("The endpoint is on.")
    expect(home.get_by_text("on", exact=True)).to_be_visible()


def test_an_endpoint_is_edited_and_deleted(
    server: LocalServer, home: Page, token: str, receiver: Receiver, path: str, journal: Journal
) -> None:
    loaded(home)
    visit(home, "/events")
    create(home, receiver.url(path), journal)
    home.get_by_role("button", name="Edit").click()
    home.get_by_label("URL").fill(receiver.url(f"{path}/moved"))
    home.get_by_role("button", name="Save").click()
    expect(notice(home)).to_contain_text("The endpoint is saved.")
    expect(home.get_by_role("heading", name=receiver.url(f"{path}/moved"))).to_be_visible()
    home.get_by_role("button", name="More", exact=True).click()
    home.get_by_role("menuitem", name="Delete").click()
    home.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(notice(home)).to_contain_text("The endpoint is deleted.")
    expect(home.get_by_text("No endpoint yet.")).to_be_visible()
    assert server.call("GET", "/api/gmail/endpoints/", token).json()["endpoints"] == []


def test_a_url_that_is_not_allowed_is_said_beside_the_field(home: Page, watch: Watch) -> None:
    loaded(home)
    visit(home, "/events")
    home.get_by_role("button", name="Add an endpoint").click()
    home.get_by_label("URL").fill("http://192.168.1.1/")
    watch.expect("400 /api/gmail/endpoints/")
    home.get_by_role("button", name="Add", exact=True).click()
    expect(home.get_by_label("URL")).to_have_attribute("aria-invalid", "true")
