"""Counts for charts, by the indexes alone: no record is read, however many there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from functions.domain.callers import Caller
from functions.domain.ports import Documents, Query
from functions.domain.sends import Status

ROWS = 200  # accounts or templates that have a row of their own
LONGEST = timedelta(days=366)
ALL = "all"  # sends, whatever their status
STATUSES = tuple(status.value for status in Status)
# What happened to messages, and of which those of people count; of the others, whoever did it.
EVENTS = {
    "opens": "opened",
    "clicks": "clicked",
    "replies": "replied",
    "bounces": "bounced",
    "unsubscribes": "unsubscribed",
}
OF_PEOPLE = frozenset({"opens", "clicks"})


@dataclass(frozen=True, slots=True)
class Row:
    """`key` is a day (2027-03-01, UTC), an account's or a template's id, or a status; None for what belongs to none of
    the other rows: messages without a template, or of an account that is not connected any more."""

    key: str | None
    sends: int
    statuses: Mapping[str, int]  # those that occur; empty where all have the same
    events: Mapping[str, int]  # of this time, whenever their messages were sent; empty where they can't be told apart


@dataclass(frozen=True, slots=True)
class Span:
    since: datetime
    until: datetime

    def days(self) -> Iterator["Span"]:
        """Of the calendar, in UTC; the first and the last may be parts of one."""
        start = self.since.astimezone(UTC)
        while start < self.until:
            following = datetime(start.year, start.month, start.day, tzinfo=UTC) + timedelta(days=1)
            yield Span(start, min(following, self.until))
            start = following


@dataclass(frozen=True, slots=True)
class Part:
    """The sends of a row: of a time, with these values."""

    key: str | None
    span: Span
    equals: Mapping[str, str]


class Statistics:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def rows(self, caller: Caller, by: str, span: Span, equals: Mapping[str, str]) -> list[Row]:
        """`by` is day, account, template or status; `equals` may name an account, a template, a trigger, a status."""
        whole = Part(None, span, equals)
        statuses = [equals["status"]] if "status" in equals else list(STATUSES)
        # An event knows its send and its account, and no more of either.
        kinds = list(EVENTS) if by in ("day", "account") and equals.keys() <= {"account"} else []
        (total,) = self._counted(caller, [whole], [*statuses, *kinds])
        if by == "status":
            return [Row(status, total[status], {}, {}) for status in statuses]
        if by == "day":
            parts = [Part(f"{day.since:%Y-%m-%d}", day, equals) for day in span.days()]
        else:
            parts = [Part(key, span, {**equals, by: key}) for key in self._keys(caller, by, equals)]
        counted = self._of_parts(caller, parts, statuses, kinds, total)
        if by != "day":
            rest = {name: count - sum(one.get(name, 0) for one in counted) for name, count in total.items()}
            parts, counted = [*parts, whole], [*counted, rest]
        rows = [_row(part.key, count, statuses, kinds) for part, count in zip(parts, counted, strict=True)]
        return [row for row in rows if by == "day" or row.sends or any(row.events.values())]

    def _keys(self, caller: Caller, by: str, equals: Mapping[str, str]) -> Sequence[str]:
        """Accounts or templates that rows are for: only the chosen one, where the request chooses."""
        if by in equals:
            return [equals[by]]
        if by == "template":
            collection = f"owners/{caller.owner}/templates"
            query = Query(collection, equals={"kind": "message"}, order=("created_at", "desc"), limit=ROWS)
        elif caller.accounts is None:
            query = Query(f"owners/{caller.owner}/accounts", order=("connected_at", "asc"), limit=ROWS)
        else:
            return sorted(caller.accounts)
        return [document.id for document in self._documents.query(query).documents]

    def _of_parts(
        self, caller: Caller, parts: Sequence[Part], statuses: list[str], kinds: list[str], total: Mapping[str, int]
    ) -> list[dict[str, int]]:
        """Of each part how many there are, by status and by kind of event."""
        # What does not occur at all is not asked for again. The sends of the commonest status are what is left of all:
        # to count all takes one index, and to count those of a status and an account takes two, merged.
        commonest = max(statuses, key=lambda status: total[status])
        others = [status for status in statuses if total[status] and status != commonest]
        counted = self._counted(caller, parts, [ALL, *others, *(kind for kind in kinds if total[kind])])
        for one in counted:
            one[commonest] = one.pop(ALL) - sum(one[status] for status in others)
        return counted

    def _counted(self, caller: Caller, parts: Sequence[Part], names: Sequence[str]) -> list[dict[str, int]]:
        """Of each part how many sends there are of these statuses, or events of these kinds."""
        asked = [[(name, query) for name in names for query in _queries(caller, part, name)] for part in parts]
        counts = iter(self._documents.counts([query for row in asked for _, query in row]))
        counted = [dict.fromkeys(names, 0) for _ in parts]
        for one, row in zip(counted, asked, strict=True):
            for name, _ in row:
                one[name] += next(counts)
        return counted


def _queries(caller: Caller, part: Part, name: str) -> list[Query]:
    """What there is of this name: the sum of what they find."""
    return _events(caller, part, name) if name in EVENTS else [_sends(caller, part, name)]


def _sends(caller: Caller, part: Part, status: str) -> Query:
    equals = {name: value for name, value in part.equals.items() if name != "account"}
    return Query(
        f"owners/{caller.owner}/sends",
        equals=equals if status == ALL else {**equals, "status": status},
        among=caller.among(part.equals.get("account")),
        order=("created_at", "desc"),
        since=part.span.since,
        until=part.span.until,
    )


def _events(caller: Caller, part: Part, kind: str) -> list[Query]:
    whole = Query(
        f"owners/{caller.owner}/events",
        equals={"type": EVENTS[kind]},
        among=caller.among(part.equals.get("account")),
        order=("at", "asc"),
        since=part.span.since,
        until=part.span.until,
    )
    if kind not in OF_PEOPLE:
        return [whole]
    from functions.domain.verdicts import PEOPLE  # and all the rules by which hits are judged: only who counts has them

    return [whole._replace(equals={**whole.equals, "verdict": verdict}) for verdict in sorted(PEOPLE)]


def _row(key: str | None, counted: Mapping[str, int], statuses: Sequence[str], kinds: Sequence[str]) -> Row:
    # Counted one after the other while sends change their status, so that a rest can be off by one.
    found = {name: max(0, counted.get(name, 0)) for name in (*statuses, *kinds)}
    by_status = {status: found[status] for status in statuses if found[status]}
    return Row(
        key,
        sum(by_status.values()),
        by_status if len(statuses) > 1 else {},
        {kind: found[kind] for kind in kinds},
    )
