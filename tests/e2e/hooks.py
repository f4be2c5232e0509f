"""A trigger as its owner has it, and whoever signs webhooks for it."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.client import Answer, Caller

# Of a trigger that is complete without the test naming anything.
TRIGGER = {
    "name": "Order paid",
    "scheme": "standard-webhooks",
    "subject": "Order {{ number }}",
    "html": "<p>Dear {{ name }}, thank you for order {{ number }}.</p>",
    "mapping": {
        "variables": {"number": "order.number", "name": "customer.name"},
        "to": [{"path": "customer.email"}],
    },
    "allowed_domains": ["example.com"],
}
Signature = Mapping[str, str]


@dataclass
class Hook:
    """`asked` is what its owner wrote, `secrets` what was shown or given, the newest last."""

    caller: Caller
    made: dict[str, Any]
    asked: dict[str, Any]
    secrets: list[str]

    @property
    def id(self) -> str:
        return str(self.made["id"])

    @property
    def target(self) -> str:
        return str(urlsplit(self.made["url"]).path)

    def post(self, payload: Any, name: str = "", *, secret: str = "", **headers: str) -> Answer:
        """Signed by the newest secret; `headers` are added to those of the signature, or replace them."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        signature = standard(secret or self.secrets[-1], name or f"msg_{uuid.uuid4().hex}", body)
        given = {
            "Content-Type": "application/json",
            **signature,
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return Caller(self.caller.host, "").call("POST", self.target, body, headers=given)

    def now(self) -> dict[str, Any]:
        return dict(self.caller.get(f"triggers/{self.id}/").ok())

    def put(self, **changed: Any) -> dict[str, Any]:
        """Replaced as a whole, with fields changed as named; its secrets stay."""
        asked = {name: value for name, value in self.asked.items() if name != "secrets"}
        return dict(self.caller.call("PUT", f"triggers/{self.id}/", {**asked, **changed}).ok())

    def rotate(self, **asked: Any) -> dict[str, Any]:
        rotated: dict[str, Any] = self.caller.post(f"triggers/{self.id}/secrets/", asked).ok(201)
        self.secrets += shown(self.caller, rotated)
        return rotated

    def log(self, **query: Any) -> list[dict[str, Any]]:
        return list(self.caller.get(f"triggers/{self.id}/deliveries/", **query).ok()["deliveries"])

    def test(self, body: Any) -> Answer:
        return self.caller.post(f"triggers/{self.id}/test/", body)

    def replay(self, delivery: str) -> Answer:
        return self.caller.post(f"triggers/{self.id}/deliveries/{delivery}/replay/", {})


def hook(caller: Caller, **changed: Any) -> Hook:
    """A new trigger. Fields that are None are left out."""
    asked = {name: value for name, value in {**TRIGGER, **changed}.items() if value is not None}
    made = caller.post("triggers/", asked).ok(201)
    given = asked.pop("secrets", [])
    return Hook(caller, made, asked, [*given, *shown(caller, made)])


def shown(caller: Caller, answer: Mapping[str, Any]) -> list[str]:
    """The secrets that an answer shows once, which no log may show."""
    secrets = [str(one["secret"]) for one in answer["secrets"] if one.get("secret")]
    for secret in secrets:
        caller.host.journal.secret(secret, secret.removeprefix("whsec_"))
    return secrets


def standard(secret: str, name: str, body: bytes, at: float | None = None) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0."""
    moment = int(time.time() if at is None else at)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{name}.{moment}.".encode() + body, "sha256")
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": name, "webhook-timestamp": str(moment), "webhook-signature": signature}


def stripe(secret: str, body: bytes, at: float | None = None) -> dict[str, str]:
    moment = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={moment},v1={digest}"}


def github(secret: str, body: bytes, event: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={digest}",
        "User-Agent": "GitHub-Hookshot/044aadd",
    }


def shopify(secret: str, body: bytes, topic: str) -> dict[str, str]:
    digest = hmac.digest(secret.encode(), body, "sha256")
    return {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        "X-Shopify-Shop-Domain": "engines.myshopify.com",
        "X-Shopify-API-Version": "2026-07",
        "X-Shopify-Webhook-Id": str(uuid.uuid4()),
        "X-Shopify-Event-Id": str(uuid.uuid4()),
        "X-Shopify-Triggered-At": "2026-11-20T15:00:00.000000000Z",
    }
