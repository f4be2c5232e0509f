"""Attacks on connecting an account (RFC 9700), and everything that can go wrong between us and Google on the way."""

import contextlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from functions.adapters import google_oauth
from functions.domain import records
from functions.domain.accounts import GmailAccount
from functions.domain.errors import SecretDisabled, Unavailable
from functions.domain.ports import Query
from tests.e2e.client import Answer, Browser, Caller
from tests.e2e.conftest import APP
from tests.e2e.google import Gate, Google, Person
from tests.e2e.hosts import Inside
from tests.e2e.journal import Journal

RETURN = f"{APP}/settings"


@pytest.fixture(autouse=True)
def _nothing_leaks(capsys: pytest.CaptureFixture[str], journal: Journal) -> Iterator[None]:
    """Whatever happens, no state, code, token or cookie gets into the log."""
    yield
    assert journal.leaks_in(capsys.readouterr().err) == []


def refused(answer: Answer, code: str) -> None:
    """The callback's redirect says what went wrong, and nothing else."""
    assert answer.status == 303, answer.text
    assert answer.headers["Location"].startswith(f"{RETURN}?")
    assert answer.query == {"status": "error", "code": code}


def confirmed(caller: Caller, answer: Answer) -> Answer:
    """What the frontend does with a pending connection."""
    assert answer.query["status"] == "confirm"
    caller.host.journal.secret(answer.query["pending"])
    return caller.post("oauth2callback/", {"pending": answer.query["pending"]})


def from_another_site(caller: Caller, browser: Browser, person: Person) -> str:
    """The callback's URL where a page on another site began: its browser showed no cookie to us, and took none."""
    answer = caller.call(
        "GET", "authorize/", query={"return_to": RETURN}, headers={"Accept": "application/json", "Origin": APP}
    )
    url = str(answer.ok()["authorization_url"])
    caller.host.journal.secret(parse_qs(urlsplit(url).query)["state"][0])
    for line in answer.headers.getlist("Set-Cookie"):
        caller.host.journal.secret(*(morsel.value for morsel in SimpleCookie(line).values()))
    return browser.consent(url, person)


def changed(url: str, **query: str) -> str:
    parts = urlsplit(url)
    found = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode({**found, **query})).geturl()


def tomorrow(inside: Inside) -> str:
    return (inside.app.clock() + timedelta(days=1)).isoformat()


def unavailable(*_: Any) -> Any:
    raise Unavailable("The store is away.")


# What is asked of Google


def test_the_request_has_what_protects_it(user: Caller, browser: Browser) -> None:
    first, second = (parse_qs(urlsplit(browser.start(user)).query) for _ in range(2))

    assert first["response_type"] == ["code"]
    assert first["code_challenge_method"] == ["S256"]
    assert first["access_type"] == ["offline"]
    assert first["prompt"] == ["consent select_account"]
    assert len(first["code_challenge"][0]) == 43
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name], name
    assert "login_hint" not in first
    assert user.token not in str(first)


@pytest.mark.parametrize("name", ["login_hint", "expected_email"])
def test_the_person_is_hinted_at_on_reconnect(user: Caller, browser: Browser, name: str) -> None:
    url = browser.start(user, **{name: "ada@example.com"})

    assert parse_qs(urlsplit(url).query)["login_hint"] == ["ada@example.com"]


@pytest.mark.parametrize("query", [{"colour": "red"}, {"login_hint": "a\nb"}, {"login_hint": "a" * 2001}])
def test_a_query_that_is_not_known_is_refused(user: Caller, query: dict[str, str]) -> None:
    user.get("authorize/", **query).problem(400, "invalid_request")


@pytest.mark.parametrize("expected", ["ada", "Ada <ada@example.com>", "ada@example.com,bo@example.com"])
def test_nobody_can_be_expected_who_has_no_address(user: Caller, expected: str) -> None:
    found = user.get("authorize/", expected_email=expected).problem(400, "invalid_request")
    assert [error["pointer"] for error in found["errors"]] == ["/expected_email"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json;charset=UTF-8, text/plain;q=0.5, */*;q=0.1", 200),
        ("text/html;q=0, application/json;version=1", 200),
        ("application/json;charset=utf-8;q=0.1, application/json, text/html;q=0.5", 200),
        ("application/json;charset=utf-8;q=0.5, text/html;level=1", 302),
        ("text/html; charset=utf-8, application/json;q=0.9", 302),
        ("text/html", 302),
        ("*/*", 302),
        ("", 302),
        (";;,=,/", 302),
    ],
)
def test_json_is_asked_for_with_or_without_parameters(inside: Inside, user: Caller, accept: str, status: int) -> None:
    answer = user.call("GET", "authorize/", headers={"Accept": accept})
    for link in (answer.headers.get("Location"), answer.json()["authorization_url"] if status == 200 else None):
        inside.journal.secret(parse_qs(urlsplit(link).query)["state"][0] if link else None)

    assert answer.status == status


def test_over_https_the_cookie_is_for_this_host_alone(make_inside: Callable[..., Inside], user: Caller) -> None:
    inside = make_inside(PUBLIC_URL="https://mail.example.com")

    answer = Caller(inside, user.token).get("authorize/")

    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-gmail_oauth=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_over_https_a_cookie_that_another_host_could_have_set_counts_for_nothing(
    make_inside: Callable[..., Inside], user: Caller, ada: Person
) -> None:
    browser = Browser(make_inside(PUBLIC_URL="https://mail.example.com"))
    caller = Caller(browser.host, user.token)
    link = browser.link(caller, ada)
    browser.cookies["gmail_oauth"] = browser.cookies.pop("__Host-gmail_oauth")

    browser.get(link, accept="application/json").problem(400, "invalid_state")


# The state


def test_a_state_works_once(user: Caller, browser: Browser, ada: Person) -> None:
    link = browser.link(user, ada)
    cookie = dict(browser.cookies)
    browser.get(link, accept="application/json").ok()

    browser.cookies = cookie
    browser.get(link, accept="application/json").problem(400, "invalid_state")

    assert len(user.accounts()) == 1
    user.send().ok()  # the first connection still stands


def test_a_state_with_another_code_does_not_work_again(user: Caller, browser: Browser, ada: Person) -> None:
    first = browser.link(user, ada)
    cookie = dict(browser.cookies)
    browser.get(first)
    code = parse_qs(urlsplit(browser.link(user, ada)).query)["code"][0]

    browser.cookies = cookie
    browser.get(changed(first, code=code), accept="application/json").problem(400, "invalid_state")


def test_a_state_is_used_up_by_a_refusal_too(user: Caller, browser: Browser, ada: Person) -> None:
    url = browser.start(user)
    cookie = dict(browser.cookies)
    browser.get(browser.consent(url, ada, deny=True), accept="application/json").problem(400, "consent_denied")

    browser.cookies = cookie
    browser.get(browser.consent(url, ada), accept="application/json").problem(400, "invalid_state")


def test_looking_at_a_link_does_not_use_it_up(inside: Inside, user: Caller, browser: Browser, ada: Person) -> None:
    """Mail scanners and link previews ask with HEAD."""
    link = browser.link(user, ada, RETURN)
    target = link.removeprefix(inside.app.settings.public_url)

    assert inside.request("HEAD", target, [], b"").status == 405

    assert browser.get(link).query["status"] == "connected"


@pytest.mark.parametrize(("minutes", "works"), [(9.9, True), (10.1, False), (60 * 24, False)])
def test_a_state_works_for_ten_minutes(
    inside: Inside, user: Caller, browser: Browser, ada: Person, minutes: float, works: bool
) -> None:
    link = browser.link(user, ada, RETURN)

    inside.time.jump(minutes=minutes)
    answer = browser.get(link)

    assert answer.query["status"] == ("connected" if works else "error")
    if not works:
        refused(answer, "invalid_state")


@pytest.mark.parametrize(
    "tamper",
    [
        lambda _: "",
        lambda _: "x",
        # Not the last one: some of its bits mean nothing in base64.
        lambda state: state[:-2] + ("A" if state[-2] != "A" else "B") + state[-1],
        lambda state: state[:40] + ("A" if state[40] != "A" else "B") + state[41:],
        lambda state: state.replace("v1.", "v2.", 1),
        lambda state: state.replace("v1.1.", "v1.2.", 1),
        lambda state: state.replace("v1.1.", "v1.999999999.", 1),
        lambda state: state.rpartition(".")[0] + ".",
        lambda state: state + "\x00",
        lambda _: "v1.1." + "A" * 400,
        lambda _: "ü" * 40,
        lambda _: "A" * 100_000,
    ],
)
def test_a_state_that_was_tampered_with_is_refused(
    user: Caller, browser: Browser, ada: Person, tamper: Callable[[str], str]
) -> None:
    link = browser.link(user, ada, RETURN)
    state = parse_qs(urlsplit(link).query)["state"][0]

    answer = browser.get(changed(link, state=tamper(state)), accept="application/json")

    answer.problem(400, "invalid_state")  # and not at return_to: whose that would be is not known
    assert user.accounts() == []


def test_a_state_that_is_missing_or_doubled_is_refused(
    user: Caller, attacker: Caller, browser: Browser, inside: Inside, ada: Person
) -> None:
    callback = f"{inside.public_url}/api/gmail/oauth2callback/"
    link = browser.link(user, ada)
    theirs = parse_qs(urlsplit(Browser(inside).start(attacker)).query)["state"][0]

    browser.get(callback, accept="application/json").problem(400, "invalid_state")
    browser.get(f"{callback}?code=4/0A", accept="application/json").problem(400, "invalid_state")
    browser.get(f"{callback}?state={theirs}&" + urlsplit(link).query, accept="application/json").problem(
        400, "invalid_state"
    )


def test_a_token_that_we_sealed_for_something_else_is_no_state(
    inside: Inside, user: Caller, browser: Browser, ada: Person
) -> None:
    link = browser.link(user, ada)
    other = inside.app.link_ring.seal(b"{}", "something else")
    inside.journal.secret(other)

    browser.get(changed(link, state=other), accept="application/json").problem(400, "invalid_state")


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_which_secret_is_disabled_is_told_to_nobody_who_calls(
    inside: Inside, user: Caller, browser: Browser, ada: Person, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    """Anyone may call this, with a state that names any version of the key."""
    link = browser.link(user, ada)

    def disabled(*_: Any) -> bytes:
        raise SecretDisabled("Version 1 of the secret link-key is disabled.", remedy="Enable it in my-project.")

    monkeypatch.setattr(inside.app.link_ring, "open", disabled)
    answer = browser.get(link, accept=accept)

    assert answer.status == 503
    assert not any(word in answer.text for word in ("link-key", "my-project"))


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_that_google_is_away_is_logged_as_somebody_elses_fault(
    user: Caller, browser: Browser, ada: Person, google: Google, capsys: pytest.CaptureFixture[str], accept: str
) -> None:
    """An error line is for what is wrong with us: it wakes somebody up."""
    link = browser.link(user, ada)
    google.fault("token", preset="503")

    answer = browser.get(link, accept=accept)

    assert (answer.status, "Not connected" in answer.text) == (503, accept == "text/html")
    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (line["severity"], line["status"], line["code"]) == ("WARNING", 503, "unavailable")


# The browser


def test_another_browser_cannot_finish(inside: Inside, user: Caller, browser: Browser, ada: Person) -> None:
    """Another one that has a cookie of its own: it began a sign-in itself."""
    link = browser.link(user, ada, RETURN)
    other = Browser(inside)
    other.start(user)

    refused(other.get(link), "invalid_state")

    assert user.accounts() == []
    assert browser.get(link).query["status"] == "connected"  # and has not used it up


@pytest.mark.parametrize("cookie", ["x", "A" * 43, "A" * 5000, "ü"])
def test_a_made_up_cookie_is_another_browser(user: Caller, browser: Browser, ada: Person, cookie: str) -> None:
    link = browser.link(user, ada, RETURN)
    browser.cookies = {"gmail_oauth": cookie}

    refused(browser.get(link), "invalid_state")


def test_without_the_cookie_and_return_to_nothing_is_connected(
    inside: Inside, user: Caller, browser: Browser, ada: Person
) -> None:
    link = browser.link(user, ada)

    answer = Browser(inside).get(link)

    assert answer.status == 400
    assert "text/html" in answer.headers["Content-Type"]
    assert user.accounts() == []
    assert browser.get(link, accept="application/json").ok()["status"] == "connected"


def test_two_sign_ins_in_one_browser_both_work(user: Caller, browser: Browser, ada: Person, grace: Person) -> None:
    first = browser.link(user, ada)
    second = browser.link(user, grace)

    browser.get(second, accept="application/json").ok()
    browser.get(first, accept="application/json").ok()

    assert {a["email"] for a in user.accounts()} == {ada.email, grace.email}


def test_two_callbacks_at_once_connect_once(user: Caller, browser: Browser, ada: Person, google: Google) -> None:
    link = browser.link(user, ada)
    exchanged = google.access_tokens(ada)
    begin = Gate(8)

    def call(_: int) -> Answer:
        other = Browser(browser.host, dict(browser.cookies))
        begin()
        return other.get(link, accept="application/json")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(8)))

    assert sorted(a.status for a in answers) == [200] + [400] * 7
    assert google.access_tokens(ada) == exchanged + 1
    assert len(user.accounts()) == 1
    user.send().ok()


def test_many_sign_ins_of_one_account_that_end_at_once_all_connect_it(
    user: Caller, browser: Browser, ada: Person
) -> None:
    browsers = [Browser(browser.host) for _ in range(10)]
    links = [one.link(user, ada) for one in browsers]
    begin = Gate(len(links))

    def call(number: int) -> int:
        begin()
        return browsers[number].get(links[number], accept="application/json").status

    with ThreadPoolExecutor(len(links)) as pool:
        assert list(pool.map(call, range(len(links)))) == [200] * len(links)
    assert len(user.accounts()) == 1


# The confirm step, for frontends on another site


def test_a_frontend_on_another_site_confirms(inside: Inside, user: Caller, browser: Browser, ada: Person) -> None:
    answer = Browser(inside).get(browser.link(user, ada, RETURN))
    assert answer.query.keys() == {"status", "pending"}
    assert answer.query["pending"].startswith("pnd_")
    assert user.accounts() == []

    account = confirmed(user, answer).ok()

    assert account["email"] == ada.email
    assert account["is_default"] is True
    assert [a["id"] for a in user.accounts()] == [account["id"]]
    user.send().ok()


def test_a_sign_in_of_our_own_pages_is_in_nobodys_way_on_another_site(
    user: Caller, browser: Browser, ada: Person, grace: Person
) -> None:
    """Its cookie stays for ten minutes, and comes along when Google redirects back."""
    browser.connect(user, grace)
    beside = browser.link(user, grace)  # in another tab
    answer = browser.get(from_another_site(user, browser, ada))
    assert [a["email"] for a in user.accounts()] == [grace.email]

    assert confirmed(user, answer).ok()["email"] == ada.email

    assert {a["email"] for a in user.accounts()} == {ada.email, grace.email}
    browser.get(beside, accept="application/json").ok()  # and the other tab's still works


def test_who_says_that_a_page_elsewhere_asked_gains_nothing_by_it(
    inside: Inside, user: Caller, attacker: Caller, browser: Browser, ada: Person, google: Google
) -> None:
    """Anybody can. A victim with a cookie of its own then only gets where one without gets: to its own frontend."""
    victim = Browser(inside)
    victim.start(user)

    answer = victim.get(from_another_site(attacker, browser, ada))
    assert attacker.accounts() == []
    confirmed(user, answer).problem(400, "invalid_state")

    assert attacker.accounts() == user.accounts() == []
    assert google.live_tokens(ada) == 0
    confirmed(attacker, answer).problem(400, "invalid_state")


def test_without_return_to_another_browser_cannot_finish_wherever_it_was_asked_for(
    inside: Inside, user: Caller, browser: Browser, ada: Person
) -> None:
    answer = user.call("GET", "authorize/", headers={"Accept": "application/json", "Origin": APP})
    url = str(answer.ok()["authorization_url"])
    inside.journal.secret(parse_qs(urlsplit(url).query)["state"][0])
    browser.start(user)

    browser.get(browser.consent(url, ada), accept="application/json").problem(400, "invalid_state")
    assert user.accounts() == []


def test_on_another_origin_of_the_same_site_the_cookie_still_counts(
    user: Caller, browser: Browser, ada: Person
) -> None:
    """There, browsers keep it."""
    answer = user.call(
        "GET", "authorize/", query={"return_to": RETURN}, headers={"Accept": "application/json", "Origin": APP}
    )
    url = str(answer.ok()["authorization_url"])
    (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    user.host.journal.secret(parse_qs(urlsplit(url).query)["state"][0], cookie.value)
    browser.cookies = {cookie.key: cookie.value}

    assert browser.get(browser.consent(url, ada)).query["status"] == "connected"


def test_a_pending_connection_works_once(inside: Inside, user: Caller, browser: Browser, ada: Person) -> None:
    answer = Browser(inside).get(browser.link(user, ada, RETURN))
    confirmed(user, answer).ok()

    confirmed(user, answer).problem(400, "invalid_state")

    user.send().ok()


def test_two_confirmations_at_once_connect_once(inside: Inside, user: Caller, browser: Browser, ada: Person) -> None:
    answer = Browser(inside).get(browser.link(user, ada, RETURN))
    begin = Gate(6)

    def call(_: int) -> int:
        begin()
        return confirmed(user, answer).status

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(call, range(6)))

    assert statuses == [200] + [400] * 5
    assert len(user.accounts()) == 1


def test_a_pending_connection_expires_after_ten_minutes(
    inside: Inside, user: Caller, browser: Browser, ada: Person
) -> None:
    answer = Browser(inside).get(browser.link(user, ada, RETURN))

    inside.time.jump(minutes=10.1)

    confirmed(user, answer).problem(400, "invalid_state")
    assert user.accounts() == []


def test_a_victim_who_finishes_an_attackers_link_ends_up_in_nobodys_list(
    inside: Inside, user: Caller, attacker: Caller, browser: Browser, ada: Person, google: Google
) -> None:
    """The attacker starts, the victim's browser goes to Google and comes back, the victim's frontend confirms."""
    link = browser.link(attacker, ada, RETURN)
    victim = Browser(inside)

    answer = victim.get(link)
    assert attacker.accounts() == []
    confirmed(user, answer).problem(400, "invalid_state")

    assert attacker.accounts() == user.accounts() == []
    assert google.live_tokens(ada) == 0
    confirmed(attacker, answer).problem(400, "invalid_state")  # forgotten: the attacker can't use it either
    assert attacker.accounts() == []


def test_a_victim_with_a_cookie_of_its_own_cannot_be_led_to_finish(
    inside: Inside, user: Caller, attacker: Caller, browser: Browser, ada: Person
) -> None:
    link = browser.link(attacker, ada, RETURN)
    victim = Browser(inside)
    victim.start(user)

    refused(victim.get(link), "invalid_state")

    assert attacker.accounts() == []


def test_the_victims_own_connection_survives_the_attack(
    inside: Inside, user: Caller, attacker: Caller, browser: Browser, ada: Person, google: Google
) -> None:
    """Revoking the attacker's grant would revoke the victim's: it is only forgotten."""
    user.connect(ada)

    confirmed(user, Browser(inside).get(browser.link(attacker, ada, RETURN))).problem(400, "invalid_state")

    assert google.live_tokens(ada) > 0
    user.send().ok()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"pending": "pnd_0000000000000000000000000"}, 400, "invalid_state"),
        ({"pending": "../states/x"}, 400, "invalid_state"),
        ({"pending": ""}, 400, "invalid_state"),
        ({"pending": 1}, 400, "invalid_request"),
        ({}, 400, "invalid_request"),
        ({"pending": "pnd_0", "owner": "own_x"}, 400, "invalid_request"),
    ],
)
def test_a_confirmation_of_nothing_is_refused(user: Caller, body: Any, status: int, code: str) -> None:
    user.post("oauth2callback/", body).problem(status, code)


def test_a_confirmation_needs_a_user(inside: Inside, user: Caller, browser: Browser, ada: Person) -> None:
    answer = Browser(inside).get(browser.link(user, ada, RETURN))

    confirmed(Caller(inside), answer).problem(401, "unauthenticated")
    confirmed(user.key("read", "send", "manage"), answer).problem(403, "forbidden")
    confirmed(user, answer).ok()  # neither has used it up


# Open redirects

EVIL = "https://evil.example"
TRICKS = [
    EVIL,
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "\\\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:\\\\evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://app.example.com/",
    f"{APP}.evil.example/",
    f"{APP}@evil.example/",
    f"{APP}:x@evil.example/",
    f"{APP}\\@evil.example/",
    f"{APP}%2eevil.example/",
    "https://user@app.example.com/",
    "http://app.example.com/",
    f"{APP}:8443/",
    f"{APP}/\\evil.example",
    f"{APP}/../evil",
    f"{APP}/settings/%2e%2e/evil",
    f"{APP}/settings/.%2E/evil",
    f" {APP}/",
    f"{APP}/\r\nLocation: {EVIL}",
    f"{APP}/\tx",
    f"{APP}/\x00",
    f"{APP}/ü",
    "https://\u0430pp.example.com/",  # a Cyrillic letter
    "https://app.example.com。evil.example/",
    "https://app。example。com/",
    "https://[::1",
    "https://app.example.com:notaport/",
    "https://evil.example#@app.example.com/",
    "https://evil.example?@app.example.com/",
    "https://evil.example/https://app.example.com/",
    "http://localhost:3000/settings/evil",
    "http://localhost:3000/settingsevil",
    "http://localhost:3001/settings",
    "http://localhost/settings",
    "http://127.0.0.1:3000/settings",
    f"{APP}/" + "a" * 2000,
]


@pytest.mark.parametrize("trick", TRICKS)
def test_nobody_is_sent_to_a_url_that_is_not_on_the_list(user: Caller, trick: str) -> None:
    answer = user.get("authorize/", return_to=trick)

    answer.problem(400, "invalid_request")
    assert "Location" not in answer.headers
    assert answer.pointers(400, "invalid_request") == ["/return_to"]


@pytest.mark.parametrize(
    "url",
    [
        APP,
        f"{APP}/",
        f"{APP}:443/",
        f"{APP}/deep/down?x=1#part",
        "HTTPS://APP.example.com/x",
        "http://localhost:3000/settings?a=b",
    ],
)
def test_a_url_on_the_list_works(user: Caller, browser: Browser, ada: Person, url: str) -> None:
    answer = browser.get(browser.link(user, ada, url))

    assert answer.status == 303
    assert urlsplit(answer.headers["Location"]).netloc.lower() == urlsplit(url).netloc.lower()
    assert answer.query["status"] == "connected"


def test_what_return_to_brings_along_cannot_fake_the_outcome(user: Caller, browser: Browser, ada: Person) -> None:
    answer = browser.get(browser.link(user, ada, f"{RETURN}?status=connected&account=acc_fake&code=x", deny=True))

    assert parse_qs(urlsplit(answer.headers["Location"]).query)["status"] == ["error"]
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["code"] == ["consent_denied"]


# What people do on Google's page


def test_another_account_than_the_expected_one_is_refused_and_given_back(
    user: Caller, browser: Browser, ada: Person, grace: Person, google: Google
) -> None:
    url = browser.start(user, return_to=RETURN, expected_email=ada.email)

    refused(browser.get(browser.consent(url, grace)), "wrong_account")

    assert user.accounts() == []
    assert google.live_tokens(grace) == 0


def test_the_expected_account_is_recognised_without_case(user: Caller, browser: Browser, ada: Person) -> None:
    url = browser.start(user, expected_email=ada.email.upper())

    browser.get(browser.consent(url, ada), accept="application/json").ok()


@pytest.mark.parametrize("where", ["page", "json", RETURN])
def test_a_denied_consent_is_explained(user: Caller, browser: Browser, ada: Person, where: str) -> None:
    link = browser.link(user, ada, where if where == RETURN else "", deny=True)
    answer = browser.get(link, accept="application/json" if where == "json" else "text/html")

    if where == RETURN:
        refused(answer, "consent_denied")
    elif where == "json":
        answer.problem(400, "consent_denied")
    else:
        assert answer.status == 400
        assert "allow access" in answer.text
    assert user.accounts() == []


def test_without_the_permission_to_send_nothing_is_connected(
    user: Caller, browser: Browser, ada: Person, google: Google
) -> None:
    refused(browser.get(browser.link(user, ada, RETURN, untick="gmail.send")), "insufficient_permissions")

    assert user.accounts() == []
    assert google.live_tokens(ada) == 0


def test_without_the_permission_to_read_the_account_says_what_is_missing(
    user: Caller, browser: Browser, ada: Person
) -> None:
    outcome = browser.get(browser.link(user, ada, RETURN, untick="gmail.readonly")).query

    assert outcome["status"] == "connected"
    (account,) = user.accounts()
    assert account["capabilities"] == {"send": True, "read": False}
    assert account["problem"]["code"] == "insufficient_permissions"
    assert account["problem"]["remedy"]


def test_a_grant_without_the_address_is_refused(user: Caller, browser: Browser, ada: Person) -> None:
    refused(browser.get(browser.link(user, ada, RETURN, untick="email")), "insufficient_permissions")

    assert user.accounts() == []


# What is not kept is given back


@pytest.mark.parametrize("where", ["here", "to be confirmed"])
@pytest.mark.parametrize(
    ("consent", "code"),
    [
        ({"untick": "email"}, "insufficient_permissions"),
        ({"untick": "gmail.send"}, "insufficient_permissions"),
        ({"nonce": "of another sign-in"}, "invalid_state"),
    ],
)
def test_a_grant_that_is_refused_is_given_back(
    user: Caller, browser: Browser, ada: Person, google: Google, consent: dict[str, str], code: str, where: str
) -> None:
    link = browser.link(user, ada, RETURN, **consent)
    came = Browser(browser.host) if where == "to be confirmed" else browser

    refused(came.get(link), code)

    assert google.refresh_tokens(ada) != []
    assert google.live_tokens(ada) == 0


@pytest.mark.parametrize("consent", [{"untick": "email"}, {"untick": "gmail.send"}, {"nonce": "of another sign-in"}])
def test_whose_account_works_does_not_lose_it_by_a_grant_that_is_refused(
    user: Caller, attacker: Caller, browser: Browser, ada: Person, consent: dict[str, str]
) -> None:
    """Revoking one token ends all that the person gave to this application, whoever asked for it."""
    user.connect(ada)

    for caller in (user, attacker):
        assert browser.get(browser.link(caller, ada, RETURN, **consent)).query["status"] == "error"

    user.send().ok()


@pytest.mark.parametrize("consent", [{"untick": "email"}, {"untick": "gmail.send"}, {"nonce": "of another sign-in"}])
def test_who_has_something_to_confirm_does_not_lose_it_by_a_grant_that_is_refused(
    inside: Inside, user: Caller, browser: Browser, ada: Person, google: Google, consent: dict[str, str]
) -> None:
    waiting = Browser(inside).get(browser.link(user, ada, RETURN))

    assert browser.get(browser.link(user, ada, RETURN, **consent)).query["status"] == "error"

    assert google.live_tokens(ada) > 0
    confirmed(user, waiting).ok()
    user.send().ok()


def test_an_account_whose_grant_is_dead_keeps_no_other_from_being_given_back(
    user: Caller, browser: Browser, ada: Person, google: Google
) -> None:
    """So that Google asks for everything again, the next time."""
    user.connect(ada)
    google.revoke(ada)
    user.send().problem(409, "reauth_required")

    refused(browser.get(browser.link(user, ada, RETURN, untick="gmail.send")), "insufficient_permissions")
    assert google.live_tokens(ada) == 0

    user.connect(ada)
    user.send().ok()


def test_nor_does_one_of_somebody_else_that_is_dead(
    inside: Inside, user: Caller, attacker: Caller, ada: Person, google: Google
) -> None:
    mine, theirs = user.connect(ada), attacker.connect(ada)
    both = inside.app.documents.query(Query("accounts", equals={"sub": ada.sub}, limit=3, group=True)).documents
    inside.app.tokens.mark_dead(*[records.from_data(GmailAccount, d.data) for d in both if d.id == theirs["id"]])

    user.delete(f"accounts/{mine['id']}/").ok(204)

    assert google.live_tokens(ada) == 0


@pytest.mark.parametrize("confirm", [False, True])
def test_what_could_not_be_refreshed_is_given_back(
    inside: Inside, user: Caller, browser: Browser, ada: Person, google: Google, confirm: bool
) -> None:
    """Google gives a refresh token again once nothing is left of the first grant."""
    link = browser.link(user, ada, RETURN, access_type=None)
    if confirm:
        confirmed(user, Browser(browser.host).get(link)).problem(409, "reauth_required")
    else:
        refused(browser.get(link), "reauth_required")

    assert google.access_tokens(ada) == 1
    assert google.live_tokens(ada) == 0
    assert inside.app.documents.below("pending", 10) == []  # what is dead waits for nobody


def test_what_is_confirmed_too_late_is_given_back(
    inside: Inside, user: Caller, browser: Browser, ada: Person, google: Google
) -> None:
    answer = Browser(inside).get(browser.link(user, ada, RETURN))
    assert google.live_tokens(ada) > 0

    inside.time.jump(minutes=10.1)
    confirmed(user, answer).problem(400, "invalid_state")

    assert google.live_tokens(ada) == 0


def test_what_nobody_confirms_is_given_back(
    inside: Inside, user: Caller, browser: Browser, ada: Person, grace: Person, google: Google
) -> None:
    user.connect(grace)
    answers = [Browser(inside).get(browser.link(user, person, RETURN)) for person in (ada, grace)]
    inside.app.sweeping.sweep()
    assert google.live_tokens(ada) > 0

    inside.time.jump(minutes=10.1)
    inside.app.sweeping.sweep()

    assert google.live_tokens(ada) == 0
    user.send().ok()  # Grace's is in use
    assert inside.app.documents.below("pending", 10) == []
    for answer in answers:
        confirmed(user, answer).problem(400, "invalid_state")


def test_what_nobody_confirms_is_not_given_back_while_the_same_person_tries_again(
    inside: Inside, user: Caller, browser: Browser, ada: Person, google: Google
) -> None:
    """It would end the second grant with the first."""
    Browser(inside).get(browser.link(user, ada, RETURN))
    inside.time.jump(minutes=9.9)
    again = Browser(inside).get(browser.link(user, ada, RETURN))
    inside.time.jump(minutes=0.2)

    inside.app.sweeping.sweep()
    assert google.live_tokens(ada) > 0
    confirmed(user, again).ok()
    inside.app.sweeping.sweep()

    assert inside.app.documents.below("pending", 10) == []
    user.send().ok()


def test_what_is_confirmed_too_late_is_not_given_back_while_the_same_person_tries_again(
    inside: Inside, user: Caller, browser: Browser, ada: Person, google: Google
) -> None:
    late = Browser(inside).get(browser.link(user, ada, RETURN))
    inside.time.jump(minutes=9.9)
    again = Browser(inside).get(browser.link(user, ada, RETURN))
    inside.time.jump(minutes=0.2)

    confirmed(user, late).problem(400, "invalid_state")
    assert google.live_tokens(ada) > 0
    confirmed(user, again).ok()
    user.send().ok()

    inside.app.sweeping.sweep()
    assert inside.app.documents.below("pending", 10) == []
    user.send().ok()


def test_who_comes_back_while_grants_of_others_are_given_back_keeps_theirs(
    inside: Inside,
    user: Caller,
    browser: Browser,
    ada: Person,
    grace: Person,
    google: Google,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for person in (ada, grace):
        Browser(inside).get(browser.link(user, person, RETURN))
    inside.time.jump(minutes=10.1)
    revoke, again = inside.app.oauth.revoke, []

    def slow(token: str) -> None:
        revoke(token)
        if not again:
            other = ada if google.live_tokens(ada) else grace
            again.append((other, Browser(inside).get(browser.link(user, other, RETURN))))

    monkeypatch.setattr(inside.app.oauth, "revoke", slow)
    inside.app.parked_grants.expire()

    ((other, answer),) = again
    assert google.live_tokens(other) > 0
    confirmed(user, answer).ok()
    user.send().ok()


@pytest.mark.parametrize("confirm", [False, True])
def test_disconnecting_does_not_end_what_another_owner_may_yet_confirm(
    inside: Inside, user: Caller, attacker: Caller, browser: Browser, ada: Person, google: Google, confirm: bool
) -> None:
    account = user.connect(ada)
    waiting = Browser(inside).get(browser.link(attacker, ada, RETURN))

    user.delete(f"accounts/{account['id']}/").ok(204)
    assert google.live_tokens(ada) > 0

    if confirm:
        confirmed(attacker, waiting).ok()
        attacker.send().ok()
    else:
        inside.time.jump(minutes=10.1)
        inside.app.sweeping.sweep()
        assert google.live_tokens(ada) == 0


def test_nor_does_discarding_one_before_its_time_or_somebody_who_confirms_anothers(
    inside: Inside, user: Caller, attacker: Caller, browser: Browser, ada: Person, google: Google
) -> None:
    discarded, taken, waiting = [Browser(inside).get(browser.link(attacker, ada, RETURN)) for _ in range(3)]

    document = inside.app.parked_grants.find(discarded.query["pending"])
    assert document
    inside.app.parked_grants.discard(document)
    confirmed(user, taken).problem(400, "invalid_state")

    assert google.live_tokens(ada) > 0
    confirmed(attacker, waiting).ok()
    attacker.send().ok()


def test_what_is_confirmed_while_somebody_looks_whether_it_is_needed_is_not_given_back(
    inside: Inside, user: Caller, attacker: Caller, browser: Browser, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is parked becomes an account: whoever looks for both finds one of them."""
    account = attacker.connect(ada)
    waiting = Browser(inside).get(browser.link(user, ada, RETURN))
    documents, give_back, looks = inside.app.documents, inside.app.grants.give_back, []

    def confirmed_behind_the_first_look(look: Callable[..., Any]) -> Callable[..., Any]:
        def looking(*args: Any) -> Any:
            found = look(*args)
            looks.append(look)
            if len(looks) == 1:
                confirmed(user, waiting).ok()
            return found

        return looking

    def watched(*args: Any) -> None:
        with monkeypatch.context() as patched:
            for look in ("query", "below"):
                patched.setattr(documents, look, confirmed_behind_the_first_look(getattr(documents, look)))
            give_back(*args)

    monkeypatch.setattr(inside.app.grants, "give_back", watched)
    attacker.delete(f"accounts/{account['id']}/").ok(204)

    assert looks
    user.send().ok()


def test_who_connects_again_while_the_account_is_being_disconnected_keeps_the_new_grant(
    inside: Inside, user: Caller, browser: Browser, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To cancel what waited takes a while, for both of them."""
    account = user.connect(ada)
    link = browser.link(user, ada, RETURN)
    cancel_all, give_back = inside.app.controlling.cancel_all, inside.app.grants.give_back
    disconnected: list[Any] = []

    def reconnecting(*args: Any) -> bool:
        if disconnected:  # the other one is through with it first
            give_back(*disconnected.pop())
        return cancel_all(*args)

    def disconnecting(*args: Any) -> None:
        disconnected.append(args)
        assert browser.get(link).query["status"] == "connected"

    monkeypatch.setattr(inside.app.controlling, "cancel_all", reconnecting)
    monkeypatch.setattr(inside.app.grants, "give_back", disconnecting)
    user.delete(f"accounts/{account['id']}/").ok(204)

    assert disconnected == []
    user.send().ok()


class Killed(BaseException):
    """The process ends."""


@pytest.mark.parametrize("cause", [Killed(), Unavailable("The store is away.")])
def test_what_could_not_be_kept_is_given_back(
    inside: Inside,
    user: Caller,
    browser: Browser,
    ada: Person,
    google: Google,
    monkeypatch: pytest.MonkeyPatch,
    cause: BaseException,
) -> None:
    def fail(*_: Any) -> Any:
        raise cause

    link = browser.link(user, ada, RETURN)
    with monkeypatch.context() as patched, contextlib.suppress(Killed):
        patched.setattr(inside.app.accounts, "store", fail)
        refused(browser.get(link), "unavailable")
    assert google.live_tokens(ada) > 0

    inside.time.jump(minutes=10.1)
    inside.app.sweeping.sweep()

    assert google.live_tokens(ada) == 0
    assert inside.app.documents.below("pending", 10) == []


def test_where_google_is_away_as_the_time_is_over_it_is_told_later(
    inside: Inside, user: Caller, browser: Browser, ada: Person, google: Google
) -> None:
    answer = Browser(inside).get(browser.link(user, ada, RETURN))
    google.fault("revoke", preset="503")
    inside.time.jump(minutes=10.1)

    with pytest.raises(Unavailable):
        inside.app.parked_grants.expire()
    confirmed(user, answer).problem(400, "invalid_state")
    assert google.live_tokens(ada) > 0
    google.no_faults()
    inside.app.parked_grants.expire()

    assert google.live_tokens(ada) == 0
    assert inside.app.documents.below("pending", 10) == []


@pytest.mark.parametrize("connected", [False, True])
def test_on_the_day_of_a_leak_what_is_parked_is_revoked_whatever_is_connected(
    inside: Inside, user: Caller, browser: Browser, ada: Person, google: Google, connected: bool
) -> None:
    """And stays for the next run where Google can't be told."""
    if connected:
        user.connect(ada)
    answer = Browser(inside).get(browser.link(user, ada, RETURN))
    google.fault("revoke", preset="503")

    assert inside.app.revoking.revoke_all() == {"failed": 1 + connected}
    assert inside.app.revoking.waiting() == 1 + connected

    google.no_faults()
    done = inside.app.revoking.revoke_all()
    assert done == ({"revoked": 1, "unknown": 1} if connected else {"revoked": 1})  # the first ended the other
    assert inside.app.revoking.waiting() == google.live_tokens(ada) == 0
    confirmed(user, answer).problem(400, "invalid_state")


@pytest.mark.parametrize("untick", ["email", "gmail.send"])
def test_whether_it_can_be_given_back_changes_nothing_of_the_answer(
    inside: Inside, user: Caller, browser: Browser, ada: Person, monkeypatch: pytest.MonkeyPatch, untick: str
) -> None:
    monkeypatch.setattr(inside.app.grants, "give_back", unavailable)
    refused(browser.get(browser.link(user, ada, RETURN, untick=untick)), "insufficient_permissions")


def test_who_confirms_anothers_link_hears_so_although_nothing_can_be_given_back(
    inside: Inside, user: Caller, attacker: Caller, browser: Browser, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Browser(inside).get(browser.link(attacker, ada, RETURN))
    monkeypatch.setattr(inside.app.grants, "give_back", unavailable)

    confirmed(user, answer).problem(400, "invalid_state")
    confirmed(attacker, answer).problem(400, "invalid_state")


# The refresh token


@pytest.mark.parametrize("asked", [{"access_type": None}, {"access_type": "online"}])
def test_without_a_refresh_token_nothing_is_connected(
    user: Caller, browser: Browser, ada: Person, asked: dict[str, str | None]
) -> None:
    link = browser.link(user, ada, **asked)

    problem = browser.get(link, accept="application/json").problem(409, "reauth_required")

    assert "refresh token" in problem["detail"]
    assert "myaccount.google.com" in problem["remedy"]
    assert user.accounts() == []


def test_an_account_that_is_dead_is_not_revived_without_a_refresh_token(
    user: Caller, browser: Browser, ada: Person, google: Google
) -> None:
    user.connect(ada)
    google.revoke(ada)
    user.send().problem(409, "reauth_required")

    refused(browser.get(browser.link(user, ada, RETURN, access_type=None)), "reauth_required")

    assert user.accounts()[0]["status"] == "reauth_required"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "consent_denied"),
        ("interaction_required", "consent_denied"),
        ("admin_policy_enforced", "consent_denied"),
        ("redirect_uri_mismatch", "invalid_credentials"),
        ("unauthorized_client", "invalid_credentials"),
        ("deleted_client", "invalid_credentials"),
        ("server_error", "unavailable"),
        ("temporarily_unavailable", "unavailable"),
        ("<script>alert(1)</script>", "consent_denied"),
    ],
)
def test_googles_own_refusals_have_our_codes(user: Caller, browser: Browser, error: str, code: str) -> None:
    state = parse_qs(urlsplit(browser.start(user, return_to=RETURN)).query)["state"][0]
    query = urlencode({"state": state, "error": error})

    refused(browser.get(f"{browser.host.public_url}/api/gmail/oauth2callback/?{query}"), code)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_where_google_is_away_page_and_document_say_when_to_come_again(
    user: Caller, browser: Browser, accept: str
) -> None:
    state = parse_qs(urlsplit(browser.start(user)).query)["state"][0]
    query = urlencode({"state": state, "error": "temporarily_unavailable"})

    answer = browser.get(f"{browser.host.public_url}/api/gmail/oauth2callback/?{query}", accept=accept)

    assert answer.status == 503
    assert answer.headers["Content-Type"].startswith("text/html" if accept == "text/html" else "application/problem")
    assert int(answer.headers["Retry-After"]) > 0
    assert "Connect again" in answer.text


def test_the_page_shows_nothing_as_html_that_came_in_the_query(user: Caller, browser: Browser) -> None:
    state = parse_qs(urlsplit(browser.start(user)).query)["state"][0]
    query = urlencode({"state": state, "error": "<script>alert(1)</script>"})

    page = browser.get(f"{browser.host.public_url}/api/gmail/oauth2callback/?{query}")

    assert page.status == 400
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


# What goes wrong at the token endpoint


@pytest.mark.parametrize("return_to", ["", RETURN])
def test_a_wrong_client_secret_is_named_as_such(
    make_inside: Callable[..., Inside], issuer: Any, ada: Person, return_to: str
) -> None:
    inside = make_inside(GMAIL_CLIENT_SECRET="not-the-secret")
    user, browser = Caller(inside, issuer.token()), Browser(inside)

    answer = browser.get(browser.link(user, ada, return_to), accept="application/json")

    if return_to:
        refused(answer, "invalid_credentials")
    else:
        assert "GMAIL_CLIENT_SECRET" in answer.problem(502, "invalid_credentials")["remedy"]
        assert "not-the-secret" not in answer.text
    assert user.accounts() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"action": {"delay": 1.0}},
        {"preset": "503"},
        {"preset": "502"},
        {"preset": "500"},
        {"action": {"garbage": True}},
        {"action": {"half_answer": True}},
        {"action": {"close": "after_body"}},
        {"action": {"reset": "before_body"}},
        {"action": {"status": 404, "html": True}},
        {"action": {"status": 429, "reason": "rate_limit_exceeded"}},
    ],
    ids=["timeout", "503", "502", "500", "garbage", "half an answer", "closed", "reset", "404", "429"],
)
def test_a_token_endpoint_that_fails_is_unavailable(
    user: Caller,
    browser: Browser,
    ada: Person,
    google: Google,
    fault: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(google_oauth, "TIMEOUT", 0.3)
    google.fault("token", **fault)

    refused(browser.get(browser.link(user, ada, RETURN)), "unavailable")
    answer = browser.get(browser.link(user, ada), accept="application/json")

    answer.problem(503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert user.accounts() == []


def test_a_token_endpoint_that_is_gone_is_unavailable(
    make_inside: Callable[..., Inside], issuer: Any, ada: Person
) -> None:
    inside = make_inside(GOOGLE_TOKEN_URL="http://localhost:9/token")
    user, browser = Caller(inside, issuer.token()), Browser(inside)

    refused(browser.get(browser.link(user, ada, RETURN)), "unavailable")


def test_a_code_that_google_does_not_know_is_an_invalid_link(user: Caller, browser: Browser, ada: Person) -> None:
    for code in ("4/0Anothing", "", "x" * 5000):
        link = browser.link(user, ada, RETURN)
        refused(browser.get(changed(link, code=code)), "invalid_state")


def test_a_code_that_another_sign_in_was_given_does_not_fit(
    inside: Inside, user: Caller, attacker: Caller, browser: Browser, ada: Person, grace: Person
) -> None:
    """Injecting a stolen code: the verifier (PKCE) is another."""
    stolen = parse_qs(urlsplit(Browser(inside).link(attacker, ada)).query)["code"][0]

    refused(browser.get(changed(browser.link(user, grace, RETURN), code=stolen)), "invalid_state")

    assert user.accounts() == []


# What goes wrong once it is connected


def test_an_account_is_connected_although_what_it_holds_can_not_be_released_now(
    inside: Inside, user: Caller, browser: Browser, ada: Person, google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held is tried again by itself, each hour."""
    user.connect(ada)
    google.revoke(ada)
    user.send().problem(409, "reauth_required")
    monkeypatch.setattr(inside.app.controlling, "release_all", unavailable)

    assert browser.get(browser.link(user, ada, RETURN)).query["status"] == "connected"
    assert user.accounts()[0]["status"] == "connected"

    google.revoke(ada)
    user.send().problem(409, "reauth_required")
    assert confirmed(user, Browser(inside).get(browser.link(user, ada, RETURN))).ok()["status"] == "connected"


def test_a_confirmed_account_is_connected_although_the_default_can_not_be_read_now(
    inside: Inside, user: Caller, browser: Browser, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Browser(inside).get(browser.link(user, ada, RETURN))
    with monkeypatch.context() as patched:
        patched.setattr(inside.app.accounts, "default_id", unavailable)
        assert confirmed(user, answer).ok()["is_default"] is False  # not known to this instance yet

    assert user.accounts()[0]["is_default"] is True
    again = Browser(inside).get(browser.link(user, ada, RETURN))
    monkeypatch.setattr(inside.app.accounts, "default_id", unavailable)
    assert confirmed(user, again).ok()["is_default"] is True


# What an account of before has left


def test_what_an_account_left_waiting_does_not_go_out_when_it_is_connected_anew(
    inside: Inside, user: Caller, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Disconnecting it was cut off after its record, and it comes back under the same id."""
    account = user.connect(ada)
    waiting = user.send(send_at=tomorrow(inside)).ok(202)["id"]
    with monkeypatch.context() as patched:
        patched.setattr(inside.app.controlling, "cancel_all", unavailable)
        user.delete(f"accounts/{account['id']}/").problem(503, "unavailable")
    assert user.get(f"history/{waiting}/").ok()["status"] == "scheduled"

    assert user.connect(ada)["id"] == account["id"]

    assert user.get(f"history/{waiting}/").ok()["status"] == "cancelled"
