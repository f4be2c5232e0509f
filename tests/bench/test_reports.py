"""What the benchmark says of its figures. The figures themselves are in no test."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.bench import bounds, goals, plots, table
from tests.bench.table import Row

CPU = Row("warm send, sqlite", "CPU", "ms a send", [3.0, 1.0, 9.0], "stock", [8.0, 10.0, 4.0], least=True)
SENDS = Row("warm send, sqlite", "sends", "a second", [100.0, 300.0], "stock", [100.0, 100.0])
READS = Row("calls, sqlite", "reads of the store, a send", "", [3.0], "", [])


def test_of_cpu_time_the_least_stands_for_each_program() -> None:
    """Neighbours on the machine only ever add to it."""
    assert (CPU.value, CPU.other, CPU.ratio) == (1.0, 4.0, 0.25)


def test_other_ratios_are_taken_within_a_round() -> None:
    assert SENDS.ratio == 2.0


def test_several_runs_are_shown_by_their_median() -> None:
    runs = [[Row("s", "w", "ms", [value], "hello", [1.0])] for value in (5.0, 1.0, 2.0)]
    (line,) = table.lines(runs).values()
    assert (line.ours, line.ratio, line.spread) == (2.0, 2.0, "5.00, 1.00, 2.00")


def test_a_program_with_fewer_rounds_is_compared_with_all_of_the_other() -> None:
    found = {"naive": [{"CPU": 30.0}], "stock": [{"CPU": 3.0}, {"CPU": 5.0}]}
    (row,) = table.compared("s", "CPU", "ms", found, "stock", least=True)
    assert (row.of, row.ratio) == ("naive", 10.0)


def test_what_was_saved_is_read_again(tmp_path: Path) -> None:
    table.save([[CPU, READS]], tmp_path / "figures.json", {"python": "3"})
    assert table.load(tmp_path / "figures.json") == [[CPU, READS]]


@pytest.mark.parametrize(("value", "verdict"), [(0.2, "aim"), (0.4, "reached"), (0.5, "missed")])
def test_a_goal_says_whether_it_is_reached(value: float, verdict: str) -> None:
    row = Row("warm send, sqlite", "CPU", "ms a send", [value * 10], "stock", [10.0])
    assert goals.show(table.lines([[row]])).splitlines()[-1].split("|")[-2].strip() == verdict


def test_of_sends_a_second_more_is_better() -> None:
    shown = goals.show(table.lines([[SENDS]]))
    assert "≥ 200" in shown
    assert "reached" in shown


def test_what_has_grown_is_told_and_only_a_count_fails(tmp_path: Path) -> None:
    file = tmp_path / "bounds.json"
    wanted = {
        "ratios": {"warm send, sqlite | CPU | stock": 0.2},
        "counts": {"calls, sqlite | reads of the store, a send": 1},
    }
    file.write_text(json.dumps(wanted))
    ratio, count = bounds.beyond(table.lines([[CPU, READS]]), file)
    assert not ratio.fails
    assert count.fails
    assert "3.00, at most 1" in count.text


def test_a_bound_that_nothing_measures_any_more_is_told(tmp_path: Path) -> None:
    file = tmp_path / "bounds.json"
    file.write_text(json.dumps({"ratios": {}, "counts": {"calls, sqlite | gone": 1, "calls, firestore | not run": 1}}))
    (one,) = bounds.beyond(table.lines([[READS]]), file)
    assert "calls, sqlite | gone" in one.text


def test_new_bounds_are_kept_by_what_they_were_made_from(tmp_path: Path) -> None:
    found = table.lines([[CPU, SENDS, READS]])
    file = tmp_path / "bounds.json"
    file.write_text(json.dumps(bounds.proposed(found)))
    assert json.loads(file.read_text())["ratios"] == {"warm send, sqlite | CPU | stock": 0.4}
    assert list(bounds.beyond(found, file)) == []


def test_the_bounds_are_of_ratios_and_counts_never_of_times() -> None:
    kept = json.loads(bounds.FILE.read_text())
    assert kept["ratios"]
    assert kept["counts"]
    assert not [
        name for kind in kept.values() for name in kind if name.rpartition(" | ")[0].endswith(("time", "answer"))
    ]


def test_drawings_are_svg_with_a_bar_for_each_figure(tmp_path: Path) -> None:
    stock = Row("warm send, sqlite", "CPU", "ms a send", [30.0], "stock", [4.0], of="naive & slow")
    (file,) = plots.draw(table.lines([[CPU, stock, READS]]), tmp_path)
    root = ElementTree.parse(file).getroot()
    widths = [int(bar.get("width", 0)) for bar in root.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert len(widths) == 3
    assert max(widths) == widths[-1]
