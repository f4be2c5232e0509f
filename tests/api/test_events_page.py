"""docs/events.md lists every event, says what the code does, and its way of verifying works."""

import json
import os
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.adapters import safe_http
from functions.domain import deliveries, event_bodies, webhooks
from functions.services.announcing import FRESH
from tests.api import pages

TEXT = pages.page("events.md")


@pytest.fixture(scope="module")
def event() -> Any:
    """The page's own function."""
    (source,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = {}
    exec(source, found)
    return found["event"]


def test_the_table_has_every_event() -> None:
    assert re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", TEXT, re.MULTILINE) == list(webhooks.EVENT_TYPES)


def test_the_example_of_verifying_takes_what_we_sign_and_nothing_else(event: Any) -> None:
    secret, other = os.urandom(32), os.urandom(32)
    body = event_bodies.text("send.sent", datetime.now(UTC), {"subject": "Grüße"}).encode()
    headers = webhooks.headers("evt_1", datetime.now(UTC), body, [other, secret])

    assert event(webhooks.secret_text(secret), headers, body) == json.loads(body)
    for wrong_headers, wrong_body in (
        (headers, body + b" "),
        ({**headers, "webhook-id": "evt_2"}, body),
        ({**headers, "webhook-signature": "v1"}, body),
        ({**headers, "webhook-signature": "v1,é"}, body),
        (headers, b"\xff"),
        ({}, body),
    ):
        assert event(webhooks.secret_text(secret), wrong_headers, wrong_body) is None


def test_the_figures_are_those_of_the_code() -> None:
    hours = ", ".join(f"{int(d.total_seconds() // 3600)}" for d in deliveries.DELAYS[3:-1])
    assert f"after 5 seconds, then 5 minutes, 30 minutes, {hours} and 24 hours" in TEXT
    assert [d.total_seconds() for d in deliveries.DELAYS[:3]] == [5, 300, 1800]
    assert (deliveries.MAX_TRIES, deliveries.JITTER) == (10, 0.1)
    assert f"within {safe_http.ANSWERING:g} seconds" in TEXT
    assert f"up to {FRESH.seconds} seconds" in TEXT
    assert f"deliveries of {deliveries.KEPT_FOR.days} days" in TEXT
    assert f"For {webhooks.OVERLAP.total_seconds() / 3600:g} hours" in TEXT
    assert (deliveries.FAILING_AT_MOST.days, deliveries.GIVEN_UP_AT_MOST) == (5, 10)
    assert event_bodies.RECIPIENTS_SHOWN == 50
