"""Connecting accounts, looking at them, and disconnecting them."""

from typing import Any

import pytest

from tests.e2e.client import Browser, Caller
from tests.e2e.conftest import APP
from tests.e2e.google import Google, Person

SHOWN = {
    "id", "email", "name", "status", "scopes", "capabilities", "is_default", "tracking", "daily_limit",
    "connected_at", "last_sent_at", "problem",
}  # fmt: skip


def test_two_people_are_connected_and_listed_with_the_first_as_default(
    caller: Caller, ada: Person, grace: Person
) -> None:
    first, second = caller.connect(ada), caller.connect(grace)

    listed = caller.accounts()

    assert [a["id"] for a in listed] == [first["id"], second["id"]]
    assert [a["email"] for a in listed] == [ada.email, grace.email]
    assert [a["is_default"] for a in listed] == [True, False]
    assert all(a.keys() == SHOWN for a in listed)
    assert listed[0]["status"] == "connected"
    assert listed[0]["capabilities"] == {"send": True, "read": True}
    assert listed[0]["problem"] is None
    assert listed[0]["last_sent_at"] is None


def test_the_list_comes_in_pages(caller: Caller, ada: Person, grace: Person) -> None:
    ids = [caller.connect(ada)["id"], caller.connect(grace)["id"]]

    first = caller.get("accounts/", page_size=1).ok()
    second = caller.get("accounts/", page_size=1, page_token=first["next_page_token"]).ok()

    assert [a["id"] for a in first["accounts"] + second["accounts"]] == ids
    assert second["next_page_token"] is None


@pytest.mark.parametrize("size", ["0", "501", "-1", "many", "", "1.0", "٣"])
def test_a_page_size_out_of_range_is_refused(caller: Caller, size: str) -> None:
    caller.get("accounts/", page_size=size).problem(400, "invalid_request")


def test_a_page_token_that_nobody_gave_is_refused(caller: Caller) -> None:
    caller.get("accounts/", page_token="bm90IGEgdG9rZW4").problem(400, "invalid_request")


def test_the_detail_has_the_verified_aliases(caller: Caller, google: Google) -> None:
    person = google.person(
        "ada", [{"email": "countess", "name": "The Countess"}, {"email": "imposter", "verified": False}]
    )
    account = caller.connect(person)

    aliases = caller.get(f"accounts/{account['id']}/").ok()["aliases"]

    assert [(a["email"].partition("-")[0], a["is_primary"]) for a in aliases] == [("ada", True), ("countess", False)]
    assert aliases[1]["name"] == "The Countess"


@pytest.mark.parametrize("path", ["accounts", "accounts/", "accounts//"])
def test_a_missing_or_doubled_trailing_slash_changes_nothing(caller: Caller, path: str) -> None:
    assert caller.get(path).ok()["accounts"] == []


def test_a_browser_is_redirected_to_google_and_bound_by_a_cookie(hosting: Any, caller: Caller) -> None:
    answer = Browser(hosting).get(f"{hosting.public_url}/api/gmail/authorize/", token=caller.token)

    assert answer.status == 302
    assert "/o/oauth2/v2/auth?" in answer.headers["Location"]
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("gmail_oauth=")  # plain http: neither the prefix nor Secure
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    hosting.journal.secret(answer.query["state"])


def test_the_callback_ends_at_return_to(hosting: Any, caller: Caller, ada: Person) -> None:
    browser = Browser(hosting)
    link = browser.link(caller, ada, f"{APP}/settings?tab=mail")

    answer = browser.get(link)

    assert answer.status == 303
    assert answer.headers["Location"].startswith(f"{APP}/settings?")
    (account,) = caller.accounts()
    assert answer.query == {"tab": "mail", "status": "connected", "account": account["id"]}
    assert "Set-Cookie" not in answer.headers  # another tab may be on its way back


def test_the_longest_return_to_works(hosting: Any, caller: Caller, ada: Person) -> None:
    """The state carries it through Google and back, in one URL."""
    browser = Browser(hosting)
    longest = f"{APP}/?".ljust(2000, "x")
    url = browser.start(caller, return_to=longest, expected_email=ada.email)

    assert browser.get(browser.consent(url, ada)).query["status"] == "connected"


def test_the_callback_without_return_to_is_a_page_or_json(hosting: Any, caller: Caller, ada: Person) -> None:
    browser = Browser(hosting)
    page = browser.get(browser.link(caller, ada))
    document = browser.get(browser.link(caller, ada), accept="application/json")

    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert f"{ada.email} is connected" in page.text
    assert document.ok() == {"status": "connected", "account": caller.accounts()[0]["id"]}


def test_what_a_callback_answers_stays_out_of_caches_and_referrers(hosting: Any, caller: Caller, ada: Person) -> None:
    browser = Browser(hosting)
    answers = [
        browser.get(browser.link(caller, ada, f"{APP}/settings")),
        browser.get(browser.link(caller, ada)),
        browser.get(browser.link(caller, ada, deny=True)),
        browser.get(f"{hosting.public_url}/api/gmail/oauth2callback/?state=nonsense&code=nothing"),
    ]
    assert [a.status for a in answers] == [303, 200, 400, 400]
    for answer in answers:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


def test_reconnecting_keeps_the_id_and_is_no_second_account(caller: Caller, ada: Person) -> None:
    first, again = caller.connect(ada), caller.connect(ada)

    assert again["id"] == first["id"]
    assert again["connected_at"] == first["connected_at"]
    assert len(caller.accounts()) == 1


def test_reconnecting_without_a_new_refresh_token_keeps_the_old_one(
    hosting: Any, caller: Caller, ada: Person, google: Google
) -> None:
    browser = Browser(hosting)
    account = browser.connect(caller, ada)
    before = google.refresh_tokens(ada)

    # Without `consent` Google gives a refresh token only the first time.
    outcome = browser.get(browser.link(caller, ada, prompt="select_account"), accept="application/json").ok()

    assert outcome == account
    assert google.refresh_tokens(ada) == before
    google.fault("send", account=ada.email, preset="401-authError", times=1)
    refreshed = google.access_tokens(ada)
    caller.send().ok()  # the access token was refused: only the old refresh token can have got another
    assert google.access_tokens(ada) == refreshed + 1


def test_a_dead_grant_is_shown_and_reconnecting_heals_it(caller: Caller, ada: Person, google: Google) -> None:
    account = caller.connect(ada)
    google.revoke(ada)

    caller.send().problem(409, "reauth_required")

    (shown,) = caller.accounts()
    assert shown["status"] == "reauth_required"
    assert shown["problem"]["code"] == "reauth_required"
    assert shown["problem"]["remedy"]
    (record,) = caller.history()
    assert (record["status"], record["attempts"][0]["code"]) == ("failed", "reauth_required")
    caller.send().problem(409, "reauth_required")
    assert len(caller.history()) == 1  # what can't even begin leaves no trace
    assert caller.connect(ada)["id"] == account["id"]
    assert caller.accounts()[0]["status"] == "connected"
    caller.send().ok()


def test_an_account_that_can_only_send_says_so_and_sends(hosting: Any, caller: Caller, ada: Person) -> None:
    browser = Browser(hosting)
    outcome = browser.get(browser.link(caller, ada, untick="gmail.readonly"), accept="application/json").ok()

    shown = caller.get(f"accounts/{outcome['account']}/").ok()

    assert shown["capabilities"] == {"send": True, "read": False}
    assert shown["status"] == "connected"
    assert shown["problem"]["code"] == "insufficient_permissions"
    assert "reading" in shown["problem"]["detail"]
    sent = caller.send().ok()
    assert "Good morning" in caller.get(f"history/{sent['id']}/", include="mime").ok()["mime"]  # what we stored


def test_disconnecting_forgets_the_account_and_gives_the_grant_back(
    caller: Caller, ada: Person, grace: Person, google: Google
) -> None:
    first, second = caller.connect(ada), caller.connect(grace)

    answer = caller.delete(f"accounts/{first['id']}/")

    assert (answer.status, answer.body) == (204, b"")
    assert [(a["id"], a["is_default"]) for a in caller.accounts()] == [(second["id"], True)]
    assert google.live_tokens(ada) == 0
    assert google.live_tokens(grace) > 0
    caller.get(f"accounts/{first['id']}/").problem(404, "not_found")
    caller.delete(f"accounts/{first['id']}/").problem(404, "not_found")
    caller.send(account=ada.email).problem(404, "not_found")


def test_the_grant_is_given_back_only_when_the_last_owner_disconnects(
    caller: Caller, stranger: Caller, ada: Person, google: Google
) -> None:
    """Revoking one token ends the grant of the whole project: the other owner's account would be dead."""
    mine, theirs = caller.connect(ada), stranger.connect(ada)
    assert mine["id"] != theirs["id"]

    caller.delete(f"accounts/{mine['id']}/").ok(204)
    assert google.live_tokens(ada) > 0
    stranger.send().ok()

    stranger.delete(f"accounts/{theirs['id']}/").ok(204)
    assert google.live_tokens(ada) == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"preset": "503"},
        {"preset": "invalid_grant"},
        {"action": {"close": "before_body"}},
        {"action": {"garbage": True}},
    ],
    ids=["503", "400", "no answer", "garbage"],
)
def test_disconnecting_succeeds_although_google_does_not_revoke(
    caller: Caller, ada: Person, google: Google, fault: dict[str, Any]
) -> None:
    account = caller.connect(ada)
    google.fault("revoke", **fault)

    caller.delete(f"accounts/{account['id']}/").ok(204)

    assert caller.accounts() == []


def test_disconnecting_succeeds_although_the_grant_is_dead_already(caller: Caller, ada: Person, google: Google) -> None:
    account = caller.connect(ada)
    google.revoke(ada)

    caller.delete(f"accounts/{account['id']}/").ok(204)


def test_no_default_and_no_account_is_explained(caller: Caller) -> None:
    problem = caller.send().problem(404, "not_found")

    assert "authorize" in problem["remedy"]
