"""Documents in Cloud Firestore (Native mode). How its calls are made is `firestore_direct`'s or `firestore_official`'s.

Commits are write batches with preconditions, never transactions: a transaction's reads take locks, and under contention
commits are aborted that a `create` or a `last_update_time` decides at once.

A commit whose answer was lost may have landed, and sent again it would fail against its own work, or count twice. So
each writes a random token into its documents and, before it is repeated or reported as refused, looks for that token.
"""

import random
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from functions.adapters import cursors, searches, values
from functions.adapters.cursors import Place
from functions.adapters.searches import Read
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.indexes import Indexes
from functions.domain.ports import Delete, Document, Page, Query, Write

T = TypeVar("T")
V = TypeVar("V")

AT_ONCE = 24  # queries of one call: they wait for the network

_REFUSED = frozenset({"ALREADY_EXISTS", "FAILED_PRECONDITION", "NOT_FOUND"})
_WORTH_RETRYING = frozenset({"ABORTED", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE"})
_REMEDIES = {
    "PERMISSION_DENIED": "Give the service account roles/datastore.user.",
    "UNAUTHENTICATED": (
        "Give the service account roles/datastore.user; on a laptop run"
        " `gcloud auth application-default login`, or start the emulator and set FIRESTORE_EMULATOR_HOST."
    ),
    "FAILED_PRECONDITION": (
        "Create the indexes of infra/indexes.json: run `terraform apply`, and wait until they are built."
    ),
}


class CallFailed(Exception):
    """`status` is one of Google's canonical codes, "UNKNOWN" where there is none; the text is Google's.
    https://cloud.google.com/apis/design/errors#handling_errors"""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class Calls(Protocol):
    """Firestore's calls: one try each, of at most `timeout` seconds. All raise CallFailed."""

    def read(self, paths: Iterable[str], timeout: float) -> dict[str, Document]:
        """Those that are there, by path."""
        ...

    def tokens(self, paths: Iterable[str], timeout: float) -> dict[str, tuple[str, str]]:
        """By path of those that are there: the token of the commit that wrote it last, and its version."""
        ...

    def commit(self, writes: Sequence[Write], token: str, timeout: float) -> list[str]:
        """The versions; raises PreconditionFailed where a write's version is none of this store's."""
        ...

    def search(self, query: Query, start: Place | None, limit: int, timeout: float) -> list[Document]:
        """The first documents after a place."""
        ...

    def count(self, query: Query, enough: int | None, timeout: float) -> int:
        """An aggregation: billed as one read for up to 1,000 index entries, and no document is read."""
        ...

    def below(self, place: str, after: str, limit: int, timeout: float) -> list[Document]: ...

    def close(self) -> None: ...


class FirestoreDocuments:
    def __init__(self, calls: Calls, name: str, indexes: Indexes, *, deadline: float = 10, attempt: float = 5) -> None:
        """`name` is for people: the database, and the project it is of.

        `deadline`: seconds a call may take in all, well under a function's own timeout, so that a dead store is
        answered as such; `attempt`: seconds for one try, so that one lost connection leaves time for another.
        """
        self._calls = calls
        self._name = name
        self._indexes = indexes
        self._deadline = deadline
        self._attempt = attempt

    def get(self, path: str) -> Document | None:
        return self.get_many([path])[0]

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        wanted = [values.check_path(path) for path in paths]
        if not wanted:
            return []
        found = self._patiently(lambda timeout: self._calls.read(dict.fromkeys(wanted), timeout))
        return [found.get(path) for path in wanted]

    def commit(self, writes: Sequence[Write]) -> list[str]:
        checked = values.check_writes(writes, packed=True)
        if not checked:
            return []
        token = secrets.token_urlsafe(9)
        lost = False  # an answer was lost: the commit may have landed

        def attempt(timeout: float) -> list[str]:
            nonlocal lost
            if lost and (versions := self._landed(checked, token, lost, timeout)):
                return versions
            try:
                return self._calls.commit(checked, token, timeout)
            except CallFailed as failed:
                if failed.status in _REFUSED:
                    if versions := self._landed(checked, token, lost, timeout):
                        return versions
                    raise PreconditionFailed(str(failed)) from failed
                if failed.status != "ABORTED":  # contention: certainly not applied
                    lost = True
                raise

        return self._patiently(attempt)

    def query(self, query: Query) -> Page:
        self._indexes.check(query)
        cursors.check_values(query)
        start = cursors.place(query)
        several = query.contains is not None and len(query.contains) > 2
        element = searches.rarest(query, self._count) if several else ""

        def read(one: Query) -> Read:
            if several:
                return searches.with_all(one, element, start, self._search)
            return Read(self._search(one, start, one.limit + 1))

        return searches.page(query, _each(read, searches.plain(query)))

    def counts(self, queries: Sequence[Query]) -> list[int]:
        for query in queries:
            self._indexes.check_count(query)
            cursors.check_values(query)
        parts = [(number, one) for number, query in enumerate(queries) for one in searches.plain(query)]
        found = [0] * len(queries)
        for (number, _), count in zip(parts, _each(lambda part: self._count(part[1]), parts), strict=True):
            found[number] += count
        return found

    def below(self, place: str, limit: int, after: str = "") -> list[Document]:
        return self._patiently(lambda timeout: self._calls.below(place, after, limit, timeout))

    def expire(self, now: object) -> None:
        """The TTL policies of `infra/` do it, within a day or so."""

    def close(self) -> None:
        self._calls.close()

    def _search(self, query: Query, start: Place | None, limit: int) -> list[Document]:
        return self._patiently(lambda timeout: self._calls.search(query, start, limit, timeout))

    def _count(self, query: Query, enough: int | None = None) -> int:
        return self._patiently(lambda timeout: self._calls.count(query, enough, timeout))

    def _landed(self, writes: Sequence[Write], token: str, lost: bool, timeout: float) -> list[str] | None:
        """The versions, if a document shows that this very commit was applied, else None.

        One is enough, since a commit is applied whole, and at one time; others may have been written again since. A
        commit of nothing but deletes leaves no token; if its answer was lost and all are gone, then it is done.
        """
        deletes = [write.path for write in writes if isinstance(write, Delete)]
        found = self._calls.tokens([write.path for write in writes], timeout)
        for path, (there, version) in found.items():
            if path not in deletes and there == token:
                return ["" if isinstance(write, Delete) else version for write in writes]
        return [""] * len(writes) if lost and len(deletes) == len(writes) and not found else None

    def _patiently(self, call: Callable[[float], T]) -> T:
        """Retries are ours: a library's own go on for minutes, and an absent store looks like a hang."""
        end = time.monotonic() + self._deadline
        pause = 0.1
        while True:
            try:
                return call(max(0.001, min(self._attempt, end - time.monotonic())))
            except CallFailed as failed:
                wait = pause * random.uniform(0.5, 1)  # noqa: S311 -- spreads retries, guards nothing
                if failed.status not in _WORTH_RETRYING or time.monotonic() + wait >= end:
                    raise self._translated(failed) from failed
            time.sleep(wait)
            pause = min(2 * pause, 2)

    def _translated(self, failed: CallFailed) -> Exception:
        if failed.status == "INVALID_ARGUMENT":
            return ValueError(f"The {self._name} refused the data: {failed}")
        remedy = _REMEDIES.get(failed.status, f"Check that the {self._name} exists and is reachable, and try again.")
        return Unavailable(f"The {self._name} did not answer: {failed.status}.", remedy=remedy)


def _each(call: Callable[[V], T], wanted: Sequence[V]) -> list[T]:
    """The result of each, asked for at the same time."""
    if len(wanted) < 2:
        return [call(one) for one in wanted]
    with ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="firestore") as pool:
        return list(pool.map(call, wanted))
