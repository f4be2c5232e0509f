"""What the senders' own libraries sign is accepted; whatever is changed on the way is refused, or sends nothing new."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from functions.domain.signatures import SCHEMES, Signed, Unsigned, secret_bytes, verify
from tests.full import examples
from tests.webhooks import AT, OWN, SECRETS, SENDERS, Delivery, Node, Sender, stripes

BODY = '{"id":"evt_1","type":"invoice.payment_failed","name":"Zoë","emoji":"😀"}'.encode()
UNSIGNED_IDS = ("github", "shopify", "hmac")


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node() as found:
        yield found


@pytest.fixture(params=SENDERS.values(), ids=SENDERS.keys())
def sender(request: pytest.FixtureRequest) -> Sender:
    found: Sender = request.param
    return found


def accept(delivery: Delivery, seconds: float = 0) -> Signed:
    return verify(
        delivery.scheme,
        Headers(delivery.headers),
        delivery.body,
        [secret_bytes(delivery.scheme, SECRETS[delivery.scheme])],
        AT + timedelta(seconds=seconds),
        OWN,
    )


def changed(delivery: Delivery, name: str, value: str) -> Delivery:
    assert delivery.headers[name] != value
    return replace(delivery, headers={**delivery.headers, name: value})


def refused(delivery: Delivery) -> str:
    with pytest.raises(Unsigned) as caught:
        accept(delivery)
    assert SECRETS[delivery.scheme] not in caught.value.detail
    return caught.value.reason


def test_every_scheme_has_a_sender(node: Node) -> None:
    assert {make(node, BODY).scheme for make in SENDERS.values()} == set(SCHEMES)


def test_what_a_sender_signs_is_accepted(node: Node, sender: Sender) -> None:
    delivery = sender(node, BODY)
    signed = accept(delivery)

    assert signed.at == (AT if delivery.time or delivery.scheme == "stripe" else None)
    assert signed.delivery_id == (delivery.headers[delivery.id] if delivery.id else "evt_1")


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=st.text(st.characters(exclude_categories=("Cs",)), min_size=1).map(str.encode))
def test_whatever_a_sender_signs_is_accepted(node: Node, sender: Sender, body: bytes) -> None:
    accept(sender(node, body))


def test_a_changed_body_is_refused_wherever_it_is_changed(node: Node, sender: Sender) -> None:
    delivery = sender(node, BODY)
    bodies = [BODY[:index] + bytes([BODY[index] ^ 1]) + BODY[index + 1 :] for index in range(len(BODY))]
    bodies += [BODY[:index] + BODY[index + 1 :] for index in range(len(BODY))]
    bodies += [b"", BODY + b"\n", b"\xef\xbb\xbf" + BODY, b"." + BODY, BODY * 2]

    assert {refused(replace(delivery, body=body)) for body in bodies} == {"wrong_signature"}


def test_a_changed_signature_is_refused_wherever_it_is_changed(node: Node, sender: Sender) -> None:
    delivery = sender(node, BODY)
    signature = delivery.headers[delivery.signature]
    signatures = [
        signature[:index] + other + signature[index + 1 :]
        for index in range(len(signature))
        for other in "aA0 ,=.+/\xe9"
        if other != signature[index]
    ]
    signatures += [signature[:index] for index in range(len(signature))]
    signatures += [signature + "=", signature.upper(), signature.swapcase()]
    signatures += [signature.replace("=", ""), "x" * 5000]

    for changed_signature in signatures:
        refused(changed(delivery, delivery.signature, changed_signature))


def test_no_other_secret_is_accepted(node: Node, sender: Sender) -> None:
    delivery = sender(node, BODY)
    right = secret_bytes(delivery.scheme, SECRETS[delivery.scheme])
    for secrets in ([right[:-1]], [right + b"\n"], [b""], [right[::-1], b"x" * 32]):
        with pytest.raises(Unsigned, match="wrong_signature"):
            verify(delivery.scheme, Headers(delivery.headers), BODY, secrets, AT, OWN)


def test_each_secret_that_is_active_counts(node: Node, sender: Sender) -> None:
    delivery = sender(node, BODY)
    right = secret_bytes(delivery.scheme, SECRETS[delivery.scheme])

    for secrets in ([b"newer" * 8, right], [right, b"older" * 8]):
        verify(delivery.scheme, Headers(delivery.headers), BODY, secrets, AT, OWN)


def test_a_missing_header_is_refused(node: Node, sender: Sender) -> None:
    delivery = sender(node, BODY)
    for name in filter(None, (delivery.signature, delivery.time)):
        headers = {key: value for key, value in delivery.headers.items() if key != name}
        assert refused(replace(delivery, headers=headers)) == "no_signature"
        assert refused(changed(delivery, name, "")) == "no_signature"


def test_a_doubled_header_is_refused_even_where_both_say_the_same(node: Node, sender: Sender) -> None:
    delivery = sender(node, BODY)
    for name in filter(None, (delivery.signature, delivery.id, delivery.time)):
        headers = Headers(delivery.headers)
        headers.add(name, delivery.headers[name])
        with pytest.raises(Unsigned, match="duplicated_header"):
            verify(delivery.scheme, headers, BODY, [secret_bytes(delivery.scheme, SECRETS[delivery.scheme])], AT, OWN)
        # A gateway interface joins them: PEP 3333, after RFC 9110 §5.3.
        value = delivery.headers[name]
        refused(changed(delivery, name, f"{value},{value}"))


def test_a_changed_time_is_refused(node: Node, sender: Sender) -> None:
    delivery = sender(node, BODY)
    second = int(AT.timestamp())
    for other in (str(second + 1), str(second - 1), f"0{second}", f"+{second}", f"{second}.0", f"{second} ", "x", "٣"):
        if delivery.time:
            assert refused(changed(delivery, delivery.time, other)) in ("wrong_signature", "malformed_timestamp")
        elif delivery.scheme == "stripe":
            header = delivery.headers["Stripe-Signature"].replace(str(second), other)
            assert refused(changed(delivery, "Stripe-Signature", header)) in ("wrong_signature", "malformed_timestamp")


@pytest.mark.parametrize(("seconds", "reason"), [(300, ""), (301, "too_old"), (-300, ""), (-301, "too_new")])
def test_a_signed_time_counts_for_five_minutes_both_ways(node: Node, sender: Sender, seconds: int, reason: str) -> None:
    delivery = sender(node, BODY)
    if reason and (delivery.time or delivery.scheme == "stripe"):
        with pytest.raises(Unsigned, match=reason):
            accept(delivery, seconds)
    else:
        accept(delivery, seconds)


def test_a_signed_id_cant_be_changed(node: Node, sender: Sender) -> None:
    delivery = sender(node, BODY)
    if delivery.scheme in UNSIGNED_IDS or not delivery.id:
        pytest.skip("see the next test, and the ones of the body")
    for other in ("msg_2KWPBgLlAfy", "msg_2KWPBgLlAf", "MSG_2KWPBgLlAfx", "msg_2KWPBgLlAfx "):
        assert refused(changed(delivery, delivery.id, other)) in ("wrong_signature", "malformed_id")


def test_a_delivery_repeated_under_another_id_is_the_same_delivery(node: Node, sender: Sender) -> None:
    """Where the id isn't signed: whoever recorded a request can give it any id, and sends nothing new by that."""
    delivery = sender(node, BODY)
    if delivery.scheme not in UNSIGNED_IDS:
        pytest.skip("its id is signed")
    first = accept(delivery)
    again = accept(changed(delivery, delivery.id, "another"))

    assert again.delivery_id == "another"
    assert set(first.keys) & set(again.keys)
    if delivery.scheme == "hmac":  # a trigger that is told of an id wants one
        assert refused(changed(delivery, delivery.id, "")) == "no_signature"
    else:
        nameless = {name: value for name, value in delivery.headers.items() if not name.endswith(("-Id", "-Delivery"))}
        assert set(first.keys) & set(accept(replace(delivery, headers=nameless)).keys)


def test_an_id_that_is_seen_again_is_the_same_delivery_whatever_is_in_it(node: Node, sender: Sender) -> None:
    delivery = sender(node, BODY)
    body = BODY.replace(b"failed", b"repeated")

    assert set(accept(delivery).keys) & set(accept(sender(node, body)).keys)


def test_two_events_are_two_deliveries(node: Node, sender: Sender) -> None:
    delivery = sender(node, BODY)
    other = sender(node, BODY.replace(b"evt_1", b"evt_2"))
    if delivery.scheme == "standard-webhooks":
        pytest.skip("the library signs whatever id it is given")
    if delivery.id:
        other = changed(other, delivery.id, "another")

    assert not set(accept(delivery).keys) & set(accept(other).keys)


def test_an_attempt_that_is_repeated_later_is_the_same_delivery(node: Node) -> None:
    """Stripe signs each attempt anew: https://docs.stripe.com/webhooks#replay-attacks"""
    later = stripes(node, BODY, AT + timedelta(seconds=200))

    assert accept(later).keys == accept(stripes(node, BODY)).keys
