"""Firestore's calls over its REST API, on our own pooled connections: next to nothing to import, and less CPU a call
than a client library's message objects. https://cloud.google.com/firestore/docs/reference/rest
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from json.encoder import encode_basestring as quoted
from typing import Any
from urllib.parse import quote

from functions.adapters import firestore_json, google_calls, values
from functions.adapters.cursors import Place
from functions.adapters.firestore import CallFailed
from functions.adapters.firestore_json import Json
from functions.adapters.google_access import GoogleAccess, NoAccess
from functions.adapters.http import Answer, Http, RequestFailed
from functions.domain.errors import PreconditionFailed
from functions.domain.ports import Create, Data, Delete, Document, Increment, Put, Query, Update, Write

HOST = "https://firestore.googleapis.com"
# A version is the time of the last write, as Firestore writes it.
_VERSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


class DirectCalls:
    """`emulator` is host:port of one, or empty."""

    def __init__(self, project: str, database: str, http: Http, access: GoogleAccess, emulator: str = "") -> None:
        self._root = f"projects/{project}/databases/{database}/documents"
        self._url = f"{f'http://{emulator}' if emulator else HOST}/v1/"
        self._http = http
        self._access = NoAccess() if emulator else access

    def read(self, paths: Iterable[str], timeout: float) -> dict[str, Document]:
        found = self._read({"documents": [self._name(path) for path in paths]}, timeout)
        return {document.path: document for document in map(self._document, found)}

    def tokens(self, paths: Iterable[str], timeout: float) -> dict[str, tuple[str, str]]:
        asked = {"documents": [self._name(path) for path in paths], "mask": {"fieldPaths": [values.COMMIT_ID]}}
        found = {}
        for one in self._read(asked, timeout):
            token = one.get("fields", {}).get(values.COMMIT_ID, {}).get("stringValue", "")
            found[self._path(one["name"])] = (token, one["updateTime"])
        return found

    def commit(self, writes: Sequence[Write], token: str, timeout: float) -> list[str]:
        asked = ",".join([self._write(write, token) for write in writes])
        results = self._post(self._root, "commit", f'{{"writes":[{asked}]}}', timeout)["writeResults"]
        pairs = zip(writes, results, strict=True)
        return ["" if isinstance(write, Delete) else result["updateTime"] for write, result in pairs]

    def search(self, query: Query, start: Place | None, limit: int, timeout: float) -> list[Document]:
        asked = {"structuredQuery": firestore_json.search(self._root, query, start, limit)}
        return self._found(self._parent(query), asked, timeout)

    def count(self, query: Query, enough: int | None, timeout: float) -> int:
        counted = {
            "structuredQuery": firestore_json.counting(query, enough),
            "aggregations": [{"alias": "all", "count": {}}],
        }
        asked = {"structuredAggregationQuery": counted}
        answers = self._call(self._parent(query), "runAggregationQuery", asked, timeout)
        return int(answers[0]["result"]["aggregateFields"]["all"]["integerValue"])

    def below(self, place: str, after: str, limit: int, timeout: float) -> list[Document]:
        asked = {"structuredQuery": firestore_json.below(self._root, place, after, limit)}
        return self._found(self._root, asked, timeout)

    def close(self) -> None:
        """The connections are the process's."""

    def _read(self, asked: Json, timeout: float) -> Iterator[Json]:
        answers = self._call(self._root, "batchGet", asked, timeout)
        return (answer["found"] for answer in answers if "found" in answer)

    def _found(self, parent: str, asked: Json, timeout: float) -> list[Document]:
        answers = self._call(parent, "runQuery", asked, timeout)
        return [self._document(answer["document"]) for answer in answers if "document" in answer]

    def _call(self, resource: str, method: str, asked: Json, timeout: float) -> Any:
        text = json.dumps(asked, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return self._post(resource, method, text, timeout)

    def _post(self, resource: str, method: str, asked: str, timeout: float) -> Any:
        url = f"{self._url}{quote(resource, safe='/()')}:{method}"
        try:
            answer = google_calls.call(self._http, self._access, "POST", url, body=asked.encode(), timeout=timeout)
            return _result(answer)
        except RequestFailed as exc:
            raise CallFailed("UNAVAILABLE", str(exc)) from exc

    def _write(self, write: Write, token: str) -> str:
        name = quoted(self._name(write.path))
        match write:
            case Create(data=data):
                return f'{{{_written(name, data, token)},"currentDocument":{{"exists":false}}}}'
            case Put(data=data):
                return f"{{{_written(name, data, token)}}}"
            case Update(data=data, version=version):
                return f"{{{_changed(name, data, token)},{_condition(version)}}}"
            case Delete(version=None):
                return f'{{"delete":{name}}}'
            case Delete(version=version):
                return f'{{"delete":{name},{_condition(version)}}}'

    def _parent(self, query: Query) -> str:
        home = "" if query.group else query.collection.rpartition("/")[0]
        return f"{self._root}/{home}" if home else self._root

    def _name(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _path(self, name: str) -> str:
        return name[len(self._root) + 1 :]

    def _document(self, found: Json) -> Document:
        return Document(self._path(found["name"]), firestore_json.data(found.get("fields", {})), found["updateTime"])


def _written(name: str, data: Data, token: str) -> str:
    fields = firestore_json.fields({**data, values.COMMIT_ID: token})
    return f'"update":{{"name":{name},"fields":{{{fields}}}}}'


def _changed(name: str, data: Data, token: str) -> str:
    """The fields that are named, and no others; what is added to is named apart."""
    given = {field: value for field, value in data.items() if not isinstance(value, Increment)}
    mask = ",".join([quoted(firestore_json.field_path(field)) for field in (*given, values.COMMIT_ID)])
    found = f'{_written(name, given, token)},"updateMask":{{"fieldPaths":[{mask}]}}'
    added = ",".join(
        [
            f'{{"fieldPath":{quoted(firestore_json.field_path(field))},"increment":{firestore_json.text(value.by)}}}'
            for field, value in data.items()
            if isinstance(value, Increment)
        ]
    )
    return f'{found},"updateTransforms":[{added}]' if added else found


def _condition(version: str | None) -> str:
    if version is None:
        return '"currentDocument":{"exists":true}'
    if not _VERSION.fullmatch(version):
        raise PreconditionFailed(f"{version!r} is no version of this store.")
    return f'"currentDocument":{{"updateTime":"{version}"}}'


def _result(answer: Answer) -> Any:
    """What was asked for. An error can come with its status, or in a stream that began well."""
    try:
        found = answer.json()
    except ValueError as exc:
        status = "UNAVAILABLE" if answer.status >= 500 or answer.status < 300 else "UNKNOWN"
        raise CallFailed(status, f"an answer ({answer.status}) that is no JSON") from exc
    for part in found if isinstance(found, list) else [found]:
        if not isinstance(part, dict):
            raise CallFailed("UNAVAILABLE", f"an answer ({answer.status}) that is none of Firestore's")
        error = part.get("error")
        if error:
            raise CallFailed(str(error.get("status", "UNKNOWN")), str(error.get("message", "")))
    if answer.status != 200:
        raise CallFailed("UNAVAILABLE" if answer.status >= 500 else "UNKNOWN", f"an answer of {answer.status}")
    return found
