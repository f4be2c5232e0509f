"""Requests to the `webhook` function of every sort, each with what has to become of it."""

import base64
import gzip
import hmac
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.webhooks.bodies import Become, content

KEY = b"a key of 24 bytes, or so"  # of every trigger, in the form of its scheme
SECRETS = {"standard-webhooks": "whsec_" + base64.b64encode(KEY).decode()}
SCHEMES = ("standard-webhooks", "stripe", "github", "shopify", "hmac")
OWN = {"header": "X-Sig", "encoding": "hex", "prefix": "sha256=", "id_header": "X-Id", "timestamp_header": "X-Time"}
LATIN = "".join(map(chr, range(0x21, 0x7F))) + "\xa0\xe9\xff"  # what a gateway interface can put into a header


@dataclass(frozen=True, slots=True)
class Shot:
    """`length` is what Content-Length says, where it lies; "" for a chunked body. `become` is what a right signature
    leads to until something spoils it."""

    scheme: str
    name: str  # of the delivery
    body: bytes
    content_type: str
    become: Become
    headers: list[tuple[str, str]] = field(default_factory=list)
    trigger: str = ""  # the scheme's own, unless it says another
    method: str = "POST"
    tail: str = "/"
    length: str | None = None

    def refused(self, **changed: object) -> "Shot":
        return replace(self, become="refused", **changed)  # type: ignore[arg-type]


def shot(chance: random.Random, number: int, now: int, earlier: Shot | None) -> Shot:
    """A request at `now` (Unix seconds); `earlier` is one that made a send, to be repeated now and then."""
    if earlier and chance.random() < 0.08:
        return _signed(chance, replace(earlier, headers=[]), now)  # a later attempt at the same delivery
    scheme = chance.choice(SCHEMES)
    body, content_type, become = content(chance, number)
    made = Shot(scheme, f"msg_{number}", body, content_type, become)
    if chance.random() < 0.06:
        made = made.refused()
        now += chance.choice((-1, 1)) * chance.choice((302, 3600, 10**8))
        if scheme in ("github", "shopify"):  # no time to be wrong about
            now, made = now, replace(made, trigger="unknown")
    made = _signed(chance, made, now)
    if chance.random() < 0.5:
        made = chance.choice(SPOILERS)(chance, made)
    if chance.random() < 0.2:
        made = chance.choice(HARMLESS)(chance, made)
    return made


# Signatures


def _digest(content: bytes, key: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")


def _signed(chance: random.Random, made: Shot, now: int, key: bytes = KEY) -> Shot:
    body, name, at = made.body, made.name, str(now)
    text = base64.b64encode(_digest(body, key)).decode()
    match made.scheme:
        case "standard-webhooks":
            prefix = chance.choice(("webhook", "svix", "Webhook"))
            signature = base64.b64encode(_digest(f"{name}.{at}.".encode() + body, key)).decode()
            headers = [
                (f"{prefix}-id", name),
                (f"{prefix}-timestamp", at),
                (
                    f"{prefix}-signature",
                    chance.choice(("v1,{}", "v1,AAAA v1,{}", "v1a,xx v1,{} v2,")).format(signature),
                ),
            ]
        case "stripe":
            signature = _digest(f"{at}.".encode() + body, key).hex()
            headers = [
                ("Stripe-Signature", chance.choice(("t={},v1={}", "t={},v1=00,v1={},v0=00")).format(at, signature))
            ]
        case "github":
            headers = [("X-GitHub-Delivery", name), ("X-Hub-Signature-256", f"sha256={_digest(body, key).hex()}")]
        case "shopify":
            headers = [
                ("X-Shopify-Event-Id", "one-action-of-a-merchant"),
                ("X-Shopify-Webhook-Id", name),
                ("X-Shopify-Hmac-Sha256", text),
            ]
        case _:
            signature = _digest(f"{at}.".encode() + body, key).hex()
            headers = [("X-Id", name), ("X-Time", at), ("X-Sig", f"sha256={signature}")]
    return replace(made, headers=headers)


# What makes a right request wrong


def _place(made: Shot) -> int:
    return next(
        i for i, (name, _) in enumerate(made.headers) if name.lower().endswith(("signature", "-256", "sha256", "sig"))
    )


def _with(made: Shot, index: int, value: str) -> list[tuple[str, str]]:
    return [(name, value if at == index else old) for at, (name, old) in enumerate(made.headers)]


def _other_body(chance: random.Random, made: Shot) -> Shot:
    body = made.body
    if body:
        at = chance.randrange(len(body))
        body = chance.choice(
            (body[:at], body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :], body * 2)
        )
    return made.refused(body=body if body != made.body else body + b"\n")


def _one_character(chance: random.Random, made: Shot) -> Shot:
    """Of the right signature: where several are given, the right one has the most characters."""
    place = _place(made)
    value = made.headers[place][1]
    right = max(value.replace(",", " ").replace("=", " ").split(), key=len)
    at = value.index(right) + chance.randrange(len(right))
    other = chance.choice([character for character in LATIN + " " if character != value[at]])
    return made.refused(headers=_with(made, place, value[:at] + other + value[at + 1 :]))


def _malformed(chance: random.Random, made: Shot) -> Shot:
    place = _place(made)
    value = chance.choice(
        ("", " ", ",", "=", "v1", "v1,", "v1,=", "t=,v1=", "t=1", "sha256=", "sha1=" + "0" * 40, "sha256=" + "0" * 64,
         "0" * 64, "v1," + "A" * 43 + "=", "x" * 5_000, ",".join(["v1=0"] * 800), " ".join(["v1,A="] * 600),
         "t=1,t=2,v1=0", "\xff" * 64, "t=" + "9" * 4_000 + ",v1=0", "t=-1,v1=0", "t=\xb2,v1=0", "null",
         "{}", "%s%n", "whsec_", KEY.decode())
    )  # fmt: skip
    if chance.random() < 0.5:
        value = "".join(chance.choices(LATIN + " \t", k=chance.randrange(1, 200)))
    return made.refused(headers=_with(made, place, value))


def _missing(_: random.Random, made: Shot) -> Shot:
    return made.refused(headers=[header for index, header in enumerate(made.headers) if index != _place(made)])


def _doubled(chance: random.Random, made: Shot) -> Shot:
    """Any header of the scheme, twice: with the same value, or another."""
    name, value = made.headers[_place(made)]
    return made.refused(headers=[*made.headers, (name, chance.choice((value, "v1,AAAA", "x", "")))])


def _other_time(chance: random.Random, made: Shot) -> Shot:
    value = chance.choice(
        ("", "0", "-1", "1e9", "99999999999", "9" * 4_000, "now", "\xb2", " ", "2026-01-01T00:00:00Z")
    )
    headers = [(n, value if "time" in n.lower() else v) for n, v in made.headers]
    return made.refused(headers=headers) if headers != made.headers else _missing(chance, made)


def _other_id(chance: random.Random, made: Shot) -> Shot:
    if made.scheme != "standard-webhooks":
        return _other_key(chance, made)
    value = chance.choice(("", " ", "a,b", "a.b", "\xe9", "x" * 256, f"{made.name}0", "x" * 70_000))
    return made.refused(headers=[(n, value if n.lower().endswith("-id") else v) for n, v in made.headers])


def _other_key(chance: random.Random, made: Shot) -> Shot:
    key = chance.choice((b"", KEY[:-1], KEY + b"1", KEY[::-1], b"null"))
    return _signed(chance, made, 0, key).refused()


def _other_trigger(chance: random.Random, made: Shot) -> Shot:
    return made.refused(trigger=chance.choice(("disabled", "unknown", "none", "long")))


def _other_method(chance: random.Random, made: Shot) -> Shot:
    return made.refused(method=chance.choice(("GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "\xe9")))


def _other_path(chance: random.Random, made: Shot) -> Shot:
    return made.refused(
        tail=chance.choice(("/test/", "/..%2f/", "%00/", "/\xff/", "x/", "/deliveries/", "//a//", "%2e%2e/"))
    )


def _compressed(chance: random.Random, made: Shot) -> Shot:
    """Named so; a bomb among them, which would be a gigabyte."""
    coding = chance.choice(
        ("gzip", "deflate", "br", "zstd", "gzip, gzip", "GZIP", "x", "identity, gzip", "chunked", "\xff")
    )
    body = chance.choice((gzip.compress(made.body), zlib.compress(made.body), BOMB, made.body))
    return made.refused(headers=[*made.headers, ("Content-Encoding", coding)], body=body)


def _other_length(chance: random.Random, made: Shot) -> Shot:
    size = len(made.body)
    return (
        made.refused(
            length=chance.choice(
                (str(size + 1), str(size + 10**6), str(10**12), str(size - 1), "-1", "x", "1e3", "\xb2", " ")
            )
        )
        if size
        else made
    )


def _layers(inner: bytes, times: int) -> bytes:
    return inner if not times else _layers(gzip.compress(inner, 9), times - 1)


BOMB = _layers(b"\0" * (8 << 20), 2)
Change = Callable[[random.Random, Shot], Shot]
SPOILERS: tuple[Change, ...] = (
    _other_body, _one_character, _malformed, _malformed, _missing, _doubled, _other_time, _other_id, _other_key,
    _other_trigger, _other_method, _other_path, _compressed, _other_length,
)  # fmt: skip


# What changes nothing


def _chunked(_: random.Random, made: Shot) -> Shot:
    return replace(made, length="") if made.length is None else made


def _query(chance: random.Random, made: Shot) -> Shot:
    return replace(made, tail=made.tail + chance.choice(("?", "?a=1", "?trigger=x&owner=y", "?" + "%ff" * 50, "?\xff")))


def _more_headers(chance: random.Random, made: Shot) -> Shot:
    more = chance.choice(
        (("Authorization", "Bearer gmk_x_y"), ("Cookie", "a=b; c"), ("Idempotency-Key", "x"),
         ("X-Forwarded-For", "\xff"),
         ("Origin", "https://evil.test"), ("Accept", "text/html;q=x"), ("X-HTTP-Method-Override", "DELETE"),
         ("Content-Encoding", "identity"), ("Expect", "x"), ("X-GitHub-Event", "\xe9" * 300), ("X-Shopify-Topic", "")),
    )  # fmt: skip
    return replace(made, headers=[*made.headers, more])


HARMLESS: tuple[Change, ...] = (_chunked, _query, _more_headers)
