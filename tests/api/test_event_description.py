"""What openapi.yaml says of endpoints and events is what the code says."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from functions.adapters import safe_http
from functions.domain import deliveries, event_bodies, events, public_urls, triggers, webhooks
from functions.domain.accounts import AccountStatus
from functions.domain.deliveries import DeliveryAttempt, DeliveryStatus
from functions.domain.events import Event
from functions.domain.messages import Address
from functions.domain.sends import Status
from functions.domain.triggers import FAILING_AT, Mapping, Trigger, TriggerFields
from functions.domain.webhooks import SigningSecret, WebhookEndpoint
from functions.edge import endpoint_bodies, endpoint_views
from functions.services.announcing import FRESH, new_delivery
from tests.api.description import DOCUMENT, operation
from tests.services.builders import NOW, account, send

SCHEMAS = DOCUMENT["components"]["schemas"]


def valid(schema: str, value: Any) -> None:
    checked = {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}
    Draft202012Validator(checked, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def test_every_event_is_described_and_no_other() -> None:
    assert list(DOCUMENT["webhooks"]) == [*webhooks.EVENT_TYPES, webhooks.TEST]
    assert SCHEMAS["EventType"]["enum"] == list(webhooks.EVENT_TYPES)
    assert {kind for kind in get_args(events.EventType) if kind in webhooks.MESSAGE_EVENTS} == set(
        webhooks.MESSAGE_EVENTS
    )
    for name, item in DOCUMENT["webhooks"].items():
        kind = name.partition(".")[0].title()
        body = item["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert body == {"$ref": f"#/components/schemas/{kind}Event"}


@pytest.mark.parametrize("status", list(Status))
def test_an_event_of_a_send_is_as_described(status: Status) -> None:
    full = send(status=status, due_at=NOW, send_at=NOW, sent_at=NOW, gmail_message_id="m", gmail_thread_id="t")
    for made in (send(status=status), full):
        data = event_bodies.of_send(made)
        valid("SendEvent", {"type": "send.sent", "timestamp": "2031-05-01T12:00:00.000Z", "data": data})


@pytest.mark.parametrize("kind", webhooks.MESSAGE_EVENTS)
def test_an_event_of_a_message_is_as_described(kind: Any) -> None:
    bare = Event("evt_1", "own_1", "snd_1", "acc_1", kind, NOW)
    full = Event(
        *("evt_1", "own_1", "snd_1", "acc_1", kind, NOW, "a@b.example", "https://x.example/", "hard", "because", 1),
        evidence={"status": "5.1.1", "action": "suppress", "more": [1]},
    )
    for made in (bare, full):
        data = event_bodies.of_message(made)
        valid("MessageEvent", {"type": f"message.{kind}", "timestamp": "2031-05-01T12:00:00.000Z", "data": data})


def test_an_event_of_an_account_is_as_described() -> None:
    for made in (account(), account(status=AccountStatus.REAUTH_REQUIRED)):
        data = event_bodies.of_account(made)
        valid("AccountEvent", {"type": "account.connected", "timestamp": "2031-05-01T12:00:00.000Z", "data": data})


@pytest.mark.parametrize("named", ["", "whd_1"])
def test_an_event_of_a_trigger_is_as_described(named: str) -> None:
    fields = TriggerFields("Paid", "stripe", Mapping())
    made = Trigger("trg_1", "own_1", "acc_1", Address("ada@example.com"), fields, NOW, NOW, ())
    for _ in range(FAILING_AT):
        made = triggers.failed(made, NOW)
    data = event_bodies.of_trigger(made, "wrong_signature", "No secret of the trigger gives it.", named, "")
    valid("TriggerEvent", {"type": "trigger.failing", "timestamp": "2031-05-01T12:00:00.000Z", "data": data})


def test_endpoints_and_deliveries_are_as_described() -> None:
    secret = SigningSecret("sealed", NOW)
    well = WebhookEndpoint("end_1", "own_1", "https://a.example/", ("*",), NOW, (secret,))
    ill = deliveries.disable(webhooks.rotated(well, "other", NOW, timedelta(hours=1)), "because", NOW)
    for endpoint in (well, ill):
        valid("Endpoint", endpoint_views.endpoint(endpoint))
    fresh = new_delivery(well, "evt_1", "send.sent", event_bodies.text("send.sent", NOW, {}), NOW)
    bad = DeliveryAttempt(NOW, None, 15_000, error="timeout", detail="It did not answer.")
    ended = deliveries.once(fresh, DeliveryAttempt(NOW, 200, 3, answer="ok"))
    for delivery in (fresh, deliveries.settle(fresh, bad, NOW, 0.5), ended, deliveries.cancel(fresh, "because")):
        valid("DeliveryDetail", endpoint_views.delivery_detail(delivery))
        valid("Delivery", endpoint_views.delivery(delivery))


def test_words_and_limits_are_those_of_the_code() -> None:
    assert SCHEMAS["DeliveryStatus"]["enum"] == [status.value for status in DeliveryStatus]
    assert SCHEMAS["EndpointUrl"]["maxLength"] == public_urls.LIMIT
    assert f"port {public_urls.HTTPS} or one from {public_urls.UNPRIVILEGED}" in SCHEMAS["EndpointUrl"]["description"]
    assert SCHEMAS["Events"]["maxItems"] == len(webhooks.EVENT_TYPES) + 1
    overlap = SCHEMAS["RotationRequest"]["properties"]["overlap_seconds"]
    assert overlap["default"] == webhooks.OVERLAP.total_seconds()
    assert overlap["maximum"] == endpoint_bodies.OVERLAP_LIMIT.total_seconds()
    assert SCHEMAS["Delivery"]["properties"]["attempts"]["maxItems"] == deliveries.ATTEMPTS_KEPT
    assert SCHEMAS["DeliveryAttempt"]["properties"]["answer"]["maxLength"] == deliveries.ANSWER_KEPT
    for name in ("EndpointRequest", "NewEndpointRequest", "RotationRequest"):
        assert SCHEMAS[name]["additionalProperties"] is False
    created = operation("createEndpoint")["description"]
    assert f"at most {webhooks.MAX_ENDPOINTS} endpoints" in created
    assert f"within {FRESH.seconds} seconds" in created
    assert f"for {deliveries.KEPT_FOR.days} days" in operation("listDeliveries")["description"]
    longest = safe_http.CONNECTING + safe_http.ANSWERING
    assert f"up to {longest:g} seconds" in operation("testEndpoint")["description"]
    assert deliveries.LEASE.total_seconds() > 2 * longest
    rotation = operation("rotateSecret")["description"]
    assert webhooks.MAX_SECRETS == 4
    assert "At most four sign" in rotation
    failing = SCHEMAS["Endpoint"]["properties"]["failing_since"]["description"]
    assert (deliveries.FAILING_AT_MOST.days, deliveries.GIVEN_UP_AT_MOST) == (5, 10)
    assert "five days" in failing
    assert "ten events" in failing
