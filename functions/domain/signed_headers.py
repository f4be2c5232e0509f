"""What every scheme of signing webhooks needs: headers read strictly, signatures compared, deliveries told apart."""

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Literal, Protocol

TOLERANCE = timedelta(seconds=300)  # both ways; what the libraries of Standard Webhooks and Stripe allow
HEADER_LIMIT = 4096  # characters of a header that is read here
_SIGNATURES_LIMIT = 20  # in one header; senders that rotate send two or three
ID = re.compile(r"[!-+\--~]{1,255}")  # visible ASCII without the comma, which is how two headers become one (WSGI)
_TIMESTAMP = re.compile(r"[0-9]{1,10}")  # Unix seconds, until 2286

Encoding = Literal["hex", "base64"]
Algorithm = Literal["sha256", "sha512"]


class Headers(Protocol):
    """werkzeug's Headers, and what is like them: names in any case, each value of a repeated header."""

    def getlist(self, key: str, /) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Signed:
    """A delivery whose signature holds.

    `delivery_id` is what its sender calls it, for people; `sha256:…` of the body where the sender gives no name.
    `keys` say whether it is a repeat: it is, as soon as any one of them has been seen at this trigger. The first is
    always covered by the signature. `at` is the signed time, None where there is none: then nothing but the record
    of the keys ends a replay.
    """

    delivery_id: str
    at: datetime | None
    keys: tuple[str, ...]


class Unsigned(Exception):
    """It can't be trusted. `reason` is a word for programs, `detail` tells the trigger's owner what to do. Neither
    holds anything of the request or of a secret, and neither is for the sender."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def told_apart(headers: Headers, id_header: str, body: bytes, content: bytes, at: datetime | None = None) -> Signed:
    """By an id that nobody signed, and by `content`, what was signed."""
    if not id_header or not headers.getlist(id_header):
        return by_body(body, at)
    delivery_id = checked_id(required(headers, id_header), id_header)
    return Signed(delivery_id, at, (f"signed:{sha256(content).hexdigest()}", id_key(delivery_id)))


def by_body(body: bytes, at: datetime | None) -> Signed:
    """By the body alone: a signed timestamp is that of an attempt, and attempts at one delivery have several."""
    digest = sha256(body).hexdigest()
    return Signed(f"sha256:{digest}", at, (f"signed:{digest}",))


def id_key(delivery_id: str) -> str:
    return f"id:{delivery_id}"


def required(headers: Headers, name: str) -> str:
    values = headers.getlist(name)
    if not values or not values[0]:
        raise Unsigned("no_signature", f"The request has no `{name}`; the sender may not be set up for this scheme.")
    if len(values) > 1:
        raise Unsigned("duplicated_header", f"The request has more than one `{name}`.")
    if len(values[0]) > HEADER_LIMIT:
        raise Unsigned("malformed_signature", f"`{name}` is longer than {HEADER_LIMIT} characters.")
    return values[0]


def signature(headers: Headers, name: str, prefix: str = "") -> str:
    given = required(headers, name)
    if not given.startswith(prefix):
        raise Unsigned("malformed_signature", f"`{name}` must start with `{prefix}`.")
    return given[len(prefix) :]


def checked_id(value: str, name: str) -> str:
    if ID.fullmatch(value):
        return value
    raise Unsigned("malformed_id", f"`{name}` must have 1 to 255 visible ASCII characters, and no comma.")


def signed_time(value: str, name: str) -> datetime:
    if _TIMESTAMP.fullmatch(value):
        return datetime.fromtimestamp(int(value), UTC)
    raise Unsigned("malformed_timestamp", f"`{name}` must be a whole number of seconds since 1970.")


def check_age(at: datetime, now: datetime) -> None:
    """After the signature: what is told here is told of a sender who knows the secret, or of one who recorded it."""
    advice = "Check both clocks; if they are right, somebody repeated a recorded request."
    if at < now - TOLERANCE:
        ago = int((now - at).total_seconds())
        raise Unsigned("too_old", f"It was signed {ago} seconds ago; {TOLERANCE.seconds} are allowed. {advice}")
    if at > now + TOLERANCE:
        ahead = int((at - now).total_seconds())
        raise Unsigned("too_new", f"It was signed {ahead} seconds ahead; {TOLERANCE.seconds} are allowed. {advice}")


def expected_signatures(
    secrets: Sequence[bytes], content: bytes, encoding: Encoding, algorithm: Algorithm = "sha256"
) -> list[str]:
    digests = [hmac.digest(secret, content, algorithm) for secret in secrets]
    return [digest.hex() if encoding == "hex" else base64.b64encode(digest).decode("ascii") for digest in digests]


def check(given: Sequence[str], expected: Sequence[str], name: str) -> None:
    """One of `given` must be one of `expected`. Compared as text, so that only one spelling of a signature counts."""
    if not 0 < len(given) <= _SIGNATURES_LIMIT:
        raise Unsigned(
            "malformed_signature", f"`{name}` holds {len(given)} signatures of the kind that is verified here."
        )
    # A list, not a generator: how many comparisons there are says nothing about which one held.
    matches = [
        hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("ascii"))
        for one in given
        for other in expected
    ]
    if not any(matches):
        raise Unsigned(
            "wrong_signature",
            "No secret of the trigger gives this signature. Compare the secret with the sender's; if they are equal, "
            "something on the way changes the body.",
        )
