"""Exported cells: none is a formula, whatever a spreadsheet parts them by, and what stood there can be read back."""

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from functions.edge import exports
from tests.full import examples

FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
CELLS = st.text(st.sampled_from("=+-@'\"\t\r\n;, a1\uff1d") | st.characters(exclude_categories=("Cs",)), max_size=12)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("fine", "fine"),
        ("a; b-c=d", "a; b-c=d"),
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("\t=1", "'\t'=1"),
        ("hi;=1+1", "hi;'=1+1"),
        ("hi\t@SUM(1);+1;;-1", "hi\t'@SUM(1);'+1;;'-1"),
        ("hi;'=1", "hi;''=1"),
        ('hi;"=1', "hi;'\"=1"),
        ("hi\n=1", "hi\n'=1"),
        ("hi\r\n\uff1d1", "hi\r\n'\uff1d1"),
        ("hi;'tis 'ere", "hi;''tis 'ere"),
    ],
)
def test_an_apostrophe_stands_wherever_a_formula_would_begin(cell: str, written: str) -> None:
    assert exports.harmless(cell) == written
    assert exports.plain(written) == cell


@settings(max_examples=examples(500))
@given(CELLS)
@example("''")
@example(";''=")
@example(';"\'"=')
@example("\t\t'\t=")
def test_what_stood_in_a_cell_can_be_read_back(cell: str) -> None:
    assert exports.plain(exports.harmless(cell)) == cell


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@settings(max_examples=examples(500))
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=3))
@example([("x", 'a;"=1', "")])
@example([("x", "a\n=1", "")])
@example([("x", "a,b", ";=1")])
def test_no_cell_is_a_formula_however_cells_are_parted(delimiter: str, rows: list[tuple[str, str, str]]) -> None:
    columns = ["first", "second", "third"]
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    answer = exports.file(EnvironBuilder().get_request(), "x", "csv", columns, named)
    read = list(csv.reader(io.StringIO(answer.get_data(as_text=True), newline=""), delimiter=delimiter))
    assert [cell for row in read for cell in row if cell.lstrip("\t\r\n").startswith(FORMULA)] == []
    if delimiter == ",":
        assert [tuple(map(exports.plain, row)) for row in read[1:]] == rows
