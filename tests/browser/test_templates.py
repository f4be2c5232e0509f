"""The Templates section, as people use it: write, look, publish, compare, send."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import people, writing
from tests.browser.people import Person, notice
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch, accessible


@pytest.fixture
def writer(server: LocalServer, home: Page, token: str, ada: Person) -> Person:
    people.loaded(home)
    server.connect(token, ada.email)
    home.reload()
    people.loaded(home)
    return ada


def make(server: LocalServer, token: str, html: str, **more: object) -> str:
    body = {"name": "Made", "subject": "Hello", "html": html, **more}
    made = server.call("POST", "/api/gmail/templates/", token, json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def part(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def saved(page: Page, button: str, said: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()
    expect(notice(page)).to_contain_text(said)


@pytest.mark.usefixtures("writer")
def test_a_template_is_written_published_and_sent(server: LocalServer, home: Page, token: str, watch: Watch) -> None:
    watch.expect("400 /api/gmail/templates/preview/")  # of what is half typed, on a slow machine
    writing.place(home, server, "/templates")
    expect(home.get_by_text("No template yet.")).to_be_visible()
    accessible(home)
    home.get_by_role("button", name="New template").click()
    home.get_by_label("Name", exact=True).fill("Order confirmation")
    part(home, "Variables")
    for key, kind in (("name", "text"), ("number", "number"), ("items", "list")):
        home.get_by_role("button", name="Add a variable").click()
        row = home.get_by_role("group", name=re.compile("^variable_"))
        row.get_by_label("Key").fill(key)
        row = home.get_by_role("group", name=key, exact=True)
        row.get_by_role("button", name="Type").click()
        home.get_by_role("option", name=kind, exact=True).click()
    home.get_by_role("group", name="name").get_by_label("Fallback").fill("dear customer")
    home.get_by_role("group", name="number").get_by_label("Sample").fill("1042")
    home.get_by_role("group", name="items").get_by_label("Sample").fill('["Emma"]')
    home.get_by_label("Subject", exact=True).fill("Your order {{ number }}")
    accessible(home)
    part(home, "Write")
    writing.write(home, "Thank you, ", "Content")
    writing.variable(home, "name")
    home.keyboard.type("!")
    home.keyboard.press("Enter")
    home.keyboard.type("{% for item in items %}{{ item }} {% endfor %}")
    content = writing.editor(home, "Content")
    expect(content.locator("[data-liquid]")).to_have_count(4)
    expect(content).not_to_contain_text("{")
    preview = home.get_by_role("region", name="Preview")
    expect(preview.frame_locator("iframe").get_by_text("Thank you, dear customer!")).to_be_visible()
    expect(preview.frame_locator("iframe").get_by_text("Emma")).to_be_visible()
    expect(preview).to_contain_text("Your order 1042")
    preview.get_by_role("radio", name="Phone").click()
    expect(preview.locator("iframe")).to_have_css("width", "375px")
    accessible(home)

    saved(home, "Save draft", "The draft is saved.")
    assert re.search(r"#/templates/tpl_\w+$", home.url)
    saved(home, "Publish", "Version 1 is published.")
    people.status(home.locator("header").last, "published")
    home.reload()
    people.loaded(home)
    expect(writing.editor(home, "Content").locator("[data-liquid]")).to_have_count(4)
    [template] = server.call("GET", "/api/gmail/templates/", token).json()["templates"]
    assert template["html"] == ("<p>Thank you, {{ name }}!</p><p>{% for item in items %}{{ item }} {% endfor %}</p>")
    assert template["status"] == "published"
    assert template["edited"] is False

    writing.place(home, server, "/templates")
    home.get_by_role("button", name="More for Order confirmation").click()
    home.get_by_role("menuitem", name="Send it").click()
    writing.recipient(home, "To", "grace@example.com")
    asked = home.get_by_role("group", name="What the template asks for")
    asked.get_by_label("number").fill("7")
    asked.get_by_label("items").fill("Emma")
    expect(asked).to_contain_text("This is no JSON list.")
    asked.get_by_label("items").fill('["Emma", "Middlemarch"]')
    asked.get_by_label("name").fill("Grace")
    accessible(home)
    home.get_by_role("button", name="Send", exact=True).click()
    expect(writing.going_out(home)).to_be_visible()
    mail = writing.sent(server, token, "Your order 7")
    assert "<p>Thank you, Grace!</p><p>Emma Middlemarch </p>" in writing.body(mail, "html")


@pytest.mark.usefixtures("writer")
def test_a_missing_value_is_said_at_its_field(server: LocalServer, home: Page, token: str, watch: Watch) -> None:
    watch.expect("422 /api/gmail/send/")
    made = make(server, token, "<p>{{ number }}</p>", variables=[{"key": "number", "type": "number"}])
    server.call("POST", f"/api/gmail/templates/{made}/publish/", token)
    writing.place(home, server, f"/compose?template={made}")
    writing.recipient(home, "To", "grace@example.com")
    home.get_by_role("button", name="Send", exact=True).click()
    expect(home.get_by_label("number")).to_have_accessible_description(re.compile("needs the variable `number`"))


@pytest.mark.usefixtures("writer")
def test_html_that_the_editor_cannot_show_stays_as_it_is(server: LocalServer, home: Page, token: str) -> None:
    html = '<style>p { color: red }</style><div class="box"><p style="margin:0">Hello</p></div>'
    made = make(server, token, html)
    writing.place(home, server, f"/templates/{made}")
    expect(home.get_by_text("parts that the visual editor can't show")).to_be_visible()
    accessible(home)
    home.get_by_role("button", name="To the source").click()
    expect(home.get_by_label("HTML source")).to_have_value(html)
    home.get_by_label("Name", exact=True).fill("Renamed")
    saved(home, "Save draft", "The draft is saved.")
    assert server.call("GET", f"/api/gmail/templates/{made}/", token).json()["html"] == html


@pytest.mark.usefixtures("writer")
def test_versions_can_be_compared_and_brought_back(server: LocalServer, home: Page, token: str) -> None:
    made = make(server, token, "<p>Hello Grace</p>")
    server.call("POST", f"/api/gmail/templates/{made}/publish/", token)
    writing.place(home, server, f"/templates/{made}")
    writing.editor(home, "Content").click()
    home.keyboard.press("End")
    home.keyboard.type(" Hopper")
    home.get_by_role("tab", name="Accounts").click()
    home.get_by_role("tab", name="Templates", exact=True).click()
    home.get_by_role("link", name="Made").click()
    expect(home.get_by_text("not saved", exact=True)).to_be_visible()
    part(home, "Versions")
    expect(home.locator("ins")).to_have_text(" Hopper")
    accessible(home)
    saved(home, "Publish", "Version 2 is published.")
    writing.choose(home, "Compare", home.get_by_role("button", name="Compare").inner_text().split("\n")[0])
    home.get_by_role("button", name="Compare").click()
    home.get_by_role("option", name=re.compile("^version 1")).click()
    home.get_by_role("button", name="Take this version as the draft").click()
    part(home, "Write")
    expect(writing.editor(home, "Content")).to_have_text("Hello Grace")


@pytest.mark.usefixtures("writer")
def test_what_stands_in_the_way_of_publishing_is_said(
    server: LocalServer, home: Page, token: str, watch: Watch
) -> None:
    watch.expect("400 /api/gmail/templates/preview/", "422 /api/gmail/templates/preview/")
    made = make(server, token, "<p>{{ naem }}</p>", variables=[{"key": "name"}])
    watch.expect(f"400 /api/gmail/templates/{made}/publish/", f"422 /api/gmail/templates/{made}/publish/")
    writing.place(home, server, f"/templates/{made}")
    home.get_by_role("button", name="Publish", exact=True).click()
    expect(home.get_by_text("The variable `naem` is not declared.").first).to_be_visible()


def test_layouts_copies_and_the_archive(server: LocalServer, home: Page, token: str, writer: Person) -> None:
    writing.place(home, server, "/templates/new-layout")
    expect(writing.editor(home, "Content").locator("[data-liquid]")).to_have_text("content")
    home.get_by_label("Name", exact=True).fill("House style")
    saved(home, "Publish", "Version 1 is published.")
    [layout] = server.call("GET", "/api/gmail/templates/?kind=layout", token).json()["templates"]
    assert layout["html"] == "{{ content }}"
    writing.place(home, server, "/templates/new")
    home.get_by_label("Name", exact=True).fill("Inside")
    home.get_by_label("Subject", exact=True).fill("News")
    writing.choose(home, "Layout", "House style")
    writing.write(home, "News", "Content")
    saved(home, "Save draft", "The draft is saved.")
    [inside] = server.call("GET", "/api/gmail/templates/?kind=message", token).json()["templates"]
    assert inside["layout"] == layout["id"]

    home.get_by_role("button", name="Send a test").click()
    expect(home.get_by_role("dialog").get_by_label("To")).to_have_value(writer.email)
    accessible(home)
    home.get_by_role("dialog").get_by_role("button", name="Send a test").click()
    expect(notice(home)).to_contain_text(f"The test to {writer.email} is sent.")
    writing.sent(server, token, "News")

    writing.place(home, server, "/templates")
    home.get_by_role("button", name="More for Inside").click()
    home.get_by_role("menuitem", name="Duplicate").click()
    expect(notice(home)).to_contain_text("This is the copy.")
    writing.place(home, server, "/templates")
    expect(home.get_by_role("row")).to_have_count(3)
    accessible(home)
    home.get_by_role("button", name="More for Inside", exact=True).click()
    home.get_by_role("menuitem", name="Archive").click()
    expect(notice(home)).to_contain_text("“Inside” is archived.")
    writing.choose(home, "Show", "Archived")
    home.get_by_role("button", name="More for Inside").click()
    home.get_by_role("menuitem", name="Delete").click()
    accessible(home)
    home.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(notice(home)).to_contain_text("“Inside” is deleted.")
    names = [one["name"] for one in server.call("GET", "/api/gmail/templates/", token).json()["templates"]]
    assert "Inside" not in names, json.dumps(names)


def test_a_file_dropped_where_none_is_taken_does_not_take_the_page_away(
    server: LocalServer, home: Page, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("The engine weaves.")
    people.loaded(home)
    writing.place(home, server, "/templates")
    home.get_by_role("button", name="New template").click()
    name = home.get_by_label("Name", exact=True)
    name.fill("Order confirmation")
    # Here a browser opens nothing; what the page says to it is what there is to see.
    home.evaluate(
        """() => { window.drags = []; addEventListener('dragover', (event) =>
           drags.push([event.defaultPrevented, event.dataTransfer.dropEffect])) }"""
    )
    # A field of the component; the heading of the page around it.
    for target in (name, home.get_by_role("heading", level=1)):
        writing.drop(target, tmp_path / "notes.txt")
        drags = home.evaluate("drags.splice(0)")
        assert {tuple(one) for one in drags} == {(True, "none")}
    expect(name).to_have_value("Order confirmation")


@pytest.mark.usefixtures("writer")
def test_what_is_typed_while_a_new_template_is_published_is_its_own(server: LocalServer, home: Page) -> None:
    writing.place(home, server, "/templates/new")
    home.get_by_label("Name", exact=True).fill("First")
    home.get_by_label("Subject", exact=True).fill("Hello")
    writing.write(home, "Hello", "Content")
    held: list[Route] = []
    home.route("**/publish/", lambda route: held.append(route))
    home.get_by_role("button", name="Publish").click()
    expect(home).to_have_url(re.compile("#/templates/tpl_"))
    preheader = home.get_by_label("Preheader", exact=True)
    preheader.fill("Typed meanwhile")
    held[0].continue_()
    expect(notice(home)).to_contain_text("Version 1 is published.")
    expect(preheader).to_have_value("Typed meanwhile")
    expect(home.get_by_text("not saved", exact=True)).to_be_visible()
    home.get_by_role("link", name="All templates").click()
    home.get_by_role("button", name="New template").click()
    expect(home.get_by_label("Name", exact=True)).to_have_value("")
    expect(preheader).to_have_value("")
    home.get_by_role("link", name="All templates").click()
    home.get_by_role("link", name="First").click()
    expect(preheader).to_have_value("Typed meanwhile")


@pytest.mark.usefixtures("writer")
def test_a_template_that_is_not_saved_outlives_another_section_a_reload_and_a_new_sign_in(
    server: LocalServer, home: Page, token: str, watch: Watch
) -> None:
    watch.expect("400 /api/gmail/templates/preview/")  # of what is half typed, on a slow machine
    writing.place(home, server, "/templates/new")
    name = home.get_by_label("Name", exact=True)
    name.fill("Half a template")
    home.get_by_role("tab", name="Accounts").click()
    people.loaded(home)
    writing.place(home, server, "/templates/new")
    expect(name).to_have_value("Half a template")
    home.reload()
    people.loaded(home)
    expect(name).to_have_value("Half a template")
    watch.expect("401 /api/gmail/templates/")
    refused = {"type": "about:blank", "title": "", "status": 401, "code": "unauthenticated", "detail": "", "remedy": ""}
    home.route("**/api/gmail/templates/", lambda route: route.fulfill(status=401, body=json.dumps(refused)))
    home.get_by_role("button", name="Save draft").click()
    home.get_by_label("API key or ID token").fill(token)
    home.unroute("**/api/gmail/templates/")
    home.keyboard.press("Enter")
    people.loaded(home)
    expect(name).to_have_value("Half a template")
    saved(home, "Save draft", "The draft is saved.")
    writing.place(home, server, "/templates/new")
    expect(name).to_have_value("")
