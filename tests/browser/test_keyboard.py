"""Without a mouse: dialogs, menus and the forms where one writes."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import people, writing
from tests.browser.people import Person, notice
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch

FAR = 60  # Tabs; no way on a page is longer


@pytest.fixture
def sender(server: LocalServer, home: Page, token: str, ada: Person) -> Person:
    people.loaded(home)
    server.connect(token, ada.email)
    home.reload()
    people.loaded(home)
    return ada


def go(page: Page, target: Locator) -> None:
    for _ in range(FAR):
        if target.evaluate("one => one === document.activeElement || one.contains(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not come to {target}")


def test_settings_from_the_tabs_to_the_dialog_and_back(home: Page, sender: Person) -> None:
    go(home, home.get_by_role("tab", name="Accounts"))
    menu = home.get_by_role("button", name=f"More for {sender.email}")
    go(home, menu)
    home.keyboard.press("Enter")
    expect(home.get_by_role("menuitem", name="Settings")).to_be_focused()
    home.keyboard.press("Enter")
    dialog = home.get_by_role("dialog")
    expect(dialog).to_be_visible()
    inside = [
        dialog.get_by_label("Name"),
        dialog.get_by_label("Recipients in 24 hours"),
        dialog.get_by_role("switch", name="Record opens"),
        dialog.get_by_role("switch", name="Record clicks"),
        dialog.get_by_role("button", name="Cancel"),
        dialog.get_by_role("button", name="Save"),
    ]
    for one in inside:
        home.keyboard.press("Tab")
        expect(one).to_be_focused()
    home.keyboard.press("Tab")  # round again: the page behind is out of reach
    expect(inside[0]).to_be_focused()
    home.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(menu).to_be_focused()


def test_what_can_not_be_undone_begins_at_the_harmless_button(home: Page, sender: Person) -> None:
    menu = home.get_by_role("button", name=f"More for {sender.email}")
    go(home, menu)
    home.keyboard.press("Enter")
    expect(home.get_by_role("menuitem", name="Settings")).to_be_focused()
    home.keyboard.press("End")
    home.keyboard.press("Enter")
    dialog = home.get_by_role("alertdialog")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    home.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(menu).to_be_focused()


@pytest.mark.usefixtures("sender")
def test_a_message_is_written_formatted_sent_and_undone(home: Page) -> None:
    go(home, home.get_by_role("tab", name="Accounts"))
    home.keyboard.press("ArrowRight")
    home.keyboard.press("Enter")
    people.loaded(home)
    go(home, home.get_by_role("textbox", name="To", exact=True))
    home.keyboard.type("grace@example.com,")
    expect(home.get_by_role("row", name="grace@example.com")).to_be_visible()
    go(home, home.get_by_label("Subject", exact=True))
    home.keyboard.type("By keyboard")
    go(home, home.get_by_role("toolbar"))
    for _ in range(10):
        home.keyboard.press("ArrowRight")
        if writing.tool(home, "Bold").evaluate("one => one === document.activeElement"):
            break
    home.keyboard.press("Enter")
    expect(writing.editor(home)).to_be_focused()
    home.keyboard.type("Strong")
    expect(writing.editor(home).locator("strong")).to_have_text("Strong")
    home.keyboard.press("Tab")  # out of the text
    expect(writing.editor(home)).not_to_be_focused()
    go(home, home.get_by_role("button", name="Send", exact=True))
    home.keyboard.press("Enter")
    expect(home.get_by_role("button", name="Undo", exact=True)).to_be_focused()
    home.keyboard.press("Enter")
    expect(notice(home)).to_contain_text("Not sent. Here it is again.")
    expect(notice(home)).to_be_focused()
    expect(writing.editor(home)).to_have_text("Strong")


@pytest.mark.usefixtures("sender")
def test_the_source_of_a_template_can_be_left_with_tab(server: LocalServer, home: Page, watch: Watch) -> None:
    watch.expect("400 /api/gmail/templates/preview/")  # of what is half typed, on a slow machine
    writing.place(home, server, "/templates/new")
    go(home, home.get_by_role("tab", name="Write"))
    home.keyboard.press("ArrowRight")
    home.keyboard.press("Enter")
    source = home.get_by_label("HTML source")
    go(home, source)
    home.keyboard.type("<p>Hello {{ name }}</p>")
    home.keyboard.press("Tab")
    expect(source).not_to_be_focused()
    expect(source).to_have_value("<p>Hello {{ name }}</p>")
