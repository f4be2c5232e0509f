"""Files that came with a request and belong to no send, on a laptop.

Where it stays unknown whether a send was put on record, its files are kept: one that nobody needs does less harm than a
message that has lost its own. In the cloud the bucket removes them in the end (infra/bucket.tf). On a laptop the sweep
looks once a day which of the old ones no record names.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Protocol

from functions.domain import records
from functions.domain.batches import Batch
from functions.domain.contents import Content
from functions.domain.ports import Clock, Documents
from functions.services.erasing import walk

PREFIX = "uploads/"  # and then the owner, as edge/send_bodies.py names them
OLD = timedelta(days=2)  # long after the request that stored a file is over, whatever became of it
EVERY = timedelta(days=1)


class Directory(Protocol):
    def older(self, prefix: str, than: datetime) -> Iterator[str]:
        """The names of blobs that were stored before that time."""
        ...

    def delete(self, name: str) -> None: ...


class Orphans:
    def __init__(self, documents: Documents, directory: Directory, clock: Clock) -> None:
        self._documents = documents
        self._directory = directory
        self._clock = clock
        self._next: datetime | None = None

    def remove(self) -> None:
        """At most once in EVERY. Raises Unavailable."""
        now = self._clock()
        if self._next and now < self._next:
            return
        by_owner: dict[str, list[str]] = {}
        for name in self._directory.older(PREFIX, now - OLD):
            by_owner.setdefault(name.split("/")[1], []).append(name)
        for owner, names in by_owner.items():
            needed = set(self._needed(owner))
            for name in names:
                if name not in needed:
                    self._directory.delete(name)
        self._next = now + EVERY

    def _needed(self, owner: str) -> Iterator[str]:
        for document in walk(self._documents, f"owners/{owner}/contents"):
            yield from (part.blob for part in records.from_data(Content, document.data).parts)
        for document in walk(self._documents, f"owners/{owner}/batches"):
            yield from records.from_data(Batch, document.data).blobs
