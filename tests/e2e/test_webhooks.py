"""From a signed webhook to a mail: on every hosting and store."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e import hooks
from tests.e2e.client import Caller
from tests.e2e.google import Google, Person
from tests.e2e.hooks import Hook, hook
from tests.e2e.test_queue import until


def payload(number: str = "1042", name: str = "Grace", email: str = "grace@example.com") -> dict[str, Any]:
    return {"order": {"number": number}, "customer": {"name": name, "email": email}}


@pytest.fixture(autouse=True)
def account(caller: Caller, ada: Person) -> dict[str, Any]:
    return caller.connect(ada)


@pytest.fixture
def paid(caller: Caller) -> Hook:
    return hook(caller)


def logged(hook: Hook, verdict: str) -> dict[str, Any]:
    """The newest delivery in the log, once it has come to this."""
    end = time.monotonic() + 20
    while True:
        newest = (hook.log() or [{}])[0]
        if newest.get("verdict") == verdict:
            return newest
        assert time.monotonic() < end, newest
        time.sleep(0.1)


# What is signed becomes a mail


def test_a_signed_webhook_becomes_one_mail_with_its_values_escaped(
    caller: Caller, paid: Hook, google: Google, ada: Person, grace: Person
) -> None:
    answer = paid.post(payload(name="<b>Grace</b> & {{ number }}", email=grace.email)).ok(202)
    sent = until(caller, answer["send"], "sent")

    message = google.sent(ada)
    html = message.get_body(("html",))
    assert html is not None
    assert "Dear &lt;b&gt;Grace&lt;/b&gt; &amp; {{ number }}, thank you for order 1042." in html.get_content()
    assert (message["Subject"], message["To"]) == ("Order 1042", grace.email)
    assert sent["trigger"] == paid.id
    assert logged(paid, "accepted")["send"] == answer["send"]
    assert len(google.deliveries(ada)) == 1


def test_a_repeated_webhook_is_answered_with_the_first_send_and_makes_no_other(
    caller: Caller, paid: Hook, google: Google, ada: Person
) -> None:
    first = paid.post(payload(), "msg_1").ok(202)
    again = paid.post(payload(), "msg_1").ok(200)
    until(caller, first["send"], "sent")
    late = paid.post(payload(), "msg_1").ok(200)

    assert again["send"] == late["send"] == first["send"]
    assert [one["id"] for one in caller.history(trigger=paid.id)] == [first["send"]]
    assert len(google.deliveries(ada)) == 1


def test_webhooks_that_come_many_times_at_once_make_one_send_each(
    caller: Caller, paid: Hook, google: Google, ada: Person
) -> None:
    names = [f"msg_{number}" for number in range(5) for _ in range(4)]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda name: paid.post(payload(number=name), name), names))

    assert {answer.status for answer in answers} <= {200, 202}
    sends = {name: {a.ok(a.status)["send"] for n, a in zip(names, answers, strict=True) if n == name} for name in names}
    assert all(len(found) == 1 for found in sends.values())
    assert sum(answer.status == 202 for answer in answers) == 5
    for (send,) in sends.values():
        until(caller, send, "sent")
    assert len(google.deliveries(ada)) == 5


def test_the_same_id_at_another_trigger_is_another_webhook(caller: Caller, paid: Hook) -> None:
    other = hook(caller)

    assert paid.post(payload(), "msg_1").ok(202)["send"] != other.post(payload(), "msg_1").ok(202)["send"]


# Who gets in


def test_unknown_disabled_and_wrongly_signed_look_the_same(caller: Caller, paid: Hook) -> None:
    off = hook(caller, enabled=False)
    body = json.dumps(payload()).encode()
    unknown = replace(paid, made={**paid.made, "url": "/api/gmail/hooks/trg_0123456789abcdefghij012345/"})
    strange = replace(paid, made={**paid.made, "url": "/api/gmail/hooks/trg_../"})
    gone = hook(caller)
    caller.delete(f"triggers/{gone.id}/").ok(204)
    refused = [
        unknown.post(body),
        strange.post(body),
        off.post(body),
        gone.post(body),
        paid.post(body, secret=off.secrets[0]),
        paid.post(body, webhook_signature="v1,AAAA"),
        paid.post(body, webhook_signature=""),
        paid.post(body, webhook_timestamp="0"),
        Caller(caller.host, "").call("POST", paid.target, body, headers={"Content-Type": "application/json"}),
    ]

    seen = [answer.problem(401, "unauthenticated") for answer in refused]
    assert len({json.dumps({**one, "request_id": ""}) for one in seen}) == 1
    names = [sorted(name for name, _ in answer.headers if name != "Date") for answer in refused]
    assert all(one == names[0] for one in names)
    assert caller.history(trigger=paid.id) == []


def test_an_api_key_is_no_signature(caller: Caller, paid: Hook) -> None:
    caller.post(paid.target, payload()).problem(401, "unauthenticated")


def test_a_webhook_from_long_ago_or_from_the_future_is_refused(caller: Caller, paid: Hook) -> None:
    body = json.dumps(payload()).encode()
    for away in (-301, 301):
        headers = hooks.standard(paid.secrets[0], "msg_1", body, time.time() + away)
        answer = Caller(caller.host, "").call("POST", paid.target, body, headers=headers)
        answer.problem(401, "unauthenticated")
    assert paid.post(body, "msg_1").status == 202


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 10_000, b'{"a": NaN}'])
def test_a_signed_body_that_is_no_payload_is_the_senders_error(caller: Caller, paid: Hook, body: bytes) -> None:
    paid.post(body).problem(400, "invalid_json")
    assert caller.history(trigger=paid.id) == []


# Filter, delay, rates


def test_what_the_filter_does_not_want_sends_nothing_and_is_logged(caller: Caller, google: Google, ada: Person) -> None:
    large = hook(caller, filter="order.total > `100`")
    answer = large.post({**payload(), "order": {"number": "1", "total": 100}}).ok(202)
    assert answer["send"] is None
    assert large.log()[0]["verdict"] == "filtered"

    wanted = large.post({**payload(), "order": {"number": "2", "total": 101}}).ok(202)
    until(caller, wanted["send"], "sent")
    assert len(google.deliveries(ada)) == 1


def test_a_delay_schedules_the_send(caller: Caller, google: Google, ada: Person) -> None:
    later = hook(caller, delay_seconds=3600)
    send = later.post(payload()).ok(202)["send"]

    found = until(caller, send, "scheduled")
    assert found["send_at"] > found["created_at"]
    caller.post(f"history/{send}/cancel/", {}).ok()
    assert google.deliveries(ada) == []


def test_more_than_the_rate_allows_is_refused_and_can_come_later(caller: Caller) -> None:
    slow = hook(caller, rate={"per_minute": 2, "per_day": 3})
    answers = [slow.post(payload(), f"msg_{n}") for n in range(3)]

    if [a.status for a in answers] != [202, 202, 429]:  # a minute ended in between
        answers = [*answers, *(slow.post(payload(), f"msg_{n}") for n in range(3, 5))]
    limited = next(a for a in answers if a.status == 429)
    assert limited.problem(429, "rate_limited")
    assert int(limited.headers["Retry-After"]) > 0
    # What was accepted once is still answered with its send.
    assert slow.post(payload(), "msg_0").status == 200


# Recipients


def test_fixed_recipients_get_it_whatever_the_payload_says(
    caller: Caller, google: Google, ada: Person, grace: Person
) -> None:
    mapping = {**hooks.TRIGGER["mapping"], "to": [{"email": grace.email}]}  # type: ignore[dict-item]
    fixed = hook(caller, mapping=mapping, allowed_domains=None)
    send = fixed.post({**payload(email="mallory@evil.example"), "to": ["mallory@evil.example"]}).ok(202)["send"]

    assert until(caller, send, "sent")["to"] == [{"email": grace.email}]
    assert google.deliveries(ada)[-1]["to"] == [grace.email]


@pytest.mark.parametrize(
    "email",
    [
        "mallory@evil.example",
        "grace@example.com.evil.example",
        "grace@sub.example.com",
        "grace@EXAMPLE.com, mallory@evil.example",
        "grace@example.com\r\nBcc: mallory@evil.example",
        "=?utf-8?q?mallory=40evil.example?=@example.com",
        "<grace@example.com>",
        "mallory@evil.example <grace@example.com>",
        ["grace@example.com", "mallory@evil.example"],
        {"email": "mallory@evil.example"},
        "",
        None,
        7,
    ],
    ids=repr,
)
def test_a_payload_reaches_nobody_outside_the_triggers_rules(
    caller: Caller, paid: Hook, google: Google, ada: Person, email: Any
) -> None:
    answer = paid.post({**payload(), "customer": {"name": "Grace", "email": email}})

    assert answer.status in (200, 202), answer.text
    newest = logged(paid, "failed")
    assert newest["reason"]
    assert "mallory" not in json.dumps(google.deliveries(ada))
    assert all(one["status"] != "sent" for one in caller.history(trigger=paid.id))


@pytest.mark.parametrize(
    "number", ["1\r\nBcc: mallory@evil.example", "1\nX-Evil: 1", "1\u2028Bcc: x@y.example", "\x00"]
)
def test_a_value_can_not_begin_a_header(paid: Hook, google: Google, ada: Person, number: str) -> None:
    answer = paid.post(payload(number=number))

    assert answer.status in (200, 202), answer.text
    assert logged(paid, "failed")["reason"]
    assert google.deliveries(ada) == []


def test_another_owners_trigger_is_not_found(stranger: Caller, paid: Hook, grace: Person) -> None:
    stranger.connect(grace)
    paid.post(payload(), "msg_1").ok(202)
    delivery = logged(paid, "accepted")["id"]
    theirs = hook(stranger)
    for answer in (
        stranger.get(f"triggers/{paid.id}/"),
        stranger.call("PUT", f"triggers/{paid.id}/", hooks.TRIGGER),
        stranger.delete(f"triggers/{paid.id}/"),
        stranger.post(f"triggers/{paid.id}/secrets/", {}),
        stranger.post(f"triggers/{paid.id}/test/", {"payload": payload()}),
        stranger.get(f"triggers/{paid.id}/deliveries/"),
        stranger.get(f"triggers/{paid.id}/deliveries/{delivery}/"),
        stranger.get(f"triggers/{theirs.id}/deliveries/{delivery}/"),
        stranger.post(f"triggers/{paid.id}/deliveries/{delivery}/replay/", {}),
        stranger.post(f"triggers/{theirs.id}/deliveries/{delivery}/replay/", {}),
    ):
        answer.problem(404, "not_found")
    assert [one["id"] for one in stranger.get("triggers/").ok()["triggers"]] == [theirs.id]
    assert stranger.history(trigger=paid.id) == []


# When something is missing


def test_a_disconnected_account_sends_nothing_and_the_trigger_says_why(
    caller: Caller, paid: Hook, account: dict[str, Any]
) -> None:
    caller.delete(f"accounts/{account['id']}/").ok(204)

    send = paid.post(payload()).ok(202)["send"]
    assert "disconnected" in until(caller, send, "cancelled")["explanation"]
    assert paid.now()["problem"]["code"] == "not_found"


def template(caller: Caller, **changed: Any) -> str:
    fields = {
        "name": "Paid",
        "subject": "Order {{ number }}",
        "html": "<p>Dear {{ name }}, {{ number }}.</p>",
        "variables": [{"key": "number"}, {"key": "name"}],
        **changed,
    }
    made = caller.post("templates/", fields).ok(201)
    caller.post(f"templates/{made['id']}/publish/", {}).ok()
    return str(made["id"])


def test_a_template_gives_the_message_and_an_archived_one_stops_it(caller: Caller, google: Google, ada: Person) -> None:
    used = template(caller)
    filled = hook(caller, template={"id": used}, subject=None, html=None)
    send = filled.post(payload()).ok(202)["send"]
    assert until(caller, send, "sent")["template"] == used
    assert google.sent(ada)["Subject"] == "Order 1042"

    caller.delete(f"templates/{used}/").problem(409, "conflict")
    caller.post(f"templates/{used}/archive/", {}).ok()
    filled.post(payload())
    assert logged(filled, "failed")["reason"]
    assert len(google.deliveries(ada)) == 1


def test_a_value_that_the_template_needs_and_the_payload_lacks_sends_nothing(
    caller: Caller, google: Google, ada: Person
) -> None:
    filled = hook(caller, template={"id": template(caller)}, subject=None, html=None)
    filled.post({"customer": {"name": "Grace", "email": "grace@example.com"}})

    assert "number" in logged(filled, "failed")["detail"]
    assert google.deliveries(ada) == []


# Seeing and repairing


def test_a_failed_delivery_is_put_right_and_replayed_once(caller: Caller, google: Google, ada: Person) -> None:
    wrong = hook(caller, allowed_domains=["example.org"])
    wrong.post(payload(), "msg_1")
    failed = logged(wrong, "failed")

    wrong.put(allowed_domains=["example.com"])
    again = wrong.replay(failed["id"]).ok(202)

    until(caller, again["send"], "sent")
    assert len(google.deliveries(ada)) == 1
    newest = wrong.log()[0]
    assert (newest["replay_of"], newest["send"]) == (failed["id"], again["send"])


def test_a_test_shows_what_would_go_out_and_sends_nothing(
    caller: Caller, paid: Hook, google: Google, ada: Person
) -> None:
    shown = paid.test({"payload": payload(name="<i>Grace</i>")}).ok()

    assert shown["variables"] == {"number": "1042", "name": "<i>Grace</i>"}
    assert shown["to"] == [{"email": "grace@example.com"}]
    assert shown["subject"] == "Order 1042"
    assert "&lt;i&gt;Grace&lt;/i&gt;" in shown["html"]
    assert google.deliveries(ada) == []
    assert caller.history(trigger=paid.id) == []


def test_a_recorded_delivery_can_be_tried_again_as_a_test(
    caller: Caller, paid: Hook, google: Google, ada: Person
) -> None:
    send = paid.post(payload(number="7")).ok(202)["send"]
    until(caller, send, "sent")
    delivery = logged(paid, "accepted")["id"]

    assert paid.test({"delivery": delivery}).ok()["subject"] == "Order 7"
    assert len(google.deliveries(ada)) == 1


def test_the_log_shows_a_delivery_with_its_payload(caller: Caller, paid: Hook) -> None:
    paid.post(payload(), "msg_1").ok(202)
    newest = logged(paid, "accepted")

    assert newest["id"].startswith("whd_")
    assert newest["name"] == "msg_1"
    assert "body" not in newest
    found = caller.get(f"triggers/{paid.id}/deliveries/{newest['id']}/").ok()
    assert json.loads(found["body"]) == payload()
