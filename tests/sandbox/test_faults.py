"""Faults really happen on the socket, and the ledger tells what was delivered all the same."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.client import Account, Google, error, message
from tests.sandbox.senders import wait_until

PLACES = ("before_body", "mid_body", "after_body", "after_accept")


@pytest.fixture
def clean(google: Google) -> Iterator[Google]:
    yield google
    google.http.delete(f"{google.url}/sandbox/faults")


def raw_send(google: Google, account: Account, size: int = 300_000) -> tuple[bytes, str]:
    """What the socket gave back, and how it ended: "end" (FIN) or "reset" (RST)."""
    body = message() + b"x" * size
    host, port = google.url.removeprefix("http://").split(":")
    head = (
        "POST /upload/gmail/v1/users/me/messages/send?uploadType=media HTTP/1.1\r\n"
        f"Host: {host}\r\nAuthorization: {account.headers['Authorization']}\r\n"
        f"Content-Type: message/rfc822\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    received = b""
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        try:
            connection.sendall(head.encode() + body)
            while block := connection.recv(65536):
                received += block
        except (ConnectionResetError, BrokenPipeError):
            return received, "reset"
    return received, "end"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["close", "reset"])
def test_the_connection_ends_without_an_answer(clean: Google, ada: Account, kind: str, place: str) -> None:
    clean.faults({"match": "send", "times": 1, "action": {kind: place}})
    assert raw_send(clean, ada) == (b"", "end" if kind == "close" else "reset")
    assert len(clean.deliveries) == (1 if place == "after_accept" else 0)
    assert clean.ledger()["requests"]["sends_received"] == 1
    assert ada.send(message()).status_code == 200  # the rule is used up


def test_half_an_answer_comes_after_the_delivery(clean: Google, ada: Account) -> None:
    clean.faults({"match": "send", "times": 1, "action": {"half_answer": True}})
    received, ended = raw_send(clean, ada)
    head, _, body = received.partition(b"\r\n\r\n")
    announced = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert ended == "end"
    assert head.startswith(b"HTTP/1.1 200")
    assert len(body) == announced // 2
    assert len(clean.deliveries) == 1


def test_garbage_is_no_json_and_the_message_is_out(clean: Google, ada: Account) -> None:
    clean.faults({"match": "send", "times": 1, "action": {"garbage": True}})
    response = ada.send(message())
    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.content)
    assert len(clean.deliveries) == 1


@pytest.mark.parametrize("after_accept", [False, True])
def test_an_error_comes_before_or_after_the_delivery(clean: Google, ada: Account, after_accept: bool) -> None:
    action = {"status": 503, "reason": "backendError", "message": "Try later", "headers": {"Retry-After": "30"}}
    clean.faults({"match": "send", "times": 1, "action": {**action, "after_accept": after_accept}})
    response = ada.send(message())
    assert error(response) == (503, "backendError", "Try later")
    assert response.headers["Retry-After"] == "30"
    assert len(clean.deliveries) == after_accept


@pytest.mark.parametrize(
    ("preset", "status", "reason"),
    [
        ("400-invalidArgument", 400, "invalidArgument"),
        ("failedPrecondition", 400, "failedPrecondition"),
        ("401-authError", 401, "authError"),
        ("403-rateLimitExceeded", 403, "rateLimitExceeded"),
        ("userRateLimitExceeded", 403, "userRateLimitExceeded"),
        ("403-dailyLimitExceeded", 403, "dailyLimitExceeded"),
        ("403-quotaExceeded", 403, "quotaExceeded"),
        ("403-insufficientPermissions", 403, "insufficientPermissions"),
        ("403-domainPolicy", 403, "domainPolicy"),
        ("429", 429, "rateLimitExceeded"),
        ("500", 500, "backendError"),
        ("503", 503, "backendError"),
    ],
)
def test_every_answer_of_gmails_table_has_a_preset(
    clean: Google, ada: Account, preset: str, status: int, reason: str
) -> None:
    clean.faults({"match": "send", "times": 1, "preset": preset})
    assert error(ada.send(message()))[:2] == (status, reason)
    assert clean.deliveries == []


def test_the_time_to_wait_stands_in_a_header_or_in_the_message(clean: Google, ada: Account) -> None:
    clean.faults(
        {"match": "send", "times": 1, "preset": "429", "retry_after": 90},
        {"match": "send", "times": 1, "preset": "429-message"},
        {"match": "send", "times": 1, "preset": "502"},
    )
    assert ada.send(message()).headers["Retry-After"] == "90"
    told = ada.send(message())
    assert "Retry-After" not in told.headers
    assert "Retry after 20" in told.json()["error"]["message"]
    assert ada.send(message()).headers["Content-Type"].startswith("text/html")


def test_token_faults_have_the_shape_of_oauth(clean: Google) -> None:
    first = clean.connect()
    clean.faults(
        {"match": "token", "times": 1, "preset": "503"},
        {"match": "token", "times": 1, "account": "ada@example.com", "preset": "invalid_grant"},
    )
    response = clean.refresh(first["refresh_token"])
    assert (response.status_code, response.json()["error"]) == (503, "internal_failure")
    other = clean.connect("grace@example.com")
    assert clean.refresh(other["refresh_token"]).status_code == 200
    assert clean.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert clean.refresh(first["refresh_token"]).status_code == 200


def test_a_rule_can_name_an_account_and_any_method(clean: Google, ada: Account, grace: Account) -> None:
    clean.faults({"match": "messages.*", "account": "grace@example.com", "preset": "500"})
    assert ada.get("messages").status_code == 200
    assert grace.get("messages").status_code == 500
    assert grace.get("profile").status_code == 200
    (rule,) = clean.http.get(f"{clean.url}/sandbox/faults").json()["faults"]
    assert rule["hits"] == 1


def test_a_delay_comes_before_or_after_the_delivery(clean: Google, ada: Account) -> None:
    clean.faults({"match": "send", "times": 1, "action": {"delay": 0.4, "after_accept": True}})
    started = time.monotonic()
    ada.sent(message())
    assert time.monotonic() - started >= 0.4


def test_the_index_can_lag_behind(clean: Google, ada: Account) -> None:
    start = ada.get("profile").json()["historyId"]
    clean.faults({"match": "send", "times": 1, "action": {"index_lag": 5}})
    id_ = ada.sent(message())["id"]
    assert ada.found("in:sent") == []
    assert "history" not in ada.get("history", startHistoryId=start).json()
    assert ada.get(f"messages/{id_}").status_code == 200
    wait_until(lambda: ada.found("in:sent") == [id_])
    assert len(ada.get("history", startHistoryId=start).json()["history"]) == 1


def test_custom_headers_can_get_lost_and_faults_add_up(clean: Google, ada: Account) -> None:
    clean.faults(
        {"match": "send", "action": {"drop_headers": ["X-*"]}},
        {"match": "send", "times": 1, "preset": "503", "after_accept": True},
    )
    assert ada.send(message(X_Send_Id="snd_1")).status_code == 503
    (id_,) = ada.found("in:sent")
    assert ada.header(id_, "X-Send-Id") is None
    assert clean.deliveries[0]["x_headers"] == {"X-Send-Id": "snd_1"}


@pytest.mark.parametrize(
    "rule",
    [
        {"preset": "429"},
        {"match": "send"},
        {"match": "send", "preset": "428"},
        {"match": "send", "action": {"close": "somewhere"}},
        {"match": "send", "action": {"statuz": 500}},
        {"match": "send", "preset": "500", "probability": 2},
        "send",
    ],
)
def test_a_wrong_rule_is_refused_with_its_reason(clean: Google, rule: Any) -> None:
    response = clean.http.post(f"{clean.url}/sandbox/faults", json=[{"match": "send", "preset": "500"}, rule])
    assert response.status_code == 400
    assert response.json()["error"]
    assert clean.http.get(f"{clean.url}/sandbox/faults").json() == {"faults": []}


def test_connections_are_counted(google: Google) -> None:
    before = google.ledger()["requests"]["connections"]
    host, port = google.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        for _ in range(2):
            connection.sendall(b"GET /oauth2/v3/certs HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(65536)
    assert google.ledger()["requests"]["connections"] == before + 1


def test_a_reset_forgets_everything(google: Google, ada: Account) -> None:
    ada.sent(message())
    google.faults({"match": "*", "preset": "500"})
    google.reset()
    assert ada.found("in:anywhere") == []
    assert google.ledger()["deliveries"] == []
    assert ada.get("profile").status_code == 200
    google.reset(everything=True)
    assert ada.get("profile").status_code == 401
