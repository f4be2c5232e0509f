"""`python -m tests.bench [--sections NAME…] [--stores sqlite firestore] [--quick] [--json FILE]`; see SECTIONS.

It compares and prints, and fails nothing: absolute figures belong to a machine, the ratios are what to look at.
"""

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench import attachment, cold, history, table, warm, webhooks
from tests.bench.table import Row
from tests.bench.world import World, worlds

SECTIONS = ("warm", "attachment", "cold", "history", "webhooks")
STORES = ("sqlite", "firestore")


def measured(world: World, sections: list[str], *, first: bool, quick: bool) -> Iterator[Row]:
    if "warm" in sections:
        yield from warm.rows(world, quick=quick)
    if "attachment" in sections and first:  # the attachment does not go to the store
        yield from attachment.rows(world, quick=quick)
    if "history" in sections and first:  # it has a store of its own
        yield from history.rows(world, quick=quick)
    if "webhooks" in sections:
        yield from webhooks.rows(world, quick=quick)
    if "cold" in sections:
        yield from cold.rows(world, quick=quick)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    parser.add_argument("--quick", action="store_true", help="few rounds: whether it works, not how well")
    parser.add_argument("--json", type=Path, help="write every round here too")
    chosen = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    rows: list[Row] = []
    with worlds(chosen.stores) as found:
        for number, world in enumerate(found):
            for row in measured(world, chosen.sections, first=number == 0, quick=chosen.quick):
                rows.append(row)
                print(f"  {row.section}: {row.what}, {row.ratio:.2f} of {row.beside}", file=sys.stderr, flush=True)
    print(table.show(rows))
    if chosen.json:
        table.save(rows, chosen.json)


if __name__ == "__main__":
    main()
