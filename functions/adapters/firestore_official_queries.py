"""A query of ours as one of Firestore's SDK. Plain queries only: see `searches`."""

from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.field_path import FieldPath

from functions.adapters import values
from functions.adapters.cursors import Place
from functions.domain.ports import Query

_FIRST_ID = "__id-9223372036854775808__"  # sorts before every other: Firestore's smallest numeric id


def search(client: Any, query: Query, start: Place | None, limit: int) -> Any:
    """Its first documents after a place."""
    found = _filtered(client, query)
    descending = bool(query.order and query.order[1] == "desc")
    direction = firestore.Query.DESCENDING if descending else firestore.Query.ASCENDING
    names = [*([_quoted(query.order[0])] if query.order else []), FieldPath.document_id()]
    for name in names:
        found = found.order_by(name, direction=direction)
    if start:
        # Of one collection the SDK wants the bare id here, of a group the reference.
        name = client.document(start[1]) if query.group else start[1].rpartition("/")[2]
        found = found.start_after(dict(zip(names, [*([start[0]] if query.order else []), name], strict=True)))
    return found.limit(limit)


def counting(client: Any, query: Query, enough: int | None) -> Any:
    """How many documents it finds, up to enough."""
    found = _filtered(client, query)
    if query.order:  # without one a range would sort by itself, ascending, and want another index
        direction = firestore.Query.DESCENDING if query.order[1] == "desc" else firestore.Query.ASCENDING
        found = found.order_by(_quoted(query.order[0]), direction=direction)
    return (found.limit(enough) if enough else found).count(alias="all")


def below(client: Any, place: str, after: str, limit: int) -> Any:
    """Everything below a place. A query without a collection's name, over a range of document names, as the SDKs delete
    recursively: `recursive()` alone takes a collection, and starts at its beginning."""
    home, first = place.split("/"), after or place
    if len(home) % 2:  # a collection: its first and its last thinkable document
        first, last = after or f"{place}/{_FIRST_ID}", f"{place}\0/{_FIRST_ID}"
    else:
        last = f"{place}\0"
    # Sorted by the name, as every range is. The SDK needs a collection to begin with.
    found = client.collection(home[0]).recursive()
    for sign, name in ((">", first), ("<", last)):
        found = found.where(filter=FieldFilter(FieldPath.document_id(), sign, client.document(name)))
    return found.limit(limit)


def _filtered(client: Any, query: Query) -> Any:
    found = client.collection_group(query.collection) if query.group else client.collection(query.collection)
    conditions: list[tuple[str, str, Any]] = [(name, "==", value) for name, value in query.equals.items()]
    if query.contains:
        conditions.append((query.contains[0], "array_contains", query.contains[1]))
    if query.order:
        bounds = ((">=", query.since), ("<", query.until))
        conditions += [(query.order[0], sign, bound) for sign, bound in bounds if bound is not None]
    for name, sign, value in conditions:
        found = found.where(filter=FieldFilter(_quoted(name), sign, values.plain(value)))
    return found


def _quoted(name: str) -> str:
    return str(FieldPath(name).to_api_repr())
