"""Files that came with a request and belong to no send, on a laptop.

Where it stays unknown whether a send was put on record, its files are kept: one that nobody needs does less harm than a
message that has lost its own. In the cloud the bucket removes them in the end (infra/bucket.tf). On a laptop the sweep
looks once a day which of the old ones no record names.

That says something only of a directory with the files of this store alone. So the first sweep, at the start, writes the
store's id and URL into it, as long as it holds no uploads; a store that finds another's notes that there are several.
From then on, as where an unknown store's uploads were found, nothing is removed.
"""

import contextlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

from functions.domain import records
from functions.domain.batches import Batch
from functions.domain.contents import Content
from functions.domain.errors import BlobMissing, PreconditionFailed
from functions.domain.ids import RandomBytes, random_id
from functions.domain.ports import Clock, Create, Documents
from functions.services.erasing import walk

PREFIX = "uploads/"  # and then the owner, as edge/send_bodies.py names them
OLD = timedelta(days=2)  # long after the request that stored a file is over, whatever became of it
EVERY = timedelta(days=1)
STORE = "stores/blobs"  # the document with the store's id
BINDING = "store"  # the blob that names the store whose files these are
SEVERAL = "several"  # instead of a name
EVER = datetime.max.replace(tzinfo=UTC)


class Directory(Protocol):
    def older(self, prefix: str, than: datetime) -> Iterator[str]:
        """The names of blobs that were stored before that time."""
        ...

    def delete(self, name: str) -> None: ...

    def read(self, name: str) -> Iterator[bytes]: ...

    def write(self, name: str, blocks: Iterable[bytes], *, once: bool = False) -> object: ...


class Orphans:
    """`url` tells a store from its copy, which has the same id."""

    def __init__(self, documents: Documents, directory: Directory, clock: Clock, random: RandomBytes, url: str) -> None:
        self._documents = documents
        self._directory = directory
        self._clock = clock
        self._random = random
        self._url = url
        self._next: datetime | None = None

    def remove(self) -> None:
        """At most once in EVERY. Raises Unavailable."""
        now = self._clock()
        if self._next and now < self._next:
            return
        if self._is_ours():
            self._look(now)
        self._next = now + EVERY

    def _is_ours(self) -> bool:
        """Whether the directory holds files of this store alone, as far as anybody has noted."""
        store = self._store()
        bound = self._bound()
        if bound is None:
            if next(self._directory.older(PREFIX, EVER), None) is not None:
                return False  # nobody knows whose they are
            try:
                self._directory.write(BINDING, [store.encode()], once=True)
                return True
            except PreconditionFailed:  # another store was faster, or a process of this one
                bound = self._bound()
        if bound not in (store, SEVERAL):
            self._directory.write(BINDING, [SEVERAL.encode()])
        return bound == store

    def _store(self) -> str:
        """Its id, which is made once, and where it is."""
        with contextlib.suppress(PreconditionFailed):  # it has one
            self._documents.commit([Create(STORE, {"id": random_id("str", self._random)})])
        found = self._documents.get(STORE)
        return f"{found.data['id'] if found else ''} {self._url}"

    def _bound(self) -> str | None:
        try:
            return b"".join(self._directory.read(BINDING)).decode()
        except BlobMissing:
            return None

    def _look(self, now: datetime) -> None:
        by_owner: dict[str, list[str]] = {}
        for name in self._directory.older(PREFIX, now - OLD):
            by_owner.setdefault(name.split("/")[1], []).append(name)
        for owner, names in by_owner.items():
            needed = set(self._needed(owner))
            for name in names:
                if name not in needed:
                    self._directory.delete(name)

    def _needed(self, owner: str) -> Iterator[str]:
        for document in walk(self._documents, f"owners/{owner}/contents"):
            yield from (part.blob for part in records.from_data(Content, document.data).parts)
        for document in walk(self._documents, f"owners/{owner}/batches"):
            yield from records.from_data(Batch, document.data).blobs
