"""What is to be reached, and how far it is: the few figures of all that matter most, beside those of other code."""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.table import Key, Line, markdown, number
from tests.bench.warm import ON_FIRESTORE

STORES = ("sqlite", "firestore")


@dataclass(frozen=True)
class Goal:
    """`reach` and `aim` are for the ratio over what `over` names, or, where it names nothing, for the figure itself."""

    what: str
    section: str
    measure: str
    over: str
    reach: float
    aim: float
    more: bool = False  # the more, the better
    of: str = "ours"

    def met(self, found: float, wanted: float) -> bool:
        # What is shown with two digits is compared with two.
        return (operator.ge if self.more else operator.le)(round(found, 2), wanted)


def goals(store: str) -> list[Goal]:
    cold, warm, calls, clicks = (f"{s}, {store}" for s in ("cold start", "warm send", "calls", "click redirect"))
    starts = {
        **dict.fromkeys(("authorize", "console"), (1.3, 1.15)),
        **dict.fromkeys(("list", "delete", "callback", "send"), (2.4, 1.5)),
        "track": (2.4, 1.3),
    }
    counts = (
        ("Gmail", 1, 1),
        ("reads of the store", 1, 0),
        ("commits of the store", 2, 2),
        ("tokens", 0, 0),
        ("secrets", 0, 0),
    )
    return [
        *(Goal(f"start of `{n}`: CPU over hello", cold, f"{n}: CPU", "hello", *at) for n, at in starts.items()),
        Goal("warm send: CPU over stock", warm, "CPU", "stock", 0.45, 0.25),
        Goal("… in the local server", warm, "CPU", "stock", 0.45, 0.25, of="local server"),
        Goal("warm send: CPU over stock on Firestore", warm, "CPU", ON_FIRESTORE, 0.45, 0.25),
        Goal("… in the local server", warm, "CPU", ON_FIRESTORE, 0.45, 0.25, of="local server"),
        Goal("sends a second, 80 at once", warm, "sends", "", 200, 400, more=True),
        Goal("… in the local server", warm, "sends", "", 200, 400, more=True, of="local server"),
        # On the machine that 200 and 400 were set on, such a stock function sent 99 a second.
        Goal("sends a second over stock", warm, "sends", "stock", 2, 4, more=True),
        *(Goal(f"{what}, a send", calls, f"{what}, a send", "", *at) for what, *at in counts),
        *(Goal(f"`{n}` at rest, MiB", f"at rest, {store}", f"{n}: resident", "", 85, 50) for n in ("send", "track")),
        Goal("click redirect: CPU over hello", clicks, "CPU", "hello", 2, 1.3, of="ours, nothing to write down"),
        Goal("… and the click written down", clicks, "CPU", "hello", 2, 1.3),
    ]


def of_attachments() -> list[Goal]:
    one, four = "25 MiB attached", "25 MiB attached, 4 at once"
    return [
        Goal("25 MiB attached: peak above idle, MiB", one, "peak above idle", "", 8, 4),
        Goal("25 MiB attached: CPU, s", one, "CPU", "", 0.3, 0.15),
        Goal("4 times 25 MiB at once: peak, MiB", four, "peak", "", 160, 100),
    ]


def show(found: Mapping[Key, Line], stores: Sequence[str] = STORES) -> str:
    """A Markdown table with a line for each goal that was measured."""
    every = [(goal, store) for store in stores for goal in goals(store)] + [(goal, "") for goal in of_attachments()]
    body = [line for goal, store in every if (line := _line(goal, store, found))]
    head = ("what", "store", "naive", "stock", "ours", "ratio", "to reach", "aim", "")
    return markdown(head, body) if body else ""


def _line(goal: Goal, store: str, found: Mapping[Key, Line]) -> tuple[str, ...] | None:
    ours = _compared(goal, goal.of, found)
    if ours is None:
        return None
    reached = ours.ratio if goal.over else ours.ours
    verdict = "aim" if goal.met(reached, goal.aim) else "reached" if goal.met(reached, goal.reach) else "missed"
    sign = "≥ " if goal.more else "≤ "
    return (
        goal.what,
        store,
        _other(goal, "naive", found),
        _other(goal, "stock", found),
        number(ours.ours),
        f"{number(ours.ratio)} of {ours.first.beside}" if ours.first.beside else "",
        *(f"{sign}{wanted:g}{'x' if goal.over else ''}" for wanted in (goal.reach, goal.aim)),
        verdict,
    )


def _compared(goal: Goal, of: str, found: Mapping[Key, Line]) -> Line | None:
    for over in (goal.over,) if goal.over else ("stock", "hello", ""):
        if line := found.get((goal.section, goal.measure, of, over)):
            return line
    return None


def _other(goal: Goal, name: str, found: Mapping[Key, Line]) -> str:
    """Its figure, and its ratio where one is to be reached."""
    if goal.over == name:
        line = _compared(goal, goal.of, found)
        return number(line.theirs) if line else ""
    if line := _compared(goal, name, found):
        return f"{number(line.ours)} ({number(line.ratio)}x)" if goal.over else number(line.ours)
    line = _compared(goal, goal.of, found)
    return number(line.theirs) if line and line.first.beside == name else ""
