"""What is out of bounds: `bounds.json` says how much each ratio and each count may be.

Ratios (of CPU and memory; never a time by itself) have room for a machine that is busy with other things, and are only
told. Counts are the same on every machine: one that has grown is a regression, and ends the program with 1.

`python -m tests.bench.bounds FIGURES` writes new bounds from what `python -m tests.bench --short --json FIGURES` found.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench import table
from tests.bench.table import Key, Line, Row, number

FILE = Path(__file__).with_name("bounds.json")
# How far a ratio may move by itself: CPU with neighbours that empty the caches, memory hardly.
ROOM = {"CPU": 1.6, "resident": 1.25, "peak above idle": 2.0, "peak": 1.5}
STRAY = 0.25  # calls per send: an account's calendar is read again now and then, however few the sends
MODULES = 1.1  # other releases of Python and of libraries load some more, or fewer


@dataclass(frozen=True)
class Beyond:
    text: str
    fails: bool


def name(row: Row) -> str:
    """As it stands in the file."""
    return " | ".join(filter(None, (row.section, row.what, row.beside)))


def beyond(found: Mapping[Key, Line], file: Path = FILE) -> Iterator[Beyond]:
    """Of what was measured. A bound that its section does not measure any more is beyond, too."""
    bounds = json.loads(file.read_text())
    known = {name(line.first): line for line in found.values() if line.first.of == "ours"}
    sections = {key[0] for key in found}
    for kind in ("ratios", "counts"):
        count = kind == "counts"
        for what, most in bounds[kind].items():
            line = known.get(what)
            if line is None:
                if what.partition(" | ")[0] in sections:
                    yield Beyond(f"{what}: is not measured any more; change {file.name}", count)
                continue
            value = line.ours if count else line.ratio
            if not value <= most + (STRAY if count and what.startswith("calls") else 0):
                why = "the same on every machine" if count else "or the machine was busy: run it again"
                yield Beyond(f"{what}: {number(value)}, at most {most:g} expected ({why})", count)


def proposed(found: Mapping[Key, Line]) -> dict[str, dict[str, float]]:
    """Bounds that what was found keeps, with room where there has to be some."""
    ratios, counts = dict[str, float](), dict[str, float]()
    for line in found.values():
        row = line.first
        measure = row.what.rpartition(": ")[2]
        if row.of != "ours":
            continue
        if not row.beside:
            if row.section.startswith(("calls", "imports")):
                counts[name(row)] = math.ceil(line.ours * MODULES) if measure == "modules" else line.ours
        elif measure in ROOM and row.beside != "what is attached":
            ratios[name(row)] = round(line.ratio * ROOM[measure], 2)
    return {"counts": counts, "ratios": ratios}


if __name__ == "__main__":
    measured = table.lines(table.load(Path(sys.argv[1])))
    FILE.write_text(json.dumps(proposed(measured), indent=2) + "\n")
