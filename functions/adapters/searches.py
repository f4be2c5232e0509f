"""Queries that ask for more than one place of an index: one of several values, or several elements of a list.

One of several values is a query for each, and their pages laid together. Firestore's `in` would take 30 values at most,
and index merging with it is documented nowhere; a plain query for each needs no more than its index.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from functions.adapters import cursors
from functions.adapters.cursors import Place
from functions.adapters.ordering import sortable
from functions.domain.ports import Document, Page, Query

# Of a search for several elements each record with the rarest one is read and looked at: so many at once, and for one
# page. A page may then be short, or empty, and more follow.
CHUNK, READ_LIMIT = 200, 2000
CANDIDATES = 8  # elements whose records are counted to find the rarest; so many records tell enough
COUNTED = 1000

Stream = Callable[[Query, Place | None, int], list[Document]]  # the first so many documents after a place
Count = Callable[[Query, int], int]  # how many documents, up to so many


class Read(NamedTuple):
    """What a query found, in order. `end`: where reading stopped though there is more, and the page is not full."""

    documents: Sequence[Document]
    end: Place | None = None


def plain(query: Query) -> list[Query]:
    """One query for each value of `among`."""
    if query.among is None:
        return [query]
    name, found = query.among
    return [query._replace(among=None, equals={**query.equals, name: value}) for value in dict.fromkeys(found)]


def page(query: Query, reads: Sequence[Read]) -> Page:
    """The first documents of all reads together, as far as every one of them has come."""
    descending = query.order is not None and query.order[1] == "desc"
    ends = [read.end for read in reads if read.end is not None]
    end = (max if descending else min)(ends, key=_position, default=None)
    found = [document for read in reads for document in read.documents]
    if len(reads) > 1:
        found.sort(key=lambda document: _position(cursors.place_of(query, document)), reverse=descending)
    if end is not None:
        limit = _position(end)
        places = [(_position(cursors.place_of(query, document)), document) for document in found]
        found = [document for at, document in places if (at >= limit if descending else at <= limit)]
    shown = tuple(found[: query.limit])
    if len(found) > query.limit:
        return Page(shown, cursors.cursor(query, cursors.place_of(query, shown[-1])))
    return Page(shown, cursors.cursor(query, end) if end is not None else None)


def rarest(query: Query, count: Count) -> str:
    """The element of a search for several that the fewest records have."""
    assert query.contains  # noqa: S101 -- whoever asks has seen it
    field, *elements = query.contains
    longest = sorted(elements, key=len, reverse=True)[:CANDIDATES]
    if len(longest) < 2:
        return longest[0]
    counted = {e: count(query._replace(among=None, contains=(field, e)), COUNTED) for e in longest}
    return min(longest, key=lambda element: counted[element])


def with_all(query: Query, element: str, start: Place | None, stream: Stream) -> Read:
    """What a plain query for several elements finds, by reading what a query for one of them finds."""
    assert query.contains  # noqa: S101
    field, *elements = query.contains
    one = query._replace(contains=(field, element))
    found: list[Document] = []
    read = 0
    while len(found) <= query.limit:
        documents = stream(one, start, CHUNK)
        found += [document for document in documents if set(elements) <= set(document.data[field])]
        read += len(documents)
        if len(documents) < CHUNK:
            return Read(found)
        start = cursors.place_of(query, documents[-1])
        if read >= READ_LIMIT and len(found) <= query.limit:
            return Read(found, start)
    return Read(found)


def _position(place: Place) -> tuple[bytes, str]:
    value, path = place
    return sortable(value) or b"", path
