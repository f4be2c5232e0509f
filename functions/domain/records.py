"""Records (frozen dataclasses) to documents and back, for all records in one place.

Unknown fields of a document are ignored and missing ones take the dataclass's default, so that an older and a newer
release can read each other's records.
"""

import dataclasses
import functools
import types
import typing
from datetime import datetime
from typing import Any, TypeVar

from functions.domain.ports import Data

R = TypeVar("R")
_PLAIN = frozenset({type(None), bool, int, str, bytes, datetime})  # most values: they need no look inside


def to_data(record: Any) -> Data:
    """Nested records become dicts, tuples lists. `bytes` and `datetime` stay: stores know them."""
    kind: type = type(record)
    return {name: _to_value(getattr(record, name)) for name in _names(kind)}


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))


def _to_value(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_data(value)
    if isinstance(value, (tuple, list)):
        return [_to_value(v) for v in value]
    if isinstance(value, dict):
        return {k: _to_value(v) for k, v in value.items()}
    return value


def changes(before: Any, after: Any) -> Data:
    """The top-level fields in which two records of one type differ, as `after` has them."""
    return {
        f.name: _to_value(getattr(after, f.name))
        for f in dataclasses.fields(after)
        if getattr(before, f.name) != getattr(after, f.name)
    }


def from_data(kind: type[R], data: Data) -> R:
    return typing.cast(R, _from_data(kind, data))


def _from_data(kind: type, data: Data) -> Any:
    return kind(**{name: read(data[name]) for name, read in _readers(kind) if name in data})


@functools.cache
def _readers(kind: type) -> tuple[tuple[str, typing.Callable[[Any], Any]], ...]:
    hints = typing.get_type_hints(kind)
    return tuple((f.name, _reader(hints[f.name])) for f in dataclasses.fields(kind))


def _reader(hint: Any) -> typing.Callable[[Any], Any]:
    """How a value of this type is made from what a document holds."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = _reader(next(a for a in args if a is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            inner = _reader(args[0])
            return lambda values: tuple(inner(v) for v in values)
        return tuple
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return functools.partial(_from_data, hint)
    if isinstance(hint, type) and issubclass(hint, str) and hint is not str:
        return hint  # a StrEnum
    return lambda value: value
