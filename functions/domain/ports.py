"""What the services need from outside systems. Adapters implement these; `backends` chooses them by URL.

Documents hold JSON values, `bytes` and aware UTC `datetime`s (microseconds), in dicts with string keys. A path is
`collection/id[/collection/id…]`; ids are ASCII without a slash.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

Data = dict[str, Any]


# Named tuples: every function imports these, and a frozen dataclass takes seven times as long to make.


class Document(NamedTuple):
    """A stored record. `version` changes with every write; it means nothing but to the store that gave it."""

    path: str
    data: Data
    version: str

    @property
    def id(self) -> str:
        return self.path.rpartition("/")[2]


class Create(NamedTuple):
    """Write a new document; fails if the path is taken."""

    path: str
    data: Data


class Update(NamedTuple):
    """Replace the given top-level fields of an existing document; fails if it is missing or, with `version`, changed.

    A value of type `Increment` is added to what is there (0 where absent).
    """

    path: str
    data: Data
    version: str | None = None


class Put(NamedTuple):
    """Write the whole document, whether or not it was there."""

    path: str
    data: Data


class Delete(NamedTuple):
    """Remove a document. Without `version` a missing one is fine; with it, fails if it is missing or changed."""

    path: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Increment:
    by: int


Write = Create | Update | Put | Delete


class Query(NamedTuple):
    """Documents of one collection, served by indexes that `infra/indexes.json` declares.

    `equals` fields must all match; `among` is (field, values), of which it must have one; `contains` is (array field,
    one element or more), all of which must be in it. `order` is a field with "asc" or "desc"; `since` (inclusive) and
    `until` (exclusive) bound it. `after` is a cursor of an earlier page. With `group`, `collection` is a bare
    collection name and every collection of that name is searched, whoever its owner is.
    """

    collection: str
    equals: Mapping[str, Any] = MappingProxyType({})
    contains: tuple[str, ...] | None = None
    order: tuple[str, Literal["asc", "desc"]] | None = None
    since: Any = None
    until: Any = None
    limit: int = 50
    after: str | None = None
    group: bool = False
    among: tuple[str, Collection[str]] | None = None


class Page(NamedTuple):
    """`next` is the cursor of the following page, None on the last one. Only that tells whether there is more: a search
    for several elements may come back with fewer documents than its limit."""

    documents: tuple[Document, ...]
    next: str | None


class Documents(Protocol):
    def get(self, path: str) -> Document | None: ...

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """In the order of `paths`, in one round trip where the store can."""
        ...

    def commit(self, writes: Sequence[Write]) -> list[str]:
        """All or nothing; at most 500 writes. Returns the new version of each (empty for a delete).

        Raises PreconditionFailed, with nothing written; Unavailable when the store can't be reached.
        """
        ...

    def query(self, query: Query) -> Page:
        """Raises InvalidRequest for a cursor that is not one of this query's, ValueError for an undeclared index."""
        ...

    def counts(self, queries: Sequence[Query]) -> list[int]:
        """How many documents each query finds in all, by its indexes alone, at once where the store can. `limit` and
        `after` don't count. Raises ValueError for a query with several elements: no index knows how many."""
        ...

    def below(self, place: str, limit: int, after: str = "") -> list[Document]:
        """What lies below a document or a collection, at any depth, after the path `after`; fewer than `limit` only at
        the end. By paths alone, so it finds what no index lists. For operators: a function asks for what it needs."""
        ...

    def expire(self, now: datetime) -> None:
        """Remove what is past the time that `ttl` in `infra/indexes.json` names, a bounded number; nothing where the
        store does so by itself."""
        ...


class BlobInfo(NamedTuple):
    name: str
    size: int  # bytes
    sha256: str  # hex


class SignedUpload(NamedTuple):
    """A request that anybody may make, with exactly these headers, to store one blob. The URL is a secret."""

    method: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime


class Blobs(Protocol):
    def write(self, name: str, blocks: Iterable[bytes]) -> BlobInfo:
        """Store the blocks under `name`, replacing what was there. Readers see all of it or nothing of it."""
        ...

    def read(self, name: str) -> Iterator[bytes]:
        """Blocks of at most 256 KiB. Raises BlobMissing before the first block."""
        ...

    def delete(self, name: str) -> None:
        """A missing blob is fine."""
        ...

    def delete_all(self, prefix: str) -> None:
        """Every blob whose name starts with `prefix`."""
        ...

    def upload_url(self, name: str, size: int, expires_at: datetime) -> SignedUpload:
        """Whoever has it stores the blob `name` without passing through a function: exactly `size` bytes, and only
        while there is no such blob. Raises Unavailable.
        """
        ...


class Secret(NamedTuple):
    value: bytes
    version: str  # the number behind "latest" too: "1", "2", …


class Secrets(Protocol):
    def get(self, name: str, version: str = "latest") -> Secret:
        """Raises SecretMissing; SecretDisabled, Unavailable: it may be read again later."""
        ...

    def add(self, name: str, value: bytes) -> str:
        """Store a new version, and return its number."""
        ...


class Unsealable(Exception):
    """The value was not sealed here, for this context, or under a key that still exists: no later try opens it."""


class Sealer(Protocol):
    """Authenticated encryption under keys that rotate."""

    @property
    def newest(self) -> str:
        """The id of the key that new values are sealed under."""
        ...

    def seal(self, value: bytes, context: str) -> str:
        """Printable; opens only with the same `context`."""
        ...

    def open(self, sealed: str, context: str) -> bytes:
        """Raises Unsealable; Unavailable where the key can't be read now, be it that it is only disabled."""
        ...

    def derive(self, key_id: str, *label: str) -> bytes:
        """32 bytes that only the holder of this key can make."""
        ...


class Tasks(Protocol):
    """The queue. It carries an id and no more; the record says what is to be done, and whether it still is."""

    def enqueue(self, owner: str, item: str, at: datetime | None = None, lane: str = "") -> None:
        """Have a send (snd_…) or an event (dlv_…) delivered at or after `at`, at least once. Raises Unavailable.

        `lane` is the account or the endpoint: a queue with few workers lets one busy lane delay no other.
        A time further ahead than the queue can hold is not enqueued: the sweeper brings it back when it is near.
        """
        ...


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Now, aware, in UTC."""
        ...
