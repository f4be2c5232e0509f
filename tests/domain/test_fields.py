"""Whole numbers in JSON: RFC 8259 has one kind of number, and JSON Schema counts 3.0 among the whole ones."""

import json

import pytest

from functions.domain.fields import Fields, Problems


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
