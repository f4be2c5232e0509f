"""What a document may hold, checked alike for every store.

A laptop must refuse what the cloud refuses, so the limits are Firestore's (https://cloud.google.com/firestore/quotas):
1 MiB a document, 64-bit integers, reserved `__names__`. What Firestore has no form for though JSON does (an array
directly in an array, a reserved or empty key inside a value, deep nesting) is no caller's fault: template variables and
webhook payloads are anyone's JSON. For Firestore such a value is packed into JSON text, which `unpack` reads.
"""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from functions.adapters.stored_json import dumps as dumps  # values and their form as text are asked for together
from functions.adapters.stored_json import loads as loads
from functions.domain.ports import Data, Delete, Increment, Update, Write

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
# A path of nothing but such ids as this program makes: most need no closer look.
_USUAL_PATH = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9][A-Za-z0-9_-]{0,99}/){1,20}")
_SCALARS = frozenset({type(None), bool, int, float, str, bytes, datetime})
_STRINGS = frozenset({str})


def check_path(path: str) -> str:
    if _USUAL_PATH.fullmatch(path + "/"):
        return path
    segments = path.split("/")
    if len(segments) % 2 or len(path) > 6000:
        raise ValueError(f"Not a document's path: {path!r}")
    for segment in segments:
        if not _SEGMENT.fullmatch(segment) or segment in (".", "..") or _RESERVED.fullmatch(segment):
            raise ValueError(f"Not an id or collection: {segment!r}")
    return path


def check_writes(writes: Sequence[Write], *, packed: bool = False) -> list[Write]:
    """The writes with their data checked and copied; `packed` as Firestore can hold it: `unpack` gives it back."""
    if len(writes) > MAX_WRITES:
        raise ValueError(f"{len(writes)} writes; a commit takes {MAX_WRITES}.")
    if len({write.path for write in writes}) < len(writes):
        raise ValueError("A commit writes each document once.")
    checked = [_checked(write, packed) for write in writes]
    if (total := sum(taken for _, taken in checked)) > MAX_COMMIT:
        raise ValueError(f"The commit would take {total} bytes; it may take {MAX_COMMIT}.")
    return [write for write, _ in checked]


def _checked(write: Write, packed: bool) -> tuple[Write, int]:
    """The write, and how many bytes it brings."""
    path = check_path(write.path)
    if isinstance(write, Delete):
        return write, 0
    data: Data = {}
    names, taken = _names(tuple(write.data))
    taken += _size_of_path(path)
    for name, value in zip(names, write.data.values(), strict=True):
        kind = type(value)
        # What nearly all fields are, in the order of how many: quicker than asking `plain`.
        if value is None or kind is bool:
            data[name] = value
            taken += 1
        elif kind is str and value.isascii():
            data[name] = value
            taken += len(value) + 1
        elif kind is int:
            data[name] = _integer(value)
            taken += 8
        elif kind is datetime:
            data[name] = _utc(value)
            taken += 8
        elif (kind is tuple or kind is list) and not value:
            data[name] = []
        elif kind is Increment and isinstance(write, Update):
            data[name] = Increment(_integer(value.by))
            taken += 8
        else:
            held, copied, size_of_held = _held(value)
            data[name] = held if packed else copied
            taken += size_of_held
    if taken > MAX_DOCUMENT:
        raise ValueError(f"{path} would take {taken} bytes; a document takes {MAX_DOCUMENT}.")
    return (Update(path, data, write.version) if isinstance(write, Update) else type(write)(path, data)), taken


@lru_cache(1024)
def _names(fields: tuple[Any, ...]) -> tuple[tuple[str, ...], int]:
    """The names of a document's fields, checked, and the bytes that they take."""
    names = tuple(map(_field, fields))
    return names, sum(len(name.encode()) + 1 for name in names)


def _field(name: Any) -> str:
    # Firestore's emulator drops an update of a field with a line break in its name, and no field needs one.
    if not (isinstance(name, str) and name and name.isprintable()) or name == COMMIT_ID or _RESERVED.fullmatch(name):
        raise ValueError(f"Not a field's name: {name!r}")
    return _text(name)


def plain(value: Any) -> Any:
    """A copy in plain types: datetimes in UTC, tuples as lists. ValueError for what no store could give back."""
    return _measured(value)[0]


def _measured(value: Any, depth: int = 0) -> tuple[Any, int, bool]:
    """In one look: a copy in plain types, the bytes that it takes, and whether Firestore can hold it as it is.
    Raises ValueError."""
    if depth > _MAX_DEPTH:
        raise ValueError(f"Nested more than {_MAX_DEPTH} deep.")
    kind = type(value)  # of most values: quicker than matching
    if kind is dict:
        return _measured_map(value, depth + 1)
    if kind is list or kind is tuple:
        return _measured_list(value, depth + 1)
    match value:
        case None | bool():
            return value, 1, True
        case str():
            text = _text(value)
            return text, len(text.encode()) + 1, True
        case datetime():
            return _utc(value), 8, True
        case int():
            return _integer(value), 8, True
        case float():
            if not math.isfinite(value):
                raise ValueError(f"Not a JSON number: {value}")
            return float(value), 8, True
        case bytes() | bytearray() | memoryview():
            return bytes(value), len(value), True
        case list() | tuple():
            return _measured_list(value, depth + 1)
        case dict():
            return _measured_map(value, depth + 1)
        case _:
            raise ValueError(f"A document holds no {kind.__name__}.")


def _measured_list(value: Sequence[Any], depth: int) -> tuple[list[Any], int, bool]:
    if (joined := _joined_ascii(value)) is not None:
        return list(value), len(joined) + len(value), depth <= _MAX_NATIVE_DEPTH
    items = [_measured(item, depth) for item in value]
    native = depth <= _MAX_NATIVE_DEPTH and all(fits and type(item) is not list for item, _, fits in items)
    return [item for item, _, _ in items], sum([size for _, size, _ in items]), native


def _measured_map(value: dict[Any, Any], depth: int) -> tuple[dict[str, Any], int, bool]:
    if not all(isinstance(key, str) for key in value):
        raise ValueError("Keys are strings.")
    native = depth <= _MAX_NATIVE_DEPTH and _are_native(tuple(value))
    keys, items = _joined_ascii(value), _joined_ascii(value.values())
    if keys is not None and items is not None:
        return dict(value), len(keys) + len(items) + 2 * len(value), native
    measured = {_text(key): _measured(item, depth) for key, item in value.items()}
    size = sum([len(key.encode()) + 1 + taken for key, (_, taken, _) in measured.items()])
    native = native and all(fits for _, _, fits in measured.values())
    return {key: item for key, (item, _, _) in measured.items()}, size, native


def _joined_ascii(found: Iterable[Any]) -> str | None:
    """All in one, where these are plain ASCII strings and nothing else: as most lists and maps hold, told at once."""
    if not _STRINGS.issuperset(map(type, found)):
        return None
    joined = "".join(found)
    return joined if joined.isascii() else None


@lru_cache(1024)
def _are_native(keys: tuple[str, ...]) -> bool:
    """Whether a map may have these keys as it is."""
    return keys != (_PACKED,) and not any(not key or _RESERVED.fullmatch(key) for key in keys)


def _utc(value: datetime) -> datetime:
    if value.tzinfo is UTC and type(value) is datetime and not value.fold:
        return value
    if value.tzinfo is None:
        raise ValueError(f"A datetime without a time zone: {value!r}")
    try:
        utc = value.astimezone(UTC)
    except OverflowError as exc:
        raise ValueError(f"Out of range in UTC: {value!r}") from exc
    return datetime.combine(utc.date(), utc.time(), UTC)


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
    names, taken = _names(tuple(data))
    return _size_of_path(path) + taken + sum(_held(data[name])[2] for name in names)


def _size_of_path(path: str) -> int:
    """With what every document takes. A path is ASCII, and each of its ids takes a byte more."""
    return len(path) + 1 + 16 + 32


def _held(value: Any) -> tuple[Any, Any, int]:
    """The value of a field as Firestore can hold it, in plain types, and the bytes that it takes there."""
    copied, taken, native = _measured(value)
    if native:
        return copied, copied, taken
    packed = {_PACKED: dumps(copied)}
    return packed, copied, _measured(packed)[1]


def unpack(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {_PACKED}:
        return loads(value[_PACKED])
    return value
