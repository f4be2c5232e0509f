"""Bars, as SVG: one file for each section and unit, with a bar for each program beside the other."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from tests.bench.table import Key, Line, number

WIDTH, LEFT, RIGHT, HEIGHT, GAP = 900, 330, 90, 16, 10
COLOURS = {
    "ours": "#1a73e8",
    "local server": "#7baaf7",
    "stock": "#f9ab00",
    "stock, 2 commits": "#fdd663",
    "stock, resumable": "#e37400",
    "naive": "#d93025",
}
OTHER = "#9aa0a6"
Bars = dict[str, dict[str, float]]  # by what is measured, a figure for each program


def draw(found: Mapping[Key, Line], directory: Path) -> list[Path]:
    """The files that were written."""
    directory.mkdir(parents=True, exist_ok=True)
    return [_written(directory, title, bars) for title, bars in _charts(found)]


def _charts(found: Mapping[Key, Line]) -> Iterator[tuple[str, Bars]]:
    charts: dict[str, Bars] = {}
    for line in found.values():
        row = line.first
        if not row.unit:
            continue
        bars = charts.setdefault(f"{row.section}: {row.unit}", {}).setdefault(row.what, {})
        bars[row.of] = line.ours
        bars.setdefault(row.beside, line.theirs)
    yield from charts.items()


def _written(directory: Path, title: str, bars: Bars) -> Path:
    file = directory / (re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") + ".svg")
    file.write_text(svg(title, bars))
    return file


def svg(title: str, bars: Bars) -> str:
    """A bar's length is its share of the largest of the same measure: measures of one unit can lie far apart."""
    parts, y = [f'<text x="10" y="22" font-size="15" font-weight="bold">{escape(title)}</text>'], 40
    for what, values in bars.items():
        largest = max(values.values()) or 1
        parts.append(f'<text x="10" y="{y + 12}">{escape(what)}</text>')
        for name, value in values.items():
            length = max(1, round(value / largest * (WIDTH - LEFT - RIGHT)))
            colour = COLOURS.get(name, OTHER)
            parts += [
                f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end" fill="#5f6368">{escape(name)}</text>',
                f'<rect x="{LEFT}" y="{y}" width="{length}" height="{HEIGHT - 3}" fill="{colour}"/>',
                f'<text x="{LEFT + length + 6}" y="{y + 12}">{number(value)}</text>',
            ]
            y += HEIGHT
        y += GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" font-family="sans-serif" font-size="12">'
    )
    return "\n".join([head, f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>', *parts, "</svg>", ""])
