"""Firestore's calls through google-cloud-firestore, for who prefers Google's client: see docs/decisions/0018."""

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore
from google.cloud.firestore_v1.field_path import FieldPath
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # it ships no types

from functions.adapters import firestore_official_queries as queries
from functions.adapters import values
from functions.adapters.cursors import Place
from functions.adapters.firestore import CallFailed
from functions.domain.errors import PreconditionFailed
from functions.domain.ports import Create, Data, Delete, Document, Increment, Put, Query, Update, Write


class OfficialCalls:
    def __init__(self, project: str, database: str) -> None:
        """Connects at the first call; FIRESTORE_EMULATOR_HOST is the library's to read, then."""
        self._project = project
        self._database = database
        self._lock = threading.Lock()
        self._client: Any = None

    def read(self, paths: Iterable[str], timeout: float) -> dict[str, Document]:
        with _failures():
            return {path: _document(snapshot) for path, snapshot in self._read(paths, timeout)}

    def tokens(self, paths: Iterable[str], timeout: float) -> dict[str, tuple[str, str]]:
        with _failures():
            return {
                path: ((snapshot.to_dict() or {}).get(values.COMMIT_ID, ""), _version(snapshot.update_time))
                for path, snapshot in self._read(paths, timeout, [values.COMMIT_ID])
            }

    def commit(self, writes: Sequence[Write], token: str, timeout: float) -> list[str]:
        with _failures():
            results = self._batch(writes, token).commit(retry=None, timeout=timeout)
        pairs = zip(writes, results, strict=True)
        return ["" if isinstance(write, Delete) else _version(result.update_time) for write, result in pairs]

    def search(self, query: Query, start: Place | None, limit: int, timeout: float) -> list[Document]:
        with _failures():
            found = queries.search(self._connected(), query, start, limit).stream(retry=None, timeout=timeout)
            return [_document(snapshot) for snapshot in found]

    def count(self, query: Query, enough: int | None, timeout: float) -> int:
        with _failures():
            (((found,),),) = [queries.counting(self._connected(), query, enough).get(retry=None, timeout=timeout)]
        return int(found.value)

    def below(self, place: str, after: str, limit: int, timeout: float) -> list[Document]:
        with _failures():
            found = queries.below(self._connected(), place, after, limit).stream(retry=None, timeout=timeout)
            return [_document(snapshot) for snapshot in found]

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = firestore.Client(project=self._project, database=self._database)
            return self._client

    def _read(self, paths: Iterable[str], timeout: float, fields: list[str] | None = None) -> Iterator[tuple[str, Any]]:
        client = self._connected()
        references = [client.document(path) for path in paths]
        for snapshot in client.get_all(references, field_paths=fields, retry=None, timeout=timeout):
            if snapshot.exists:
                yield snapshot.reference.path, snapshot

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
                    batch.create(reference, _written(data, token))
                case Put(data=data):
                    batch.set(reference, _written(data, token))
                case Update(data=data):
                    quoted = {FieldPath(name).to_api_repr(): value for name, value in _written(data, token).items()}
                    batch.update(reference, quoted, option=option)
                case Delete():
                    batch.delete(reference, option=option)
        return batch


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except exceptions.GoogleAPICallError as exc:
        code = exc.grpc_status_code
        raise CallFailed(code.name if code else "UNKNOWN", str(exc.message)) from exc
    except GoogleAuthError as exc:
        raise CallFailed("UNAUTHENTICATED", type(exc).__name__) from exc


def _written(data: Data, token: str) -> Data:
    found: Data = {
        name: firestore.Increment(value.by) if isinstance(value, Increment) else value for name, value in data.items()
    }
    return {**found, values.COMMIT_ID: token}


def _document(snapshot: Any) -> Document:
    data = {
        name: values.unpack(_plain(value)) for name, value in snapshot.to_dict().items() if name != values.COMMIT_ID
    }
    return Document(snapshot.reference.path, data, _version(snapshot.update_time))


def _plain(value: Any) -> Any:
    match value:
        case datetime():  # the library's own subclass
            return datetime.combine(value.date(), value.time(), UTC)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value


def _version(updated: Any) -> str:
    # A group's query gives the protobuf, all else the library's datetime. Nine digits: commits can share a microsecond.
    stamp: Any = updated.timestamp_pb() if hasattr(updated, "timestamp_pb") else updated
    return f"{stamp.seconds}.{stamp.nanos:09}"


def _timestamp(version: str) -> Timestamp:
    if not re.fullmatch(r"\d{1,11}\.\d{9}", version):
        raise PreconditionFailed(f"{version!r} is no version of this store.")
    seconds, _, nanos = version.partition(".")
    return Timestamp(seconds=int(seconds), nanos=int(nanos))
