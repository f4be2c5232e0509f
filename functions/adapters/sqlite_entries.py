"""Index entries, as Firestore keeps them, in one SQLite table: what a document adds to it and how a query reads it.

An entry is (key, ord, name). `key` is a hash of everything a query holds equal: the index, the collection or group, the
filters' values. `ord` sorts as bytes like the order's value does. `name` is the document's id, or its path in a group.
A query is then one range of the primary key, read in order, and an index that the file gains costs no schema change.
"""

from functools import lru_cache
from hashlib import blake2b
from sqlite3 import Connection
from typing import Any, NamedTuple

from functions.adapters import values
from functions.adapters.cursors import Place
from functions.adapters.ordering import sortable
from functions.domain.indexes import Index, Indexes
from functions.domain.ports import Data, Query

Entry = tuple[bytes, bytes, str]
At = tuple[bytes, str]  # a place in a list: ord and name

_IN_RANGE = "e.key = ? AND (e.ord, e.name) >= (?, ?) AND (e.ord, e.name) < (?, ?)"
_FIRST: At = (b"", "")  # what every range begins and ends with, where nothing bounds it: tags are far below 255
_END: At = (b"\xff", "")
_PACE = 500  # entries of a list that tell how close they lie


def _key(index: Index, home: str, equal: dict[str, Any], element: Any) -> bytes | None:
    parts = [equal[name] for name in index.equals] + ([element] if index.contains else [])
    return _digest(_list(index, home).head, [sortable(value) for value in parts])


class _List(NamedTuple):
    """What the entries of an index in one place have in common."""

    head: bytes
    needed: frozenset[str]  # fields without which a document has no entry
    fields: frozenset[str]  # all that decide which entries it has


@lru_cache(4096)
def _list(index: Index, home: str) -> _List:
    order = index.order[0] if index.order else ""  # both directions read the same entries
    head = f"{index.scope}\0{home}\0{','.join(index.equals)}\0{index.contains or ''}\0{order}".encode()
    needed = frozenset(filter(None, (*index.equals, order)))
    return _List(head, needed, needed | {index.contains} if index.contains else needed)


def _digest(head: bytes, encoded: list[bytes | None]) -> bytes | None:
    found = head
    for value in encoded:
        if value is None:
            return None
        found += len(value).to_bytes(4, "big") + value
    return blake2b(found, digest_size=16).digest()


def entries(indexes: Indexes, path: str, data: Data | None, among: Data | None = None) -> set[Entry]:
    """All entries of a document, or those of indexes that have one of the fields `among`; none if it is not there."""
    if data is None:
        return set()
    home, _, doc_id = path.rpartition("/")
    collection = home.rpartition("/")[2]
    known = _Encoded(data)
    found: set[Entry] = set()
    for index in indexes.of(collection):
        where, name = (collection, path) if index.scope == "group" else (home, doc_id)
        kept = _list(index, where)
        # As in Firestore: a document without the field is in no list ordered by it.
        if kept.needed <= data.keys() and (among is None or not kept.fields.isdisjoint(among)):
            found.update(_entries(index, kept.head, name, known))
    return found


class _Encoded(dict[str, bytes | None]):
    """A document's fields as they are sorted: many indexes ask for the same ones."""

    def __init__(self, data: Data) -> None:
        super().__init__()
        self.data = data

    def __missing__(self, name: str) -> bytes | None:
        found = self[name] = sortable(self.data[name])
        return found


def _entries(index: Index, head: bytes, name: str, known: _Encoded) -> list[Entry]:
    place = known[index.order[0]] if index.order else b""
    if place is None:
        return []
    equal = [known[field] for field in index.equals]
    if index.contains is None:
        keys = [_digest(head, equal)]
    else:
        elements = known.data.get(index.contains)
        keys = [_digest(head, [*equal, sortable(one)]) for one in (elements if isinstance(elements, list) else ())]
    return [(key, place, name) for key in keys if key is not None]


def statement(db: Connection, query: Query, chosen: tuple[Index, ...], start: Place | None) -> tuple[str, list[Any]]:
    """SQL and its arguments for path, data and version of the query's documents, in order, one more than its limit.

    The text is put together from constants alone; every value is an argument.
    """
    where, arguments = _where(db, query, chosen, start)
    direction = "DESC" if _descending(query) else "ASC"
    # CROSS JOIN keeps SQLite from starting with the documents: https://www.sqlite.org/optoverview.html#crossjoin
    sql = (
        "SELECT d.path, d.data, d.version FROM entries e CROSS JOIN documents d ON d.path = ? || e.name"  # noqa: S608
        f"{where} ORDER BY e.ord {direction}, e.name {direction} LIMIT ?"
    )
    prefix = "" if query.group else query.collection + "/"
    return sql, [prefix, *arguments, query.limit + 1]


def counting(db: Connection, query: Query, chosen: tuple[Index, ...]) -> tuple[str, list[Any]]:
    """SQL and its arguments for how many documents the query finds; no document is read."""
    where, arguments = _where(db, query, chosen, None)
    return f"SELECT count(*) FROM entries e{where}", arguments  # noqa: S608


def _where(db: Connection, query: Query, chosen: tuple[Index, ...], start: Place | None) -> tuple[str, list[Any]]:
    equals = {name: values.plain(value) for name, value in query.equals.items()}
    elements = query.contains[1:] if query.contains else ()
    keys = [
        _key(index, query.collection, equals, element)
        for index in chosen
        for element in (elements if index.contains else (None,))
    ]
    low, high = _range(query, start)
    merged = ""
    if len(keys) > 1:
        low, high = _overlap(db, keys, low, high)
        keys = _sparsest_first(db, keys, low, high, descending=_descending(query))
        # One condition for all lists: with many SQLite believes that next to nothing is left, and sorts that rather
        # than read in order. CASE looks them up one after the other, until one has it not.
        absent = "NOT EXISTS (SELECT 1 FROM entries m WHERE m.key = ? AND m.ord = e.ord AND m.name = e.name)"
        merged = f" AND CASE{f' WHEN {absent} THEN 0' * (len(keys) - 1)} ELSE 1 END"
    return f" WHERE {_IN_RANGE}{merged}", [keys[0], *low, *high, *keys[1:]]


def _descending(query: Query) -> bool:
    return bool(query.order and query.order[1] == "desc")


def _range(query: Query, start: Place | None) -> tuple[At, At]:
    """From where (inclusive) to where (exclusive) the query reads. One bound on each side: of two SQLite would use one
    to find its place, and read all that lies between them."""
    low, high = _FIRST, _END
    since = None if query.since is None else sortable(values.plain(query.since))
    until = None if query.until is None else sortable(values.plain(query.until))
    if since or until:
        # As in Firestore, a bound spans values of its own type.
        low = (since or (until or b"")[:1], "")
        high = (until or bytes([(since or b"\0")[0] + 1]), "")
    if start:
        value, path = start
        place = (sortable(value) or b"") if query.order else b""
        name = path if query.group else path.rpartition("/")[2]
        if _descending(query):
            high = min(high, (place, name))
        else:
            low = max(low, (place, name + "\0"))  # the next name that there could be
    return low, high


def _overlap(db: Connection, keys: list[bytes | None], low: At, high: At) -> tuple[At, At]:
    """The part of the range that all lists share: an old template and a new account may share none."""
    first, last = (
        [db.execute(f"SELECT {end}(ord) FROM entries WHERE key = ?", (key,)).fetchone()[0] for key in keys]  # noqa: S608
        for end in ("min", "max")
    )
    if None in first:
        return _FIRST, _FIRST
    return max(low, (max(first), "")), min(high, (min(last) + b"\0", ""))


def _sparsest_first(
    db: Connection, keys: list[bytes | None], low: At, high: At, *, descending: bool
) -> list[bytes | None]:
    """A merge walks along one list and looks the others up: so along the one whose entries lie furthest apart, where
    the walk begins. That is the one that so many entries bring furthest; best of all is one that has not so many."""
    direction = "DESC" if descending else "ASC"
    sql = (
        f"SELECT e.ord FROM entries e WHERE {_IN_RANGE}"  # noqa: S608
        f" ORDER BY e.ord {direction}, e.name {direction} LIMIT 1 OFFSET {_PACE}"
    )
    end = b"" if descending else b"\xff"
    reached = {key: (db.execute(sql, [key, *low, *high]).fetchone() or (end,))[0] for key in keys}
    return sorted(keys, key=lambda key: reached[key], reverse=not descending)
