"""The console around its sections: the key, how a sign-in ended, and what the page may do."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, Route, expect

from tests.browser import people
from tests.browser.people import Person, account, notice
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch

# What a sign-in can end with (services/connecting.py and the token endpoint's adapter).
CODES = (
    "invalid_state",
    "consent_denied",
    "insufficient_permissions",
    "wrong_account",
    "reauth_required",
    "invalid_credentials",
    "gmail_rejected",
    "rate_limited",
    "unavailable",
    "conflict",
    "internal",
)


def accounts(page: Page) -> Locator:
    return page.get_by_role("heading", name="Accounts")


def test_the_printed_link_opens_the_page_and_the_key_leaves_the_address_bar(server: LocalServer, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.link)
    expect(accounts(page)).to_be_visible()
    assert page.url == f"{server.url}/"
    assert not [url for url in asked if server.key in url.partition("#")[0]]
    people.loaded(page)
    page.reload()
    people.loaded(page)
    # The key is this tab's alone.
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    other = page.context.new_page()
    other.goto(server.url)
    expect(other.get_by_label("API key or ID token")).to_be_visible()
    expect(accounts(other)).to_be_hidden()


def test_a_wrong_key_is_said_to_be_wrong_and_asked_for_again(
    server: LocalServer, page: Page, token: str, watch: Watch
) -> None:
    watch.expect("401 /api/gmail/accounts/")
    page.goto(f"{server.url}/#key=gmk_nobody_nothing")
    field = page.get_by_label("API key or ID token")
    for wrong in ("gmk_nobody_nothing", "ключ"):
        expect(notice(page)).to_contain_text("This key is not valid, or not any more.")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(accounts(page)).to_be_hidden()
        field.fill(wrong)
        page.keyboard.press("Enter")
    expect(notice(page)).to_contain_text("This key is not valid")
    field.fill(f"  {token}\n")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("main")).to_be_focused()
    people.loaded(page)
    expect(notice(page)).to_be_empty()
    expect(field).to_be_hidden()
    assert page.url == f"{server.url}/"


def test_a_link_opened_in_a_tab_that_has_the_page_changes_the_key(
    server: LocalServer, home: Page, token: str, new_token: Callable[[], str], ada: Person
) -> None:
    people.loaded(home)
    server.connect(token, ada.email)
    home.reload()
    expect(account(home, ada.email)).to_be_visible()
    home.evaluate("key => { location.hash = `key=${key}` }", new_token())
    expect(account(home, ada.email)).to_have_count(0)
    expect(home.get_by_text("No account is connected yet.")).to_be_visible()
    assert home.url == f"{server.url}/"


def test_a_key_is_given_up(home: Page) -> None:
    people.loaded(home)
    home.get_by_role("button", name="Use another key").click()
    expect(home.get_by_label("API key or ID token")).to_be_focused()
    expect(accounts(home)).to_be_hidden()
    assert home.evaluate("sessionStorage.length") == 0


def test_every_way_a_sign_in_ends_is_said_in_plain_words(server: LocalServer, home: Page) -> None:
    said = set()
    for code in CODES:
        people.loaded(home)
        home.goto(f"{server.url}/?status=error&code={code}")
        expect(notice(home).locator("p")).to_have_count(2)  # what happened, and what to do
        text = notice(home).inner_text()
        assert "_" not in text
        said.add(text)
        assert home.url == f"{server.url}/"
    people.loaded(home)
    assert len(said) == len(CODES)


@pytest.mark.parametrize("code", ["constructor", "<b>Call 555-0100</b>", ""])
def test_a_made_up_link_puts_no_words_of_its_own_on_the_page(server: LocalServer, home: Page, code: str) -> None:
    people.loaded(home)
    home.goto(f"{server.url}/?status=error&code={code}")
    expect(notice(home)).to_contain_text("Something went wrong on the server.")
    expect(notice(home)).not_to_contain_text("555")
    people.loaded(home)


def test_no_key_is_taken_where_no_script_looks_after_it(server: LocalServer, chromium: Browser) -> None:
    """The browser would put it into the address."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Gmail integration")).to_be_visible()
    expect(page.get_by_label("API key or ID token")).to_have_count(0)
    context.close()


def test_only_the_servers_own_scripts_and_styles_run(server: LocalServer, home: Page, watch: Watch) -> None:
    people.loaded(home)
    policy = home.request.get(server.url).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self' 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    home.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        const style = document.createElement("style");
        style.textContent = "body { display: none }";
        document.head.append(style);
    }""")
    assert home.evaluate("window.ran") is None
    expect(accounts(home)).to_be_visible()
    assert "content security policy" in watch.take().lower()


FRAME = """(html) => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.src = "/assets/frame.html";
    window.addEventListener("message", ({ data }) => data.ready && frame.contentWindow.postMessage({ html }, "*"));
    document.body.append(frame);
}"""
MESSAGE = """<style>p { color: rgb(1, 2, 3) }</style>
<p style="margin: 9px">Hello<script>document.body.textContent = "no"</script></p>"""


def test_a_message_is_shown_with_its_styles_and_without_its_scripts(home: Page) -> None:
    """In the frame for messages, which has no origin: it reads nothing of the page and loads nothing from elsewhere."""
    people.loaded(home)
    home.evaluate(FRAME, MESSAGE)
    text = home.frame_locator("iframe").get_by_text("Hello")
    expect(text).to_have_css("color", "rgb(1, 2, 3)")
    expect(text).to_have_css("margin", "9px")
    assert home.frame_locator("iframe").locator("body").evaluate("() => self.origin") == "null"


def test_the_page_begins_before_its_scripts_are_there(server: LocalServer, page: Page) -> None:
    """The heading is shown and stays, and the accounts are asked for, once."""
    held: list[Route] = []
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(server.url)))
    page.route("**/assets/page-*.js", lambda route: held.append(route))
    page.goto(server.link, wait_until="commit")
    heading = page.get_by_role("heading", name="Gmail integration").element_handle()
    expect(page.get_by_role("img", name="Loading…")).to_be_visible()
    for _ in range(100):
        if "/api/gmail/accounts/?page_size=500" in asked and held:
            break
        page.wait_for_timeout(100)
    expect(accounts(page)).to_be_hidden()
    for route in held:
        route.continue_()
    people.loaded(page)
    assert asked.count("/api/gmail/accounts/?page_size=500") == 1
    assert heading.evaluate("one => one.isConnected")


def test_the_first_view_takes_at_most_200_kilobytes_of_script(server: LocalServer, page: Page) -> None:
    seen: list[Response] = []
    page.on("response", lambda response: seen.append(response))
    page.goto(server.link)
    people.loaded(page)
    scripts = [one for one in seen if one.request.resource_type == "script"]
    total = 0
    for one in scripts:
        assert one.headers["content-encoding"] in ("br", "gzip")
        assert one.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = page.request.get(one.url, headers={"Accept-Encoding": "gzip"})
        total += int(again.headers["content-length"])
    assert 0 < total <= 200_000


def test_what_is_loaded_before_anything_is_shown_is_less(server: LocalServer, page: Page) -> None:
    """Menus, dialogs and what else opens come when the browser has nothing better to do."""
    start = page.request.get(server.url).text()
    scripts = re.findall(r'"(/assets/[^"]+\.js)"', start)
    assert len(scripts) > 1  # the page's own come beside index.html's, not after it
    sizes = [
        int(page.request.get(server.url + one, headers={"Accept-Encoding": "gzip"}).headers["content-length"])
        for one in scripts
    ]
    assert sum(sizes) <= 135_000
