"""`python -m tests.bench.growth [--write] [--seed N] [--set gmail=0.3 mail=100 …]`: prints the tables of docs/scale.md.

With `--write` they go into the page, and the pictures beside it. `--set` changes what was measured, or assumed: the
names are those of `Measured` and `Habits`.
"""

import argparse
import dataclasses
from typing import Any, TypeVar

from tests.bench.growth import pages
from tests.bench.growth.courses import counted, kept
from tests.bench.growth.inputs import SCALES, Habits, Measured
from tests.bench.growth.outcome import outcome

T = TypeVar("T", Habits, Measured)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description=__doc__)
    parser.add_argument("--write", action="store_true", help="into docs/scale.md")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=NUMBER")
    chosen = parser.parse_args()
    given = {name: float(value) for name, _, value in (one.partition("=") for one in chosen.set)}
    habits, measured = _with(Habits(), given), _with(Measured(), given)
    if given:
        parser.error(f"There is no {', '.join(given)}.")
    outcomes = [outcome(scale, habits, measured, chosen.seed) for scale in SCALES]
    found = pages.blocks(counted(), kept(), outcomes)
    for name, text in found.items():
        print(f"\n{name}\n\n{text}")
    if chosen.write:
        pages.PAGE.write_text(pages.written(pages.PAGE.read_text(), found))
        for name, picture in pages.pictures(outcomes).items():
            (pages.DOCS / name).write_text(picture)


def _with(default: T, given: dict[str, Any]) -> T:
    """With those of the given numbers that it has; they are taken out."""
    own = {field.name for field in dataclasses.fields(default)} & given.keys()
    return dataclasses.replace(default, **{name: given.pop(name) for name in own})


if __name__ == "__main__":
    main()
