"""Bodies of webhooks into JSON values: what is read, how far, and that nothing crashes."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain.payloads import BadPayload, parse
from tests.effort import effort
from tests.full import examples

FORM = "application/x-www-form-urlencoded"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner),
    max_leaves=20,
)  # fmt: skip


def refused(body: bytes, content_type: str = "application/json") -> BadPayload:
    with pytest.raises(BadPayload) as caught:
        parse(body, content_type)
    return caught.value


@settings(max_examples=examples(200))
@given(JSON_VALUES, st.booleans())
def test_json_is_read_as_it_was_written(value: object, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode(), "application/json") == value


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/cloudevents+json",
        "text/json",
        "application/json ;",
    ],
)
def test_json_has_several_names(content_type: str) -> None:
    assert parse(b'{"a": 1}', content_type) == {"a": 1}


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "text/html", "multipart/form-data; boundary=x", "application/xml", "json", "+json", ";"],
)
def test_another_type_is_refused_as_such(content_type: str) -> None:
    assert refused(b"{}", content_type).reason == "unsupported_media_type"


@pytest.mark.parametrize(
    "body",
    [
        b"", b" \n", b"{", b"nul", b"{}{}", b"{'a': 1}", b'{"a": 1,}', b"NaN", b'{"a": NaN}', b"[Infinity]",
        b"[-Infinity]", b"1e999", b"[-1e999]", b"\xff", b'{"a": "\xc3"}', b'"\xed\xa0\x80"', b"\xff\xfe{\x00}\x00",
        b'{"a": "\n"}', b"\x00", b"9" * 101, b"9" * 5000, b"-" + b"9" * 101,
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(body: bytes) -> None:
    found = refused(body)
    assert found.reason == "invalid_payload"
    assert found.detail.endswith(".")


@pytest.mark.parametrize(
    ("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")], ids=["lists", "objects", "both"]
)
@pytest.mark.parametrize("depth", [65, 999, 10_000, 300_000])
def test_deep_json_is_refused_whether_it_ends_or_not(opening: bytes, closing: bytes, depth: int) -> None:
    assert "64 deep" in refused(opening * depth + b"1" + closing * depth).detail
    assert "64 deep" in refused(opening * (depth - 1) + b"[]" + closing * (depth - 1)).detail
    assert refused(opening * depth).reason == "invalid_payload"


def test_json_of_64_levels_is_read() -> None:
    assert parse(b"[" * 64 + b"]" * 64, "application/json")


def test_a_body_of_many_values_is_refused_at_once() -> None:
    def refuse() -> None:
        assert "50000 values" in refused(b"[" + b"0," * 200_000 + b"0]").detail

    effort(refuse, most=1_000_000)  # a few steps for each to read it; nothing looks through them afterwards
    assert len(parse(b"[" + b"0," * 49_998 + b"0]", "application/json")) == 49_999


def test_of_a_name_that_stands_twice_the_last_counts() -> None:
    assert parse(b'{"to": 1, "to": 2}', "application/json") == {"to": 2}


def test_a_byte_order_mark_is_ignored() -> None:
    assert parse(b"\xef\xbb\xbf{}", "application/json") == {}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"a\\ud83d"', "a\ufffd"),
        (b'"\\ude00\\ud83d"', "\ufffd\ufffd"),
        (b'{"\\uD800": ["\\udfff"], "n": 1.5, "i": 7}', {"\ufffd": ["\ufffd"], "n": 1.5, "i": 7}),
        (b'"\\\\ud800"', "\\ud800"),
    ],
)  # fmt: skip
def test_half_a_surrogate_pair_reads_as_the_replacement_character(body: bytes, value: object) -> None:
    found = parse(body, "application/json")
    assert found == value
    json.dumps(found, ensure_ascii=False).encode()


# Forms


def test_a_form_is_an_object_of_strings() -> None:
    body = urlencode([("name", "Zoë & co"), ("email", "zoe@example.com"), ("empty", "")]).encode()
    assert parse(body, f"{FORM}; charset=UTF-8") == {"name": "Zoë & co", "email": "zoe@example.com", "empty": ""}


def test_who_fills_in_a_form_cant_make_a_list_of_one_field() -> None:
    assert parse(b"email=a@example.com&email=b@example.com", FORM) == {"email": "b@example.com"}
    assert parse(b"day[]=mon&day[]=tue&x=1", FORM) == {"day[]": ["mon", "tue"], "x": "1"}


def test_a_list_never_replaces_a_field_of_the_same_name() -> None:
    assert parse(b"email=a@example.com&email[]=x@evil.example", FORM)["email"] == "a@example.com"
    assert parse(b"email[]=x@evil.example&email=a@example.com", FORM)["email"] == "a@example.com"


def test_githubs_form_is_the_json_in_it() -> None:
    """https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks: Content type"""
    assert parse(urlencode({"payload": '{"action": "published"}'}).encode(), FORM) == {"action": "published"}
    assert refused(urlencode({"payload": '{"action": '}).encode(), FORM).reason == "invalid_payload"
    assert parse(b"payload=5+kg", FORM) == {"payload": "5 kg"}


@pytest.mark.parametrize(
    "body",
    [b"", b"a=%ff", b"a=\xff", b"&".join(b"f%d=1" % n for n in range(1001)), b"payload=" + b"%7B%22a%22:" * 5000],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    assert refused(body, FORM).reason == "invalid_payload"


@settings(max_examples=examples(300))
@given(st.binary(max_size=200), st.sampled_from(["application/json", FORM, "", "application/x+json"]))
def test_whatever_comes_is_read_or_refused(body: bytes, content_type: str) -> None:
    try:
        found = parse(body, content_type)
    except BadPayload:
        return
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
