"""What a document may hold, checked alike for every store, and its form as JSON.

A laptop must refuse what the cloud refuses, so the limits are Firestore's (https://cloud.google.com/firestore/quotas):
1 MiB a document, 64-bit integers, reserved `__names__`. What Firestore has no form for though JSON does (an array
directly in an array, a reserved or empty key inside a value, deep nesting) is no caller's fault: template variables and
webhook payloads are anyone's JSON. `pack` turns such a value into JSON text, `unpack` back.
"""

import base64
import json
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from functions.domain.ports import Create, Data, Delete, Increment, Put, Update, Write

MAX_DOCUMENT = 1_000_000  # bytes given in one write; Firestore's own 1,048,576 leaves room for what an update adds
MAX_STORED = 1_048_576
MAX_COMMIT = 3_500_000  # bytes; a request to Firestore takes 10 MiB, to its emulator 4, names and masks included
MAX_WRITES = 500
COMMIT_ID = "_commit"  # the field by which a store knows its own commits
_PACKED = "~json"
_MAX_NATIVE_DEPTH = 15  # Firestore: 20
_MAX_DEPTH = 100
_RESERVED = re.compile(r"__.*__", re.DOTALL)
_SEGMENT = re.compile(r"[\x20-\x2e\x30-\x7e]{1,1500}")
_SCALARS = frozenset({type(None), bool, int, float, str, bytes, datetime})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def check_path(path: str) -> str:
    segments = path.split("/")
    if len(segments) % 2 or len(path) > 6000:
        raise ValueError(f"Not a document's path: {path!r}")
    for segment in segments:
        if not _SEGMENT.fullmatch(segment) or segment in (".", "..") or _RESERVED.fullmatch(segment):
            raise ValueError(f"Not an id or collection: {segment!r}")
    return path


def check_writes(writes: Sequence[Write]) -> list[Write]:
    """The writes with their data checked and copied."""
    if len(writes) > MAX_WRITES:
        raise ValueError(f"{len(writes)} writes; a commit takes {MAX_WRITES}.")
    if len({write.path for write in writes}) < len(writes):
        raise ValueError("A commit writes each document once.")
    checked = [_checked(write) for write in writes]
    if (total := sum(taken for _, taken in checked)) > MAX_COMMIT:
        raise ValueError(f"The commit would take {total} bytes; it may take {MAX_COMMIT}.")
    return [write for write, _ in checked]


def _checked(write: Write) -> tuple[Write, int]:
    """The write, and how many bytes it brings."""
    path = check_path(write.path)
    if isinstance(write, Delete):
        return write, 0
    data: Data = {}
    for name, value in write.data.items():
        if value is None:
            data[_field(name)] = None
        elif type(value) is Increment and isinstance(write, Update):
            data[_field(name)] = Increment(_integer(value.by))
        else:
            data[_field(name)] = plain(value)
    if (taken := size(path, data)) > MAX_DOCUMENT:
        raise ValueError(f"{path} would take {taken} bytes; a document takes {MAX_DOCUMENT}.")
    match write:
        case Create():
            return Create(path, data), taken
        case Put():
            return Put(path, data), taken
        case Update():
            return Update(path, data, write.version), taken


@lru_cache(4096)
def _field(name: Any) -> str:
    # Firestore's emulator drops an update of a field with a line break in its name, and no field needs one.
    if not (isinstance(name, str) and name and name.isprintable()) or name == COMMIT_ID or _RESERVED.fullmatch(name):
        raise ValueError(f"Not a field's name: {name!r}")
    return _text(name)


def plain(value: Any, depth: int = 0) -> Any:
    """A copy in plain types: datetimes in UTC, tuples as lists. ValueError for what no store could give back."""
    if depth > _MAX_DEPTH:
        raise ValueError(f"Nested more than {_MAX_DEPTH} deep.")
    if type(value) is str:  # most values: quicker than matching
        return _text(value)
    match value:
        case None | bool():
            return value
        case int():
            return _integer(value)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"Not a JSON number: {value}")
            return float(value)
        case str():
            return _text(value)
        case bytes() | bytearray() | memoryview():
            return bytes(value)
        case datetime():
            if value.tzinfo is None:
                raise ValueError(f"A datetime without a time zone: {value!r}")
            try:
                utc = value.astimezone(UTC)
            except OverflowError as exc:
                raise ValueError(f"Out of range in UTC: {value!r}") from exc
            return datetime.combine(utc.date(), utc.time(), UTC)
        case list() | tuple():
            return [plain(item, depth + 1) for item in value]
        case dict():
            if not all(isinstance(key, str) for key in value):
                raise ValueError("Keys are strings.")
            return {_text(key): plain(item, depth + 1) for key, item in value.items()}
        case _:
            raise ValueError(f"A document holds no {type(value).__name__}.")


def _integer(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"An integer of more than 64 bits: {value}")
    return int(value)


def _text(value: str) -> str:
    if type(value) is str and value.isascii():
        return value
    try:
        return value.encode().decode()  # plain str even of a StrEnum, and no lone surrogates
    except UnicodeEncodeError as exc:
        raise ValueError("Text with a lone surrogate is not Unicode.") from exc


def is_scalar(value: Any) -> bool:
    """Whether it is neither a list nor a map; of a value that is `plain`."""
    return type(value) in _SCALARS


def size(path: str, data: Data) -> int:
    """Bytes a document takes, as https://cloud.google.com/firestore/docs/storage-size counts them."""
    name = sum(len(segment) + 1 for segment in path.split("/")) + 16
    taken = name + 32
    for field, value in data.items():
        taken += 2 + len(field.encode())
        if value is not None and value is not False and value is not True:  # most fields: a byte each
            taken += _size(pack(value)) - 1
    return taken


def _size(value: Any) -> int:
    if type(value) is str and value.isascii():
        return len(value) + 1
    match value:
        case None | bool():
            return 1
        case str():
            return len(value.encode()) + 1
        case bytes():
            return len(value)
        case list():
            return sum(_size(item) for item in value)
        case dict():
            return sum(len(key.encode()) + 1 + _size(item) for key, item in value.items())
        case _:
            return 8


def pack(value: Any) -> Any:
    """The value of a field as Firestore can hold it: unchanged where it can be."""
    return value if type(value) in _SCALARS or _native(value, 1) else {_PACKED: dumps(value)}


def unpack(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {_PACKED}:
        return loads(value[_PACKED])
    return value


def _native(value: Any, depth: int) -> bool:
    if isinstance(value, list):
        inner = [item for item in value if not is_scalar(item)]
        return depth <= _MAX_NATIVE_DEPTH and not any(isinstance(i, list) or not _native(i, depth + 1) for i in inner)
    if isinstance(value, dict):
        if depth > _MAX_NATIVE_DEPTH or value.keys() == {_PACKED}:
            return False
        return all(
            key and not _RESERVED.fullmatch(key) and (is_scalar(item) or _native(item, depth + 1))
            for key, item in value.items()
        )
    return True


def microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def dumps(value: Any) -> str:
    """JSON text; bytes are `{"$b": base64}`, datetimes `{"$t": microseconds}`, keys that begin with `$` get another."""
    return json.dumps(_tagged(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _tagged(value: Any) -> Any:
    if type(value) is str:
        return value
    match value:
        case bytes():
            return {"$b": base64.b64encode(value).decode()}
        case datetime():
            return {"$t": microseconds(value)}
        case list():
            return [_tagged(item) for item in value]
        case dict():
            return {"$" + key if key.startswith("$") else key: _tagged(item) for key, item in value.items()}
        case _:
            return value


def loads(text: str) -> Any:
    return json.loads(text, object_hook=_untagged)


def _untagged(found: dict[str, Any]) -> Any:
    if not any(key.startswith("$") for key in found):
        return found
    if found.keys() == {"$b"}:
        return base64.b64decode(found["$b"], validate=True)
    if found.keys() == {"$t"}:
        return _EPOCH + found["$t"] * _MICROSECOND
    return {key[1:] if key.startswith("$") else key: value for key, value in found.items()}
