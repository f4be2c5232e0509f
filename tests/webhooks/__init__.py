"""Webhooks as those who send them sign them: by their own libraries, in Python and behind one process of node."""

import fcntl
import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import stripe
import svix
from standardwebhooks import Webhook

from functions.domain.signatures import HmacRules

HERE = Path(__file__).parent
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SECRETS = {
    "standard-webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "stripe": "whsec_0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "github": "It's a Secret to Everybody",
    "shopify": "hush-hush-0123456789abcdef",
    "hmac": "a secret of our own, 1234",
}
OWN = HmacRules("X-Signature", prefix="sha256=", id_header="X-Id", timestamp_header="X-Time")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A signed request. `id` is the header that names the delivery, `time` the one with the signed time, or ""."""

    scheme: str
    headers: dict[str, str]
    body: bytes
    signature: str  # the name of a header
    id: str = ""
    time: str = ""


class Node:
    """`sign.mjs`: GitHub's library, and Shopify's formula."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [_install(), str(HERE / "sign.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def sign(self, sender: str, secret: str, body: bytes) -> str:
        assert self.process.stdin
        assert self.process.stdout
        asked = {"sender": sender, "secret": secret, "body": b64encode(body).decode()}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the process ended"
        return str(json.loads(line))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=10)


def _install() -> str:
    """The path of node, with the libraries installed. Skips where node is missing, but not in CI."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        if os.environ.get("CI"):
            pytest.fail("node and npm are needed: GitHub's library signs on node")
        pytest.skip("node and npm are not installed")
    with (HERE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # pytest-xdist: one worker installs, the others wait
        if not (HERE / "node_modules" / ".package-lock.json").exists():
            done = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True, text=True)
            if done.returncode:
                pytest.fail(f"`npm ci` failed in {HERE}:\n{done.stdout}{done.stderr}")
    return node


def standard(_: Node, body: bytes, at: datetime = AT, name: str = "webhook") -> Delivery:
    signature = Webhook(SECRETS["standard-webhooks"]).sign("msg_2KWPBgLlAfx", at, body.decode())
    return _standard(name, signature, body, at)


def svixs(_: Node, body: bytes, at: datetime = AT) -> Delivery:
    signature = svix.Webhook(SECRETS["standard-webhooks"]).sign("msg_2KWPBgLlAfx", at, body.decode())
    return _standard("svix", signature, body, at)


def _standard(name: str, signature: str, body: bytes, at: datetime) -> Delivery:
    headers = {
        f"{name}-id": "msg_2KWPBgLlAfx",
        f"{name}-timestamp": str(int(at.timestamp())),
        f"{name}-signature": signature,
    }
    return Delivery("standard-webhooks", headers, body, f"{name}-signature", f"{name}-id", f"{name}-timestamp")


def stripes(_: Node, body: bytes, at: datetime = AT) -> Delivery:
    """https://docs.stripe.com/webhooks/test: what Stripe offers for tests."""
    made = stripe.WebhookSignature.generate_signature_header(body.decode(), SECRETS["stripe"], int(at.timestamp()))
    return Delivery("stripe", {"Stripe-Signature": made}, body, "Stripe-Signature")


def githubs(node: Node, body: bytes, _: datetime = AT) -> Delivery:
    headers = {
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": node.sign("github", SECRETS["github"], body),
    }
    return Delivery("github", headers, body, "X-Hub-Signature-256", "X-GitHub-Delivery")


def shopifys(node: Node, body: bytes, _: datetime = AT) -> Delivery:
    headers = {
        "X-Shopify-Event-Id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "X-Shopify-Hmac-Sha256": node.sign("shopify", SECRETS["shopify"], body),
    }
    return Delivery("shopify", headers, body, "X-Shopify-Hmac-Sha256", "X-Shopify-Webhook-Id")


def own(node: Node, body: bytes, at: datetime = AT) -> Delivery:
    """By our scheme `hmac`, with the rules OWN."""
    timestamp = str(int(at.timestamp()))
    headers = {
        "X-Id": "order-17",
        "X-Time": timestamp,
        "X-Signature": "sha256=" + node.sign("hex", SECRETS["hmac"], f"{timestamp}.".encode() + body),
    }
    return Delivery("hmac", headers, body, "X-Signature", "X-Id", "X-Time")


Sender = Callable[[Node, bytes], Delivery]
SENDERS: dict[str, Sender] = {
    "standardwebhooks": standard,
    "svix": svixs,
    "stripe": stripes,
    "@octokit/webhooks": githubs,
    "Shopify's formula": shopifys,
    "our own": own,
}
