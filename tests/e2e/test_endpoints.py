"""Outbound events from a real server to a real receiver, which verifies them with the published library."""

import base64
import os
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client import Answer, Caller
from tests.e2e.google import Google, Person
from tests.e2e.hooks import hook
from tests.e2e.hosts import Local
from tests.e2e.issuer import Issuer
from tests.e2e.journal import Journal
from tests.e2e.receiver import Receiver, answers


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, journal: Journal, common_settings: dict[str, str], receiver: Receiver
) -> Iterator[Local]:
    """The local server, which may call this receiver though it is on this machine."""
    given = {**common_settings, "ENDPOINTS_ALLOW": receiver.place}
    made = Local("events", tmp_path_factory.mktemp("events"), journal, given)
    yield made
    for program in made.programs():
        program.stop()


@pytest.fixture
def caller(server: Local, issuer: Issuer) -> Caller:
    return Caller(server, issuer.token())


@pytest.fixture
def stranger(server: Local, issuer: Issuer) -> Caller:
    return Caller(server, issuer.token())


class Listening:
    """An endpoint of a caller's, at a path of its own."""

    def __init__(self, caller: Caller, receiver: Receiver, *events: str, path: str = "", **more: Any) -> None:
        self.caller, self.receiver = caller, receiver
        self.path = path or f"/{uuid.uuid4().hex}"
        self.asked = {"url": receiver.url(self.path), "events": list(events) or ["*"], **more}
        self.made = caller.post("endpoints/", self.asked).ok(201)
        self.id = self.made["id"]
        self.secret(self.made["secret"])

    def secret(self, secret: str) -> None:
        self.caller.host.journal.secret(secret, secret.removeprefix("whsec_"))
        self.receiver.secrets.setdefault(self.path, []).append(secret)

    def answer(self, *acts: Any) -> None:
        self.receiver.acts[self.path] = list(acts)

    def now(self) -> dict[str, Any]:
        return dict(self.caller.get(f"endpoints/{self.id}/").ok())

    def post(self, tail: str, body: Any = b"") -> Answer:
        return self.caller.call("POST", f"endpoints/{self.id}/{tail}", body)

    def log(self, **query: str) -> list[dict[str, Any]]:
        return list(self.caller.get(f"endpoints/{self.id}/deliveries/", **query).ok()["deliveries"])

    def until(self, status: str, seconds: float = 120) -> dict[str, Any]:
        """The newest delivery, once it has this status."""
        end = time.monotonic() + seconds
        while True:
            newest = (self.log() or [{}])[0]
            if newest.get("status") == status:
                return newest
            assert time.monotonic() < end, newest
            time.sleep(0.1)


# Events


def test_a_connected_account_and_its_sends_are_told_of(caller: Caller, receiver: Receiver, ada: Person) -> None:
    listening = Listening(caller, receiver)
    account = caller.connect(ada)
    sent = caller.send(tags=["t"], metadata={"order": "7"}).ok()
    queued = caller.send(wait=False).ok(202)

    wanted = {
        ("account.connected", account["id"]),
        ("send.sent", sent["id"]),
        ("send.queued", queued["id"]),
        ("send.sent", queued["id"]),
    }

    def come() -> dict[tuple[str, str], Any]:
        return {(m.type, m.json["data"]["id"]): m.json["data"] for m in receiver.at(listening.path)}

    receiver.until(lambda: come().keys() >= wanted)
    messages, by_type = receiver.at(listening.path), come()
    assert by_type.keys() == wanted
    assert {m.verified for m in messages} == {1}
    told = by_type["send.sent", sent["id"]]
    assert told["gmail_message_id"] == sent["gmail_message_id"]
    assert (told["tags"], told["metadata"], told["subject"]) == (["t"], {"order": "7"}, "Hello")
    for message in messages:
        assert re.fullmatch(r"evt_[0-9a-z]+", message.id)
        assert message.headers["content-type"] == "application/json"
        assert message.headers["user-agent"].startswith("Gmail-Integration")
        assert "Good morning" not in message.body.decode()  # no message's body


def test_a_dead_grant_and_a_disconnected_account_are_told_of(
    caller: Caller, receiver: Receiver, ada: Person, google: Google
) -> None:
    listening = Listening(caller, receiver, "account.reauth_required", "account.disconnected")
    account = caller.connect(ada)
    google.revoke(ada)
    caller.send().problem(409, "reauth_required")

    (dead,) = receiver.wait(listening.path)
    assert (dead.type, dead.json["data"]["problem"]["code"]) == ("account.reauth_required", "reauth_required")

    caller.delete(f"accounts/{account['id']}/").ok(204)
    gone = receiver.wait(listening.path, 2)[1]
    assert (gone.type, gone.json["data"]["id"]) == ("account.disconnected", account["id"])


def test_a_trigger_that_fails_five_times_in_a_row_is_told_of_once(
    caller: Caller, receiver: Receiver, ada: Person
) -> None:
    caller.connect(ada)
    listening = Listening(caller, receiver, "trigger.failing")
    paid = hook(caller)
    for number in range(4):
        paid.post({"customer": {"email": "mallory@evil.example"}}, f"msg_{number}").ok(202)
    assert receiver.at(listening.path) == []
    for number in range(4, 7):
        paid.post({"customer": {"email": "mallory@evil.example"}}, f"msg_{number}").ok(202)

    (told,) = receiver.wait(listening.path)
    assert (told.verified, told.json["data"]["id"], told.json["data"]["failures"]) == (1, paid.id, 5)
    assert told.json["data"]["reason"] == "recipient_not_allowed"
    assert paid.now()["failures"] == 5
    paid.put(allowed_domains=["*"])
    assert (paid.now()["failures"], paid.now()["failing_since"]) == (0, None)


def test_only_what_was_asked_for_arrives(caller: Caller, receiver: Receiver, ada: Person) -> None:
    listening = Listening(caller, receiver, "send.cancelled")
    everything = Listening(caller, receiver)
    caller.connect(ada)
    caller.send().ok()

    receiver.wait(everything.path, 2)
    assert receiver.at(listening.path) == []


def test_another_owner_hears_nothing_and_sees_nothing(
    caller: Caller, stranger: Caller, receiver: Receiver, ada: Person
) -> None:
    mine, theirs = Listening(caller, receiver), Listening(stranger, receiver)
    caller.connect(ada)
    receiver.wait(mine.path)
    delivery = mine.until("delivered")["id"]

    assert receiver.at(theirs.path) == []
    assert theirs.log() == []
    for call in (
        stranger.get(f"endpoints/{mine.id}/"),
        stranger.get(f"endpoints/{mine.id}/deliveries/"),
        stranger.get(f"endpoints/{theirs.id}/deliveries/{delivery}/"),
        stranger.post(f"endpoints/{theirs.id}/deliveries/{delivery}/redeliver/", {}),
        stranger.post(f"endpoints/{mine.id}/secrets/", {}),
        stranger.delete(f"endpoints/{mine.id}/"),
    ):
        call.problem(404, "not_found")


def test_a_key_for_some_accounts_makes_no_endpoint_that_hears_of_all(
    caller: Caller, receiver: Receiver, ada: Person
) -> None:
    account = caller.connect(ada)
    key = caller.key("read", "manage", accounts=[account["id"]])

    key.post("endpoints/", {"url": receiver.url("/x"), "events": ["*"]}).problem(403, "forbidden")
    key.get("endpoints/").problem(403, "forbidden")


# Delivery


def test_a_failed_delivery_comes_again_under_the_same_id(caller: Caller, receiver: Receiver, ada: Person) -> None:
    listening = Listening(caller, receiver, "account.connected")
    listening.answer(answers(500, b"not now"), answers(200, b"thanks"))
    caller.connect(ada)

    first, second = receiver.wait(listening.path, 2)
    done = listening.until("delivered")

    assert first.id == second.id == done["event"]
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] < second.headers["webhook-timestamp"]
    assert [(a["status_code"], a["answer"]) for a in done["attempts"]] == [(500, "not now"), (200, "thanks")]
    assert [d["id"] for d in listening.log(status="delivered")] == [done["id"]]
    assert listening.log(status="failed") == []
    shown = caller.get(f"endpoints/{listening.id}/deliveries/{done['id']}/").ok()
    assert shown["payload"] == first.json
    assert listening.now()["failing_since"] is None


def test_410_disables_the_endpoint_and_its_owner_sees_why(caller: Caller, receiver: Receiver, ada: Person) -> None:
    listening = Listening(caller, receiver)
    listening.answer(answers(410))
    caller.connect(ada)
    receiver.wait(listening.path)
    listening.until("failed")

    found = listening.now()
    assert (found["enabled"], "410" in found["disabled_reason"]) == (False, True)
    assert found["disabled_at"]
    caller.send().ok()
    assert len(receiver.at(listening.path)) == 1

    listening.answer(answers(200))
    put = caller.call("PUT", f"endpoints/{listening.id}/", {**listening.asked, "enabled": True}).ok()
    assert (put["enabled"], put["disabled_reason"]) == (True, None)
    caller.send().ok()
    receiver.wait(listening.path, 2)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(caller: Caller, receiver: Receiver, status: int) -> None:
    listening = Listening(caller, receiver)
    elsewhere = f"/{uuid.uuid4().hex}"
    listening.answer(answers(status, Location=receiver.url(elsewhere)))

    done = listening.post("test/").ok()

    assert (done["status"], done["attempts"][0]["status_code"]) == ("failed", status)
    assert receiver.at(elsewhere) == []


def test_an_answer_that_drips_in_is_cut_off_and_delays_no_other_endpoint(
    caller: Caller, receiver: Receiver, ada: Person
) -> None:
    slow, quick = Listening(caller, receiver), Listening(caller, receiver)
    slow.answer(receiver.drip)
    caller.connect(ada)
    for _ in range(6):
        caller.send().ok()
    receiver.until(lambda: len({m.id for m in receiver.at(quick.path)}) == 7)
    assert not any(d["attempts"] for d in slow.log())  # the first of them drips on

    end = time.monotonic() + 120
    while not (tried := [d for d in slow.log() if d["attempts"]]):
        assert time.monotonic() < end
        time.sleep(0.2)

    attempt = tried[-1]["attempts"][0]
    assert (attempt["error"], attempt["status_code"]) == ("timeout", None)
    assert attempt["milliseconds"] > 14_000  # a drop every moment: no read of its own ever took so long
    caller.delete(f"endpoints/{slow.id}/").ok(204)


def test_an_event_is_delivered_again_when_its_owner_asks(caller: Caller, receiver: Receiver, ada: Person) -> None:
    listening = Listening(caller, receiver, "account.connected")
    caller.connect(ada)
    (first,) = receiver.wait(listening.path)
    done = listening.until("delivered")

    again = listening.post(f"deliveries/{done['id']}/redeliver/").ok(202)
    second = receiver.wait(listening.path, 2)[1]

    assert (again["id"], again["status"]) == (done["id"], "pending")
    assert (second.id, second.body, second.verified) == (first.id, first.body, 1)


def test_a_test_event_says_what_came_back(caller: Caller, receiver: Receiver) -> None:
    listening = Listening(caller, receiver)
    listening.answer(answers(418, b"a teapot"))

    done = listening.post("test/").ok()

    assert (done["type"], done["status"], done["payload"]["type"]) == ("test", "failed", "test")
    assert [(a["status_code"], a["answer"]) for a in done["attempts"]] == [(418, "a teapot")]
    (message,) = receiver.at(listening.path)
    assert (message.type, message.verified) == ("test", 1)


# Secrets


def test_after_a_rotation_both_secrets_verify(caller: Caller, receiver: Receiver) -> None:
    listening = Listening(caller, receiver)
    rotated = listening.post("secrets/").ok(201)
    listening.secret(rotated["secret"])
    listening.post("test/").ok()

    (message,) = receiver.at(listening.path)
    assert message.verified == 2
    assert rotated["secret"] != listening.made["secret"]
    assert [s["expires_at"] is None for s in rotated["secrets"]] == [True, False]


def test_without_an_overlap_the_old_secret_ends_at_once(caller: Caller, receiver: Receiver) -> None:
    listening = Listening(caller, receiver)
    rotated = listening.post("secrets/", {"overlap_seconds": 0}).ok(201)
    listening.post("test/").ok()
    receiver.secrets[listening.path] = [rotated["secret"]]
    listening.post("test/").ok()

    assert [m.verified for m in receiver.at(listening.path)] == [0, 1]


def test_a_secret_is_shown_once_and_lies_nowhere_in_the_clear(
    caller: Caller, receiver: Receiver, server: Local
) -> None:
    listening = Listening(caller, receiver)
    secret = listening.made["secret"].removeprefix("whsec_")

    shown = [caller.get("endpoints/"), caller.get(f"endpoints/{listening.id}/")]
    shown.append(caller.call("PUT", f"endpoints/{listening.id}/", listening.asked))
    assert not any(secret in answer.text for answer in shown)
    for file in Path(server.directory).glob("gmail.db*"):
        assert secret.encode() not in file.read_bytes()
        assert base64.b64decode(secret) not in file.read_bytes()


def test_a_secret_of_ones_own_is_used(caller: Caller, receiver: Receiver) -> None:
    secret = "whsec_" + base64.b64encode(os.urandom(24)).decode()
    listening = Listening(caller, receiver, secret=secret)
    listening.post("test/").ok()

    assert listening.made["secret"] == secret
    assert receiver.at(listening.path)[0].verified == 1


# The resource


def test_an_endpoint_is_made_listed_changed_and_deleted(caller: Caller) -> None:
    asked = {"url": "https://hooks.example.com/in", "events": ["send.failed", "message.bounced"]}
    made = caller.post("endpoints/", asked).ok(201)
    assert re.fullmatch(r"end_[0-9a-z]+", made["id"])
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made.pop("secret"))
    assert {name: made[name] for name in asked} == asked
    assert (made["enabled"], made["disabled_reason"], made["failing_since"]) == (True, None, None)

    assert caller.get("endpoints/").ok() == {"endpoints": [made], "next_page_token": None}
    assert caller.get(f"endpoints/{made['id']}/").ok() == made
    changed = caller.call("PUT", f"endpoints/{made['id']}/", {"url": asked["url"], "events": ["*"], "enabled": False})
    assert changed.ok() == {**made, "events": ["*"], "enabled": False, "disabled_reason": "Its owner disabled it."} | {
        "disabled_at": changed.ok()["disabled_at"]
    }
    caller.delete(f"endpoints/{made['id']}/").ok(204)
    caller.get(f"endpoints/{made['id']}/").problem(404, "not_found")
    assert caller.get("endpoints/").ok()["endpoints"] == []


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/url", "/events"]),
        ({"url": "http://example.com/", "events": ["*"]}, ["/url"]),
        ({"url": "https://169.254.169.254/", "events": ["*"]}, ["/url"]),
        ({"url": "https://localhost/", "events": ["*"]}, ["/url"]),
        ({"url": "http://127.0.0.1:9/", "events": ["*"]}, ["/url"]),
        ({"url": 7, "events": "*"}, ["/url", "/events"]),
        ({"url": "https://example.com/", "events": []}, ["/events"]),
        (
            {"url": "https://example.com/", "events": ["send.read", "send.sent", "send.sent"]},
            ["/events/0", "/events/2"],
        ),
        ({"url": "https://example.com/", "events": ["*", "send.sent"]}, ["/events"]),
        ({"url": "https://example.com/", "events": ["test"]}, ["/events/0"]),
        ({"url": "https://example.com/", "events": ["*"], "enabled": "yes"}, ["/enabled"]),
        ({"url": "https://example.com/", "events": ["*"], "secret": "x"}, ["/secret"]),
        ({"url": "https://example.com/", "events": ["*"], "id": "end_1"}, ["/id"]),
    ],
)
def test_what_is_wrong_is_named(caller: Caller, body: dict[str, Any], pointers: list[str]) -> None:
    assert sorted(caller.post("endpoints/", body).pointers(400, "invalid_request")) == sorted(pointers)
    assert caller.get("endpoints/").ok()["endpoints"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"overlap_seconds": -1}, "/overlap_seconds"), ({"overlap_seconds": 10**7}, "/overlap_seconds"), ({"x": 1}, "/x")],
)
def test_a_wrong_rotation_changes_nothing(
    caller: Caller, receiver: Receiver, body: dict[str, Any], pointer: str
) -> None:
    listening = Listening(caller, receiver)
    before = listening.now()

    assert listening.post("secrets/", body).pointers(400, "invalid_request") == [pointer]
    assert listening.now() == before


def test_there_are_ten_endpoints_at_most(caller: Caller, receiver: Receiver) -> None:
    for _ in range(10):
        Listening(caller, receiver)

    caller.post("endpoints/", {"url": receiver.url("/x"), "events": ["*"]}).problem(409, "conflict")
    assert len(caller.get("endpoints/").ok()["endpoints"]) == 10


def test_the_log_takes_a_known_status_only(caller: Caller, receiver: Receiver) -> None:
    listening = Listening(caller, receiver)

    answer = caller.get(f"endpoints/{listening.id}/deliveries/", status="lost")

    assert answer.pointers(400, "invalid_request") == ["/status"]
