"""What was measured, each figure with the one it was measured beside."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from math import isnan, nan
from pathlib import Path
from statistics import median

Rounds = list[float]
Found = Mapping[str, Sequence[Mapping[str, float]]]  # by program, a dict of figures for each round
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Row:
    """`ours` and `theirs` hold one value for each round. `of` says whose the first figure is, where it is not ours. A
    figure that needs no comparison, such as a count, stands beside nothing: ("", []).

    With `least`, the smallest of the rounds stands for each, and the ratio is of those: for CPU time, to which
    whatever else runs on the machine only ever adds. Else a ratio is taken within each round, where noise hits both,
    and medians are shown.
    """

    section: str
    what: str
    unit: str
    ours: Rounds
    beside: str
    theirs: Rounds
    of: str = "ours"
    least: bool = False

    @property
    def key(self) -> Key:
        return self.section, self.what, self.of, self.beside

    @property
    def value(self) -> float:
        return min(self.ours) if self.least else median(self.ours)

    @property
    def other(self) -> float:
        if not self.theirs:
            return nan
        return min(self.theirs) if self.least else median(self.theirs)

    @property
    def ratios(self) -> Rounds:
        if not self.theirs:
            return [nan]
        return sorted(_part(a, b) for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def ratio(self) -> float:
        return _part(self.value, self.other) if self.least else median(self.ratios)


@dataclass(frozen=True)
class Line:
    """One comparison in all runs of the benchmark: the median of theirs."""

    rows: list[Row]

    @property
    def first(self) -> Row:
        return self.rows[0]

    @cached_property
    def ours(self) -> float:
        return median(row.value for row in self.rows)

    @cached_property
    def theirs(self) -> float:
        return median(row.other for row in self.rows)

    @cached_property
    def ratio(self) -> float:
        return median(row.ratio for row in self.rows)

    @property
    def spread(self) -> str:
        """The ratios of several runs, or of the rounds of one."""
        if len(self.rows) > 1:
            return ", ".join(f"{row.ratio:.2f}" for row in self.rows)
        ratios = self.first.ratios
        return f"{ratios[0]:.2f} to {ratios[-1]:.2f}" if len(ratios) > 1 else "one round"


def compared(
    section: str, what: str, unit: str, found: Found, beside: str, of: Sequence[str] = (), *, least: bool = False
) -> Iterator[Row]:
    """A row for each program (or those of `of`) that has been measured, over the one beside it."""
    theirs = [each[what] for each in found.get(beside, ())]
    for name in of or [name for name in found if name != beside]:
        ours = [each[what] for each in found.get(name, ())]
        if ours and theirs:
            # One that is slow, or needs no more to be known well, gets fewer rounds.
            stands = min(theirs) if least else median(theirs)
            paired = theirs if len(ours) == len(theirs) else [stands] * len(ours)
            yield Row(section, what, unit, ours, beside, paired, of=name, least=least)


def lines(runs: Sequence[Sequence[Row]]) -> dict[Key, Line]:
    found: dict[Key, list[Row]] = {}
    for row in (row for run in runs for row in run):
        found.setdefault(row.key, []).append(row)
    return {key: Line(rows) for key, rows in found.items()}


def show(found: Mapping[Key, Line]) -> str:
    """Every comparison, as a Markdown table."""
    head = ("section", "what", "figure", "beside it", "theirs", "ratio", "runs" if _several(found) else "rounds")
    text = []
    for line in found.values():
        row = line.first
        what = row.what if row.of == "ours" else f"{row.of}: {row.what}"
        text.append(
            (
                row.section,
                f"{what}, {row.unit}" if row.unit else what,
                number(line.ours),
                *((row.beside, number(line.theirs), number(line.ratio), line.spread) if row.beside else ("",) * 4),
            )
        )
    return markdown(head, text)


def markdown(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """It reads well on a terminal, and in docs/performance.md."""
    widths = [max(len(line[column]) for line in [head, *body]) for column in range(len(head))]
    text = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in [head, *body]]
    text.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(line) + " |" for line in text)


def save(runs: Sequence[Sequence[Row]], path: Path, about: Mapping[str, object]) -> None:
    """Every round of every run, with the ratios that are shown."""
    rows = [[{**asdict(row), "ratio": row.ratio} for row in run] for run in runs]
    path.write_text(json.dumps({**about, "runs": rows}, indent=1) + "\n")


def load(path: Path) -> list[list[Row]]:
    """What `save` has written."""
    found = json.loads(path.read_text())["runs"]
    return [[Row(**{k: v for k, v in row.items() if k != "ratio"}) for row in run] for run in found]


def number(value: float) -> str:
    if isnan(value):
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _part(a: float, b: float) -> float:
    return a / b if b else nan


def _several(found: Mapping[Key, Line]) -> bool:
    return any(len(line.rows) > 1 for line in found.values())
