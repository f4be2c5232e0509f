"""Endpoints that hear of events, and how a message to them is signed: Standard Webhooks 1.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain.ids import RandomBytes
from functions.domain.records import replace
from functions.domain.sends import WAITING, Send, Status

SEND_EVENTS = {
    Status.SENT: "send.sent",
    Status.FAILED: "send.failed",
    Status.UNKNOWN: "send.unknown",
    Status.CANCELLED: "send.cancelled",
}
QUEUED = "send.queued"
CONNECTED, REAUTH_REQUIRED, DISCONNECTED = "account.connected", "account.reauth_required", "account.disconnected"
TRIGGER_FAILING = "trigger.failing"
# By the words of `domain.events`.
MESSAGE_EVENTS = {
    kind: f"message.{kind}"
    for kind in ("opened", "clicked", "replied", "autoreplied", "bounced", "delayed", "unsubscribed")
}
EVENT_TYPES = (
    QUEUED,
    *SEND_EVENTS.values(),
    *MESSAGE_EVENTS.values(),
    CONNECTED,
    REAUTH_REQUIRED,
    DISCONNECTED,
    TRIGGER_FAILING,
)
EVERYTHING = "*"
TEST = "test"  # sent when its owner asks for it; nobody subscribes to it

# Each event is written for each endpoint in the commit of what it tells of, and a commit takes only so much.
MAX_ENDPOINTS = 10

SECRET_PREFIX = "whsec_"  # noqa: S105 - not a secret itself
SECRET_BYTES = (24, 64)  # the standard's least and most
_NEW_SECRET = 32  # bytes
OVERLAP = timedelta(hours=24)  # how long an old secret signs beside its successor
MAX_SECRETS = 4  # that sign at one time


@dataclass(frozen=True, slots=True)
class SigningSecret:
    sealed: str
    created_at: datetime
    expires_at: datetime | None = None  # of one that has a successor


@dataclass(frozen=True)
class WebhookEndpoint:
    """Where an owner wants to hear of events. Its health is what its failures since the last success say."""

    id: str  # end_…
    owner: str
    url: str
    events: tuple[str, ...]
    created_at: datetime
    secrets: tuple[SigningSecret, ...]  # the newest first
    enabled: bool = True
    disabled_reason: str = ""  # for people
    disabled_at: datetime | None = None
    failing_since: datetime | None = None
    last_failed_at: datetime | None = None
    given_up: int = 0  # events that were tried to the end in vain

    def wants(self, event_type: str) -> bool:
        return self.enabled and (event_type in self.events or EVERYTHING in self.events)

    def signing(self, now: datetime) -> list[SigningSecret]:
        """The secrets that sign now."""
        return [s for s in self.secrets if s.expires_at is None or s.expires_at > now]


def send_event(before: Send | None, after: Send) -> str:
    """The type of event that a change of a send's record is; empty where it is none.

    `send.queued` comes once for a send that waits, however often it is put back; for one that goes out at once, never.
    """
    if before is not None and before.status is after.status:
        return ""
    if after.status not in WAITING:
        return SEND_EVENTS.get(after.status, "")
    # What its first caller was told already is no news: it waited before.
    waited = before is not None and (before.status in WAITING or before.answered)
    return "" if waited else QUEUED


def new_secret(random: RandomBytes) -> bytes:
    return random(_NEW_SECRET)


def secret_text(secret: bytes) -> str:
    return SECRET_PREFIX + base64.b64encode(secret).decode("ascii")


def parse_secret(text: str) -> bytes | None:
    """The bytes of a `whsec_…` text, or None where it is none, or not of the standard's size."""
    try:
        found = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    fits = SECRET_BYTES[0] <= len(found) <= SECRET_BYTES[1]
    return found if fits and text.startswith(SECRET_PREFIX) else None


def rotated(endpoint: WebhookEndpoint, sealed: str, now: datetime, overlap: timedelta) -> WebhookEndpoint:
    """With a new secret. The ones before sign for `overlap` more; of too many, the oldest goes."""
    until = now + overlap
    old = [replace(s, expires_at=min(s.expires_at or until, until)) for s in endpoint.signing(now)]
    kept = [s for s in old if s.expires_at and s.expires_at > now]
    return replace(endpoint, secrets=(SigningSecret(sealed, now), *kept)[:MAX_SECRETS])


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode("ascii")


def headers(message_id: str, at: datetime, body: bytes, secrets: Iterable[bytes]) -> dict[str, str]:
    """`at` is the time of the attempt, not of the event: receivers refuse what is older than five minutes."""
    timestamp = int(at.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": "Gmail-Integration-Webhooks/1.0",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, message_id, timestamp, body) for secret in secrets),
    }
