"""Triggers as a resource: made, listed, changed, rotated, deleted; what is wrong with one is named."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import hooks
from tests.e2e.client import Caller
from tests.e2e.google import Person
from tests.e2e.hooks import hook

TRIGGER: dict[str, Any] = hooks.TRIGGER


@pytest.fixture(autouse=True)
def account(caller: Caller, ada: Person) -> dict[str, Any]:
    return caller.connect(ada)


def mapped(**changed: Any) -> dict[str, Any]:
    return {**TRIGGER, "mapping": {**TRIGGER["mapping"], **changed}}


def test_a_trigger_is_made_listed_replaced_and_deleted(caller: Caller, account: dict[str, Any]) -> None:
    made = hook(caller, delay_seconds=60, rate={"per_minute": 5})
    found = made.now()

    assert re.fullmatch(r"trg_[0-9a-z]+", made.id)
    assert found["url"].endswith(f"/api/gmail/hooks/{made.id}/")
    asked = {**TRIGGER, "delay_seconds": 60}
    assert {name: found[name] for name in asked if name != "mapping"} == {
        name: value for name, value in asked.items() if name != "mapping"
    }
    assert found["mapping"]["variables"] == TRIGGER["mapping"]["variables"]
    assert found["mapping"]["to"] == TRIGGER["mapping"]["to"]
    assert (found["rate"]["per_minute"], found["rate"]["per_day"]) == (5, None)
    assert (found["enabled"], found["account"]) == (True, account["id"])
    assert caller.get("triggers/").ok() == {"triggers": [found], "next_page_token": None}

    changed = made.put(name="Paid", enabled=False, delay_seconds=0)
    assert (changed["name"], changed["enabled"], changed["delay_seconds"]) == ("Paid", False, 0)
    assert changed["created_at"] == found["created_at"]
    assert made.now() == changed

    caller.delete(f"triggers/{made.id}/").ok(204)
    caller.get(f"triggers/{made.id}/").problem(404, "not_found")
    assert caller.get("triggers/").ok()["triggers"] == []


def test_triggers_come_in_pages(caller: Caller) -> None:
    made = [hook(caller, name=f"Trigger {number}").id for number in range(3)]  # the newest is listed first

    first = caller.get("triggers/", page_size=2).ok()
    second = caller.get("triggers/", page_size=2, page_token=first["next_page_token"]).ok()

    assert [one["id"] for one in (*first["triggers"], *second["triggers"])] == made[::-1]
    assert second["next_page_token"] is None


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/name", "/scheme"}),
        ({**TRIGGER, "name": ""}, {"/name"}),
        ({**TRIGGER, "name": "a\nb"}, {"/name"}),
        ({**TRIGGER, "scheme": "none"}, {"/scheme"}),
        ({**TRIGGER, "scheme": "hmac"}, {"/hmac"}),
        ({**TRIGGER, "scheme": "hmac", "hmac": {"header": "X-S", "algorithm": "md5"}}, {"/hmac/algorithm"}),
        ({**TRIGGER, "filter": "order.["}, {"/filter"}),
        ({**TRIGGER, "filter": 7}, {"/filter"}),
        ({**TRIGGER, "subject": "{{ order }}"}, {"/subject"}),
        ({**TRIGGER, "html": "<p>{% include 'x' %}</p>"}, {"/html"}),
        ({**TRIGGER, "subject": None, "html": None}, {"/subject", "/html"}),
        ({**TRIGGER, "template": {"id": "tpl_unknown"}}, {"/subject", "/html"}),
        ({**TRIGGER, "subject": None, "html": None, "template": {"id": "tpl_unknown"}}, {"/template/id"}),
        ({**TRIGGER, "allowed_domains": None}, {"/allowed_domains"}),
        (mapped(variables={"number": "order.["}), {"/mapping/variables/number"}),
        (mapped(to=[]), {"/mapping/to"}),
        (mapped(to=[{"email": "no address"}]), {"/mapping/to/0/email"}),
        (mapped(to=[{"email": "a@example.com", "path": "x"}]), {"/mapping/to/0"}),
        (mapped(to=[{"email": "a@example.com\r\nBcc: b@example.com"}]), {"/mapping/to/0/email"}),
        (mapped(bcc=[{"path": "a ||"}]), {"/mapping/bcc/0/path"}),
        ({**TRIGGER, "allowed_domains": ["no domain"]}, {"/allowed_domains/0"}),
        ({**TRIGGER, "delay_seconds": -1}, {"/delay_seconds"}),
        ({**TRIGGER, "delay_seconds": 30 * 86400 + 1}, {"/delay_seconds"}),
        ({**TRIGGER, "rate": {"per_minute": 0}}, {"/rate/per_minute"}),
        ({**TRIGGER, "rate": {"per_hour": 1}}, {"/rate/per_hour"}),
        ({**TRIGGER, "secrets": ["short"]}, {"/secrets/0"}),
        ({**TRIGGER, "owner": "own_1"}, {"/owner"}),
    ],
)
def test_what_is_wrong_is_named(caller: Caller, body: dict[str, Any], pointers: set[str]) -> None:
    given = {name: value for name, value in body.items() if value is not None}

    assert pointers <= set(caller.post("triggers/", given).pointers(400, "invalid_request"))
    assert caller.get("triggers/").ok()["triggers"] == []


# Secrets


def test_a_secret_is_shown_once_and_lies_nowhere_in_the_clear(caller: Caller) -> None:
    made = hook(caller)
    (secret,) = made.secrets
    bare = secret.removeprefix("whsec_")

    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    shown = [caller.get("triggers/"), caller.get(f"triggers/{made.id}/")]
    shown.append(caller.call("PUT", f"triggers/{made.id}/", made.now()))
    shown.append(caller.get(f"triggers/{made.id}/deliveries/"))
    assert not any(bare in answer.text for answer in shown)
    for file in Path(caller.host.directory).glob("gmail.db*"):  # type: ignore[attr-defined]
        assert bare.encode() not in file.read_bytes()


def test_after_a_rotation_both_secrets_are_good_unless_the_old_one_leaked(caller: Caller) -> None:
    made = hook(caller)
    old = made.secrets[0]
    assert taken(made, old)
    made.rotate()
    eventually(lambda: taken(made, made.secrets[1]))
    assert taken(made, old)

    made.rotate(overlap_seconds=0)
    eventually(lambda: [taken(made, secret) for secret in made.secrets] == [False, False, True])


def taken(made: hooks.Hook, secret: str) -> bool:
    return made.post({}, secret=secret).status != 401


def eventually(holds: Callable[[], bool]) -> None:
    """An instance believes what it has read of a trigger for some seconds."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.5)


def test_a_secret_that_the_sender_made_is_taken(caller: Caller) -> None:
    secret = "a-secret-that-the-sender-has-chosen"
    made = hook(caller, scheme="github", secrets=[secret])
    body = json.dumps({"action": "published"}).encode()
    headers = {"Content-Type": "application/json", **hooks.github(secret, body, "release")}

    assert Caller(caller.host, "").call("POST", made.target, body, headers=headers).status != 401


# Who may


def test_a_key_needs_the_scope_and_the_account(caller: Caller, google: Any, account: dict[str, Any]) -> None:
    made = hook(caller)
    reader, manager = caller.key("read"), caller.key("manage")
    other = caller.connect(google.person("other"))
    limited = caller.key("read", "manage", accounts=[other["id"]])

    assert reader.get(f"triggers/{made.id}/").ok()["id"] == made.id
    reader.post("triggers/", TRIGGER).problem(403, "forbidden")
    reader.delete(f"triggers/{made.id}/").problem(403, "forbidden")
    manager.get("triggers/").problem(403, "forbidden")
    assert limited.get("triggers/").ok()["triggers"] == []
    limited.get(f"triggers/{made.id}/").problem(404, "not_found")
    assert limited.post("triggers/", {**TRIGGER, "account": account["id"]}).status in (400, 403, 404)
