"""Whole numbers in JSON: RFC 8259 has one kind of number, and JSON Schema counts 3.0 among the whole ones. And what a
body costs that has far more in it than is allowed."""

import difflib
import json
import tracemalloc
from typing import Any

import pytest

from functions.domain.fields import PROBLEMS_LIMIT, Fields, Problems


def read(written: str) -> tuple[int | None, list[str]]:
    problems = Problems()
    fields = Fields({"days": json.loads(written)}, "", problems, ("days",))
    return fields.integer("days", 1, 400), [one.pointer for one in problems.errors]


@pytest.mark.parametrize("written", ["30", "30.0", "3e1"])
def test_a_whole_number_is_one_however_it_is_written(written: str) -> None:
    found, wrong = read(written)
    assert (found, type(found), wrong) == (30, int, [])


@pytest.mark.parametrize(
    "written", ["30.5", "0", "0.0", "401", "401.0", "1e400", "-1e400", "NaN", "true", '"30"', "[30]"]
)
def test_what_is_no_whole_number_in_the_range_is_refused(written: str) -> None:
    assert read(written) == (None, ["/days"])


def tree(value: Any) -> list[tuple[str, str]]:
    """What is wrong with a value that may be any JSON."""
    problems = Problems()
    Fields({"variables": value}, "", problems, ("variables",)).json_object("variables")
    return [(one.pointer, one.detail) for one in problems.errors]


def test_a_tree_has_ten_thousand_values_at_most_names_and_all() -> None:
    assert tree({"a": [0] * 9_997}) == []
    assert tree({"a": [0] * 9_998}) == [("/variables", "At most 10000 values are allowed here.")]
    assert tree({str(n): n for n in range(4_999)}) == []
    assert tree({str(n): n for n in range(5_000)}) == [("/variables", "At most 10000 values are allowed here.")]


@pytest.mark.parametrize(
    "value",
    [{"a": [0] * 1_000_000}, {str(n): 0 for n in range(300_000)}],
    ids=["list", "object"],
)
def test_a_tree_that_is_too_large_takes_no_memory(value: Any) -> None:
    """A body of 6 MB can hold a million values: they are counted before anything is made for each."""
    tracemalloc.start()
    wrong = tree(value)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert wrong == [("/variables", "At most 10000 values are allowed here.")]
    assert peak < 4 << 20


def test_a_wrong_value_deep_in_a_tree_has_its_own_pointer() -> None:
    assert [pointer for pointer, _ in tree({"a": [1, {"b/c": [float("nan")]}]})] == ["/variables/a/1/b~1c/0"]
    assert [pointer for pointer, _ in tree({"a": [{"\ud800": 1}]})] == ["/variables/a/0/\\ud800"]


def test_no_more_unknown_fields_are_looked_at_than_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding out what was meant takes a while, and a body has room for a million names."""
    looked = []

    def close(word: str, *_: Any) -> list[str]:
        looked.append(word)
        return []

    monkeypatch.setattr(difflib, "get_close_matches", close)
    problems = Problems()
    Fields({f"x{n}": 0 for n in range(10_000)}, "", problems, ("days",))
    assert len(problems.errors) == len(looked) == PROBLEMS_LIMIT
