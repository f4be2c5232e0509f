"""What was measured, each figure with the one it was measured beside."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

Rounds = list[float]


@dataclass(frozen=True)
class Row:
    """`ours` and `theirs` hold one value for each round; a ratio is taken within a round, where noise hits both."""

    section: str
    what: str
    unit: str
    ours: Rounds
    beside: str
    theirs: Rounds

    @property
    def ratio(self) -> float:
        return median(a / b if b else float("nan") for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def spread(self) -> str:
        ratios = sorted(a / b if b else float("nan") for a, b in zip(self.ours, self.theirs, strict=True))
        return f"{ratios[0]:.2f} to {ratios[-1]:.2f}"


def show(rows: list[Row]) -> str:
    """A Markdown table: it reads well on a terminal, and in docs/performance.md."""
    head = ("section", "what", "ours", "beside it", "theirs", "ratio", "rounds")
    lines = [
        (
            row.section,
            f"{row.what}, {row.unit}" if row.unit else row.what,
            _number(median(row.ours)),
            row.beside,
            _number(median(row.theirs)),
            f"{row.ratio:.2f}",
            row.spread,
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    text = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in [head, *lines]]
    text.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(line) + " |" for line in text)


def save(rows: list[Row], path: Path) -> None:
    found = [{**asdict(row), "ratio": row.ratio} for row in rows]
    path.write_text(json.dumps(found, indent=1) + "\n")


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
