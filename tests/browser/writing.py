"""What people do where messages and templates are written."""

import base64
import time
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser import people
from tests.browser.people import Person
from tests.browser.programs import LocalServer

SENT_WITHIN = 60  # seconds; the ones in which it could be undone among them
# A red square of 8 by 8 pixels.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGNYoSCFFTEMLQkAN5I4gUGwccIAAAAASUVORK5CYII="
)


def place(page: Page, server: LocalServer, path: str) -> None:
    page.goto(f"{server.url}/#{path}")
    people.loaded(page)


def compose(page: Page, server: LocalServer, sender: Person, *, to: str, subject: str) -> None:
    """A message of `sender`, up to its text."""
    place(page, server, "/compose")
    choose(page, "Account", sender.email)
    recipient(page, "To", to)
    page.get_by_label("Subject", exact=True).fill(subject)


def recipient(page: Page, field: str, address: str) -> None:
    page.get_by_role("textbox", name=field, exact=True).fill(address)
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name=address)).to_be_visible()


def choose(page: Page, field: str, option: str) -> None:
    found = page.get_by_role("button", name=field)
    found.click()
    page.get_by_role("option", name=option, exact=True).click()


def editor(page: Page, name: str = "Message") -> Locator:
    return page.get_by_role("textbox", name=name, exact=True)


def write(page: Page, text: str, name: str = "Message") -> None:
    editor(page, name).click()
    page.keyboard.type(text)


def tool(page: Page, name: str) -> Locator:
    return page.get_by_role("toolbar").get_by_role("button", name=name, exact=True)


def drop(target: Locator, *files: Path) -> None:
    """As from the machine's own file manager: through the browser's drag and drop, not by an event of the page's."""
    page = target.page
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    data = {"items": [], "files": [str(one) for one in files], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})
    session.detach()


def going_out(page: Page) -> Locator:
    return page.get_by_role("progressbar", name="goes out in a moment")


def undo(page: Page) -> None:
    expect(going_out(page)).to_be_visible()  # the editor's button of that name is gone
    page.get_by_role("button", name="Undo", exact=True).click()


def variable(page: Page, name: str) -> None:
    """A chip, where the cursor is."""
    tool(page, "Variable").click()
    page.get_by_role("menuitem", name=name, exact=True).click()


def sent(server: LocalServer, token: str, subject: str) -> EmailMessage:
    """The message of that subject, as Gmail got it, once it has it."""
    end = time.monotonic() + SENT_WITHIN
    while time.monotonic() < end:
        sends = server.call("GET", "/api/gmail/history/?status=sent", token).json()["sends"]
        found = next((send["id"] for send in sends if send["subject"] == subject), None)
        if found:
            mime = server.call("GET", f"/api/gmail/history/{found}/?include=mime", token).json()["mime"]
            return message_from_string(mime, policy=policy.default)
        time.sleep(0.1)
    raise AssertionError(f"{subject!r} was not sent")


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).strip()
