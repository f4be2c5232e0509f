"""The start page, as people use it: connect, send from a terminal, look what became of it, disconnect."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import people
from tests.browser.people import Person, account, consent, notice, send
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch, wide
from tests.e2e.journal import Journal

New = Callable[[str], Person]
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


def test_the_printed_link_opens_the_page_and_the_key_leaves_the_address_bar(server: LocalServer, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.link)
    expect(page.get_by_role("heading", name="Accounts")).to_be_visible()
    assert page.url == f"{server.url}/"
    assert not [url for url in asked if server.key in url.partition("#")[0]]
    people.loaded(page)
    page.reload()
    people.loaded(page)
    expect(page.get_by_role("heading", name="Accounts")).to_be_visible()
    # The key is this tab's alone.
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    other = page.context.new_page()
    other.goto(server.url)
    expect(other.get_by_label("API key or ID token")).to_be_visible()
    expect(other.get_by_role("heading", name="Accounts")).to_be_hidden()


def test_two_people_connect_send_and_one_disconnects(server: LocalServer, page: Page) -> None:
    """The whole way, with the printed key and, for one of them, without a mouse."""
    page.goto(server.link)
    expect(page.get_by_text("No account is connected yet.")).to_be_visible()
    expect(page.get_by_text("Nothing has been sent yet.")).to_be_visible()

    people.connect(page, "ada@example.com")
    expect(notice(page)).to_have_text("The account is connected.")
    people.status(account(page, "ada@example.com"), "connected")

    by_keyboard(page, "grace@example.com")
    expect(notice(page)).to_have_text("The account is connected.")
    people.status(account(page, "grace@example.com"), "connected")
    expect(page.locator("#accounts > li")).to_have_count(2)
    people.status(account(page, "ada@example.com"), "default")

    for sender, to, subject in (
        ("ada@example.com", "grace@example.com", "From Ada"),
        ("grace@example.com", "ada@example.com", "From Grace"),
    ):
        answer = server.send(account=sender, to=[to], subject=subject)
        assert (answer.status_code, answer.json()["status"]) == (200, "sent")
        inbox = page.context.new_page()
        inbox.goto(f"{server.google.url}/inbox/{to}")
        inbox.get_by_role("link", name=subject).click()
        expect(inbox.get_by_role("heading", name=subject)).to_be_visible()
        inbox.close()

    page.get_by_role("button", name="Refresh").click()
    for sender, to, subject in (("ada", "grace", "From Ada"), ("grace", "ada", "From Grace")):
        people.status(send(page, subject), "sent")
        expect(send(page, subject)).to_contain_text(f"{sender}@example.com → {to}@example.com")

    page.get_by_role("button", name="Disconnect grace@example.com").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(notice(page)).to_have_text("grace@example.com is disconnected.")
    expect(notice(page)).to_be_focused()
    expect(account(page, "grace@example.com")).to_have_count(0)
    expect(page.locator("#sends > li")).to_have_count(2)
    assert server.send(account="grace@example.com").status_code == 404
    assert server.send(account="ada@example.com").status_code == 200


def by_keyboard(page: Page, email: str) -> None:
    tab_to(page, page.get_by_role("button", name="Connect a Gmail account"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Choose an account")).to_be_visible()
    for _ in range(50):
        page.keyboard.press("Tab" if not page.locator("input[type=radio]:focus").count() else "ArrowDown")
        if page.locator(f"input[value='{email}']:focus").count():
            break
    tab_to(page, page.get_by_role("button", name="Allow"))
    page.keyboard.press("Enter")


def tab_to(page: Page, wanted: people.Locator) -> None:
    expect(wanted).to_be_visible()
    for _ in range(50):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the Tab key does not get there")


def test_disconnecting_is_asked_about_first(server: LocalServer, home: Page, token: str, ada: Person) -> None:
    server.connect(token, ada.email)
    home.get_by_role("button", name="Refresh").click()
    pressed = home.get_by_role("button", name=f"Disconnect {ada.email}")
    pressed.focus()
    home.keyboard.press("Enter")
    expect(home.get_by_role("dialog", name=f"Disconnect {ada.email}?")).to_be_visible()
    expect(home.get_by_role("button", name="Keep it")).to_be_focused()
    home.keyboard.press("Escape")
    expect(home.get_by_role("dialog")).to_be_hidden()
    expect(pressed).to_be_focused()
    people.status(account(home, ada.email), "connected")
    home.keyboard.press("Enter")
    home.get_by_role("button", name="Keep it").click()
    people.status(account(home, ada.email), "connected")


def test_denied_consent_is_explained(home: Page, ada: Person) -> None:
    people.connect(home, ada.email, press="Deny")
    expect(notice(home)).to_contain_text("access was not allowed on Google's page")
    expect(notice(home)).to_contain_text("Connect again and choose Allow.")
    expect(notice(home)).to_be_focused()
    expect(home.get_by_text("No account is connected yet.")).to_be_visible()


def test_without_the_permission_to_send_nothing_is_connected(home: Page, ada: Person) -> None:
    people.connect(home, ada.email, untick="Send email on your behalf")
    expect(notice(home)).to_contain_text("the permission to send email was left unticked")
    expect(notice(home)).to_contain_text("leave every permission ticked")
    expect(home.get_by_text("No account is connected yet.")).to_be_visible()


def test_an_account_that_lacks_a_permission_says_which(home: Page, ada: Person) -> None:
    people.connect(home, ada.email, untick="View your email messages and settings")
    expect(notice(home)).to_have_text("The account is connected.")
    people.status(account(home, ada.email), "needs attention")
    expect(account(home, ada.email)).to_contain_text("did not grant: reading email.")
    reconnect(home, ada.email)
    consent(home, ada.email)
    people.status(account(home, ada.email), "connected")


def test_an_account_whose_grant_is_gone_is_reconnected(
    server: LocalServer, home: Page, token: str, ada: Person, grace: Person
) -> None:
    server.connect(token, ada.email)
    server.google.http.post(f"{server.google.url}/sandbox/people/{ada.email}/revoke")
    assert server.send(token).json()["code"] == "reauth_required"
    people.loaded(home)
    home.reload()
    people.status(account(home, ada.email), "needs attention")
    expect(account(home, ada.email)).to_contain_text("Reconnect to send again.")

    reconnect(home, ada.email)
    consent(home, grace.email)
    expect(notice(home)).to_contain_text("another Google account than the expected one was chosen")
    reconnect(home, ada.email)
    expect(home.get_by_role("radio", name=ada.email)).to_be_checked()
    consent(home, ada.email)
    people.status(account(home, ada.email), "connected")
    assert server.send(token).json()["status"] == "sent"


def reconnect(page: Page, email: str) -> None:
    page.get_by_role("button", name=f"Reconnect {email}").click()


def test_a_wrong_key_is_said_to_be_wrong_and_asked_for_again(
    server: LocalServer, page: Page, token: str, watch: Watch
) -> None:
    watch.expect("401 /api/gmail/accounts/", "401 /api/gmail/history/")
    page.goto(f"{server.url}/#key=gmk_nobody_nothing")
    field = page.get_by_label("API key or ID token")
    for wrong in ("gmk_nobody_nothing", "ключ"):
        expect(notice(page)).to_contain_text("This key is not valid, or not any more.")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_role("heading", name="Accounts")).to_be_hidden()
        field.fill(wrong)
        page.keyboard.press("Enter")
    expect(notice(page)).to_contain_text("This key is not valid")
    field.fill(f"  {token}\n")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Accounts")).to_be_focused()
    expect(notice(page)).to_be_empty()
    expect(field).to_be_hidden()
    assert page.url == f"{server.url}/"


def test_a_link_opened_in_a_tab_that_has_the_page_changes_the_key(
    server: LocalServer, home: Page, token: str, new_token: Callable[[], str], ada: Person
) -> None:
    server.connect(token, ada.email)
    home.get_by_role("button", name="Refresh").click()
    expect(account(home, ada.email)).to_be_visible()
    home.evaluate("key => { location.hash = `key=${key}` }", new_token())
    expect(account(home, ada.email)).to_have_count(0)
    expect(home.get_by_text("No account is connected yet.")).to_be_visible()
    assert home.url == f"{server.url}/"


def test_a_key_is_given_up(home: Page) -> None:
    home.get_by_role("button", name="Use another key").click()
    expect(home.get_by_label("API key or ID token")).to_be_focused()
    expect(home.get_by_role("heading", name="Accounts")).to_be_hidden()
    assert home.evaluate("sessionStorage.length") == 0


def test_an_api_key_that_may_only_read_is_told_so_when_it_connects(
    server: LocalServer, page: Page, token: str, journal: Journal, watch: Watch
) -> None:
    made = server.call("POST", "/api/gmail/keys/", token, json={"name": "reader", "scopes": ["read"]}).json()
    journal.secret(made["key"])
    watch.expect("403 /api/gmail/authorize/")
    page.goto(f"{server.url}/#key={made['key']}")
    page.get_by_role("button", name="Connect a Gmail account").click()
    expect(notice(page)).to_have_text("API keys can't be used here.Call with a user's ID token.")


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


def test_history_shows_what_became_of_each_send_and_why(
    server: LocalServer, home: Page, token: str, ada: Person
) -> None:
    server.connect(token, ada.email)
    rules = {"refused": "400-invalidArgument", "lost": None}
    server.send(token, subject="<b>Good</b> & bad")
    for subject, preset in rules.items():
        what = {"preset": preset} if preset else {"action": {"close": "after_accept", "drop_headers": ["X-*"]}}
        server.google.faults({"match": "*", "account": ada.email, **what})
        server.send(token, subject=subject)
        server.google.http.delete(f"{server.google.url}/sandbox/faults")
    home.get_by_role("button", name="Refresh").click()
    people.status(send(home, "<b>Good</b> & bad"), "sent")
    people.status(send(home, "refused"), "failed")
    expect(send(home, "refused")).to_contain_text("It was not sent:")
    people.status(send(home, "lost"), "unknown")
    expect(send(home, "lost")).to_contain_text("It is being looked for in the account's Sent folder.")


def test_older_sends_are_shown_when_asked_for(server: LocalServer, home: Page, token: str, ada: Person) -> None:
    server.connect(token, ada.email)
    for number in range(21):
        assert server.send(token, subject=f"Number {number}").status_code == 200
    home.get_by_role("button", name="Refresh").click()
    expect(home.locator("#sends > li")).to_have_count(20)
    expect(send(home, "Number 0")).to_have_count(0)
    home.get_by_role("button", name="Show older").click()
    expect(send(home, "Number 0")).to_be_visible()
    expect(home.get_by_role("button", name="Show older")).to_be_hidden()


def test_a_server_that_is_away_is_said_to_be_away(home: Page, watch: Watch) -> None:
    expect(home.get_by_text("No account is connected yet.")).to_be_visible()
    away = "net::ERR_INTERNET_DISCONNECTED"
    watch.expect(f"{away} /api/gmail/accounts/", f"{away} /api/gmail/history/")
    home.context.set_offline(True)
    home.get_by_role("button", name="Refresh").click()
    expect(notice(home)).to_contain_text("The server can't be reached.")
    home.context.set_offline(False)
    home.get_by_role("button", name="Refresh").click()
    expect(notice(home)).to_be_empty()


def test_no_key_is_taken_where_no_script_looks_after_it(server: LocalServer, chromium: Browser) -> None:
    """The browser would put it into the address."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Gmail integration")).to_be_visible()
    expect(page.locator("#key-form")).to_be_hidden()
    context.close()


def test_only_the_servers_own_scripts_and_styles_run(server: LocalServer, home: Page, watch: Watch) -> None:
    policy = home.request.get(server.url).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    home.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
    }""")
    assert home.evaluate("window.ran") is None
    assert "content security policy" in watch.take().lower()


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_is_wider_than_the_window(
    server: LocalServer, home: Page, token: str, somebody: New, width: int
) -> None:
    home.set_viewport_size({"width": width, "height": 800})
    assert wide(home) == 0
    server.connect(token, somebody("Wilhelmina-" + "long" * 12).email)
    server.send(token, subject="Word" * 60, to=["somebody-with-a-name-" + "x" * 40 + "@subdomain.elsewhere.example"])
    home.get_by_role("button", name="Refresh").click()
    people.status(home.locator("#sends > li"), "sent")
    assert wide(home) == 0
    home.get_by_role("button", name="Disconnect").click()
    assert wide(home) == 0
