"""From a payload to variables and recipients: nobody gets mail whom the trigger's rules don't allow."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.adapters.jmespath_paths import JmesPaths
from functions.domain.addresses import Address, email_problem
from functions.domain.mapping import Mapped, MappingFailed, domain_problem, mapped, wanted
from functions.domain.triggers import Mapping, RecipientRule
from tests.full import examples

PATHS = JmesPaths()
FIXED = (RecipientRule(email="owner@elsewhere.example"),)


def by(path: str) -> tuple[RecipientRule, ...]:
    return (RecipientRule(path=path),)


def to(value: Any, *allowed: str, path: str = "to") -> tuple[str, ...]:
    """Who gets the message, where `to` goes by a path to this value."""
    found = mapped(Mapping(to=by(path)), allowed or ("example.com",), {"to": value}, PATHS)
    return tuple(address.email for address in found.to)


def failure(mapping: Mapping, payload: Any, *allowed: str) -> MappingFailed:
    with pytest.raises(MappingFailed) as caught:
        mapped(mapping, allowed or ("example.com",), payload, PATHS)
    return caught.value


def refused(value: Any, *allowed: str) -> str:
    return failure(Mapping(to=by("to")), {"to": value}, *allowed).code


# Variables


def test_variables_are_the_values_that_the_paths_lead_to() -> None:
    payload = {
        "order": {"name": "#1001", "total": 49.5, "lines": [{"n": "Tea"}, {"n": "Pot"}], "paid": False, "note": ""}
    }
    mapping = Mapping(
        {
            "name": "order.name",
            "total": "order.total",
            "items": "order.lines[*].n",
            "paid": "order.paid",
            "note": "order.note",
            "zero": "length(order.note)",
        },
        FIXED,
    )

    assert mapped(mapping, (), payload, PATHS).variables == {
        "name": "#1001", "total": 49.5, "items": ["Tea", "Pot"], "paid": False, "note": "", "zero": 0,
    }  # fmt: skip


def test_what_the_payload_does_not_have_is_left_to_the_templates_fallback() -> None:
    mapping = Mapping({"a": "a", "b": "b.c", "c": "list[5]"}, FIXED)
    assert mapped(mapping, (), {"a": None, "list": []}, PATHS).variables == {}


def test_a_path_that_cant_be_evaluated_is_named() -> None:
    found = failure(Mapping({"total/net": "sum(name)"}, FIXED), {"name": "x"})
    assert (found.code, found.pointer) == ("path_failed", "/mapping/variables/total~1net")
    assert "`sum` takes" in found.detail


# Recipients


def test_every_field_has_its_own_rules() -> None:
    mapping = Mapping(
        to=(*FIXED, *by("to")), cc=by("cc"), bcc=(RecipientRule(email="Audit@B.example"),), reply_to=by("visitor")
    )
    payload = {"to": "ana@example.com", "cc": ["b@example.com", "c@EXAMPLE.com"], "visitor": "v@example.com"}

    assert mapped(mapping, ("example.com",), payload, PATHS) == Mapped(
        {},
        (Address("owner@elsewhere.example"), Address("ana@example.com")),
        (Address("b@example.com"), Address("c@EXAMPLE.com")),
        (Address("Audit@B.example"),),
        (Address("v@example.com"),),
    )


def test_an_address_that_comes_twice_is_written_to_once() -> None:
    assert to(["a@example.com", "a@EXAMPLE.com", "b@example.com", "a@example.com"]) == (
        "a@example.com",
        "b@example.com",
    )


@pytest.mark.parametrize(
    ("allowed", "email"),
    [
        ("example.com", "a@example.com"),
        ("example.com", "a@EXAMPLE.COM"),
        ("Example.COM", "a@example.com"),
        ("*.example.com", "a@mail.example.com"),
        ("*.example.com", "a@a.b.example.com"),
        ("*", "a@anything.test"),
        ("bücher.example", "a@bücher.example"),
        ("bücher.example", "a@xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "a@bücher.example"),
        ("*.bücher.example", "a@post.xn--bcher-kva.example"),
    ],
)
def test_an_allowed_domain_is_written_to_however_it_is_spelt(allowed: str, email: str) -> None:
    assert domain_problem(allowed) == ""
    assert to(email, "other.test", allowed) == (email,)


@pytest.mark.parametrize(
    ("allowed", "email"),
    [
        ("example.com", "a@mail.example.com"),
        ("example.com", "a@notexample.com"),
        ("example.com", "a@example.com.evil.test"),
        ("example.com", "a@example.co"),
        ("*.example.com", "a@example.com"),
        ("*.example.com", "a@evilexample.com"),
        ("*.example.com", "a@example.com.evil.test"),
        ("example.com", "a@\u0435xample.com"),  # a Cyrillic e
        ("bücher.example", "a@bucher.example"),
        ("*.*", "a@evil.test"),
        ("", "a@evil.test"),
        ("*.", "a@evil.test"),
        ("**", "a@evil.test"),
        ("example.com", "a%evil.test@example.com"),
        ("example.com", "evil.test!a@example.com"),
    ],
)
def test_no_other_domain_is_written_to(allowed: str, email: str) -> None:
    assert refused(email, allowed) == "recipient_not_allowed"


def test_without_allowed_domains_a_path_leads_to_nobody_and_a_fixed_address_is_allowed() -> None:
    assert failure_without_domains("a@example.com") == "recipient_not_allowed"
    assert mapped(Mapping(to=FIXED), (), {}, PATHS).to == (Address("owner@elsewhere.example"),)


def failure_without_domains(email: str) -> str:
    with pytest.raises(MappingFailed) as caught:
        mapped(Mapping(to=by("to")), (), {"to": email}, PATHS)
    return caught.value.code


def test_one_wrong_address_among_right_ones_sends_nothing() -> None:
    assert refused(["a@example.com", "b@evil.test"]) == "recipient_not_allowed"
    assert refused(["a@example.com", None]) == "invalid_recipient"


@pytest.mark.parametrize("field", ["cc", "bcc", "reply_to"])
def test_the_domains_hold_for_every_field(field: str) -> None:
    found = failure(Mapping(to=FIXED, **{field: by("x")}), {"x": "a@evil.test"})  # type: ignore[arg-type]
    assert (found.code, found.pointer) == ("recipient_not_allowed", f"/mapping/{field}/0/path")


@pytest.mark.parametrize(
    "value",
    [
        "Ana <a@example.com>", "<a@example.com>", "a@example.com,b@evil.test", "a@example.com; b@evil.test",
        "a@example.com b@evil.test", "a@evil.test,@example.com", "a@evil.test@example.com", "@evil.test:a@example.com",
        "undisclosed-recipients:;", "team: a@example.com, b@example.com;", '"a@evil.test"@example.com',
        "a(b@evil.test)@example.com", "a@example.com\r\nBcc: b@evil.test", "a@example.com\n", "\ta@example.com",
        " a@example.com", "a@example.com ", "a@example.com\x00", "a\u202e@example.com", "a@[127.0.0.1]", "a@example",
        "a@example.com.", "a@.example.com", "a@example..com", "=?utf-8?q?a=40evil.test=3E?=@example.com",
        "postmaster", "a@\uff45xample.com", "a@exam\u200bple.com", "x" * 300 + "@example.com", "a%evil.test",
        "ä@example.com",
    ],
)  # fmt: skip
def test_what_is_no_bare_address_is_refused(value: str) -> None:
    assert refused(value, "*") == "invalid_recipient"
    assert refused([value], "*") == "invalid_recipient"


@pytest.mark.parametrize("value", [5, True, {"email": "a@example.com"}, [["a@example.com"]], [5], [""], {}])
def test_what_is_no_text_is_refused(value: Any) -> None:
    assert refused(value) == "invalid_recipient"


@pytest.mark.parametrize("value", [None, "", []])
def test_a_message_to_nobody_is_not_made(value: Any) -> None:
    found = failure(Mapping(to=by("to"), cc=by("to"), reply_to=FIXED), {"to": value})
    assert (found.code, found.pointer) == ("no_recipient", "/mapping/to")


def test_a_copy_to_nobody_is_no_copy() -> None:
    assert mapped(Mapping(to=FIXED, cc=by("x"), bcc=by("y")), (), {"x": "", "y": []}, PATHS).cc == ()


def test_a_payload_cant_name_more_recipients_than_a_message_takes() -> None:
    many = [f"a{number}@example.com" for number in range(501)]
    assert refused(many) == "too_many_recipients"
    found = failure(Mapping(to=by("to"), cc=by("cc")), {"to": many[:300], "cc": many[300:]})
    assert found.code == "too_many_recipients"
    found = failure(Mapping(to=FIXED, reply_to=by("to")), {"to": many[:26]})
    assert (found.code, found.pointer) == ("too_many_recipients", "/mapping/reply_to")


PIECES = st.sampled_from(
    [
        "a",
        "@",
        "example.com",
        "evil.test",
        ",",
        ";",
        ":",
        "<",
        ">",
        '"',
        "(",
        ")",
        "\\",
        "\r\n",
        " ",
        ".",
        "%",
        "=?",
        "é",
    ]
)


@settings(max_examples=examples(500))
@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=20))
def test_whatever_a_path_gives_only_an_allowed_domain_is_written_to(value: str) -> None:
    try:
        found = to(value)
    except MappingFailed as refusal:
        assert "\n" not in refusal.detail  # noqa: PT017 - either outcome is fine
        return
    for email in found:
        assert email.lower().rpartition("@")[2] == "example.com"
        assert email_problem(email) == ""
        assert email == value


@pytest.mark.parametrize(
    "domain", ["", "*.", "**", "*.*", "a b.com", "example.com\n", "@example.com", "com", ".com", "*com"]
)
def test_what_is_no_domain_is_said_to_be_none(domain: str) -> None:
    assert "example.com" in domain_problem(domain)


# Filters


@pytest.mark.parametrize(
    ("expression", "counts"),
    [
        ("", True),
        ("action == 'published'", True),
        ("action == 'created'", False),
        ("missing", False),
        ("empty", False),
        ("none", False),
        ("nothing", False),
        ("zero", True),  # JMESPath, Or Expressions: 0 is no false value
        ("labels[?@ == 'bug']", True),
        ("labels[?@ == 'feature']", False),
        ("!(release.prerelease)", True),
        ("!(release.published)", False),
    ],
)
def test_a_filter_chooses_the_payloads_that_count(expression: str, counts: bool) -> None:
    payload = {
        "action": "published",
        "empty": "",
        "none": [],
        "nothing": {},
        "zero": 0,
        "labels": ["bug"],
        "release": {"published": True},
    }
    assert wanted(expression, payload, PATHS) is counts


def test_a_filter_that_fails_is_a_failure_and_no_no() -> None:
    with pytest.raises(MappingFailed) as caught:
        wanted("contains(labels, 'bug')", {}, PATHS)
    assert (caught.value.code, caught.value.pointer) == ("path_failed", "/filter")
