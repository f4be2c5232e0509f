"""Which queries are served: the rules of Firestore's indexes, over those that `infra/indexes.json` declares.

Both stores ask here before they search, so a query that passes on a laptop has its index in the cloud too: the
Firestore emulator enforces none, and production answers an undeclared one with FAILED_PRECONDITION.

The rules (https://cloud.google.com/firestore/docs/query-data/index-overview#taking_advantage_of_index_merging):
- an index is a set of filter fields and one order; it serves a query of that order whose filters include its own;
- several indexes of the same order are merged, and serve the union of their filters;
- at most one array is searched; a range is possible on the order field alone;
- an index of one field by which a collection is ordered is made in both directions; one of a group only as declared.
Firestore would index each field by itself, asked or not. Nothing here relies on that, and what `exempt` names has none
of it: the file is the list of all queries, and neither store keeps entries for anything else.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from functions.domain.ports import Query

Scope = Literal["collection", "group"]
Order = tuple[str, Literal["asc", "desc"]]


class Index(NamedTuple):
    """Entries of one collection id: found by `equals` and an element of the array `contains`, sorted by `order`."""

    collection: str
    scope: Scope
    equals: tuple[str, ...]
    contains: str | None
    order: Order | None

    @property
    def filters(self) -> frozenset[tuple[str, str]]:
        found = {("equals", name) for name in self.equals}
        return frozenset(found | {("contains", self.contains)} if self.contains else found)

    def has_order(self, order: Order | None) -> bool:
        if self.order is None or order is None or self.filters or self.scope == "group":
            return self.order == order
        return self.order[0] == order[0]  # of one field: made in both directions


class FieldOf(NamedTuple):
    collection: str
    field: str


@dataclass(frozen=True, slots=True)
class Indexes:
    """Everything the file declares. `ttl` and `exempt` are for Terraform; no query depends on them.

    `exempt`: ids of the collections in which Firestore indexes nothing by itself. All of them.
    """

    all: tuple[Index, ...]
    ttl: tuple[FieldOf, ...] = ()
    exempt: frozenset[str] = frozenset()

    def of(self, collection: str) -> Iterator[Index]:
        """Those that a document of the collection with this id has entries in."""
        return (index for index in self.all if index.collection == collection)

    def check_count(self, query: Query) -> tuple[Index, ...]:
        """As `check`, and the indexes alone must be able to tell how many."""
        if query.contains and len(query.contains) > 2:
            raise ValueError("A count is of one element: which documents have several, only they themselves tell.")
        return self.check(query)

    def check(self, query: Query) -> tuple[Index, ...]:
        """The declared indexes that serve the query together; ValueError if they don't."""
        _check_form(query)
        name = query.collection.rpartition("/")[2]
        scope: Scope = "group" if query.group else "collection"
        wanted = {("equals", field) for field in query.equals}
        if query.among:
            wanted.add(("equals", query.among[0]))
        if query.contains:
            wanted.add(("contains", query.contains[0]))
        usable = sorted(
            (i for i in self.of(name) if i.scope == scope and i.filters <= wanted and i.has_order(query.order)),
            key=lambda index: -len(index.filters),
        )
        chosen: list[Index] = []
        missing = set(wanted)
        for index in usable:
            if index.filters & missing or not (wanted or chosen):
                chosen.append(index)
                missing -= index.filters
        if missing or not chosen:
            raise ValueError(
                f"No index serves this query; declare it in infra/indexes.json: {_wish(query, name, scope)}"
            )
        return tuple(chosen)


def _check_form(query: Query) -> None:
    segments = query.collection.split("/")
    if not all(segments) or (len(segments) != 1 if query.group else len(segments) % 2 == 0):
        raise ValueError(f"Not a collection{' id' if query.group else ''}: {query.collection!r}")
    if query.order is None and (query.since is not None or query.until is not None):
        raise ValueError("A query with since or until needs an order: they bound the order's field.")
    if query.order and query.order[1] not in ("asc", "desc"):
        raise ValueError(f"Not an order: {query.order!r}")
    if query.contains is not None and len(query.contains) < 2:
        raise ValueError("A query for elements of a list names the list, and at least one element.")
    if query.among and (query.group or query.among[0] in query.equals):
        raise ValueError("One of several values is a field of its own, of one collection.")
    if query.limit < 1:
        raise ValueError("A query's limit is at least 1.")


def _wish(query: Query, name: str, scope: Scope) -> str:
    equal = [*query.equals, *([query.among[0]] if query.among else [])]
    fields = [{"field": field, "mode": "equals"} for field in equal]
    if query.contains:
        fields.append({"field": query.contains[0], "mode": "contains"})
    if query.order:
        fields.append({"field": query.order[0], "mode": query.order[1]})
    return json.dumps({"collection": name, "scope": scope, "fields": fields})


def parse(text: str) -> Indexes:
    """Indexes from the text of `infra/indexes.json`."""
    declared = json.loads(text)
    return Indexes(
        all=tuple(_index(entry) for entry in declared["indexes"]),
        ttl=tuple(FieldOf(**entry) for entry in declared.get("ttl", ())),
        exempt=frozenset(declared.get("exempt", ())),
    )


def _index(entry: dict[str, Any]) -> Index:
    modes: dict[str, list[str]] = {"equals": [], "contains": [], "asc": [], "desc": []}
    for field in entry["fields"]:
        modes[field["mode"]].append(field["field"])
    orders: list[Order] = [(name, "asc") for name in modes["asc"]] + [(name, "desc") for name in modes["desc"]]
    if entry["scope"] not in ("collection", "group") or not entry["fields"]:
        raise ValueError(f"Not an index: {entry}")
    if len(modes["contains"]) > 1 or len(orders) > 1 or (orders and entry["fields"][-1]["field"] != orders[0][0]):
        raise ValueError(f"An index has at most one `contains` and one order, which comes last: {entry}")
    return Index(
        collection=entry["collection"],
        scope=entry["scope"],
        equals=tuple(modes["equals"]),
        contains=modes["contains"][0] if modes["contains"] else None,
        order=orders[0] if orders else None,
    )
