"""Documents in Cloud Firestore (Native mode).

Commits are write batches with preconditions, never transactions: a transaction's reads take locks, and under contention
commits are aborted that a `create` or a `last_update_time` decides at once.

Retries are ours (the client's own go on for 60 s, its reads for 300 s, and an absent store looks like a hang). A
commit whose answer was lost may have landed, and sent again it would fail against its own work, or count twice. So each
writes a random token into its documents and, before it is repeated or reported as refused, looks for that token.
"""

import random
import re
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore
from google.cloud.firestore_v1.field_path import FieldPath
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # it ships no types

from functions.adapters import cursors, firestore_queries, searches, values
from functions.adapters.cursors import Place
from functions.adapters.searches import Read
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.indexes import Indexes
from functions.domain.ports import Create, Data, Delete, Document, Increment, Page, Put, Query, Update, Write

T = TypeVar("T")
V = TypeVar("V")

AT_ONCE = 24  # queries of one call: they wait for the network, and gRPC sends them over one connection

_REFUSED = (exceptions.AlreadyExists, exceptions.FailedPrecondition, exceptions.NotFound)
_WORTH_RETRYING = (
    exceptions.Aborted,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.ResourceExhausted,
    exceptions.ServiceUnavailable,
)


class FirestoreDocuments:
    def __init__(
        self, project: str, database: str, indexes: Indexes, *, deadline: float = 10, attempt: float = 5
    ) -> None:
        """Connects at the first call; FIRESTORE_EMULATOR_HOST is the SDK's to read, then.

        `deadline`: seconds a call may take in all, well under a function's own timeout, so that a dead store is
        answered as such; `attempt`: seconds for one try, so that one lost connection leaves time for another.
        """
        self._project = project
        self._database = database
        self._indexes = indexes
        self._deadline = deadline
        self._attempt = attempt
        self._lock = threading.Lock()
        self._client: Any = None

    def get(self, path: str) -> Document | None:
        return self.get_many([path])[0]

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        wanted = [values.check_path(path) for path in paths]
        if not wanted:
            return []
        found = self._patiently(lambda timeout: self._read(dict.fromkeys(wanted), timeout))
        return [_document(found[path]) if path in found else None for path in wanted]

    def commit(self, writes: Sequence[Write]) -> list[str]:
        checked = values.check_writes(writes)
        if not checked:
            return []
        token = secrets.token_urlsafe(9)
        lost = False  # an answer was lost: the commit may have landed

        def attempt(timeout: float) -> list[str]:
            nonlocal lost
            if lost and (versions := self._landed(checked, token, lost, timeout)):
                return versions
            try:
                results = self._batch(checked, token).commit(retry=None, timeout=timeout)
            except _REFUSED as exc:
                if versions := self._landed(checked, token, lost, timeout):
                    return versions
                raise PreconditionFailed(exc.message) from exc
            except exceptions.Aborted:  # contention: certainly not applied
                raise
            except exceptions.GoogleAPICallError:
                lost = True
                raise
            pairs = zip(checked, results, strict=True)
            return ["" if isinstance(write, Delete) else _version(result.update_time) for write, result in pairs]

        return self._patiently(attempt)

    def query(self, query: Query) -> Page:
        self._indexes.check(query)
        cursors.check_values(query)
        start = cursors.place(query)
        several = query.contains is not None and len(query.contains) > 2
        element = searches.rarest(query, self._count) if several else ""

        def read(one: Query) -> Read:
            if several:
                return searches.with_all(one, element, start, self._stream)
            return Read(self._stream(one, start, one.limit + 1))

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
        search = firestore_queries.below(self._connected(), place, after, limit)
        found = self._patiently(lambda timeout: list(search.stream(retry=None, timeout=timeout)))
        return [_document(snapshot) for snapshot in found]

    def expire(self, now: datetime) -> None:
        """The TTL policies of `infra/` do it, within a day or so."""

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = firestore.Client(project=self._project, database=self._database)
            return self._client

    def _stream(self, query: Query, start: Place | None, limit: int) -> list[Document]:
        search = firestore_queries.search(self._connected(), query, start, limit)
        found = self._patiently(lambda timeout: list(search.stream(retry=None, timeout=timeout)))
        return [_document(snapshot) for snapshot in found]

    def _count(self, query: Query, enough: int | None = None) -> int:
        # An aggregation: billed as one read for up to 1,000 index entries, and no document is read.
        counting = firestore_queries.counting(self._connected(), query, enough)
        (((found,),),) = self._patiently(lambda timeout: [counting.get(retry=None, timeout=timeout)])
        return int(found.value)

    def _read(self, paths: Any, timeout: float, fields: list[str] | None = None) -> dict[str, Any]:
        client = self._connected()
        references = [client.document(path) for path in paths]
        snapshots = client.get_all(references, field_paths=fields, retry=None, timeout=timeout)
        return {snapshot.reference.path: snapshot for snapshot in snapshots if snapshot.exists}

    def _batch(self, writes: Sequence[Write], token: str) -> Any:
        client = self._connected()
        batch = client.batch()
        for write in writes:
            reference = client.document(write.path)
            option = None
            if isinstance(write, Update | Delete) and write.version is not None:
                option = client.write_option(last_update_time=_timestamp(write.version))
            match write:
                case Create(data=data):
                    batch.create(reference, _packed(data, token))
                case Put(data=data):
                    batch.set(reference, _packed(data, token))
                case Update(data=data):
                    quoted = {FieldPath(name).to_api_repr(): value for name, value in _packed(data, token).items()}
                    batch.update(reference, quoted, option=option)
                case Delete():
                    batch.delete(reference, option=option)
        return batch

    def _landed(self, writes: Sequence[Write], token: str, lost: bool, timeout: float) -> list[str] | None:
        """The versions, if a document shows that this very commit was applied, else None.

        One is enough, since a commit is applied whole, and at one time; others may have been written again since. A
        commit of nothing but deletes leaves no token; if its answer was lost and all are gone, then it is done.
        """
        deletes = [write.path for write in writes if isinstance(write, Delete)]
        found = self._read([write.path for write in writes], timeout, [values.COMMIT_ID])
        for path, snapshot in found.items():
            if path not in deletes and (snapshot.to_dict() or {}).get(values.COMMIT_ID) == token:
                version = _version(snapshot.update_time)
                return ["" if isinstance(write, Delete) else version for write in writes]
        return [""] * len(writes) if lost and len(deletes) == len(writes) and not found else None

    def _patiently(self, call: Callable[[float], T]) -> T:
        end = time.monotonic() + self._deadline
        pause = 0.1
        while True:
            try:
                return call(max(0.001, min(self._attempt, end - time.monotonic())))
            except (exceptions.GoogleAPICallError, GoogleAuthError) as exc:
                wait = pause * random.uniform(0.5, 1)  # noqa: S311 -- spreads retries, guards nothing
                if not isinstance(exc, _WORTH_RETRYING) or time.monotonic() + wait >= end:
                    raise self._translated(exc) from exc
            time.sleep(wait)
            pause = min(2 * pause, 2)

    def _translated(self, exc: Exception) -> Exception:
        where = f"Firestore database {self._database} of project {self._project}"
        if isinstance(exc, exceptions.InvalidArgument):
            return ValueError(f"{where} refused the data: {exc.message}")
        remedy = f"Check that the {where} exists and is reachable, and try again."
        if isinstance(exc, exceptions.Forbidden | exceptions.Unauthenticated | GoogleAuthError):
            remedy = (
                "Give the service account roles/datastore.user; on a laptop run"
                " `gcloud auth application-default login`, or start the emulator and set FIRESTORE_EMULATOR_HOST."
            )
        elif isinstance(exc, exceptions.FailedPrecondition):
            remedy = "Create the indexes of infra/indexes.json: run `terraform apply`, and wait until they are built."
        return Unavailable(f"The {where} did not answer: {type(exc).__name__}.", remedy=remedy)


def _each(call: Callable[[V], T], wanted: Sequence[V]) -> list[T]:
    """The result of each, asked for at the same time."""
    if len(wanted) < 2:
        return [call(one) for one in wanted]
    with ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="firestore") as pool:
        return list(pool.map(call, wanted))


def _packed(data: Data, token: str) -> Data:
    packed: Data = {
        name: firestore.Increment(value.by) if isinstance(value, Increment) else values.pack(value)
        for name, value in data.items()
    }
    return {**packed, values.COMMIT_ID: token}


def _document(snapshot: Any) -> Document:
    data = {
        name: values.unpack(_plain(value)) for name, value in snapshot.to_dict().items() if name != values.COMMIT_ID
    }
    return Document(snapshot.reference.path, data, _version(snapshot.update_time))


def _plain(value: Any) -> Any:
    match value:
        case datetime():  # the SDK's own subclass
            return datetime.combine(value.date(), value.time(), UTC)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value


def _version(updated: Any) -> str:
    # A group's query gives the protobuf, all else the SDK's datetime. Nine digits: commits can share a microsecond.
    stamp: Any = updated.timestamp_pb() if hasattr(updated, "timestamp_pb") else updated
    return f"{stamp.seconds}.{stamp.nanos:09}"


def _timestamp(version: str) -> Timestamp:
    if not re.fullmatch(r"\d{1,11}\.\d{9}", version):
        raise PreconditionFailed(f"{version!r} is no version of this store.")
    seconds, _, nanos = version.partition(".")
    return Timestamp(seconds=int(seconds), nanos=int(nanos))
