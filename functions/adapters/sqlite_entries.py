"""Index entries, as Firestore keeps them, in one SQLite table: what a document adds to it and how a query reads it.

An entry is (key, ord, name). `key` is a hash of everything a query holds equal: the index, the collection or group, the
filters' values. `ord` sorts as bytes like the order's value does. `name` is the document's id, or its path in a group.
A query is then one range of the primary key, read in order, and an index that the file gains costs no schema change.
"""

import hashlib
import struct
from collections.abc import Iterator
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from functions.adapters import values
from functions.adapters.cursors import Place
from functions.domain.indexes import Index, Indexes
from functions.domain.ports import Data, Query

Entry = tuple[bytes, bytes, str]

_NULL, _BOOL, _NUMBER, _TIME, _TEXT, _BYTES = (bytes([tag]) for tag in range(1, 7))
_MANY = 20_000


def sortable(value: Any) -> bytes | None:
    """Bytes in Firestore's order of types and values; None for a list or map, which no query here compares.

    Numbers: integers and floats share one order, and 64-bit integers are more exact than doubles; so a double first,
    then what the integer has beyond it.
    """
    match value:
        case None:
            return _NULL
        case bool():
            return _BOOL + bytes([value])
        case int() | float():
            double = float(value) + 0.0  # -0.0 equals 0.0
            rest = int(value) - int(double) if isinstance(value, int) else 0
            (bits,) = struct.unpack(">Q", struct.pack(">d", double))
            bits = bits ^ 0xFFFF_FFFF_FFFF_FFFF if bits >> 63 else bits | 1 << 63
            return _NUMBER + struct.pack(">QH", bits, rest + 0x8000)
        case datetime():
            return _TIME + struct.pack(">Q", values.microseconds(value) + (1 << 63))
        case str():
            return _TEXT + value.encode()
        case bytes():
            return _BYTES + value
        case _:
            return None


def _key(index: Index, home: str, equal: dict[str, Any], element: Any) -> bytes | None:
    digest = hashlib.blake2b(digest_size=16)
    order = index.order[0] if index.order else ""  # both directions read the same entries
    parts = [index.scope, home, ",".join(index.equals), index.contains or "", order]
    digest.update("\0".join(parts).encode())
    for value in [*(equal[name] for name in index.equals), *([element] if index.contains else [])]:
        encoded = sortable(value)
        if encoded is None:
            return None
        digest.update(struct.pack(">I", len(encoded)) + encoded)
    return digest.digest()


def entries(indexes: Indexes, path: str, data: Data | None) -> set[Entry]:
    """All entries of a document; none if it is not there."""
    if data is None:
        return set()
    home, _, doc_id = path.rpartition("/")
    collection = home.rpartition("/")[2]
    return {
        entry for index in indexes.of(collection) for entry in _entries(index, home, collection, doc_id, path, data)
    }


def _entries(index: Index, home: str, collection: str, doc_id: str, path: str, data: Data) -> Iterator[Entry]:
    if any(name not in data for name in index.equals):
        return
    if index.order and index.order[0] not in data:
        return  # as in Firestore: a document without the field is in no list ordered by it
    place = sortable(data[index.order[0]]) if index.order else b""
    elements: list[Any] = [None]
    if index.contains:
        found = data.get(index.contains)
        elements = found if isinstance(found, list) else []
    where, name = (collection, path) if index.scope == "group" else (home, doc_id)
    for element in elements:
        key = _key(index, where, data, element)
        if key is not None and place is not None:
            yield key, place, name


def statement(db: Connection, query: Query, chosen: tuple[Index, ...], start: Place | None) -> tuple[str, list[Any]]:
    """SQL and its arguments for path, data and version of the query's documents, in order, one more than its limit.

    The text is put together from constants alone; every value is an argument.
    """
    equals = {name: values.plain(value) for name, value in query.equals.items()}
    element = query.contains[1] if query.contains else None
    keys = [_key(index, query.collection, equals, element) for index in chosen]
    bounds, limits = _bounds(query)
    if len(keys) > 1:
        bounds, limits = _overlap(db, keys, bounds, limits)
        keys.sort(key=lambda key: _count(db, key, bounds, limits))
    descending = bool(query.order and query.order[1] == "desc")
    if start:
        value, path = start
        place = sortable(value) if query.order else b""
        bounds += f" AND (e.ord, e.name) {'<' if descending else '>'} (?, ?)"
        limits = [*limits, place, path if query.group else path.rpartition("/")[2]]
    merged = " AND EXISTS (SELECT 1 FROM entries m WHERE m.key = ? AND m.ord = e.ord AND m.name = e.name)"
    direction = "DESC" if descending else "ASC"
    # CROSS JOIN keeps SQLite from starting with the documents: https://www.sqlite.org/optoverview.html#crossjoin
    sql = (
        "SELECT d.path, d.data, d.version FROM entries e CROSS JOIN documents d ON d.path = ? || e.name"  # noqa: S608
        f" WHERE e.key = ?{bounds}{merged * (len(keys) - 1)}"
        f" ORDER BY e.ord {direction}, e.name {direction} LIMIT ?"
    )
    prefix = "" if query.group else query.collection + "/"
    return sql, [prefix, keys[0], *limits, *keys[1:], query.limit + 1]


def _bounds(query: Query) -> tuple[str, list[Any]]:
    """The range of the order's field; as in Firestore it spans values of the bound's own type."""
    if query.since is None and query.until is None:
        return "", []
    low = sortable(values.plain(query.since)) if query.since is not None else None
    high = sortable(values.plain(query.until)) if query.until is not None else None
    lowest = low if low is not None else high[:1] if high else b""
    highest = high if high is not None else bytes([low[0] + 1]) if low else b""
    return " AND e.ord >= ? AND e.ord < ?", [lowest, highest]


def _overlap(db: Connection, keys: list[bytes | None], bounds: str, limits: list[Any]) -> tuple[str, list[Any]]:
    """The bounds, and besides them the range that all lists share: an old template and a new account may share none."""
    first, last = (
        [db.execute(f"SELECT {end}(ord) FROM entries WHERE key = ?", (key,)).fetchone()[0] for key in keys]  # noqa: S608
        for end in ("min", "max")
    )
    if None in first:
        return bounds + " AND 0", limits
    return bounds + " AND e.ord >= ? AND e.ord <= ?", [*limits, max(first), min(last)]


def _count(db: Connection, key: bytes | None, bounds: str, limits: list[Any]) -> int:
    """How many entries, up to many: a merge walks along the shortest list and looks the others up."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM entries e WHERE e.key = ?{bounds} LIMIT {_MANY})"  # noqa: S608
    return int(db.execute(sql, [key, *limits]).fetchone()[0])
