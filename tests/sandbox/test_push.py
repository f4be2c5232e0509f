"""users.watch, and the pushes that follow."""

import base64
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from functions.cli.certificates import make
from tests.sandbox.client import Account, Google, message, running
from tests.sandbox.senders import Asked, Sender, sender, wait_until

WATCH = {"topicName": "projects/p/topics/t", "labelIds": ["INBOX"], "labelFilterBehavior": "INCLUDE"}


@pytest.fixture
def pushed(google: Google, site: Sender) -> Iterator[Sender]:
    """The program that gets the pushes."""
    google.push(url=f"{site.url}/tasks/notify")
    yield site
    google.push(url="")


def told(push: Asked) -> dict[str, Any]:
    """What the push says."""
    return dict(json.loads(base64.b64decode(push.json["message"]["data"])))


def watched(account: Account, pushed: Sender, **changed: Any) -> dict[str, Any]:
    """After the first push, which comes at once."""
    answer = account.post("watch", {**WATCH, **changed})
    assert answer.status_code == 200, answer.text
    pushed.wait_for(1)
    return dict(answer.json())


def test_a_push_is_pub_subs_with_a_token_of_google(google: Google, ada: Account, pushed: Sender) -> None:
    sent = ada.sent(message())
    answer = watched(ada, pushed)
    assert answer["historyId"] == ada.get("profile").json()["historyId"]
    reply = google.play(sent["id"], "reply")
    push = pushed.wait_for(2)[1]
    assert push.path == "/tasks/notify"
    assert push.headers["Content-Type"] == "application/json"
    assert push.json["subscription"] == "projects/sandbox/subscriptions/gmail"
    assert push.json["message"]["messageId"].isdigit()
    assert push.json["message"]["publishTime"].endswith("Z")
    assert told(push) == {"emailAddress": "ada@example.com", "historyId": int(ada.get("profile").json()["historyId"])}
    found = ada.get("history", startHistoryId=answer["historyId"], labelId="INBOX").json()["history"]
    assert [one["messages"][0]["id"] for one in found] == [reply["id"]]

    scheme, _, token = push.headers["Authorization"].partition(" ")
    assert scheme == "Bearer"
    keys = jwt.PyJWKClient(f"{google.url}/oauth2/v3/certs")
    issuer = google.http.get(f"{google.url}/.well-known/openid-configuration").json()["issuer"]
    claims = jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token).key,
        algorithms=["RS256"],
        audience=f"{pushed.url}/tasks/notify",
        issuer=issuer,
        options={"require": ["exp", "iat", "sub"]},
    )
    assert (claims["email"], claims["email_verified"]) == ("gmail-push@sandbox.example", True)


def test_many_changes_become_one_push_a_second(google: Google, ada: Account, pushed: Sender) -> None:
    watched(ada, pushed)
    sent = ada.sent(message())
    for _ in range(20):
        google.play(sent["id"], "reply")
    newest = int(ada.get("profile").json()["historyId"])
    wait_until(lambda: told(pushed.asked[-1])["historyId"] == newest)
    times = [one.at for one in pushed.asked]
    assert len(times) <= times[-1] - times[0] + 2
    assert len(times) < 20


def test_only_what_was_asked_for_is_told(ada: Account, grace: Account, pushed: Sender) -> None:
    watched(ada, pushed)
    ada.sent(message())  # SENT
    grace.sent(message(to="alan@example.org"))  # nobody watches these
    time.sleep(1.3)
    assert len(pushed.asked) == 1
    watched(grace, pushed, labelIds=["SENT"], labelFilterBehavior="exclude")
    grace.sent(message(to="alan@example.org"))
    ada.sent(message(to="grace@example.com"))
    accounts = [told(one)["emailAddress"] for one in pushed.wait_for(3)]
    assert accounts == ["ada@example.com", "grace@example.com", "grace@example.com"]


def test_nothing_is_told_after_stop(google: Google, ada: Account, pushed: Sender) -> None:
    watched(ada, pushed)
    assert [one["account"] for one in google.push()["watches"]] == ["ada@example.com"]
    assert ada.post("stop").status_code == 204
    google.play(ada.sent(message())["id"], "reply")
    time.sleep(1.3)
    assert len(pushed.asked) == 1
    assert google.push()["watches"] == []


def test_a_push_is_repeated_until_it_is_acknowledged(google: Google, ada: Account, pushed: Sender) -> None:
    pushed.answers = [500, 302, 404]
    watched(ada, pushed)
    first, *repeated = pushed.wait_for(4)
    assert {one.json["message"]["messageId"] for one in repeated} == {first.json["message"]["messageId"]}
    wait_until(lambda: google.ledger()["pushes"]["delivered"] == 1)
    time.sleep(0.5)
    assert google.ledger()["pushes"] == {"published": 1, "dropped": 0, "delivered": 1, "failed": 3}


def test_pushes_can_get_lost_or_come_twice(google: Google, ada: Account, pushed: Sender) -> None:
    google.push(drop=True)
    ada.post("watch", WATCH)
    wait_until(lambda: google.ledger()["pushes"]["dropped"] == 1)
    google.push(drop=False, duplicate=True)
    google.play(ada.sent(message())["id"], "reply")
    first, second = pushed.wait_for(2)
    assert first.body == second.body
    wait_until(lambda: google.ledger()["pushes"] == {"published": 2, "dropped": 1, "delivered": 2, "failed": 0})
    google.reset()
    assert (google.push()["drop"], google.push()["duplicate"]) == (False, False)


def test_a_slow_receiver_delays_no_call(google: Google, ada: Account, pushed: Sender) -> None:
    pushed.pause = 10.0
    ada.post("watch", WATCH)
    pushed.wait_for(1)
    google.play(ada.sent(message())["id"], "reply")
    assert google.ledger()["pushes"]["delivered"] == 0  # it still has its first


def test_a_receiver_with_a_certificate_of_its_own_is_reached(tmp_path: Path) -> None:
    certificate, key = make()
    (tmp_path / "cert.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with sender(context) as made, running("--push-url", f"{made.url}/tasks/notify") as google:
        google.account().post("watch", WATCH)
        assert told(made.wait_for(1)[0])["emailAddress"] == "ada@example.com"


def test_a_watch_outlives_a_restart(tmp_path: Path, site: Sender) -> None:
    with running("--data", str(tmp_path)) as google:
        ada = google.account()
        ada.post("watch", WATCH)
        sent = ada.sent(message())
    with running("--data", str(tmp_path), "--push-url", f"{site.url}/tasks/notify") as google:
        google.play(sent["id"], "reply")
        site.wait_for(1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"topicName": "t"},
        {**WATCH, "labelIds": ["NOWHERE"]},
        {**WATCH, "labelIds": "INBOX"},
        {**WATCH, "labelFilterBehavior": "perhaps"},
    ],
)
def test_a_watch_that_is_wrong_is_refused(ada: Account, wrong: dict[str, Any]) -> None:
    assert ada.post("watch", wrong).status_code == 400


@pytest.mark.parametrize(
    "wrong", [{"url": "https://example.com/x"}, {"url": "file:///etc"}, {"url": 1}, {"drop": 1}, {"lose": True}, []]
)
def test_pushes_are_steered_with_what_is_understood_only(google: Google, wrong: Any) -> None:
    assert google.http.post(f"{google.url}/sandbox/push", json=wrong).status_code == 400
