"""Signatures as they are published, rules of one's own, secrets; `tests/webhooks` has the senders' own libraries."""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from functions.domain.signatures import SCHEMES, HmacRules, Signed, Unsigned, new_secret, secret_bytes, verify
from tests.full import examples

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
KEY = b"0123456789abcdef"


def check(
    scheme: str,
    headers: Mapping[str, str] | Headers,
    body: bytes = b"{}",
    key: bytes = KEY,
    now: datetime = NOW,
    rules: HmacRules | None = None,
) -> Signed:
    return verify(scheme, Headers(headers), body, [key], now, rules)


# Published vectors


def test_the_vector_of_standard_webhooks() -> None:
    """libraries/python/tests/test_webhooks.py of standard-webhooks/standard-webhooks: test_sign_function."""
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    key = secret_bytes("standard-webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    signed = check("standard-webhooks", headers, b'{"test": 2432232314}', key, at)

    assert signed == Signed("msg_p5jXN8AQM9LWM0D4loKWxJek", at, ("id:msg_p5jXN8AQM9LWM0D4loKWxJek",))


def test_the_vector_of_svix() -> None:
    """https://docs.svix.com/receiving/verifying-payloads/how-manual"""
    headers = {
        "svix-id": "msg_loFOjxBNrRLzqYUf",
        "svix-timestamp": "1731705121",
        "svix-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }
    key = secret_bytes("standard-webhooks", "whsec_plJ3nmyCDGBKInavdOK15jsl")
    body = b'{"event_type":"ping","data":{"success":true}}'

    assert check("standard-webhooks", headers, body, key, datetime.fromtimestamp(1731705121, UTC))


def test_the_vector_of_github() -> None:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries, Testing the webhook payload
    validation"""
    headers = {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}

    assert check("github", headers, b"Hello, World!", secret_bytes("github", "It's a Secret to Everybody"))


def test_the_header_in_stripes_documentation_is_read() -> None:
    """https://docs.stripe.com/webhooks#verify-manually gives no secret: it is well-formed, and not ours."""
    header = (
        "t=1492774577,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd,"
        "v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"
    )
    with pytest.raises(Unsigned, match="wrong_signature"):
        check("stripe", {"Stripe-Signature": header}, now=datetime.fromtimestamp(1492774577, UTC))


# Standard Webhooks


def standard(content: bytes, key: bytes = KEY) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def standard_headers(signature: str, name: str = "webhook", named: str = "msg_1") -> dict[str, str]:
    return {f"{name}-id": named, f"{name}-timestamp": "1772600767", f"{name}-signature": signature}


RIGHT = standard(b"msg_1.1772600767.{}")


@pytest.mark.parametrize(
    "signature",
    [
        RIGHT,
        f"v1,{'A' * 43}= {RIGHT}",
        f"{RIGHT} v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
        f"v2,x {RIGHT} v1,",
    ],
)
def test_any_v1_signature_in_the_header_counts(signature: str) -> None:
    assert check("standard-webhooks", standard_headers(signature)).delivery_id == "msg_1"
    assert check("standard-webhooks", standard_headers(signature, "svix")).delivery_id == "msg_1"


@pytest.mark.parametrize(
    "signature",
    [
        RIGHT[3:],
        RIGHT.replace("v1,", "v1a,"),
        RIGHT.replace("v1,", "v2,"),
        RIGHT.replace("v1,", "V1,"),
        "v1",
        ",",
        "v1,",
    ],
)
def test_a_header_without_a_v1_signature_is_refused(signature: str) -> None:
    with pytest.raises(Unsigned):
        check("standard-webhooks", standard_headers(signature))


@pytest.mark.parametrize(
    "header", ["{0} x", " {0}", "{0} ", "{0}  {0}", "{0},{0}", "v2,x {0} v2,,v2,x {0} v2,", "{0},"]
)
def test_a_header_that_is_not_made_of_pairs_is_refused(header: str) -> None:
    with pytest.raises(Unsigned, match="malformed_signature"):
        check("standard-webhooks", standard_headers(header.format(RIGHT)))


def test_more_signatures_than_any_sender_makes_are_refused() -> None:
    with pytest.raises(Unsigned, match="malformed_signature"):
        check("standard-webhooks", standard_headers(" ".join(["v1,x"] * 20 + [RIGHT])))


def test_the_two_spellings_of_the_headers_are_not_mixed() -> None:
    headers = standard_headers(RIGHT)
    headers["svix-id"] = headers.pop("webhook-id")
    with pytest.raises(Unsigned, match="no_signature"):
        check("standard-webhooks", headers)


def test_where_the_id_ends_is_no_question() -> None:
    """`a.1` at 2 and `a` at 1, before a body that starts with `2.`, are the same signed bytes."""
    headers = standard_headers(standard(b"a.1.1772600767.{}"), named="a.1")
    with pytest.raises(Unsigned, match="malformed_id"):
        check("standard-webhooks", headers)


# Stripe


def stripe(body: bytes, at: str = "1772600767", scheme: str = "v1") -> str:
    return f"{scheme}={hmac.digest(KEY, f'{at}.'.encode() + body, 'sha256').hex()}"


def test_any_v1_signature_of_stripes_counts_and_v0_never() -> None:
    right = stripe(b"{}")
    for header in (f"t=1772600767,{right}", f"t=1772600767,v1=00,{right},v0=00", f"{right},t=1772600767,v9=x"):
        assert check("stripe", {"Stripe-Signature": header}).at == NOW
    with pytest.raises(Unsigned, match="malformed_signature"):
        check("stripe", {"Stripe-Signature": f"t=1772600767,{stripe(b'{}', scheme='v0')}"})


@pytest.mark.parametrize(
    "header",
    ["t=1772600767,t=1772600767,{}", "{}", "t=1e9,{}", "t=-1,{}", "t=99999999999,{}", "T=1,{}"],
)
def test_stripes_header_has_one_time(header: str) -> None:
    with pytest.raises(Unsigned, match="malformed_timestamp"):
        check("stripe", {"Stripe-Signature": header.format(stripe(b"{}"))})


@pytest.mark.parametrize("header", ["t=,{}", "t,{}", "{},", ",{}", "=1,{}", "t=1772600767,{},x", "t=1772600767,{},=x"])
def test_stripes_header_is_made_of_pairs(header: str) -> None:
    with pytest.raises(Unsigned, match="malformed_signature"):
        check("stripe", {"Stripe-Signature": header.format(stripe(b"{}"))})


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b'{"id":5}',
        b'{"id":""}',
        b'{"id":"a b"}',
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"id":"' + b"x" * 256 + b'"}',
    ],
)
def test_a_stripe_event_without_an_id_goes_by_its_body(body: bytes) -> None:
    signed = check("stripe", {"Stripe-Signature": f"t=1772600767,{stripe(body)}"}, body)
    assert signed.delivery_id.startswith("sha256:")


# What tells deliveries apart


def hexed(content: bytes) -> str:
    return hmac.digest(KEY, content, "sha256").hex()


def test_two_bodies_without_a_name_are_two_deliveries_and_one_twice_is_one() -> None:
    rules = HmacRules("X-Sig")
    one = check("hmac", {"X-Sig": hexed(b"1")}, b"1", rules=rules)
    two = check("hmac", {"X-Sig": hexed(b"2")}, b"2", rules=rules)

    assert one == check("hmac", {"X-Sig": hexed(b"1")}, b"1", rules=rules)
    assert not set(one.keys) & set(two.keys)


def test_equal_bodies_under_two_names_are_two_deliveries_only_where_the_time_is_signed() -> None:
    timed = HmacRules("X-Sig", id_header="X-Id", timestamp_header="X-Time")
    first = check("hmac", {"X-Sig": hexed(b"1772600767.x"), "X-Time": "1772600767", "X-Id": "a"}, b"x", rules=timed)
    other = check("hmac", {"X-Sig": hexed(b"1772600768.x"), "X-Time": "1772600768", "X-Id": "b"}, b"x", rules=timed)
    again = check("hmac", {"X-Sig": hexed(b"1772600768.x"), "X-Time": "1772600768", "X-Id": "a"}, b"x", rules=timed)
    assert not set(first.keys) & set(other.keys)
    assert set(first.keys) & set(again.keys)

    plain = HmacRules("X-Sig", id_header="X-Id")
    named = [check("hmac", {"X-Sig": hexed(b"x"), "X-Id": name}, b"x", rules=plain) for name in "ab"]
    assert set(named[0].keys) & set(named[1].keys)


@pytest.mark.parametrize("name", ["", "a b", "a,b", "é", "x" * 256, "a\x00"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Unsigned, match=r"malformed_id|no_signature"):
        check("hmac", {"X-Sig": hexed(b"{}"), "X-Id": name}, rules=HmacRules("X-Sig", id_header="X-Id"))


def shopifys(body: bytes, **named: str) -> Signed:
    signature = base64.b64encode(hmac.digest(KEY, body, "sha256")).decode()
    names = {f"X-Shopify-{name.replace('_', '-')}": value for name, value in named.items()}
    return check("shopify", {"X-Shopify-Hmac-Sha256": signature, **names}, body)


def test_shopify_goes_by_the_delivery_else_by_the_event_and_its_topic() -> None:
    assert shopifys(b"{}", Webhook_Id="w", Event_Id="e", Topic="orders/paid").delivery_id == "w"
    assert shopifys(b"{}", Webhook_Id="w").delivery_id == "w"
    assert shopifys(b"{}", Event_Id="e", Topic="orders/paid").delivery_id == "orders/paid:e"
    assert shopifys(b"{}", Event_Id="e").delivery_id == shopifys(b"{}", Event_Id="e", Topic="").delivery_id == "e"
    assert shopifys(b"{}").delivery_id.startswith("sha256:")
    with pytest.raises(Unsigned, match="malformed_id"):
        shopifys(b"{}", Event_Id="e", Topic="orders paid")


@pytest.mark.parametrize("with_webhook_id", [True, False])
def test_what_one_action_in_a_shop_causes_is_as_many_webhooks_as_topics(with_webhook_id: bool) -> None:
    """They have one event id; only an attempt that is repeated is the same again."""

    def sent(topic: str, body: bytes) -> set[str]:
        more = {"Webhook_Id": f"of-{topic}"} if with_webhook_id else {}
        return set(shopifys(body, Event_Id="e", Topic=topic, **more).keys)

    created, paid = sent("orders/create", b'{"paid": false}'), sent("orders/paid", b'{"paid": true}')
    assert not created & paid
    assert created == sent("orders/create", b'{"paid": false}')


# Rules of one's own


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("prefix", ["", "sha256=", "v1:"])
def test_a_signature_is_written_as_the_rules_say(algorithm: str, encoding: str, prefix: str) -> None:
    rules = HmacRules("X-Sig", encoding, prefix, algorithm)  # type: ignore[arg-type]
    digest = hmac.digest(KEY, b"{}", algorithm)
    written = {"hex": digest.hex(), "base64": base64.b64encode(digest).decode()}

    assert check("hmac", {"x-sig": prefix + written[encoding]}, rules=rules)
    for wrong in (written[encoding] if prefix else f"sha256={written[encoding]}", prefix, written[encoding][:-1]):
        with pytest.raises(Unsigned):
            check("hmac", {"x-sig": wrong}, rules=rules)
    other = "base64" if encoding == "hex" else "hex"
    with pytest.raises(Unsigned, match="wrong_signature"):
        check("hmac", {"x-sig": prefix + written[other]}, rules=rules)


def test_hex_may_be_written_in_capitals_and_in_no_mixture() -> None:
    rules = HmacRules("X-Sig")
    assert check("hmac", {"X-Sig": hexed(b"{}").upper()}, rules=rules)
    with pytest.raises(Unsigned, match="wrong_signature"):
        check("hmac", {"X-Sig": hexed(b"{}").title()}, rules=rules)


def test_a_time_of_ones_own_counts_for_five_minutes() -> None:
    rules = HmacRules("X-Sig", timestamp_header="X-Time")
    headers = {"X-Sig": hexed(b"1772600767.{}"), "X-Time": "1772600767"}

    assert check("hmac", headers, rules=rules, now=NOW + timedelta(seconds=300)).at == NOW
    with pytest.raises(Unsigned, match="too_old"):
        check("hmac", headers, rules=rules, now=NOW + timedelta(seconds=301))


# Never a crash


@settings(max_examples=examples(300))
@given(
    st.sampled_from(SCHEMES),
    st.lists(st.text(max_size=60) | st.sampled_from([RIGHT, stripe(b"{}"), f"sha256={hexed(b'{}')}", "1772600767"])),
    st.binary(max_size=60),
)
@example("stripe", ["t=1772600767,v1=\ud800"], b"")
def test_whatever_the_headers_hold_it_is_verified_or_refused(scheme: str, values: list[str], body: bytes) -> None:
    class Anything:
        """Every header, with values that a real server never lets through."""

        def getlist(self, _: str, /) -> list[str]:
            return values

    with pytest.raises(Unsigned):
        verify(scheme, Anything(), body, [b"another key"], NOW, HmacRules("X-Sig", id_header="X-Id"))


def test_without_a_secret_nothing_is_signed() -> None:
    for scheme in SCHEMES:
        with pytest.raises(Unsigned, match="no_secret"):
            verify(scheme, Headers(), b"", [], NOW, HmacRules("X-Sig"))


# Secrets


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_new_secret_has_256_random_bits_and_is_read_back(scheme: str) -> None:
    text = new_secret(scheme, lambda count: bytes(range(count)))

    assert secret_bytes(scheme, text)
    assert text != new_secret(scheme, lambda count: b"x" * count)
    raw = base64.b64decode(text.removeprefix("whsec_")) if scheme == "standard-webhooks" else bytes.fromhex(text)
    assert raw == bytes(range(32))


def test_stripe_signs_with_its_secret_as_it_is_written() -> None:
    """stripe-python, WebhookSignature: the text is the key, `whsec_` and all."""
    assert secret_bytes("stripe", "whsec_0123456789") == b"whsec_0123456789"


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        ("standard-webhooks", "0123456789abcdef0123456789abcdef"),
        ("standard-webhooks", "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("standard-webhooks", "whsec_short"),
        ("github", "fifteen letters"),
        ("github", "x" * 256),
        ("shopify", "0123456789abcdef\n"),
        ("hmac", " 0123456789abcdef"),
        ("stripe", "whsec_0123456789é"),
        ("stripe", "whsec_0123456789\x00"),
    ],
)
def test_what_is_no_secret_is_refused_without_being_repeated(scheme: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"^(This must be|A secret has)") as caught:
        secret_bytes(scheme, text)
    assert text.strip() not in str(caught.value)
