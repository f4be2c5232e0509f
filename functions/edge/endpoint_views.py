"""Endpoints and deliveries as the contract shows them."""

import json
from typing import Any

from functions.domain import times
from functions.domain.deliveries import Delivery, DeliveryAttempt
from functions.domain.webhooks import WebhookEndpoint


def endpoint(found: WebhookEndpoint) -> dict[str, Any]:
    """Never a secret; those that sign are shown by their age."""
    return {
        "id": found.id,
        "url": found.url,
        "events": list(found.events),
        "enabled": found.enabled,
        "disabled_reason": found.disabled_reason or None,
        "disabled_at": times.text(found.disabled_at),
        "failing_since": times.text(found.failing_since),
        "secrets": [
            {"created_at": times.text(s.created_at), "expires_at": times.text(s.expires_at)} for s in found.secrets
        ],
        "created_at": times.text(found.created_at),
    }


def delivery(found: Delivery) -> dict[str, Any]:
    return {
        "id": found.id,
        "endpoint": found.endpoint,
        "event": found.event,
        "type": found.type,
        "status": found.status.value,
        "detail": found.detail or None,
        "created_at": times.text(found.created_at),
        "next_attempt_at": times.text(found.due_at),
        "attempts": [_attempt(a) for a in found.attempts],
    }


def delivery_detail(found: Delivery) -> dict[str, Any]:
    """With what was, or will be, sent."""
    return {**delivery(found), "payload": json.loads(found.payload)}


def _attempt(found: DeliveryAttempt) -> dict[str, Any]:
    return {
        "at": times.text(found.at),
        "status_code": found.status_code,
        "milliseconds": found.milliseconds,
        "error": found.error or None,
        "detail": found.detail or None,
        "answer": found.answer or None,
    }
