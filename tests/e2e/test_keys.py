"""API keys: what they open, and what they don't."""

import pytest

from tests.e2e.client import Caller
from tests.e2e.conftest import LOCAL_KEY
from tests.e2e.google import Google, Person

KEY = {"id", "name", "scopes", "accounts", "created_at", "last_used_at", "expires_at"}


def test_a_key_is_shown_once_and_then_only_described(caller: Caller) -> None:
    made = caller.post("keys/", {"name": "CRM", "scopes": ["send"], "expires_at": "2099-01-01T00:00:00Z"}).ok(201)
    caller.host.journal.secret(made["key"])

    (listed,) = caller.get("keys/").ok()["keys"]

    assert made.keys() == KEY | {"key"}
    assert listed == {name: made[name] for name in KEY}
    assert made["key"].startswith(f"gmk_{made['id'].removeprefix('key_')}_")
    assert len(made["key"].rpartition("_")[2]) >= 26  # 128 bits in base32
    assert (listed["name"], listed["scopes"], listed["accounts"]) == ("CRM", ["send"], None)
    assert listed["expires_at"] == "2099-01-01T00:00:00.000Z"
    assert listed["last_used_at"] is None


def test_the_newest_key_is_listed_first_and_the_list_comes_in_pages(caller: Caller) -> None:
    for name in ("one", "two", "three"):
        caller.post("keys/", {"name": name, "scopes": ["read"]}).ok(201)

    first = caller.get("keys/", page_size=2).ok()
    second = caller.get("keys/", page_size=2, page_token=first["next_page_token"]).ok()

    assert [k["name"] for k in first["keys"] + second["keys"]] == ["three", "two", "one"]
    assert second["next_page_token"] is None


def test_the_time_of_a_keys_last_use_is_shown(caller: Caller) -> None:
    key = caller.key("read")
    assert caller.get("keys/").ok()["keys"][0]["last_used_at"] is None

    key.accounts()

    assert caller.get("keys/").ok()["keys"][0]["last_used_at"] is not None


def test_a_key_opens_what_its_scopes_say(caller: Caller, ada: Person) -> None:
    account = caller.connect(ada)
    reader, sender, manager = caller.key("read"), caller.key("send"), caller.key("manage")

    assert len(reader.accounts()) == 1
    assert reader.history() == []
    reader.send().problem(403, "forbidden")
    reader.delete(f"accounts/{account['id']}/").problem(403, "forbidden")

    sender.send().ok()
    sender.get("accounts/").problem(403, "forbidden")
    sender.get("history/").problem(403, "forbidden")
    sender.delete(f"accounts/{account['id']}/").problem(403, "forbidden")

    manager.send().problem(403, "forbidden")
    manager.get("accounts/").problem(403, "forbidden")
    manager.delete(f"accounts/{account['id']}/").ok(204)


def test_a_key_can_neither_connect_accounts_nor_touch_keys(caller: Caller) -> None:
    key = caller.key("read", "send", "manage")

    for method, path, body in (
        ("GET", "authorize/", None),
        ("POST", "oauth2callback/", {"pending": "pnd_0"}),
        ("GET", "keys/", None),
        ("POST", "keys/", {"name": "more", "scopes": ["send"]}),
        ("DELETE", "keys/key_0/", None),
    ):
        key.call(method, path, body).problem(403, "forbidden")


def test_a_key_for_some_accounts_sees_no_others(caller: Caller, ada: Person, grace: Person, google: Google) -> None:
    first, second = caller.connect(ada), caller.connect(grace)
    caller.send(account=ada.email, subject="hers").ok()
    hidden = caller.history()[0]
    key = caller.key("read", "send", "manage", accounts=[second["id"]])

    assert [a["id"] for a in key.accounts()] == [second["id"]]
    assert key.history() == []
    key.get(f"accounts/{first['id']}/").problem(404, "not_found")
    key.get(f"history/{hidden['id']}/").problem(404, "not_found")
    key.delete(f"accounts/{first['id']}/").problem(404, "not_found")
    key.send().problem(404, "not_found")  # the default is not one of its accounts
    key.send(account=ada.email).problem(404, "not_found")
    key.send(account=first["id"]).problem(404, "not_found")
    key.send(account=grace.email, in_reply_to_send=hidden["id"]).problem(422, "invalid_message")
    key.send(account=grace.email).ok()
    assert len(google.deliveries(ada)) == 1
    assert len(key.history()) == 1


def test_no_page_and_no_token_tells_a_key_for_some_accounts_of_others(caller: Caller, google: Google) -> None:
    hidden, *own = (caller.connect(google.person(name)) for name in ("ada", "grace", "alan"))
    key = caller.key("read", accounts=[own[1]["id"], own[0]["id"]])

    first = key.get("accounts/", page_size=1).ok()
    second = key.get("accounts/", page_size=1, page_token=first["next_page_token"]).ok()
    both = key.get("accounts/", page_size=2).ok()

    assert [a["id"] for a in first["accounts"]] == [own[0]["id"]]
    assert [a["id"] for a in second["accounts"]] == [own[1]["id"]]
    assert [a["id"] for a in both["accounts"]] == [a["id"] for a in own]
    assert second["next_page_token"] is both["next_page_token"] is None
    assert hidden["id"] not in bytes.fromhex(first["next_page_token"]).decode()
    theirs = caller.get("accounts/", page_size=1).ok()["next_page_token"]
    for token in (theirs, "x", "00", b"2026-01-01 acc_0".hex()[:-1], b"ever acc_0".hex(), b"\xff".hex(), "ü"):
        key.get("accounts/", page_token=token).problem(400, "invalid_request")
    caller.get("accounts/", page_token=first["next_page_token"]).problem(400, "invalid_request")
    caller.delete(f"accounts/{own[0]['id']}/").ok(204)  # the place stays a place
    assert key.get("accounts/", page_size=1, page_token=first["next_page_token"]).ok() == second


def test_a_revoked_key_opens_nothing(caller: Caller) -> None:
    key = caller.key("read")
    key.accounts()
    (listed,) = caller.get("keys/").ok()["keys"]

    caller.delete(f"keys/{listed['id']}/").ok(204)

    key.get("accounts/").problem(401, "unauthenticated")
    assert caller.get("keys/").ok()["keys"] == []
    caller.delete(f"keys/{listed['id']}/").problem(404, "not_found")


def test_a_key_that_is_nearly_right_is_refused(caller: Caller) -> None:
    key = caller.key("read")
    wrong = "0" if key.token[-1] != "0" else "1"

    for token in (key.token[:-1] + wrong, key.token[:-1], key.token + "0", key.token.upper(), "gmk_", "gmk__", "x"):
        answer = Caller(caller.host, token).get("accounts/")
        answer.problem(401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"scopes": ["send"]}, "/name"),
        ({"name": "k"}, "/scopes"),
        ({"name": "k", "scopes": []}, "/scopes"),
        ({"name": "k", "scopes": ["everything"]}, "/scopes/0"),
        ({"name": "k", "scopes": ["send", "send"]}, "/scopes/1"),
        ({"name": "k", "scopes": ["send"], "accounts": ["ada@example.com"]}, "/accounts/0"),
        ({"name": "k", "scopes": ["send"], "expires_at": "tomorrow"}, "/expires_at"),
        ({"name": "k", "scopes": ["send"], "owner": "me"}, "/owner"),
    ],
)
def test_what_is_wrong_with_a_new_key_is_pointed_at(caller: Caller, body: dict[str, object], pointer: str) -> None:
    assert pointer in caller.post("keys/", body).pointers(400, "invalid_request")


def test_a_key_that_has_expired_before_it_is_made_is_refused(caller: Caller) -> None:
    body = {"name": "k", "scopes": ["send"], "expires_at": "2020-01-01T00:00:00Z"}

    caller.post("keys/", body).problem(400, "invalid_request")


def test_the_local_key_is_a_user_of_its_own(caller: Caller, ada: Person) -> None:
    local = Caller(caller.host, LOCAL_KEY)
    account = local.connect(ada)
    try:
        assert account["id"] in [a["id"] for a in local.accounts()]
        assert local.key("read").get(f"accounts/{account['id']}/").ok()["email"] == ada.email
        caller.get(f"accounts/{account['id']}/").problem(404, "not_found")
    finally:
        local.delete(f"accounts/{account['id']}/").ok(204)
