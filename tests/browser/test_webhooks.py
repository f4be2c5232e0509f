"""Triggers: made, fired, tried out, given another secret, replayed."""

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import hooked, people, writing
from tests.browser.hooked import ORDER, Hook
from tests.browser.people import Person, notice
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch, accessible
from tests.e2e.journal import Journal

Make = Callable[..., Hook]


@pytest.fixture
def connected(server: LocalServer, token: str, ada: Person) -> Person:
    server.connect(token, ada.email)
    return ada


@pytest.fixture
def hook(server: LocalServer, token: str, journal: Journal, connected: Person) -> Make:  # noqa: ARG001 - sends from it
    return lambda **changed: hooked.make(server, token, journal, **changed)


@pytest.fixture
def section(server: LocalServer, page: Page, token: str, connected: Person) -> Page:  # noqa: ARG001 - as above
    page.goto(f"{server.url}/#key={token}")
    people.loaded(page)
    page.get_by_role("tab", name="Webhooks").click()
    people.loaded(page)
    return page


def choose(page: Page | Locator, field: str, option: str) -> None:
    page.get_by_role("button", name=field).click()
    inside = page if isinstance(page, Page) else page.page
    inside.get_by_role("option", name=option, exact=True).click()


def secret_shown(page: Page, journal: Journal) -> str:
    dialog = page.get_by_role("alertdialog", name="The trigger's secret")
    expect(dialog).to_be_visible()
    return hooked.kept(journal, dialog.get_by_role("group", name="Secret", exact=True).locator("code").inner_text())


def value(page: Page, group: str) -> str:
    return page.get_by_role("group", name=group, exact=True).locator("code").inner_text()


def deliveries(page: Page) -> Locator:
    return page.get_by_role("grid", name="What came").get_by_role("row")


def more(page: Page, action: str) -> None:
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name=action).click()


def test_a_trigger_is_made_and_fired_and_its_mail_arrives(
    server: LocalServer, section: Page, token: str, journal: Journal
) -> None:
    page = section
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(page.get_by_text("No trigger yet.")).to_be_visible()
    page.get_by_role("button", name="Start with: An empty trigger").click()
    page.get_by_label("Name").fill("Order paid")
    choose(page, "Made of", "Written here")
    page.get_by_label("Subject").fill("Order {{ number }}")
    for name, path in (("number", "order.number"), ("name", "customer.name")):
        page.get_by_role("button", name="Add a variable").click()
        page.get_by_role("textbox", name="Variable", exact=True).last.fill(name)
        page.get_by_label("Path in the payload").last.fill(path)
    writing.write(page, "Dear ", "Content")
    writing.variable(page, "name")
    page.keyboard.type(", thank you.")
    accessible(page)
    page.get_by_role("tab", name="HTML", exact=True).click()
    source = page.get_by_label("HTML source")
    expect(source).to_have_value("<p>Dear {{ name }}, thank you.</p>")
    source.fill("<p>Dear <b>{{ name }}</b>, thank you.</p>")
    page.get_by_role("tab", name="Write", exact=True).click()
    expect(writing.editor(page, "Content").locator("strong, b")).to_contain_text("name")
    choose(page, "Where “To” comes from", "From the payload")
    page.get_by_label("To", exact=True).fill("customer.email")
    expect(page.get_by_text("Whoever signs decides what stands in the payload")).to_be_visible()
    page.get_by_role("textbox", name="Allowed domains").fill("example.com")
    page.get_by_role("button", name="Make the trigger").click()

    secret = secret_shown(page, journal)
    shown = page.get_by_role("alertdialog")
    shown.get_by_role("group", name="Secret", exact=True).get_by_role("button").click()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.keyboard.press("Escape")  # by mistake: the secret would be gone
    shown.get_by_role("button", name="I have it").click()
    expect(notice(page)).to_contain_text("The trigger is made.")
    people.loaded(page)
    assert secret not in page.content()
    expect(page.get_by_text("Nothing has come yet.")).to_be_visible()

    answer = hooked.fire(value(page, "URL"), secret, ORDER)
    assert answer.status_code == 202
    hooked.settled(server, token, answer.json()["send"])
    page.get_by_role("button", name="Refresh").click()
    row = deliveries(page).nth(1)
    expect(row).to_contain_text("accepted")
    row.get_by_role("rowheader").get_by_role("link").click()
    dialog = page.get_by_role("dialog", name="Webhook")
    expect(dialog.get_by_label("Payload")).to_contain_text('"number": "1042"')
    dialog.get_by_role("link", name="See the message").click()
    expect(page.get_by_role("heading", name="Order 1042")).to_be_visible()
    people.loaded(page)
    page.goto(f"{server.google.url}/inbox/grace@example.com")
    expect(page.get_by_text("Order 1042").first).to_be_visible()


def test_a_trigger_that_is_not_saved_outlives_another_section_and_a_reload_until_it_is_cancelled(section: Page) -> None:
    page = section
    page.get_by_role("button", name="Start with: An empty trigger").click()
    name = page.get_by_label("Name")
    name.fill("Half a trigger")
    page.get_by_role("tab", name="Accounts").click()
    people.loaded(page)
    page.get_by_role("tab", name="Webhooks").click()
    page.get_by_role("button", name="Start with: An empty trigger").click()
    expect(name).to_have_value("Half a trigger")
    expect(notice(page)).to_contain_text("This is what you had not saved yet.")
    page.reload()
    people.loaded(page)
    expect(name).to_have_value("Half a trigger")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Start with: An empty trigger").click()
    expect(name).to_have_value("")


def test_what_is_wrong_with_a_trigger_stands_at_its_fields(section: Page, watch: Watch) -> None:
    page = section
    page.get_by_role("button", name="Start with: An empty trigger").click()
    page.get_by_label("Name").fill("Broken")
    choose(page, "Made of", "Written here")
    page.get_by_label("Subject").fill("Hello {{ name }}")
    writing.write(page, "Hello", "Content")
    page.get_by_role("button", name="Add a variable").click()
    page.get_by_role("textbox", name="Variable", exact=True).fill("name")
    page.get_by_label("Path in the payload").fill("customer..name")
    page.get_by_label("Filter").fill("type ==")
    page.get_by_label("To", exact=True).fill("nobody")
    page.get_by_label("Delay").fill("40")
    choose(page, "Unit", "days")
    watch.expect("400 /api/gmail/triggers/")
    page.get_by_role("button", name="Make the trigger").click()
    for field in ("To", "Delay"):
        expect(page.get_by_label(field, exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("To", exact=True)).to_be_focused()
    accessible(page)

    page.get_by_label("Delay").fill("")
    choose(page, "Where “To” comes from", "From the payload")
    page.get_by_label("To", exact=True).fill("customer.email")
    page.get_by_role("button", name="Make the trigger").click()
    domains = page.get_by_role("textbox", name="Allowed domains")
    expect(domains).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("needs a domain that is allowed").first).to_be_visible()

    # What is of the right shape is looked into.
    domains.fill("example.com")
    page.get_by_role("button", name="Make the trigger").click()
    for field in ("Filter", "Path in the payload"):
        expect(page.get_by_label(field, exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Filter")).to_be_focused()


def test_a_recipe_brings_its_template_along(
    server: LocalServer, section: Page, token: str, journal: Journal, watch: Watch
) -> None:
    page = section
    page.get_by_role("button", name="Start with: A contact form").click()
    expect(page.get_by_label("Filter")).to_have_value("type == 'contact.submitted' && data.message")
    expect(page.get_by_label("message", exact=True)).to_have_value("data.message")
    accessible(page)
    # The first time, it is refused; the template is there then, and not made again.
    watch.expect("400 /api/gmail/triggers/")
    page.get_by_role("button", name="Make the trigger").click()
    expect(page.get_by_label("To", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("To", exact=True).fill("team@example.com")
    page.get_by_role("button", name="Make the trigger").click()
    secret = secret_shown(page, journal)
    page.get_by_role("button", name="I have it").click()
    (template,) = server.call("GET", "/api/gmail/templates/", token).json()["templates"]
    assert (template["name"], template["status"]) == ("Contact form", "published")
    expect(page.get_by_role("link", name="Contact form")).to_be_visible()
    form = {"name": "Grace", "email": "grace@example.com", "message": "Hello"}
    receipt = hooked.fire(value(page, "URL"), secret, {"type": "contact.submitted", "data": form}).json()
    sent = hooked.settled(server, token, receipt["send"])
    assert (sent["status"], sent["subject"]) == ("sent", "Grace wrote through the form")
    assert [one["email"] for one in sent["to"]] == ["team@example.com"]


def test_a_payload_is_tried_out_and_nothing_is_sent(server: LocalServer, section: Page, token: str, hook: Make) -> None:
    page, made = section, hook()
    page.goto(f"{made.place}/test")
    people.loaded(page)
    payload = page.get_by_label("JSON")
    assert json.loads(payload.input_value())["customer"] == {"name": "name", "email": "grace@example.com"}
    result = page.get_by_role("region", name="What it would make")
    payload.fill("{")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(payload).to_have_attribute("aria-invalid", "true")

    payload.fill(json.dumps(ORDER))
    page.get_by_role("button", name="Test", exact=True).click()
    expect(result).to_contain_text("A message would go out.")
    expect(result).to_contain_text('"1042"')
    expect(result).to_contain_text("grace@example.com")
    expect(result.get_by_text("Order 1042")).to_be_visible()
    expect(page.frame_locator("iframe").get_by_text("Dear Grace, thank you for order 1042.")).to_be_visible()
    accessible(page)

    payload.fill(json.dumps({**ORDER, "customer": {"name": "Mallory", "email": "mallory@elsewhere.example"}}))
    page.get_by_role("button", name="Test", exact=True).click()
    expect(result).to_contain_text("No message can be made of it.")
    expect(result.get_by_role("definition").filter(has_text="elsewhere.example")).to_be_visible()
    accessible(page)
    assert server.call("GET", f"/api/gmail/history/?trigger={made.id}", token).json()["sends"] == []


def test_a_recorded_webhook_and_its_signature_are_tried_out(section: Page, hook: Make) -> None:
    page, made = section, hook(filter="order.number == '1042'")
    made.fired({**ORDER, "order": {"number": "7"}})
    page.goto(made.place)
    people.loaded(page)
    expect(deliveries(page).nth(1)).to_contain_text("not wanted")
    deliveries(page).nth(1).get_by_role("rowheader").get_by_role("link").click()
    page.get_by_role("dialog").get_by_role("button", name="Test with it").click()
    people.loaded(page)
    page.get_by_role("button", name="Test", exact=True).click()
    result = page.get_by_role("region", name="What it would make")
    expect(result).to_contain_text("The filter does not want it: nothing would be sent.")

    choose(page, "Payload", "Written here")
    page.get_by_label("JSON").fill(json.dumps(ORDER))
    page.get_by_role("button", name="With its signature").click()
    page.get_by_label("Headers as they came").fill(
        "webhook-id: msg_1\nwebhook-timestamp: 1\nwebhook-signature: v1,eA=="
    )
    page.get_by_role("button", name="Test", exact=True).click()
    expect(result).to_contain_text("The signature does not hold.")
    expect(page.get_by_label("Headers as they came")).to_have_attribute("aria-invalid", "true")


def test_another_secret_takes_over_while_the_old_one_is_still_good(section: Page, hook: Make, journal: Journal) -> None:
    page, made = section, hook()
    page.goto(made.place)
    people.loaded(page)
    more(page, "New secret")
    choose(page, "The old one is still good for", "an hour")
    accessible(page)
    page.get_by_role("button", name="Change the secret").click()
    secret = secret_shown(page, journal)
    expect(page.get_by_role("alertdialog")).to_contain_text("The old secret is good as well until")
    page.get_by_role("button", name="Fire it from a terminal").last.click()
    accessible(page)
    page.get_by_role("button", name="I have it").click()
    assert secret != made.secret
    assert [made.fire(secret=one).status_code for one in (secret, made.secret)] == [202, 202]


@pytest.mark.parametrize("leaves", [False, True])
def test_a_secret_that_is_being_made_is_shown_whatever_one_does_meanwhile(
    section: Page, hook: Make, journal: Journal, leaves: bool
) -> None:
    page, made = section, hook()
    held: list[Route] = []
    page.route(f"**/api/gmail/triggers/{made.id}/secrets/", lambda route: held.append(route))
    page.goto(made.place)
    people.loaded(page)
    more(page, "New secret")
    dialog = page.get_by_role("dialog", name="A new secret")
    page.get_by_role("button", name="Change the secret").click()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_disabled()
    page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    expect(dialog).to_be_visible()
    accessible(page)
    if leaves:
        page.evaluate("location.hash = '#/history'")  # as by the browser's own button
        expect(dialog).to_have_count(0)
        people.loaded(page)
    held[0].continue_()
    secret = secret_shown(page, journal)
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    assert made.fire(secret=secret).status_code == 202


def test_a_secret_that_the_sender_made_is_taken(section: Page, hook: Make, journal: Journal, watch: Watch) -> None:
    page, made = section, hook(scheme="github")
    given = hooked.kept(journal, "what-the-sender-made")
    page.goto(made.place)
    people.loaded(page)
    more(page, "New secret")
    page.get_by_label("The sender's secret").fill("short")
    watch.expect(f"400 /api/gmail/triggers/{made.id}/secrets/")
    page.get_by_role("button", name="Change the secret").click()
    expect(page.get_by_label("The sender's secret")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("The sender's secret").fill(given)
    page.get_by_role("button", name="Change the secret").click()
    expect(notice(page)).to_contain_text("The secret is changed.")
    expect(page.get_by_role("alertdialog")).to_have_count(0)


def test_what_failed_is_put_right_and_replayed(server: LocalServer, section: Page, token: str, hook: Make) -> None:
    page, made = section, hook(allowed_domains=["example.org"])
    _, send = made.fired()
    assert send is None
    page.reload()
    people.loaded(page)
    expect(page.get_by_role("region", name="Order paid")).to_contain_text("The last one failed")
    accessible(page)
    page.get_by_role("link", name="What failed").click()
    people.loaded(page)
    expect(page.get_by_role("button", name="Verdict")).to_contain_text("failed")
    expect(deliveries(page)).to_have_count(2)
    accessible(page)
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Allowed domains").fill("example.com")
    page.get_by_role("button", name="Save").click()
    expect(notice(page)).to_contain_text("The trigger is saved.")
    people.loaded(page)
    deliveries(page).nth(1).get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("dialog")).to_contain_text("shows what the trigger makes of it")
    expect(page.get_by_role("dialog")).not_to_contain_text("/api/gmail/")  # what to do about it is a button here
    accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Replay").click()
    page.get_by_role("alertdialog", name="Replay this webhook?").get_by_role("button", name="Replay").click()
    expect(notice(page)).to_contain_text("Replayed: a message is on its way.")
    expect(deliveries(page)).to_have_count(3)
    expect(deliveries(page).nth(1)).to_contain_text("replayed")
    page.get_by_role("status", name="Messages").get_by_role("button", name="See the message").click()
    expect(page.get_by_role("heading", name="Order 1042")).to_be_visible()
    people.loaded(page)
    (sent,) = server.call("GET", f"/api/gmail/history/?trigger={made.id}", token).json()["sends"]
    assert sent["status"] in ("sent", "queued", "sending")


def test_one_that_was_turned_off_refuses_until_it_is_on_again(section: Page, hook: Make) -> None:
    page, made = section, hook()
    page.goto(made.place)
    people.loaded(page)
    more(page, "Turn off")
    expect(notice(page)).to_contain_text("The trigger is off.")
    assert made.fire().status_code == 401
    choose(page, "Verdict", "refused")
    expect(deliveries(page).nth(1)).to_contain_text("refused")
    page.get_by_role("button", name="Turn on").click()
    expect(notice(page)).to_contain_text("The trigger is on.")
    assert made.fire().status_code == 202


def test_one_that_is_deleted_is_gone(server: LocalServer, section: Page, token: str, hook: Make) -> None:
    page, made = section, hook()
    page.goto(made.place)
    people.loaded(page)
    more(page, "Delete")
    accessible(page)
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(notice(page)).to_contain_text("The trigger is deleted.")
    expect(page.get_by_text("No trigger yet.")).to_be_visible()
    accessible(page)
    assert server.call("GET", f"/api/gmail/triggers/{made.id}/", token).status_code == 404


HMAC = {
    "header": "X-Sign",
    "algorithm": "sha512",
    "encoding": "base64",
    "prefix": "v1=",
    "id_header": "X-Id",
    "timestamp_header": "X-At",
}


@pytest.mark.parametrize(
    ("scheme", "hmac"),
    [("standard-webhooks", None), ("stripe", None), ("github", None), ("shopify", None), ("hmac", HMAC)],
)
def test_the_script_fires_it(section: Page, hook: Make, scheme: str, hmac: dict[str, Any] | None) -> None:
    page, made = section, hook(scheme=scheme, hmac=hmac, filter="type == 'order.paid'")
    page.goto(made.place)
    people.loaded(page)
    page.get_by_role("button", name="Fire it from a terminal").click()
    script = page.get_by_role("group", name="Fire it from a terminal").locator("pre").inner_text()
    assert made.secret not in script
    script, found = re.subn("^SECRET='…'$", f"SECRET='{made.secret}'", script, flags=re.M)
    assert found == 1
    ran = subprocess.run(["bash", "-eu"], input=script, capture_output=True, text=True, timeout=30, check=True)
    receipt = json.loads(ran.stdout)
    assert receipt["delivery"].startswith("whd_"), receipt
    page.get_by_role("button", name="Refresh").click()
    expect(deliveries(page).nth(1)).to_contain_text("accepted")
