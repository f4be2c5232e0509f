"""Which values a template's variables take."""

import difflib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.date_formats import format_date
from functions.domain.errors import InvalidMessage, MissingVariable
from functions.domain.fields import PROBLEMS_LIMIT
from functions.domain.template_values import check_values, read_date
from functions.domain.templates import VARIABLE_TYPES, Variable, VariableType

GOOD: dict[VariableType, list[Any]] = {
    "string": ["", "x", "Ünï\nline\ttab", "<b>", "x" * 50_000],
    "number": [0, -1, 2.5, 10**15],
    "boolean": [True, False],
    "date": ["2030-01-31", "2028-02-29", "2030-01-31T09:00:00Z", "2030-01-31t09:00:00.5+05:30"],
    "list": [[], ["a", 1, None, True], [{"a": {"b": ["c"]}}], [[1], [2]]],
}
BAD: dict[VariableType, list[Any]] = {
    "string": [1, True, [], {}, "a\x00b", "\ud800", "x" * 50_001],
    "number": ["1", True, [], float("nan"), float("inf"), 10**15 + 1, 10**400],
    "boolean": [0, 1, "true", []],
    "date": ["today", "2030-02-30", "31.1.2030", "2030-01-31T09:00", "2030-01-31T25:00:00Z", 1893456000, True,
             "\uff12\uff10\uff13\uff10-01-01"],
    "list": ["a", {"a": 1}, ["\x00"], [{"\x00": 1}], [10**16], [[[[[[]]]]]], ["x"] * 1001, [["x"] * 999] * 11,
             [float("nan")]],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in GOOD.items() for value in values])
def test_a_value_of_its_type_is_taken_as_it_is(kind: VariableType, value: Any) -> None:
    assert check_values([Variable("v", kind)], {"v": value}, "/at") == {"v": value}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in BAD.items() for value in values])
def test_a_value_of_another_type_is_refused_at_its_pointer(kind: VariableType, value: Any) -> None:
    with pytest.raises(InvalidMessage) as raised:
        check_values([Variable("v", kind)], {"v": value}, "/at")
    assert all(error.pointer.startswith("/at/v") for error in raised.value.errors)


def test_a_wrong_value_deep_in_a_list_has_its_own_pointer() -> None:
    with pytest.raises(InvalidMessage) as raised:
        check_values([Variable("v", "list")], {"v": [{}, {"a/b": ["x", "\x00"]}]}, "/at")
    assert [error.pointer for error in raised.value.errors] == ["/at/v/1/a~1b/1"]


def test_what_is_not_given_falls_back_then_is_empty_then_is_missing() -> None:
    declared = [Variable("a", fallback="x"), Variable("b", required=False), Variable("c"), Variable("d", "number")]
    assert check_values(declared[:2], {"a": None}, "/at") == {"a": "x", "b": None}
    with pytest.raises(MissingVariable) as raised:
        check_values(declared, {}, "/at")
    assert [error.pointer for error in raised.value.errors] == ["/at/c", "/at/d"]
    assert "`c`" in raised.value.detail


def test_an_empty_string_and_false_and_zero_are_values() -> None:
    declared = [
        Variable("a", fallback="x"),
        Variable("b", "boolean", fallback=True),
        Variable("c", "number", fallback=1),
    ]
    assert check_values(declared, {"a": "", "b": False, "c": 0}, "/at") == {"a": "", "b": False, "c": 0}


def test_all_problems_come_at_once_and_an_unknown_name_says_what_was_meant() -> None:
    with pytest.raises(InvalidMessage) as raised:
        check_values([Variable("name"), Variable("n", "number")], {"nmae": "x", "n": "1"}, "/at")
    found = {error.pointer: error.detail for error in raised.value.errors}
    assert set(found) == {"/at/nmae", "/at/n", "/at/name"}
    assert "did you mean `name`?" in found["/at/nmae"]


def test_no_more_unknown_names_are_looked_at_than_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    def close(word: str, *_: Any) -> list[str]:
        looked.append(word)
        return []

    monkeypatch.setattr(difflib, "get_close_matches", close)
    with pytest.raises(InvalidMessage) as raised:
        check_values([Variable("name")], {f"x{n}": 0 for n in range(4_000)}, "/at")
    assert len(raised.value.errors) == len(looked) == PROBLEMS_LIMIT


def test_all_values_together_are_bounded() -> None:
    declared = [Variable(f"v{i}") for i in range(11)]
    with pytest.raises(InvalidMessage, match="All values together"):
        check_values(declared, {variable.key: "x" * 50_000 for variable in declared}, "/at")


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(kind=st.sampled_from(VARIABLE_TYPES), value=json)
def test_any_json_is_taken_or_refused_and_never_breaks_anything(kind: VariableType, value: Any) -> None:
    try:
        assert check_values([Variable("v", kind, required=False)], {"v": value}, "/at") == {"v": value}
    except InvalidMessage:
        assert value is not None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("%Y-%m-%d", "2030-04-03"),
        ("%-d %B %Y", "3 April 2030"),
        ("%a, %e %b %y", "Wed,  3 Apr 30"),
        ("%-I:%M %P", "9:05 pm"),
        ("%H:%M:%S %z", "21:05:07 +0200"),
        ("%F %T %j %u week %V", "2030-04-03 21:05:07 093 3 week 14"),
        ("100%%", "100%"),
        ("plain", "plain"),
    ],
)
def test_dates_are_written_in_english_by_their_own_offset(pattern: str, text: str) -> None:
    moment = read_date("2030-04-03T21:05:07+02:00")
    assert moment is not None
    assert format_date(moment, pattern) == text


@pytest.mark.parametrize("pattern", ["%999999999d", "%s", "%c", "%Q", "%", "%-", "%O", "%" + "\n", "%Y" * 51])
def test_what_is_no_directive_of_ours_is_refused_not_passed_to_the_platform(pattern: str) -> None:
    moment = read_date("2030-04-03")
    assert moment is not None
    with pytest.raises(ValueError, match=r"directives|characters"):
        format_date(moment, pattern)
