"""Triggers as the pages show them, and whoever signs webhooks for them."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

import requests

from tests.browser.programs import LocalServer
from tests.e2e import hooks
from tests.e2e.journal import Journal

ORDER = {"order": {"number": "1042"}, "customer": {"name": "Grace", "email": "grace@example.com"}}


@dataclass
class Hook:
    """A trigger made past the pages."""

    server: LocalServer
    token: str
    made: dict[str, Any]
    secret: str

    @property
    def id(self) -> str:
        return str(self.made["id"])

    @property
    def place(self) -> str:
        return f"{self.server.url}/#/webhooks/{self.id}"

    def fire(self, payload: Any = ORDER, *, secret: str = "") -> requests.Response:
        return fire(self.made["url"], secret or self.secret, payload)

    def fired(self, payload: Any = ORDER) -> tuple[str, str | None]:
        """The delivery and the send, once that has gone out."""
        receipt = self.fire(payload).json()
        if receipt["send"]:
            settled(self.server, self.token, receipt["send"])
        return receipt["delivery"], receipt["send"]


def make(server: LocalServer, token: str, journal: Journal, **changed: Any) -> Hook:
    """Fields that are None are left out."""
    asked = {name: value for name, value in {**hooks.TRIGGER, **changed}.items() if value is not None}
    answer = server.call("POST", "/api/gmail/triggers/", token, json=asked)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    return Hook(server, token, made, kept(journal, made["secrets"][0]["secret"]))


def kept(journal: Journal, secret: str) -> str:
    """No log may show it."""
    journal.secret(secret, secret.removeprefix("whsec_"))
    return secret


def fire(url: str, secret: str, payload: Any) -> requests.Response:
    body = json.dumps(payload).encode()
    headers = {"Content-Type": "application/json", **hooks.standard(secret, f"msg_{uuid.uuid4().hex}", body)}
    return requests.post(url, data=body, headers=headers, timeout=30)


def settled(server: LocalServer, token: str, send: str) -> dict[str, Any]:
    """The send, once it is no longer on its way."""
    end = time.monotonic() + 60
    while True:
        found: dict[str, Any] = server.call("GET", f"/api/gmail/history/{send}/", token).json()
        if found["status"] not in ("queued", "scheduled", "sending") or time.monotonic() > end:
            return found
        time.sleep(0.1)
