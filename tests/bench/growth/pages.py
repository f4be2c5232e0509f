"""The figures as docs/scale.md has them: tables between marks, and pictures beside it."""

import re
from collections.abc import Sequence
from pathlib import Path

from tests.bench.growth import plots
from tests.bench.growth.courses import Course, Kept
from tests.bench.growth.outcome import Outcome

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "scale.md"


def counted(courses: dict[str, Course]) -> str:
    head = [
        "",
        "reads",
        "writes",
        "deletes",
        "calls of the store",
        "index entries",
        "that a query uses",
        "tasks",
        "Gmail units",
    ]
    rows = []
    for name, course in courses.items():
        o = course.operations
        values = (o.reads, o.writes, o.deletes, o.trips, o.entries, o.needed, o.tasks, o.units)
        rows.append([name, *(f"{value:.1f}".removesuffix(".0") for value in values)])
    return _table(head, rows)


def kept(found: dict[str, Kept]) -> str:
    head = ["a document of", "bytes", "index entries", "that a query uses"]
    return _table(head, [[f"`{n}`", _number(k.size), str(k.entries), str(k.needed)] for n, k in found.items()])


def growth(outcomes: Sequence[Outcome]) -> str:
    head = ["sends a day", "accounts", "held for tomorrow", "cold starts", "answer: median", "95 %", "99 %"]
    head += ["queue to Gmail: median", "99 %", "instances: `send`", "`deliver`", "`notify`", "dollars a month"]
    rows = []
    for one in outcomes:
        month = sum(one.costs.values()) * one.scale.sends * 30 / 1e6
        rows.append(
            [
                f"{one.scale.sends:,}",
                f"{one.scale.accounts:,}",
                f"{100 * one.day.held / one.scale.sends:.0f} %",
                _percent(one.fleets["send"].cold_share),
                *(_seconds(value) for value in (*one.answers, *one.until_sent)),
                *(f"{one.fleets[name].peak:.0f}" for name in ("send", "deliver", "notify")),
                _number(month),
            ]
        )
    return _table(head, rows)


def costs(outcomes: Sequence[Outcome]) -> str:
    head = ["sends a day", *outcomes[0].costs, "**sum**"]
    rows = [
        [
            f"{one.scale.sends:,}",
            *(_number(value) for value in one.costs.values()),
            f"**{_number(sum(one.costs.values()))}**",
        ]
        for one in outcomes
    ]
    return _table(head, rows)


def limits(outcomes: Sequence[Outcome]) -> str:
    shown = outcomes[-3:]
    head = ["limit", *(f"used at {_people(one.scale.sends)}" for one in shown), "half of it at", "all of it at"]
    names = sorted(outcomes[0].used, key=lambda name: -outcomes[-1].used[name])
    rows = [
        [
            name,
            *(_percent(one.used[name]) for one in shown),
            _people(reached(outcomes, name, 0.5)),
            _people(reached(outcomes, name, 1)),
        ]
        for name in names
    ]
    return _table(head, rows)


def reached(outcomes: Sequence[Outcome], name: str, part: float) -> float:
    """Sends a day at which so much of a limit is used: between two days that were played by their proportion, after
    the last one by its own."""
    before: Outcome | None = None
    for one in outcomes:
        if one.used[name] >= part and before and one.used[name] > before.used[name]:
            share = (part - before.used[name]) / (one.used[name] - before.used[name])
            return before.scale.sends + share * (one.scale.sends - before.scale.sends)
        before = one
    last = outcomes[-1]
    return last.scale.sends * part / last.used[name]


def blocks(courses: dict[str, Course], documents: dict[str, Kept], outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {
        "counted": counted(courses),
        "kept": kept(documents),
        "growth": growth(outcomes),
        "costs": costs(outcomes),
        "limits": limits(outcomes),
    }


def written(page: str, found: dict[str, str]) -> str:
    """The page with these tables between its marks."""
    for name, text in found.items():
        pattern = rf"(<!-- {name} -->\n).*?(\n<!-- / -->)"
        page, number = re.subn(pattern, lambda m, text=text: f"{m[1]}\n{text}\n{m[2]}", page, flags=re.S)
        if number != 1:
            raise ValueError(f"docs/scale.md has no place for {name}.")
    return page


def pictures(outcomes: Sequence[Outcome]) -> dict[str, str]:
    sends = [float(one.scale.sends) for one in outcomes]
    by_part = {name: [one.costs[name] for one in outcomes] for name in outcomes[0].costs}
    names = sorted(outcomes[-1].used, key=lambda name: -outcomes[-1].used[name])[:8]
    used = {name.replace("`", ""): [100 * one.used[name] for one in outcomes] for name in names}
    return {
        "scale-costs.svg": plots.lines("Dollars of a million sends", "sends a day", sends, by_part, floor=0.1),
        "scale-limits.svg": plots.lines(
            "Limits: per cent used at the busiest time", "sends a day", sends, used, floor=0.1, mark=100
        ),
    }


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _percent(part: float) -> str:
    return f"{100 * part:,.0f} %" if part >= 0.1 else f"{100 * part:.1f} %" if part >= 0.001 else "0"


def _seconds(value: float) -> str:
    return f"{value / 60:.0f} min" if value >= 120 else f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"


def _people(sends: float) -> str:
    """Two digits are more than is known."""
    if sends >= 1e9:
        return "over a billion"
    digits = float(f"{sends:.2g}")
    return f"{digits / 1e6:g} million" if digits >= 1e6 else f"{digits:,.0f}"
