"""`python -m tests.bench [--sections NAME…] [--stores sqlite firestore] [--short | --quick] [--runs N] [--json FILE]
[--plots DIRECTORY] [--check]`; see SECTIONS, and docs/performance.md.

It compares and prints, and fails nothing by itself: absolute figures belong to a machine, the ratios are what to look
at. With --check what is beyond the bounds of bounds.json is told, and a count that has grown ends it with 1.
"""

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import attachment, bounds, calls, clicks, cold, goals, history, local, plots, table, warm, webhooks
from tests.bench.effort import Effort
from tests.bench.table import Row
from tests.bench.world import World, worlds

SECTIONS = ("calls", "warm", "clicks", "attachment", "cold", "local", "history", "webhooks")
SHORT = ("calls", "warm", "clicks", "attachment", "cold")
STORES = ("sqlite", "firestore")


def measured(
    world: World, sections: list[str], effort: Effort, *, first: bool, firestore: World | None
) -> Iterator[Row]:
    if "calls" in sections:
        yield from calls.rows(world, effort)
    if "warm" in sections:
        yield from warm.rows(world, effort, firestore)
    if "clicks" in sections:
        yield from clicks.rows(world, effort)
    if "attachment" in sections and first:  # the attachment does not go to the store
        yield from attachment.rows(world, effort)
    if "local" in sections and world.store == "sqlite":
        yield from local.rows(world, effort)
    if "history" in sections and first:  # it has a store of its own
        yield from history.rows(world, quick=effort != "full")
    if "webhooks" in sections:
        yield from webhooks.rows(world, quick=effort != "full")
    if "cold" in sections:
        yield from cold.rows(world, effort)


def run(stores: list[str], sections: list[str], effort: Effort) -> list[Row]:
    """In stores that nobody has used yet."""
    rows: list[Row] = []
    with worlds(stores) as found:
        firestore = next((world for world in found if world.store == "firestore"), None)
        for number, world in enumerate(found):
            for row in measured(world, sections, effort, first=number == 0, firestore=firestore):
                rows.append(row)
                said = f"{row.ratio:.2f} of {row.beside}" if row.beside else f"{row.value:.2f}"
                print(f"  {row.section}: {row.of}: {row.what}, {said}", file=sys.stderr, flush=True)
    return rows


def checked(found: dict[table.Key, table.Line]) -> bool:
    """Tells what is beyond its bounds; whether no count is."""
    wrong = list(bounds.beyond(found))
    for one in wrong:
        print(f"BEYOND ITS BOUND  {one.text}", flush=True)
    if not wrong:
        print("Everything is within its bounds.")
    return not any(one.fails for one in wrong)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    effort = parser.add_mutually_exclusive_group()
    effort.add_argument("--quick", action="store_const", dest="effort", const="quick", help="whether it works")
    effort.add_argument("--short", action="store_const", dest="effort", const="short", help="to find regressions")
    parser.add_argument("--runs", type=int, default=1, help="of everything, one after the other: medians are shown")
    parser.add_argument("--json", type=Path, help="write every round here, too")
    parser.add_argument("--from", type=Path, dest="given", metavar="JSON", help="show what was measured before")
    parser.add_argument("--plots", type=Path, help="draw into this directory")
    parser.add_argument("--check", action="store_true", help="tell what is beyond the bounds of bounds.json")
    chosen = parser.parse_args()
    sections = chosen.sections or list(SHORT if chosen.effort == "short" else SECTIONS)
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load before": os.getloadavg()[0],
    }
    runs = table.load(chosen.given) if chosen.given else []
    if not chosen.given:
        print(", ".join(f"{name} {value}" for name, value in about.items()), file=sys.stderr)
        runs = [run(chosen.stores, sections, chosen.effort or "full") for _ in range(chosen.runs)]
        about["load after"] = os.getloadavg()[0]
    if chosen.json:
        table.save(runs, chosen.json, about)
    found = table.lines(runs)
    print(table.show(found))
    print(f"\n{goals.show(found)}\n")
    if not chosen.given:
        print(", ".join(f"{name} {value}" for name, value in about.items()))
    if chosen.plots:
        print(f"{len(plots.draw(found, chosen.plots))} drawings in {chosen.plots}")
    if chosen.check and not checked(found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
