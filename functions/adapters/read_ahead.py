"""Documents that are fetched together before they are asked for one by one: one round trip instead of several."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from functions.domain.ports import Document, Documents, Page, Query, Write


class ReadAhead:
    """Another store's documents. What a thread has fetched ahead is given to that thread alone, and only until it
    writes something: what is read after a write, to see what became of it, is read anew."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._thread = threading.local()

    @contextmanager
    def ahead(self, paths: Sequence[str]) -> Iterator[None]:
        """Fetch these now. Raises what `get_many` raises."""
        found = self._documents.get_many(paths)
        self._thread.fetched = dict(zip(paths, found, strict=True))
        try:
            yield
        finally:
            self._thread.fetched = {}

    def get(self, path: str) -> Document | None:
        fetched = self._fetched()
        return fetched[path] if path in fetched else self._documents.get(path)

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        fetched = self._fetched()
        missing = [path for path in paths if path not in fetched]
        if not fetched or missing == list(paths):
            return self._documents.get_many(paths)
        read = dict(zip(missing, self._documents.get_many(missing), strict=True)) if missing else {}
        return [read[path] if path in read else fetched[path] for path in paths]

    def commit(self, writes: Sequence[Write]) -> list[str]:
        self._thread.fetched = {}
        return self._documents.commit(writes)

    def query(self, query: Query) -> Page:
        return self._documents.query(query)

    def counts(self, queries: Sequence[Query]) -> list[int]:
        return self._documents.counts(queries)

    def below(self, place: str, limit: int, after: str = "") -> list[Document]:
        return self._documents.below(place, limit, after)

    def expire(self, now: datetime) -> None:
        self._documents.expire(now)

    def _fetched(self) -> dict[str, Document | None]:
        found: dict[str, Document | None] = getattr(self._thread, "fetched", {})
        return found
