"""Documents and queries in the JSON of Firestore's REST API.

https://cloud.google.com/firestore/docs/reference/rest/v1/Value and …/v1/StructuredQuery
"""

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from json.encoder import encode_basestring as quoted  # a string as JSON has it
from typing import Any

from functions.adapters import values
from functions.adapters.cursors import Place
from functions.domain.ports import Data, Query

Json = dict[str, Any]
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")
_FIRST_ID = "__id-9223372036854775808__"  # sorts before every other: Firestore's smallest numeric id


def encoded(value: Any) -> Json:
    """Of a value that is `plain`, and packed where Firestore could not hold it."""
    found: Json = json.loads(text(value))
    return found


def text(value: Any) -> str:
    """The JSON of `encoded`, in one step: a send's records have a hundred values."""
    return _NULL_TEXT if value is None else _TEXTS[type(value)](value)


_NULL_TEXT = '{"nullValue":null}'
_TEXTS: dict[type, Callable[[Any], str]] = {
    str: lambda value: f'{{"stringValue":{quoted(value)}}}',
    bool: lambda value: '{"booleanValue":true}' if value else '{"booleanValue":false}',
    int: lambda value: f'{{"integerValue":"{value}"}}',  # JSON's numbers are doubles
    float: lambda value: f'{{"doubleValue":{value!r}}}',
    bytes: lambda value: f'{{"bytesValue":"{base64.b64encode(value).decode()}"}}',
    datetime: lambda value: f'{{"timestampValue":"{moment(value)}"}}',
    list: lambda value: f'{{"arrayValue":{{"values":[{",".join(map(text, value))}]}}}}',
    dict: lambda value: f'{{"mapValue":{{"fields":{{{fields(value)}}}}}}}',
}


def decoded(value: Json) -> Any:
    ((kind, found),) = value.items()
    return _DECODERS[kind](found)


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "stringValue": lambda found: found,
    "nullValue": lambda _: None,
    "booleanValue": lambda found: found,
    "integerValue": int,
    "doubleValue": float,  # a number, or a word for what JSON has none for
    "bytesValue": base64.b64decode,
    "timestampValue": lambda found: read_moment(found),
    "arrayValue": lambda found: [decoded(item) for item in found.get("values", ())],
    "mapValue": lambda found: {name: decoded(item) for name, item in found.get("fields", {}).items()},
}


def fields(data: Data) -> str:
    """The JSON of a document's or a map's fields, without the braces."""
    return ",".join([f"{quoted(name)}:{text(value)}" for name, value in data.items()])


def data(found: Json) -> Data:
    """Without the commit's mark."""
    return {name: values.unpack(decoded(value)) for name, value in found.items() if name != values.COMMIT_ID}


def moment(value: datetime) -> str:
    """Of a moment in UTC."""
    return f"{value.isoformat().removesuffix('+00:00')}Z"


def read_moment(text: str) -> datetime:
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(f"Not a time: {text!r}")
    microsecond = int((match[2] or "").ljust(6, "0")[:6])
    return datetime.fromisoformat(match[1]).replace(microsecond=microsecond, tzinfo=UTC)


def field_path(name: str) -> str:
    """A top-level field's name where a path is asked for."""
    if _SIMPLE.fullmatch(name):
        return name
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def search(root: str, query: Query, start: Place | None, limit: int) -> Json:
    """The structured query for its first documents after a place. Plain queries only: see `searches`."""
    found = _filtered(query)
    direction = _direction(query)
    names = [*([field_path(query.order[0])] if query.order else []), "__name__"]
    found["orderBy"] = [{"field": {"fieldPath": name}, "direction": direction} for name in names]
    if start:
        last = [encoded(values.plain(start[0]))] if query.order else []
        found["startAt"] = {"values": [*last, _reference(root, start[1])], "before": False}
    return {**found, "limit": limit}


def counting(query: Query, enough: int | None) -> Json:
    """The structured query for how many documents it finds, up to enough."""
    found = _filtered(query)
    if query.order:  # without one a range would sort by itself, ascending, and want another index
        found["orderBy"] = [{"field": {"fieldPath": field_path(query.order[0])}, "direction": _direction(query)}]
    return {**found, "limit": enough} if enough else found


def below(root: str, place: str, after: str, limit: int) -> Json:
    """The structured query for everything below a place: no collection's name, over a range of document names."""
    if len(place.split("/")) % 2:  # a collection: its first and its last thinkable document
        first, last = after or f"{place}/{_FIRST_ID}", f"{place}\0/{_FIRST_ID}"
    else:
        first, last = after or place, f"{place}\0"
    bounds = (("GREATER_THAN", first), ("LESS_THAN", last))
    conditions = [_condition("__name__", sign, _reference(root, name)) for sign, name in bounds]
    return {
        "from": [{"allDescendants": True}],
        "where": {"compositeFilter": {"op": "AND", "filters": conditions}},
        "orderBy": [{"field": {"fieldPath": "__name__"}, "direction": "ASCENDING"}],
        "limit": limit,
    }


def _filtered(query: Query) -> Json:
    conditions = [(name, "EQUAL", value) for name, value in query.equals.items()]
    if query.contains:
        conditions.append((query.contains[0], "ARRAY_CONTAINS", query.contains[1]))
    if query.order:
        bounds = (("GREATER_THAN_OR_EQUAL", query.since), ("LESS_THAN", query.until))
        conditions += [(query.order[0], sign, bound) for sign, bound in bounds if bound is not None]
    filters = [
        _condition(field_path(name), sign, encoded(values.plain(value))) if value is not None else _null(name)
        for name, sign, value in conditions
    ]
    found: Json = {"from": [{"collectionId": query.collection.rpartition("/")[2], "allDescendants": query.group}]}
    if filters:
        found["where"] = {"compositeFilter": {"op": "AND", "filters": filters}}
    return found


def _condition(path: str, sign: str, value: Json) -> Json:
    return {"fieldFilter": {"field": {"fieldPath": path}, "op": sign, "value": value}}


def _null(name: str) -> Json:
    """Nothing equals null in Firestore: there is a word of its own for it."""
    return {"unaryFilter": {"op": "IS_NULL", "field": {"fieldPath": field_path(name)}}}


def _direction(query: Query) -> str:
    return "DESCENDING" if query.order and query.order[1] == "desc" else "ASCENDING"


def _reference(root: str, path: str) -> Json:
    return {"referenceValue": f"{root}/{path}"}
