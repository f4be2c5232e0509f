"""What a trigger's body may say: all that is wrong at once, each with its pointer."""

from typing import Any

import pytest

from functions.domain.errors import InvalidRequest
from functions.domain.signatures import HmacRules
from functions.domain.triggers import OVERLAP, Rate, RecipientRule
from functions.edge.trigger_bodies import parse, parse_new, parse_rotation, parse_test

BODY: dict[str, Any] = {
    "name": "Order paid",
    "scheme": "github",
    "subject": "Order {{ number }}",
    "text": "Thank you",
    "mapping": {"variables": {"number": "order.number"}, "to": [{"email": "team@example.com"}]},
}


def body(**changed: Any) -> dict[str, Any]:
    return {name: value for name, value in {**BODY, **changed}.items() if value is not ...}


def wrong(given: dict[str, Any], read: Any = parse) -> list[str]:
    with pytest.raises(InvalidRequest) as error:
        read(given)
    return [found.pointer for found in error.value.errors]


def test_the_least_is_a_name_a_scheme_a_message_and_a_recipient() -> None:
    found, secrets = parse_new(BODY)

    assert (found.enabled, found.account, found.filter, found.delay_seconds, found.rate) == (True, "", "", 0, Rate())
    assert found.mapping.to == (RecipientRule(email="team@example.com"),)
    assert secrets == ()
    assert wrong({}) == ["/scheme", "/name", "/mapping", "/subject", "/html"]


def test_what_an_answer_shows_can_be_sent_back() -> None:
    shown = {
        "id": "trg_1", "url": "https://x.example/", "secrets": [{"created_at": "…", "expires_at": None}], "failures": 2,
        "failing_since": None, "problem": None, "created_at": "…", "updated_at": "…", "html": None, "filter": None,
        "rate": {"per_minute": None, "per_day": None}, "hmac": None, "account": "acc_1", "allowed_domains": [],
    }  # fmt: skip
    assert parse({**BODY, **shown}).account == "acc_1"
    assert wrong({**BODY, "id": "trg_1"}, parse_new) == ["/id"]


@pytest.mark.parametrize(
    ("secrets", "pointers"),
    [
        (["a secret that is long enough"], ["/secrets/0"]),
        ([{"created_at": "…", "expires_at": None}, {"secret": "a secret that is long enough"}], ["/secrets/1"]),
        ("a secret that is long enough", ["/secrets"]),
    ],
)
def test_a_secret_that_is_not_changed_by_this_is_refused_and_it_is_said_what_does(
    secrets: Any, pointers: list[str]
) -> None:
    assert wrong(body(secrets=secrets)) == pointers
    if isinstance(secrets, list):
        with pytest.raises(InvalidRequest, match=r"POST /api/gmail/triggers/\{id\}/secrets/"):
            parse(body(secrets=secrets))


def test_the_message_is_a_templates_or_the_triggers_own() -> None:
    template = body(template={"id": "tpl_1", "version": 2}, subject=..., text=...)
    found = parse(template)

    assert (found.template, found.template_version) == ("tpl_1", 2)
    assert wrong({**template, "html": "<p>both</p>"}) == ["/html"]
    assert wrong(body(text="")) == ["/html"]
    assert wrong(body(template={"id": "no", "version": 0}, subject=..., text=...)) == [
        "/template/id",
        "/template/version",
    ]


def test_an_address_of_a_payload_needs_domains_and_every_one_has_to_be_said() -> None:
    by_path = {"variables": {}, "to": [{"path": "customer.email"}]}

    assert wrong(body(mapping=by_path)) == ["/allowed_domains"]
    assert parse(body(mapping=by_path, allowed_domains=["Example.COM"])).allowed_domains == ("example.com",)
    assert parse(body(mapping=by_path, allowed_domains=["*"])).allowed_domains == ("*",)
    assert wrong(body(mapping=by_path, allowed_domains=[])) == ["/allowed_domains"]
    assert wrong(body(allowed_domains=["not a domain", 7, "a.example", "A.example"])) == [
        "/allowed_domains/0",
        "/allowed_domains/1",
        "/allowed_domains/3",
    ]


def test_a_recipient_is_fixed_or_a_path() -> None:
    both = {"email": "a@b.example", "path": "x"}
    to = [both, {}, "a@b.example", {"email": "no"}, {"path": ""}, {"path": 7}]
    found = wrong(body(mapping={"variables": {}, "to": to}))

    assert found == [f"/mapping/to/{at}" for at in ("0", "1", "2", "3/email", "4/path", "5/path")]
    assert wrong(body(mapping={"variables": {}, "reply_to": [{"email": "a@b.example"}]})) == ["/mapping/to"]


def test_variables_have_names_that_a_template_can_say() -> None:
    variables = {"a b": "x", "ok": 7, "content": "x"}

    assert wrong(body(mapping={**BODY["mapping"], "variables": variables})) == [
        "/mapping/variables/a b",
        "/mapping/variables/ok",
        "/mapping/variables/content",
    ]


def test_the_scheme_hmac_says_how_it_signs_and_no_other_does() -> None:
    assert wrong(body(scheme="hmac")) == ["/hmac"]
    assert wrong(body(hmac={"header": "X-Signature"})) == ["/hmac"]
    found = parse(body(scheme="hmac", hmac={"header": "X-Signature", "encoding": "base64"}))
    assert found.hmac == HmacRules("X-Signature", encoding="base64")
    rules = {"header": "a b", "encoding": "octal", "algorithm": "md5", "prefix": "x\n", "id_header": "Host"}
    assert wrong(body(scheme="hmac", hmac=rules)) == [
        f"/hmac/{name}" for name in ("header", "encoding", "prefix", "algorithm", "id_header")
    ]


def test_secrets_must_fit_the_scheme() -> None:
    assert parse_new(body(secrets=["their own secret, long enough"]))[1] == ("their own secret, long enough",)
    assert wrong(body(secrets=["short", 7]), parse_new) == ["/secrets/0", "/secrets/1"]
    assert wrong(body(scheme="standard-webhooks", secrets=["whsec_x"]), parse_new) == ["/secrets/0"]
    assert wrong(body(secrets=["x" * 20] * 5), parse_new) == ["/secrets"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("delay_seconds", -1), ("delay_seconds", 2_592_001), ("delay_seconds", 1.5), ("enabled", "yes"), ("name", " ")],
)
def test_limits_are_said(field: str, value: Any) -> None:
    assert wrong(body(**{field: value})) == [f"/{field}"]


def test_rates_are_whole_numbers() -> None:
    assert parse(body(rate={"per_minute": 5})).rate == Rate(per_minute=5)
    assert wrong(body(rate={"per_minute": 0, "per_day": "7", "per_hour": 1})) == [
        "/rate/per_hour",
        "/rate/per_minute",
        "/rate/per_day",
    ]


def test_a_rotation_may_bring_a_secret_and_an_overlap() -> None:
    assert parse_rotation({}).overlap == OVERLAP
    assert parse_rotation({"overlap_seconds": 0, "secret": "x"}).secret == "x"
    assert wrong({"overlap_seconds": 604_801, "other": 1}, parse_rotation) == ["/other", "/overlap_seconds"]


def test_a_test_has_one_thing_to_look_at() -> None:
    assert parse_test({"payload": {"é": 1}}).body == b'{"\\u00e9": 1}'
    assert parse_test({"payload": None}).body == b"null"
    assert parse_test({"delivery": "whd_1"}).delivery == "whd_1"
    found = parse_test({"body": "a=1", "content_type": "application/x-www-form-urlencoded", "headers": {"X-A": "1"}})
    assert found.headers is not None
    assert (found.body, found.content_type, found.headers.getlist("x-a")) == (
        b"a=1",
        "application/x-www-form-urlencoded",
        ["1"],
    )
    assert wrong({}, parse_test) == [""]
    assert wrong({"payload": 1, "delivery": "whd_1"}, parse_test) == [""]
    assert wrong({"delivery": "snd_1"}, parse_test) == ["/delivery"]
    assert wrong({"payload": 1, "headers": {"X-A": "1"}}, parse_test) == ["/headers"]
    assert wrong({"body": "", "headers": {"X-A": "1\n", "a b": "1"}}, parse_test) == ["/headers/X-A", "/headers/a b"]
