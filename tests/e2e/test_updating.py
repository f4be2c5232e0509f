"""PATCH of an account: the default, the name, the tracking, the daily limit."""

from typing import Any

import pytest

from tests.e2e.client import Answer, Caller
from tests.e2e.google import Google, Person


def patch(caller: Caller, account: dict[str, Any], body: Any) -> Answer:
    return caller.call("PATCH", f"accounts/{account['id']}/", body)


def shown(caller: Caller, account: dict[str, Any]) -> dict[str, Any]:
    return dict(caller.get(f"accounts/{account['id']}/").ok())


def test_an_account_starts_with_gmails_limit_and_without_tracking(caller: Caller, ada: Person) -> None:
    account = caller.connect(ada)

    assert (account["tracking"], account["daily_limit"]) == ({"opens": False, "clicks": False}, None)


def test_the_answer_is_the_account_as_it_is_now(caller: Caller, ada: Person) -> None:
    account = caller.connect(ada)

    changed = patch(caller, account, {"name": "Countess", "tracking": {"opens": True}, "daily_limit": 7}).ok()

    assert changed["name"] == "Countess"
    assert changed["tracking"] == {"opens": True, "clicks": False}
    assert (changed["daily_limit"], changed["capacity"]["recipients_per_day"]) == (7, 7)
    assert {**shown(caller, account), "capacity": 0} == {**changed, "capacity": 0}
    assert caller.accounts()[0]["daily_limit"] == 7


def test_what_is_absent_stays_and_null_gives_name_and_limit_back_to_gmail(caller: Caller, ada: Person) -> None:
    account = caller.connect(ada)
    patch(caller, account, {"name": "Countess", "tracking": {"opens": True, "clicks": True}, "daily_limit": 7}).ok()

    assert patch(caller, account, {}).ok()["name"] == "Countess"
    assert patch(caller, account, {"tracking": {"opens": False}}).ok()["tracking"] == {"opens": False, "clicks": True}
    back = patch(caller, account, {"name": None, "daily_limit": None, "tracking": None, "is_default": None}).ok()

    assert (back["name"], back["daily_limit"]) == (account["name"], None)
    assert back["tracking"] == {"opens": False, "clicks": True}


def test_recipients_see_the_name_that_was_chosen(caller: Caller, ada: Person, google: Google) -> None:
    account = caller.connect(ada)
    patch(caller, account, {"name": "Ada, Countess of Lovelace"}).ok()

    caller.send().ok()

    assert caller.history()[0]["from"] == {"email": ada.email, "name": "Ada, Countess of Lovelace"}
    assert len(google.deliveries(ada)) == 1


def test_what_was_chosen_outlives_connecting_again(caller: Caller, ada: Person) -> None:
    account = caller.connect(ada)
    patch(caller, account, {"name": "Countess", "tracking": {"clicks": True}, "daily_limit": 7}).ok()

    again = caller.connect(ada)

    assert again["id"] == account["id"]
    assert (again["name"], again["tracking"]["clicks"], again["daily_limit"]) == ("Countess", True, 7)


def test_another_account_becomes_the_default(caller: Caller, ada: Person, grace: Person, google: Google) -> None:
    first, second = caller.connect(ada), caller.connect(grace)
    assert patch(caller, first, {"is_default": False}).pointers(400, "invalid_request") == ["/is_default"]

    assert patch(caller, second, {"is_default": True}).ok()["is_default"]

    assert not shown(caller, first)["is_default"]
    caller.send().ok()
    assert len(google.deliveries(grace)) == 1


def test_no_more_go_out_in_a_day_than_its_owner_allows(caller: Caller, ada: Person, google: Google) -> None:
    account = caller.connect(ada)
    patch(caller, account, {"daily_limit": 1}).ok()

    caller.send().ok()

    later = caller.send().ok(202)
    assert later["status"] == "queued"
    assert "daily limit of 1" in caller.history()[0]["explanation"]
    assert len(google.deliveries(ada)) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"daily_limit": 0}, "/daily_limit"),
        ({"daily_limit": 2001}, "/daily_limit"),
        ({"daily_limit": 1.5}, "/daily_limit"),
        ({"daily_limit": True}, "/daily_limit"),
        ({"name": "a\r\nBcc: b@x.example"}, "/name"),
        ({"name": "=?utf-8?q?a?="}, "/name"),
        ({"name": "a" * 257}, "/name"),
        ({"name": ["a"]}, "/name"),
        ({"tracking": True}, "/tracking"),
        ({"tracking": {"opens": "yes"}}, "/tracking/opens"),
        ({"tracking": {"replies": True}}, "/tracking/replies"),
        ({"is_default": 1}, "/is_default"),
        ({"email": "other@x.example"}, "/email"),
        ({"status": "connected", "name": "kept out"}, "/status"),
    ],
)
def test_what_is_wrong_is_pointed_at_and_changes_nothing(
    caller: Caller, ada: Person, body: dict[str, Any], pointer: str
) -> None:
    account = caller.connect(ada)

    assert pointer in patch(caller, account, body).pointers(400, "invalid_request")

    assert {**shown(caller, account), "capacity": 0} == {**account, "capacity": 0}


def test_a_gmail_com_account_has_the_limit_of_a_consumer(caller: Caller, google: Google) -> None:
    account = caller.connect(google.person("bob", domain="gmail.com"))

    (error,) = patch(caller, account, {"daily_limit": 501}).problem(400, "invalid_request")["errors"]
    assert "from 1 to 500" in error["detail"]
    patch(caller, account, {"daily_limit": 500}).ok()


def test_only_its_owner_and_keys_that_manage_change_an_account(caller: Caller, stranger: Caller, ada: Person) -> None:
    account = caller.connect(ada)

    patch(stranger, account, {"name": "x"}).problem(404, "not_found")
    patch(caller.key("read"), account, {"name": "x"}).problem(403, "forbidden")
    patch(caller.key("manage"), account, {"name": "x"}).ok()
    limited = caller.key("manage", accounts=[account["id"]])
    patch(limited, account, {"name": "y"}).ok()
    patch(limited, account, {"is_default": True}).problem(403, "forbidden")
    patch(caller.key("manage", accounts=[]), account, {"name": "z"}).problem(404, "not_found")
    assert shown(caller, account)["name"] == "y"
