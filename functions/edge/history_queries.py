"""The query strings of the history: which sends, and how they are counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from werkzeug.wrappers import Request

from functions.domain import search, times
from functions.domain.sends import Status
from functions.edge import queries
from functions.services.statistics import LONGEST, Span

HISTORY = ("account", "status", "to", "template", "trigger", "batch", "tag", "q", "since", "until")
# What counts may be asked for: before it, times can't be reckoned with, and after it a day has no end.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
GROUPS = ("day", "account", "template", "status")


@dataclass(frozen=True, slots=True)
class Filters:
    equals: Mapping[str, str]
    since: datetime | None
    until: datetime | None


def history(request: Request, *also: str) -> Filters:
    """Of a list of sends; `also` are names that mean something besides. Raises InvalidRequest."""
    query = queries.known(request, *HISTORY, *(also or queries.PAGING))
    equals = {name: query[name] for name in HISTORY[:8] if query[name].strip()}
    queries.one_of("status", equals.get("status", ""), Status)
    if "to" in equals:
        equals["to"] = search.recipient(equals["to"].strip())
    return Filters(equals, queries.time("since", query["since"]), queries.time("until", query["until"]))


def statistics(request: Request, now: datetime) -> tuple[str, Span, dict[str, str]]:
    """What to count by, from when to when (the last 30 days), and of which sends. Raises InvalidRequest."""
    filters = ("account", "template", "trigger", "status")
    query = queries.known(request, "by", "since", "until", *filters)
    group = query["by"] or "day"
    queries.one_of("by", group, GROUPS)
    until = queries.time("until", query["until"]) or now
    if not EARLIEST <= until <= LATEST:
        queries.wrong("until", f"must lie between {times.text(EARLIEST)} and {times.text(LATEST)}")
    since = queries.time("since", query["since"]) or until - timedelta(days=30)
    if not since < until or until - since > LONGEST:
        queries.wrong("since", f"must come before `until`, by at most {LONGEST.days} days")
    queries.one_of("status", query["status"], Status)
    return group, Span(since, until), {name: query[name] for name in filters if query[name]}
