"""Who sent a webhook: the five ways of signing one, verified over the raw body. No I/O, no clock of its own.

All are HMACs, with SHA-256 where nothing else is asked for.

standard-webhooks  `webhook-id`, `-timestamp` and `-signature`, or `svix-…`; of `<id>.<timestamp>.<body>`, base64
                   https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
stripe             `Stripe-Signature: t=…,v1=…`; of `<t>.<body>`, hex. https://docs.stripe.com/webhooks#verify-manually
github             `X-Hub-Signature-256: sha256=…`; of the body, hex
                   https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
shopify            `X-Shopify-Hmac-Sha256: …`; of the body, base64
                   https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
hmac               as its HmacRules say

What tells deliveries apart must be signed, or whoever has seen one request could repeat it under another name.
Standard Webhooks signs its id, and Stripe's stands in the signed body. The others' ids stand in headers that nobody
signs: there a delivery has two keys, the digest of what was signed and the id, and is a repeat if either was seen. So
two honest deliveries with the same bytes count as one, unless a signed timestamp tells them apart.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.domain import webhooks
from functions.domain.ids import RandomBytes
from functions.domain.signed_headers import (
    ID,
    Algorithm,
    Encoding,
    Headers,
    by_body,
    check,
    check_age,
    checked_id,
    expected_signatures,
    id_key,
    required,
    signature,
    signed_time,
    told_apart,
)
from functions.domain.signed_headers import Signed as Signed  # what `verify` returns and raises is at home here too
from functions.domain.signed_headers import Unsigned as Unsigned

STANDARD, STRIPE, GITHUB, SHOPIFY, HMAC = SCHEMES = ("standard-webhooks", "stripe", "github", "shopify", "hmac")
_NEW_SECRET = 32  # bytes
_SECRET_LIMITS = (16, 255)  # characters of a secret that is text
_KEY_LIMITS = (16, 128)  # bytes; the standard asks senders for 24 to 64, and Svix has shown one of 18


@dataclass(frozen=True, slots=True)
class HmacRules:
    """How the sender of scheme `hmac` signs. Where it names a timestamp header, `<timestamp>.<body>` is signed, else
    the body. `id_header` is empty where the digest of the body tells deliveries apart."""

    header: str
    encoding: Encoding = "hex"
    prefix: str = ""  # before the signature, such as `sha256=`
    algorithm: Algorithm = "sha256"
    id_header: str = ""
    timestamp_header: str = ""  # its value is in Unix seconds


def verify(
    scheme: str,
    headers: Headers,
    body: bytes,
    secrets: Sequence[bytes],
    now: datetime,
    hmac_rules: HmacRules | None = None,
) -> Signed:
    """`secrets` are those active now; `body` is as it came, before anything was decoded. Raises Unsigned."""
    if not secrets:
        raise Unsigned("no_secret", "The trigger has no active secret; give it one.")
    if scheme == HMAC:
        if hmac_rules is None:
            raise ValueError("the scheme hmac needs its rules")
        return _hmac(headers, body, secrets, now, hmac_rules)
    return _SCHEMES[scheme](headers, body, secrets, now)


def _standard(headers: Headers, body: bytes, secrets: Sequence[bytes], now: datetime) -> Signed:
    # Svix, where the standard comes from, still names its headers so: https://docs.svix.com/receiving/verifying-payloads
    names = ("webhook", "svix")
    name = next((n for n in names if headers.getlist(f"{n}-signature")), names[0])
    delivery_id = checked_id(required(headers, f"{name}-id"), f"{name}-id")
    if "." in delivery_id:  # "to prevent certain attacks", §Signature scheme: where the id ends must not be a question
        raise Unsigned("malformed_id", f"`{name}-id` holds a full stop, which the standard forbids.")
    timestamp = required(headers, f"{name}-timestamp")
    at = signed_time(timestamp, f"{name}-timestamp")
    versioned = [part.split(",") for part in required(headers, f"{name}-signature").split(" ")]
    if any(len(pair) != 2 for pair in versioned):  # among others, two headers that a gateway joined
        raise Unsigned(
            "malformed_signature", f"`{name}-signature` must be made of `v1,signature`, with blanks between."
        )
    given = [text for version, text in versioned if version == "v1"]  # v1a is asymmetric
    content = f"{delivery_id}.{timestamp}.".encode() + body
    check(given, expected_signatures(secrets, content, "base64"), f"{name}-signature")
    check_age(at, now)
    return Signed(delivery_id, at, (id_key(delivery_id),))


def _stripe(headers: Headers, body: bytes, secrets: Sequence[bytes], now: datetime) -> Signed:
    found: dict[str, list[str]] = {}
    for part in required(headers, "Stripe-Signature").split(","):
        key, _, value = part.partition("=")
        if not key or not value:
            raise Unsigned(
                "malformed_signature", "`Stripe-Signature` must be made of `name=value`, with commas between."
            )
        found.setdefault(key, []).append(value)
    times = found.get("t", [])
    if len(times) != 1:
        raise Unsigned("malformed_timestamp", "`Stripe-Signature` must have one `t=`.")
    at = signed_time(times[0], "t of Stripe-Signature")
    # Only v1: "ignore all schemes that are not v1", §Verify manually; v0 is signed with another key, for tests.
    check(found.get("v1", []), expected_signatures(secrets, f"{times[0]}.".encode() + body, "hex"), "Stripe-Signature")
    check_age(at, now)
    event_id = _event_id(body)  # the same for every attempt, and signed with the body
    if event_id:
        return Signed(event_id, at, (id_key(event_id),))
    return by_body(body, at)


def _github(headers: Headers, body: bytes, secrets: Sequence[bytes], _: datetime) -> Signed:
    name = "X-Hub-Signature-256"  # X-Hub-Signature, with SHA-1, is there for old receivers
    check([signature(headers, name, "sha256=")], expected_signatures(secrets, body, "hex"), name)
    # A GUID of the event; one that is delivered again keeps it.
    return told_apart(headers, "X-GitHub-Delivery", body, body)


def _shopify(headers: Headers, body: bytes, secrets: Sequence[bytes], _: datetime) -> Signed:
    name = "X-Shopify-Hmac-Sha256"
    check([signature(headers, name)], expected_signatures(secrets, body, "base64"), name)
    # The webhook's id is the same in every attempt at one delivery; the event's in all deliveries that one action of a
    # merchant causes, of every topic. So that one counts only where there is no other, and with the topic.
    # X-Shopify-Triggered-At is not signed: a limit on it would stop no attacker, and attempts repeated for hours.
    event, topic = "X-Shopify-Event-Id", "X-Shopify-Topic"
    if headers.getlist("X-Shopify-Webhook-Id") or not headers.getlist(event):
        return told_apart(headers, "X-Shopify-Webhook-Id", body, body)
    of_topic = f"{required(headers, topic)}:" if any(headers.getlist(topic)) else ""
    delivery_id = checked_id(of_topic + required(headers, event), f"{event}` with `{topic}")
    return Signed(delivery_id, None, (*by_body(body, None).keys, id_key(delivery_id)))


def _hmac(headers: Headers, body: bytes, secrets: Sequence[bytes], now: datetime, rules: HmacRules) -> Signed:
    given = signature(headers, rules.header, rules.prefix)
    at, content = None, body
    if rules.timestamp_header:
        timestamp = required(headers, rules.timestamp_header)
        at, content = signed_time(timestamp, rules.timestamp_header), f"{timestamp}.".encode() + body
    expected = expected_signatures(secrets, content, rules.encoding, rules.algorithm)
    if rules.encoding == "hex":  # some languages write it in capitals; a mixture is nobody's
        expected += [text.upper() for text in expected]
    check([given], expected, rules.header)
    if at:
        check_age(at, now)
    if rules.id_header:
        required(headers, rules.id_header)
    return told_apart(headers, rules.id_header, body, content, at)


_Verifier = Callable[[Headers, bytes, Sequence[bytes], datetime], Signed]
_SCHEMES: Mapping[str, _Verifier] = {STANDARD: _standard, STRIPE: _stripe, GITHUB: _github, SHOPIFY: _shopify}


def _event_id(body: bytes) -> str:
    """The `id` of a signed Stripe event; empty where the body has none."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return ""  # the signature holds all the same; that the payload can't be read is for others to say
    found = event.get("id") if isinstance(event, dict) else None
    return found if isinstance(found, str) and ID.fullmatch(found) else ""


def new_secret(scheme: str, random: RandomBytes) -> str:
    """256 random bits, written as the scheme writes secrets."""
    raw = random(_NEW_SECRET)
    return webhooks.secret_text(raw) if scheme == STANDARD else raw.hex()


def secret_bytes(scheme: str, text: str) -> bytes:
    """The key of the HMAC. Standard Webhooks decodes what follows `whsec_`; everybody else, Stripe too, takes the text
    as it stands. Raises ValueError with a sentence for people, which holds nothing of the secret."""
    if scheme == STANDARD:
        return _standard_key(text)
    low, high = _SECRET_LIMITS
    if not low <= len(text) <= high:
        raise ValueError(f"A secret has {low} to {high} characters; this one has {len(text)}.")
    if not (text.isascii() and text.isprintable()) or text != text.strip():
        raise ValueError("A secret has ASCII characters only, and no blank or line break at its ends.")
    return text.encode("ascii")


def _standard_key(text: str) -> bytes:
    low, high = _KEY_LIMITS
    try:
        found = base64.b64decode(text.removeprefix(webhooks.SECRET_PREFIX), validate=True)
    except ValueError:
        found = b""
    if not text.startswith(webhooks.SECRET_PREFIX) or not low <= len(found) <= high:
        raise ValueError(f"This must be `whsec_` and the base64 of {low} to {high} bytes, as the sender shows it.")
    return found
