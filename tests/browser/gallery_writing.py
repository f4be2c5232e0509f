"""For the screenshots: where messages and templates are written."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser import writing
from tests.browser.programs import LocalServer

if TYPE_CHECKING:
    from tests.browser.gallery import Stage

HTML = (
    "<h2>Thank you, {{ name }}!</h2><p>Your order <strong>{{ number }}</strong> is on its way. {% if gift %}We have "
    'wrapped it.{% endif %}</p><ul>{% for book in books %}<li>{{ book }}</li>{% endfor %}</ul><p><a href="{{ url }}">'
    "Follow it</a></p>"
)
ORDER: dict[str, object] = {
    "name": "Order confirmation",
    "subject": "Your order {{ number }}",
    "preheader": "It is on its way",
    "html": HTML,
    "variables": [
        {"key": "name", "fallback": "dear customer", "sample": "Ada"},
        {"key": "number", "type": "number", "sample": 1042},
        {"key": "gift", "type": "boolean", "required": False, "sample": True},
        {"key": "books", "type": "list", "sample": ["Emma", "Middlemarch"]},
        {"key": "url", "sample": "https://shop.example/orders/1042"},
    ],
}


def prepare(server: LocalServer) -> None:
    made = _template(server, ORDER)
    server.call("POST", f"/api/gmail/templates/{made}/publish/")
    changed = {**ORDER, "html": HTML.replace("on its way", "on its way to you")}
    server.call("PUT", f"/api/gmail/templates/{made}/", json=changed)
    _template(server, {"name": "Invitation", "subject": "Come", "html": "<p>You are invited.</p>"})


def _template(server: LocalServer, body: dict[str, object]) -> str:
    return str(server.call("POST", "/api/gmail/templates/", json=body).json()["id"])


def compose(stage: "Stage") -> None:
    page = stage.page
    stage.open("/compose")
    writing.recipient(page, "To", "Grace Hopper <grace@example.com>")
    page.get_by_label("Subject", exact=True).fill("Notes on the Analytical Engine")
    writing.write(page, "Dear Grace,")
    page.keyboard.press("Enter")
    page.keyboard.type("the Analytical Engine weaves algebraical patterns.")
    writing.tool(page, "Picture").click()
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Choose a file").click()
    chosen.value.set_files({"name": "loom.png", "mimeType": "image/png", "buffer": writing.PNG})
    page.get_by_text("Send later", exact=True).click()
    expect(page.get_by_role("progressbar")).to_have_count(0)


def compose_template(stage: "Stage") -> None:
    page = stage.page
    stage.open("/compose")
    page.evaluate("sessionStorage.removeItem('gmail-integration-compose')")
    template = _order(stage)
    stage.open(f"/compose?template={template}")
    expect(page.get_by_role("group", name="What the template asks for")).to_be_visible()


def templates(stage: "Stage") -> None:
    stage.open("/templates")


def template(stage: "Stage") -> None:
    stage.open(f"/templates/{_order(stage)}")
    expect(writing.editor(stage.page, "Content")).to_be_visible()
    # A frame that is out of sight draws nothing, and does not know its height.
    frame = stage.page.locator("iframe")
    frame.scroll_into_view_if_needed()
    expect(frame).not_to_have_css("height", "160px")


def template_variables(stage: "Stage") -> None:
    template(stage)
    stage.page.get_by_role("tab", name="Variables", exact=True).click()


def template_versions(stage: "Stage") -> None:
    template(stage)
    stage.page.get_by_role("tab", name="Versions", exact=True).click()
    expect(stage.page.locator("ins")).to_be_visible()


def _order(stage: "Stage") -> str:
    found = stage.server.call("GET", "/api/gmail/templates/").json()["templates"]
    return str(next(one["id"] for one in found if one["name"] == ORDER["name"]))


PAGES: dict[str, Callable[["Stage"], None]] = {
    "compose": compose,
    "compose-template": compose_template,
    "templates": templates,
    "template": template,
    "template-variables": template_variables,
    "template-versions": template_versions,
}
