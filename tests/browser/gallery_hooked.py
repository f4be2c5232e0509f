"""For the screenshots: triggers, and what came to them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser import hooked, people
from tests.browser.hooked import ORDER
from tests.browser.programs import LocalServer
from tests.e2e.journal import Journal

if TYPE_CHECKING:
    from tests.browser.gallery import Stage

FORM = {"scheme": "hmac", "hmac": {"header": "X-Signature", "timestamp_header": "X-Timestamp"}, "delay_seconds": 3600}


def prepare(server: LocalServer) -> None:
    """One that works, one that fails, and one whose account is lost."""
    journal, ada = Journal(), "ada@example.com"
    order = hooked.make(server, server.key, journal, account=ada, name="Order paid", filter="order.number != '7'")
    order.fire()
    order.fire({**ORDER, "order": {"number": "7"}})
    order.fire(secret="whsec_" + "A" * 32)
    order.fire({"order": {"number": "8"}})
    hooked.make(server, server.key, journal, account=ada, name="Contact form", enabled=False, **FORM)


def triggers(stage: "Stage") -> None:
    stage.open("/webhooks")


def trigger(stage: "Stage") -> None:
    triggers(stage)
    stage.page.get_by_role("link", name="Order paid").click()
    people.loaded(stage.page)


def script(stage: "Stage") -> None:
    trigger(stage)
    stage.page.get_by_role("button", name="Fire it from a terminal").click()
    expect(stage.page.locator("pre").first).to_be_visible()


def delivery(stage: "Stage") -> None:
    trigger(stage)
    stage.page.get_by_role("grid", name="What came").get_by_role("rowheader").get_by_role("link").first.click()
    expect(stage.page.get_by_role("dialog").get_by_label("Payload")).to_be_visible()


def rotation(stage: "Stage") -> None:
    trigger(stage)
    stage.page.get_by_role("button", name="More", exact=True).click()
    stage.page.get_by_role("menuitem", name="New secret").click()
    expect(stage.page.get_by_role("dialog")).to_be_visible()


def tester(stage: "Stage") -> None:
    trigger(stage)
    stage.page.get_by_role("button", name="Test", exact=True).click()
    people.loaded(stage.page)
    stage.page.get_by_role("button", name="Test", exact=True).click()
    expect(stage.page.frame_locator("iframe").get_by_text("thank you for order")).to_be_visible()


def recipe(stage: "Stage") -> None:
    stage.open("/webhooks/new/payment-failed")


def written(stage: "Stage") -> None:
    triggers(stage)
    stage.page.get_by_role("link", name="Contact form").click()
    stage.page.get_by_role("button", name="Edit").click()
    people.loaded(stage.page)


PAGES: dict[str, Callable[["Stage"], None]] = {
    "webhooks": triggers,
    "webhooks-trigger": trigger,
    "webhooks-script": script,
    "webhooks-delivery": delivery,
    "webhooks-rotate": rotation,
    "webhooks-test": tester,
    "webhooks-recipe": recipe,
    "webhooks-edit": written,
}
