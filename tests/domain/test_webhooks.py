"""Standard Webhooks: signatures as the published vector and the published library have them; secrets and rotation."""

import base64
import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from functions.domain import webhooks
from functions.domain.sends import Send, Status
from functions.domain.webhooks import SigningSecret, WebhookEndpoint
from tests.full import examples
from tests.services.builders import NOW, send

# libraries/python/tests/test_webhooks.py of standard-webhooks/standard-webhooks: test_sign_function.
SECRET, ID, AT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
BODY, SIGNATURE = b'{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def known(text: str) -> bytes:
    found = webhooks.parse_secret(text)
    assert found
    return found


def test_the_published_vector() -> None:
    assert webhooks.sign(known(SECRET), ID, AT, BODY) == SIGNATURE


@settings(max_examples=examples(100))
@given(st.binary(min_size=24, max_size=64), st.text(max_size=200).filter(lambda t: t.isprintable()))
def test_the_published_library_verifies_what_is_signed(secret: bytes, text: str) -> None:
    body = text.encode()
    named = webhooks.headers("evt_1", datetime.now(UTC), body, [secret])

    Webhook(webhooks.secret_text(secret)).verify(body, named, json_parse=False)


def test_each_active_secret_signs_and_the_library_takes_either() -> None:
    old, new, other = os.urandom(24), os.urandom(64), os.urandom(32)
    named = webhooks.headers("evt_1", datetime.now(UTC), b"{}", [new, old])

    assert len(named["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Webhook(webhooks.secret_text(secret)).verify(b"{}", named)
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(webhooks.secret_text(other)).verify(b"{}", named)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body"])
def test_the_signature_covers_id_time_and_body(changed: str) -> None:
    secret = os.urandom(32)
    named = webhooks.headers("evt_1", datetime.now(UTC), b"{}", [secret])
    body = b"{ }" if changed == "body" else b"{}"
    if changed in named:
        named[changed] = {"webhook-id": "evt_2", "webhook-timestamp": str(int(named["webhook-timestamp"]) - 1)}[changed]

    with pytest.raises(Exception, match="No matching signature"):
        Webhook(webhooks.secret_text(secret)).verify(body, named)


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_of_the_standards_size_is_read_back(size: int) -> None:
    secret = os.urandom(size)
    assert webhooks.parse_secret(webhooks.secret_text(secret)) == secret


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "whsec_!!!!",
        base64.b64encode(b"x" * 32).decode(),
        webhooks.secret_text(b"x" * 23),
        webhooks.secret_text(b"x" * 65),
        "whsk_" + base64.b64encode(b"x" * 32).decode(),
        "whsec_" + base64.b64encode(b"x" * 32).decode() + "\n",
        "whsec_é" + base64.b64encode(b"x" * 32).decode(),
    ],
)
def test_what_is_no_secret_is_none(text: str) -> None:
    assert webhooks.parse_secret(text) is None


# Rotation


def endpoint(*secrets: SigningSecret) -> WebhookEndpoint:
    return WebhookEndpoint("end_1", "own_1", "https://a.example/", ("*",), NOW, secrets or (SigningSecret("s0", NOW),))


def names(found: WebhookEndpoint, at: datetime) -> list[str]:
    return [s.sealed for s in found.signing(at)]


def test_an_old_secret_signs_beside_the_new_one_until_the_overlap_is_over() -> None:
    rotated = webhooks.rotated(endpoint(), "s1", NOW, timedelta(hours=24))

    assert names(rotated, NOW) == ["s1", "s0"]
    assert names(rotated, NOW + timedelta(hours=23, minutes=59)) == ["s1", "s0"]
    assert names(rotated, NOW + timedelta(hours=24)) == ["s1"]


def test_a_leaked_secret_ends_at_once_where_there_is_no_overlap() -> None:
    rotated = webhooks.rotated(endpoint(), "s1", NOW, timedelta())

    assert names(rotated, NOW) == ["s1"]
    assert [s.sealed for s in rotated.secrets] == ["s1"]


def test_another_rotation_never_lengthens_a_secrets_life() -> None:
    once = webhooks.rotated(endpoint(), "s1", NOW, timedelta(hours=24))
    twice = webhooks.rotated(once, "s2", NOW + timedelta(hours=1), timedelta(hours=48))

    assert {s.sealed: s.expires_at for s in twice.secrets} == {
        "s2": None,
        "s1": NOW + timedelta(hours=49),
        "s0": NOW + timedelta(hours=24),
    }


def test_of_too_many_secrets_the_oldest_goes() -> None:
    found = endpoint()
    for number in range(1, 8):
        found = webhooks.rotated(found, f"s{number}", NOW, timedelta(hours=24))

    assert names(found, NOW) == ["s7", "s6", "s5", "s4"]


# Which changes of a send are events

Q, S, SENDING = Status.QUEUED, Status.SCHEDULED, Status.SENDING


def at(status: Status, answered: str = "") -> Send:
    return send(status=status, answered=answered)


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (None, at(Q), "send.queued"),
        (None, at(S), "send.queued"),
        (None, at(SENDING), ""),
        (None, at(Status.CANCELLED), "send.cancelled"),
        (at(S, "scheduled"), at(Q, "scheduled"), ""),
        (at(Q, "queued"), at(S, "queued"), ""),
        (at(Q, "queued"), at(Q, "queued"), ""),
        (at(Q, "queued"), at(SENDING, "queued"), ""),
        (at(SENDING), at(Q, "queued"), "send.queued"),  # it was to go out at once, and Gmail asked to wait
        (at(SENDING, "queued"), at(Q, "queued"), ""),
        (at(SENDING), at(Status.SENT), "send.sent"),
        (at(SENDING), at(Status.FAILED), "send.failed"),
        (at(SENDING), at(Status.UNKNOWN), "send.unknown"),
        (at(Q), at(Status.FAILED), "send.failed"),
        (at(Q), at(Status.CANCELLED), "send.cancelled"),
        (at(Status.UNKNOWN), at(Status.UNKNOWN), ""),
        (at(Status.UNKNOWN), at(Status.SENT), "send.sent"),
    ],
)
def test_a_change_of_a_sends_state_is_an_event_once(before: Send | None, after: Send, event: str) -> None:
    assert webhooks.send_event(before, after) == event


def test_every_type_can_be_subscribed_to_and_test_cannot() -> None:
    assert len(set(webhooks.EVENT_TYPES)) == len(webhooks.EVENT_TYPES) == 16
    assert webhooks.TEST not in webhooks.EVENT_TYPES
