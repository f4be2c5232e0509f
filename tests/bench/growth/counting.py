"""A store that counts what Firestore would bill and index, and calls of Gmail by their quota units."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from functions.adapters.declared_indexes import declared
from functions.domain.indexes import Index
from functions.domain.ports import Data, Delete, Document, Documents, Page, Query, Write

# Quota units of the methods that the code calls: https://developers.google.com/workspace/gmail/api/reference/quota
UNITS = {"send": 100, "watch": 100, "stop": 50, "history": 2, "profile": 1, "messages": 5, "message": 20, "thread": 40}

Entry = tuple[str, Any]  # an index, and the value at which a document stands in it


@dataclass(frozen=True)
class Operations:
    """What something costs, in documents, index entries, calls and quota units; of several, on average."""

    reads: float = 0
    writes: float = 0
    deletes: float = 0
    entries: float = 0  # index entries written or removed
    needed: float = 0  # of these, the ones that a query of ours can find something by
    trips: float = 0  # calls of the store: most of them one after the other
    tasks: float = 0  # put into the queue
    units: float = 0  # of Gmail's quota

    def __add__(self, other: "Operations") -> "Operations":
        return Operations(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __mul__(self, by: float) -> "Operations":
        return Operations(*(getattr(self, f.name) * by for f in fields(self)))

    def __sub__(self, other: "Operations") -> "Operations":
        return self + other * -1


class CountingDocuments:
    """Passes everything on. A missing document is billed as a read, and so is a query that finds nothing:
    https://cloud.google.com/firestore/pricing#operations"""

    def __init__(self, inner: Documents) -> None:
        self.inner = inner
        self.done = Operations()
        self.ranges: Counter[str] = Counter()  # entries written at the moving end of an index of all owners

    def get(self, path: str) -> Document | None:
        return self.get_many([path])[0]

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        if paths:
            self.done += Operations(reads=len(set(paths)), trips=1)
        return self.inner.get_many(paths)

    def commit(self, writes: Sequence[Write]) -> list[str]:
        places = list(dict.fromkeys(write.path for write in writes))
        before = self._entries(places)
        versions = self.inner.commit(writes)
        after = self._entries(places)
        deletes = sum(isinstance(write, Delete) for write in writes)
        changed = before ^ after
        needed = sum(name in asked() for (name, _), _ in changed)
        self.done += Operations(0, len(writes) - deletes, deletes, len(changed), needed, trips=1)
        self.ranges.update(name for (name, at), _ in after - before if _moving(name, at))
        return versions

    def query(self, query: Query) -> Page:
        page = self.inner.query(query)
        self.done += Operations(reads=max(1, len(page.documents) + (page.next is not None)), trips=1)
        return page

    def counts(self, queries: Sequence[Query]) -> list[int]:
        self.done += Operations(reads=len(queries), trips=1)
        return self.inner.counts(queries)

    def below(self, place: str, limit: int, after: str = "") -> list[Document]:
        return self.inner.below(place, limit, after)

    def expire(self, now: datetime) -> None:
        """Firestore's own TTL does it."""

    def _entries(self, places: Sequence[str]) -> set[tuple[Entry, str]]:
        found = self.inner.get_many(places) if places else []
        return {(entry, document.path) for document in found if document for entry in entries(document)}


def entries(document: Document) -> Iterator[Entry]:
    """Where a document stands in indexes: in what is declared, and by every field where its collection is not exempt.
    https://firebase.google.com/docs/firestore/query-data/index-overview#automatic_indexing"""
    collection = document.path.split("/")[-2]
    exempt = collection in declared().exempt
    for name, value in () if exempt else document.data.items():
        yield from _automatic(f"{collection}.{name}", value)
    for index in declared().of(collection):
        if not _alone(index):
            yield from _declared(index, document.data)
        elif exempt and _field(index) in document.data:
            directions = ("asc", "desc") if index.order else ("asc",)
            yield from ((f"{collection}.{_field(index)} {way}", document.data[_field(index)]) for way in directions)


def _automatic(name: str, value: Any) -> Iterator[Entry]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _automatic(f"{name}.{key}", inner)
    elif isinstance(value, list):
        yield from {(f"{name} contains", repr(element)) for element in value}
    else:
        yield f"{name} asc", value
        yield f"{name} desc", value


def _declared(index: Index, data: Data) -> Iterator[Entry]:
    names = [*index.equals, *([index.order[0]] if index.order else [])]
    if not all(name in data for name in names):
        return
    title, at = _title(index), tuple(data[name] for name in names)
    if index.contains:
        yield from ((title, (repr(element), *at)) for element in data.get(index.contains, ()))
    else:
        yield title, at


def _title(index: Index) -> str:
    fields = [*index.equals, *filter(None, [index.contains]), *([index.order[0]] if index.order else [])]
    return f"{index.scope} {index.collection} ({', '.join(fields)})"


def _alone(index: Index) -> bool:
    """Of one field, within a collection: it has its automatic name, whoever made it."""
    return index.scope == "collection" and not index.contains and len(index.filters) + (index.order is not None) == 1


def _field(index: Index) -> str:
    return index.order[0] if index.order else index.equals[0]


@cache
def asked() -> frozenset[str]:
    """The indexes that some query uses: what is declared, and of an order's two directions the one."""
    return frozenset(
        f"{i.collection}.{_field(i)} {i.order[1] if i.order else 'asc'}" if _alone(i) else _title(i)
        for i in declared().all
    )


def _moving(name: str, at: Any) -> bool:
    """Whether an entry is near now, whoever its owner is: a range that one machine serves.
    Contents are spread over a day as it is (`functions/services/recording.py`)."""
    of_all = name.startswith("group") and "expires_at" not in name
    return of_all and isinstance(at, tuple) and isinstance(at[-1], datetime)


def size(value: Any) -> float:
    """Bytes of a value, as Firestore counts them: https://firebase.google.com/docs/firestore/storage-size"""
    match value:
        case dict():
            return 32 + sum(len(name) + 1 + size(inner) for name, inner in value.items())
        case list():
            return sum(size(inner) for inner in value)
        case str():
            return len(value.encode()) + 1
        case bytes():
            return len(value)
        case None | bool():
            return 1
        case _:
            return 8


def units(method: str, url: str) -> int:
    """What a call of Gmail takes of the quota."""
    place = urlsplit(url).path.rstrip("/").split("/users/me/")[-1].split("/")
    if method == "POST":
        return UNITS[place[-1]]
    if place[0] == "threads":
        return UNITS["thread"]
    if place[0] == "messages" and len(place) > 1:
        return UNITS["message"]
    return UNITS[place[0]]
