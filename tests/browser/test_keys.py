"""The API keys section, as people use it: make, see once, revoke."""

import re

from playwright.sync_api import Page, expect

from tests.browser.people import Person, loaded, notice
from tests.browser.programs import LocalServer
from tests.browser.test_history import visit
from tests.browser.watch import Watch, accessible
from tests.e2e.journal import Journal


def test_a_key_is_made_shown_once_used_and_revoked(
    server: LocalServer, home: Page, token: str, ada: Person, journal: Journal
) -> None:
    loaded(home)
    server.connect(token, ada.email)
    home.reload()
    loaded(home)
    visit(home, "/keys")
    expect(home.get_by_text("No key yet.")).to_be_visible()
    home.get_by_role("button", name="Make a key").click()
    home.get_by_label("Name").fill("Reports")
    home.get_by_role("checkbox", name=re.compile("^send")).press("Space")
    home.get_by_role("button", name="Make the key").click()
    expect(home.get_by_text("Choose at least one.")).to_be_visible()
    home.get_by_role("checkbox", name=re.compile("^read")).press("Space")
    home.get_by_role("switch", name="Only some accounts").press("Space")
    home.get_by_role("checkbox", name=ada.email).press("Space")
    home.get_by_role("button", name="Expires").click()
    home.get_by_role("option", name="in 30 days").click()
    accessible(home)
    home.get_by_role("button", name="Make the key").click()

    shown = home.get_by_role("alertdialog", name="The new key")
    key = shown.get_by_role("group", name="API key").locator("code").inner_text()
    journal.secret(key)
    assert key.startswith("gmk_")
    expect(shown).to_contain_text("It is shown this once")
    accessible(home)
    home.mouse.click(5, 5)  # beside it: that does not close what is shown only once
    expect(shown).to_be_visible()
    shown.get_by_role("button", name="I have it").click()
    assert server.call("GET", "/api/gmail/history/", key).status_code == 200
    assert server.send(key).json()["code"] == "forbidden"

    row = home.get_by_role("row", name="Reports")
    expect(row).to_contain_text("read")
    expect(row).to_contain_text(ada.email)
    expect(home.get_by_text(key)).to_have_count(0)
    accessible(home)

    home.get_by_role("button", name="Revoke Reports").click()
    accessible(home)
    home.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    expect(notice(home)).to_contain_text("Reports is revoked.")
    expect(home.get_by_text("No key yet.")).to_be_visible()
    assert server.call("GET", "/api/gmail/history/", key).status_code == 401


def test_a_key_can_be_copied(home: Page, journal: Journal) -> None:
    home.context.grant_permissions(["clipboard-read", "clipboard-write"])
    loaded(home)
    visit(home, "/keys")
    home.get_by_role("button", name="Make a key").click()
    home.get_by_label("Name").fill("Copied")
    home.get_by_role("button", name="Make the key").click()
    field = home.get_by_role("group", name="API key")
    field.get_by_role("button", name="Copy").click()
    expect(field.get_by_role("button", name="Copied")).to_be_visible()
    copied = home.evaluate("navigator.clipboard.readText()")
    journal.secret(copied)
    assert copied == field.locator("code").inner_text()


def test_an_api_key_is_told_that_it_can_not_look_at_keys(
    server: LocalServer, page: Page, token: str, journal: Journal, watch: Watch
) -> None:
    made = server.call("POST", "/api/gmail/keys/", token, json={"name": "reader", "scopes": ["read"]}).json()
    journal.secret(made["key"])
    watch.expect("403 /api/gmail/keys/")
    page.goto(f"{server.url}/#key={made['key']}")
    loaded(page)
    visit(page, "/keys")
    expect(page.get_by_text("An API key can't look at keys.")).to_be_visible()
    expect(page.get_by_role("button", name="Make a key")).to_have_count(0)
