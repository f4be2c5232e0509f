"""The example of docs/frontend.md in an application of its own, on an origin that is not the API's."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import people
from tests.browser.embedding import BIN, HOUSE, PAGE, Application, Host
from tests.browser.people import Person, account, consent, notice
from tests.browser.programs import LocalServer
from tests.browser.watch import SETTLED
from tests.e2e.issuer import Issuer
from tests.e2e.journal import Journal
from tests.e2e.processes import free_port


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Application:
    if not (BIN / "vite").exists() or shutil.which("node") is None:
        if os.environ.get("CI"):
            pytest.fail("The frontend's packages are missing: run npm ci in frontend/.")
        pytest.skip("The frontend's packages are missing: run npm ci in frontend/.")
    return Application(tmp_path_factory.mktemp("application"))


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, journal: Journal, issuer: Issuer
) -> Iterator[tuple[LocalServer, Host]]:
    """The API, with the settings that docs/frontend.md asks for, and the application's server."""
    port = free_port()
    host = Host(f"http://localhost:{port}")
    origins = (host.other_site, host.same_site)
    started = LocalServer(
        tmp_path_factory.mktemp("api"),
        journal,
        port=port,
        AUTH_ISSUERS=f"{issuer.url}=tests",
        ALLOWED_ORIGINS=",".join(origins),
        RETURN_URLS=",".join(f"{origin}{PAGE}" for origin in origins),
    )
    yield started, host
    started.stop()
    host.close()


@pytest.fixture(scope="module")
def server(api: tuple[LocalServer, Host]) -> LocalServer:
    return api[0]


@pytest.fixture
def signed_in(context: BrowserContext, token: str) -> None:
    """Whoever uses the application: its own session gives the ID token."""
    context.add_init_script(f"globalThis.session = {{ idToken: () => Promise.resolve({json.dumps(token)}) }}")


@pytest.fixture(scope="module")
def redirecting(application: Application, api: tuple[LocalServer, Host]) -> Host:
    server, host = api
    application.write(server.url)
    host.files = application.built("redirect")
    return host


def test_the_example_is_right_for_the_type_checker_and_so_are_the_packages_types(application: Application) -> None:
    assert application.checked() == ""


@pytest.mark.usefixtures("signed_in")
def test_on_another_site_the_parked_grant_is_confirmed_and_a_test_is_sent(
    server: LocalServer, redirecting: Host, page: Page, token: str, ada: Person
) -> None:
    answers: list[str] = []
    page.on("request", lambda request: answers.append(f"{request.method} {request.url.partition('?')[0]}"))
    page.goto(f"{redirecting.other_site}{PAGE}")
    people.loaded(page)
    page.get_by_role("button", name="Connect a Gmail account").click()
    expect(page.get_by_role("heading", name="Choose an account")).to_be_visible()
    assert page.context.cookies() == []  # dropped: this is what parking is for
    consent(page, ada.email)
    expect(notice(page)).to_contain_text(f"{ada.email} is connected.")
    assert f"POST {server.url}/api/gmail/oauth2callback/" in answers
    people.status(account(page, ada.email), "connected")
    assert page.url == f"{redirecting.other_site}{PAGE}"
    (found,) = server.call("GET", "/api/gmail/accounts/", token).json()["accounts"]
    assert (found["email"], found["status"]) == (ada.email, "connected")

    page.get_by_role("button", name=f"Send a test {ada.email}").click()
    page.get_by_label("To", exact=True).fill("grace@example.com")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(notice(page)).to_contain_text("The test message to grace@example.com is sent.")
    # The message is shown in a page of the API's, which the application may frame.
    page.get_by_role("tab", name="History").click()
    page.get_by_role("link", name="A test message").click()
    people.loaded(page)
    (sent,) = server.call("GET", "/api/gmail/history/", token).json()["sends"]
    assert (sent["status"], sent["subject"]) == ("sent", "A test message")
    assert page.url == f"{redirecting.other_site}{PAGE}"


@pytest.mark.usefixtures("signed_in")
def test_on_another_origin_of_the_same_site_nothing_has_to_be_confirmed(
    server: LocalServer, redirecting: Host, page: Page, ada: Person
) -> None:
    answers: list[str] = []
    page.on("request", lambda request: answers.append(f"{request.method} {request.url.partition('?')[0]}"))
    page.goto(f"{redirecting.same_site}{PAGE}")
    people.loaded(page)
    people.connect(page, ada.email)
    expect(notice(page)).to_contain_text("The account is connected.")
    people.status(account(page, ada.email), "connected")
    assert f"POST {server.url}/api/gmail/oauth2callback/" not in answers


def test_the_package_is_imported_where_there_is_no_browser(application: Application) -> None:
    """As a server does that renders React: nothing of it looks for a window, and it renders nothing yet."""
    (application.folder / "server.mjs").write_text(
        """import { readdirSync } from "node:fs";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { GmailIntegration } from "gmail-integration";
const chunks = "node_modules/gmail-integration/dist/lib/chunks";
for (const name of readdirSync(chunks)) await import(`./${chunks}/${name}`);
console.log(JSON.stringify(renderToString(createElement(GmailIntegration, { apiUrl: "", getToken: () => "" }))));
"""
    )
    ran = subprocess.run(
        ["node", "server.mjs"], cwd=application.folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert (ran.stderr, ran.stdout.strip()) == ("", '""')


# What the eye sees of each element, but for its size.
LOOKS = """() => [...document.querySelectorAll(".gi-root *")].filter((one) => !one.closest("svg")).map((one) => {
    const style = getComputedStyle(one);
    const names = ["color", "backgroundColor", "backgroundImage", "font", "letterSpacing", "textTransform", "textAlign",
      "textIndent", "textDecorationLine", "listStyleType", "margin", "padding", "borderTop", "borderLeft",
      "borderBottom", "borderRadius", "boxShadow", "display", "float"];
    return [one.tagName, one.textContent.slice(0, 20), ...names.map((name) => style[name])].join("|");
})"""
# The selectors of a stylesheet that name no class of ours.
LOOSE = """(css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    const parts = (rule) => rule instanceof CSSKeyframesRule ? [`.${rule.name}`]
      : rule.selectorText ? rule.selectorText.split(/,(?![^(]*[)])/) : [...rule.cssRules].flatMap(parts);
    return [...sheet.cssRules].flatMap(parts).filter((one) => !one.includes(".gi-"));
}"""


def test_no_rule_of_the_stylesheet_reaches_outside(application: Application, page: Page) -> None:
    styles = application.folder / "node_modules" / "gmail-integration" / "dist" / "lib" / "style.css"
    assert page.evaluate(LOOSE, "p { color: red } .gi-a b, i {}") == ["p", " i"]
    assert page.evaluate(LOOSE, styles.read_text()) == []


@pytest.mark.usefixtures("signed_in")
def test_how_the_application_says_that_elements_look_counts_for_none_of_ours(
    application: Application, api: tuple[LocalServer, Host], page: Page, token: str, ada: Person
) -> None:
    server, host = api
    server.connect(token, ada.email)
    server.send(token, subject="A row of the history")
    application.write(server.url)
    places = {
        "Accounts": page.get_by_role("button", name=f"Send a test {ada.email}"),
        "Compose": page.get_by_role("textbox", name="Message", exact=True),
        "History": page.get_by_role("link", name="A row of the history"),
        "API keys": page.get_by_role("heading", name="API keys"),
    }

    def looks(styles: str) -> dict[str, list[str]]:
        application.house(styles)
        host.files = application.built("house" if styles else "plain")
        page.goto(f"{host.same_site}{PAGE}")
        people.loaded(page)
        seen = {}
        for tab, shown in places.items():
            page.get_by_role("tab", name=tab).click()
            expect(shown).to_be_visible()
            people.loaded(page)
            page.mouse.move(0, 0)
            page.evaluate(SETTLED)
            seen[tab] = page.evaluate(LOOKS)
        return seen

    plain = looks("")
    among = looks(HOUSE)
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_have_css("color", "rgb(255, 0, 0)")
    assert among == plain


@pytest.mark.usefixtures("signed_in")
def test_beside_the_page_in_a_popup_it_is_connected_while_the_page_stays(
    application: Application, api: tuple[LocalServer, Host], page: Page, ada: Person
) -> None:
    server, host = api
    application.write(server.url, popup=True)
    host.files = application.built("popup")
    page.goto(f"{host.other_site}{PAGE}")
    people.loaded(page)
    page.evaluate("globalThis.stayed = true")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Connect a Gmail account").click()
    with opened.value.expect_event("close"):
        consent(opened.value, ada.email)
    expect(notice(page)).to_contain_text(f"{ada.email} is connected.")
    people.status(account(page, ada.email), "connected")
    assert page.evaluate("globalThis.stayed")


@pytest.mark.usefixtures("signed_in")
def test_a_popup_says_itself_how_it_ended_where_its_page_was_reloaded_meanwhile(
    application: Application, api: tuple[LocalServer, Host], page: Page, ada: Person
) -> None:
    server, host = api
    application.write(server.url, popup=True)
    host.files = application.built("popup")
    page.goto(f"{host.other_site}{PAGE}")
    people.loaded(page)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Connect a Gmail account").click()
    expect(opened.value.get_by_role("heading", name="Choose an account")).to_be_visible()
    page.reload()
    people.loaded(page)
    consent(opened.value, ada.email)
    expect(notice(opened.value)).to_contain_text(f"{ada.email} is connected.")
    people.status(account(opened.value, ada.email), "connected")
    expect(notice(page)).not_to_contain_text("is connected")
