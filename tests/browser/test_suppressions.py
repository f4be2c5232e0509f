"""The Suppressions section, as people use it: look, add, remove, bring a list and take it along."""

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.people import Person, loaded, notice
from tests.browser.programs import LocalServer
from tests.browser.test_history import visit
from tests.browser.watch import Watch, accessible


def row(page: Page, address: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=address, exact=True))


def addresses(server: LocalServer, token: str) -> list[str]:
    found = server.call("GET", "/api/gmail/suppressions/", token).json()["suppressions"]
    return sorted(one["address"] for one in found)


def test_an_address_is_added_and_removed(server: LocalServer, home: Page, token: str) -> None:
    loaded(home)
    visit(home, "/suppressions")
    expect(home.get_by_text("Nobody is on the list.")).to_be_visible()
    home.get_by_role("button", name="Add an address").click()
    home.get_by_label("Address", exact=True).last.fill("Bo@Elsewhere.example")
    home.get_by_label("Note").fill("asked by phone")
    accessible(home)
    home.get_by_role("button", name="Add", exact=True).click()
    expect(notice(home)).to_contain_text("gets no more mail.")
    expect(row(home, "bo@elsewhere.example")).to_contain_text("added by you")
    expect(row(home, "bo@elsewhere.example")).to_contain_text("asked by phone")
    accessible(home)

    home.get_by_role("button", name="Remove bo@elsewhere.example").click()
    accessible(home)
    home.get_by_role("button", name="Keep it").click()
    assert addresses(server, token) == ["bo@elsewhere.example"]
    home.get_by_role("button", name="Remove bo@elsewhere.example").click()
    home.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    expect(notice(home)).to_contain_text("bo@elsewhere.example is off the list.")
    expect(home.get_by_text("Nobody is on the list.")).to_be_visible()
    assert addresses(server, token) == []


def test_an_address_that_is_none_is_said_beside_the_field(home: Page, watch: Watch) -> None:
    loaded(home)
    visit(home, "/suppressions")
    home.get_by_role("button", name="Add an address").click()
    field = home.get_by_role("dialog").get_by_label("Address")
    field.fill("b..o@elsewhere.example")
    watch.expect("400 /api/gmail/suppressions/")
    home.get_by_role("button", name="Add", exact=True).click()
    expect(field).to_have_attribute("aria-invalid", "true")


def test_whoever_bounced_links_to_the_message_and_removing_warns(
    server: LocalServer, home: Page, token: str, ada: Person
) -> None:
    loaded(home)
    server.connect(token, ada.email)
    sent = server.send(token, to=["nobody@elsewhere.example"], subject="Hello there").json()
    google = server.google
    google.http.post(f"{google.url}/sandbox/messages/{sent['gmail_message_id']}/bounce", json={"kind": "hard"})
    visit(home, "/suppressions")
    found = row(home, "nobody@elsewhere.example")
    for _ in range(100):
        if found.count():
            break
        home.wait_for_timeout(250)
        home.reload()
        loaded(home)
    expect(found).to_contain_text("bounced")
    home.get_by_role("button", name="Remove nobody@elsewhere.example").click()
    expect(home.get_by_role("alertdialog")).to_contain_text("came back for good")
    home.get_by_role("button", name="Keep it").click()
    found.get_by_role("link", name="the message").click()
    expect(home.get_by_role("heading", name="Hello there")).to_be_visible()


def test_a_list_is_imported_found_and_exported(server: LocalServer, home: Page, token: str) -> None:
    loaded(home)
    visit(home, "/suppressions")
    home.get_by_role("button", name="Import").click()
    home.get_by_label("Or paste it").fill("address,reason\na@elsewhere.example,unsubscribed\nb@elsewhere.example,\n")
    accessible(home)
    home.get_by_role("dialog").get_by_role("button", name="Import").click()
    expect(notice(home)).to_contain_text("2 rows: 2 new, 0 changed, 0 as before.")

    home.get_by_role("button", name="Import").click()
    with home.expect_file_chooser() as chooser:
        home.get_by_role("button", name="Choose a file").click()
    content = b'{"address": "b@elsewhere.example"}\n{"address": "c@elsewhere.example"}\n'
    chooser.value.set_files({"name": "list.ndjson", "mimeType": "application/x-ndjson", "buffer": content})
    expect(home.get_by_text("list.ndjson")).to_be_visible()
    home.get_by_role("dialog").get_by_role("button", name="Import").click()
    expect(notice(home)).to_contain_text("2 rows: 1 new, 0 changed, 1 as before.")
    assert addresses(server, token) == ["a@elsewhere.example", "b@elsewhere.example", "c@elsewhere.example"]

    home.get_by_role("searchbox", name="Address").fill("A@elsewhere.example")
    expect(home.get_by_role("rowheader")).to_have_text(["a@elsewhere.example"])
    home.get_by_role("searchbox", name="Address").fill("")
    home.get_by_role("button", name="Reason").click()
    home.get_by_role("option", name="added by you").click()
    expect(home.get_by_role("rowheader")).to_have_text(["c@elsewhere.example", "b@elsewhere.example"])
    home.get_by_role("button", name="More", exact=True).click()
    with home.expect_download() as download:
        home.get_by_role("menuitem", name="Export as CSV").click()
    text = Path(download.value.path()).read_text()
    assert "c@elsewhere.example" in text
    assert "a@elsewhere.example" not in text


def test_wrong_lines_are_named_and_nothing_is_imported(
    server: LocalServer, home: Page, token: str, watch: Watch
) -> None:
    loaded(home)
    visit(home, "/suppressions")
    home.get_by_role("button", name="Import").click()
    home.get_by_role("dialog").get_by_role("button", name="Import").click()
    expect(home.get_by_text("Choose a file, or paste addresses.")).to_be_visible()
    home.get_by_label("Or paste it").fill("address\na@elsewhere.example\nnone at all\n")
    watch.expect("400 /api/gmail/suppressions/")
    home.get_by_role("dialog").get_by_role("button", name="Import").click()
    expect(home.get_by_role("alert")).to_contain_text("Line 3")
    accessible(home)
    assert addresses(server, token) == []
