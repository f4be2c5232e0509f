"""Records (frozen dataclasses) to documents and back, for all records in one place.

Unknown fields of a document are ignored and missing ones take the dataclass's default, so that an older and a newer
release can read each other's records. A class with `sparse = True` leaves fields that have their default out of its
documents: fewer bytes, and no entries in indexes that nobody asks for them. No query may ask for such a default.

A record has a `__dict__`, no slots: the constructor of a frozen dataclass sets field by field through
`object.__setattr__`, and to change or to read a send that way takes 50 times as long as to copy its `__dict__`.
"""

import dataclasses
import functools
import operator
import types
import typing
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from functions.domain.ports import Data

R = TypeVar("R")
_SCALARS = frozenset({type(None), bool, int, float, str, bytes, datetime})


def to_data(record: Any) -> Data:
    """Nested records become dicts, tuples lists. `bytes` and `datetime` stay: stores know them."""
    kind: type = type(record)
    shape = _shape(kind)
    data = dict(zip(shape.names, shape.get(record), strict=True))
    if usual := shape.usual:
        data = {name: value for name, value in data.items() if name not in usual or usual[name] != value}
    for name in shape.holders:
        if name in data:
            data[name] = _to_value(data[name])
    return data


class _Shape(typing.NamedTuple):
    names: tuple[str, ...]
    get: typing.Callable[[Any], tuple[Any, ...]]  # all values at once
    holders: tuple[str, ...]  # fields whose type holds other values
    usual: dict[str, Any]  # values that a sparse record leaves out


@functools.cache
def _shape(kind: type) -> _Shape:
    hints = typing.get_type_hints(kind)
    names = tuple(f.name for f in dataclasses.fields(kind))
    get = operator.attrgetter(*names) if len(names) > 1 else lambda record: tuple(getattr(record, n) for n in names)
    holders = tuple(name for name in names if not _is_scalar(hints[name]))
    return _Shape(names, get, holders, usual(kind))


def usual(kind: type) -> dict[str, Any]:
    """The values of fields that documents of this record leave out."""
    if not getattr(kind, "sparse", False):
        return {}
    found = {}
    for f in dataclasses.fields(kind):
        if f.default is not dataclasses.MISSING:
            found[f.name] = f.default
        elif f.default_factory is not dataclasses.MISSING:
            found[f.name] = f.default_factory()
    return found


def _is_scalar(hint: Any) -> bool:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return all(_is_scalar(one) for one in typing.get_args(hint))
    return hint in _SCALARS or (isinstance(hint, type) and issubclass(hint, str))  # a StrEnum is a string


def _to_value(value: Any) -> Any:
    if type(value) in _SCALARS:
        return value
    if isinstance(value, (tuple, list)):
        return [_to_value(v) for v in value] if value else []
    if isinstance(value, dict):
        return {k: _to_value(v) for k, v in value.items()}
    if hasattr(type(value), "__dataclass_fields__"):  # as dataclasses.is_dataclass asks
        return to_data(value)
    return value


def changes(before: Any, after: Any) -> Data:
    """The top-level fields in which two records of one type differ, as `after` has them."""
    kind: type = type(after)
    shape = _shape(kind)
    values = zip(shape.names, shape.get(before), shape.get(after), strict=True)
    return {name: _to_value(new) for name, old, new in values if old is not new and old != new}


if TYPE_CHECKING:
    from dataclasses import replace as replace
else:

    def replace(record: R, /, **changes: Any) -> R:
        """As `dataclasses.replace`. Raises TypeError for a field that there is not."""
        held = getattr(record, "__dict__", {})
        if not changes.keys() <= held.keys():
            return dataclasses.replace(record, **changes)
        made = object.__new__(type(record))
        made.__dict__.update(held, **changes)
        return made


def from_data(kind: type[R], data: Data) -> R:
    return typing.cast(R, _from_data(kind, data))


def _from_data(kind: type, data: Data) -> Any:
    names, readers = _readers(kind)
    given = dict(data) if names.issuperset(data) else {name: data[name] for name in names if name in data}
    for name, read in readers:
        if name in given:
            given[name] = read(given[name])
    missing = _missing(kind)
    if missing is None or not missing.required <= given.keys():
        return kind(**given)
    made: Any = object.__new__(kind)
    made.__dict__.update(missing.defaults)
    for name, factory in missing.factories:
        if name not in given:
            given[name] = factory()
    made.__dict__.update(given)
    return made


class _Missing(typing.NamedTuple):
    """What stands for fields that a document does not have."""

    required: frozenset[str]
    defaults: dict[str, Any]
    factories: tuple[tuple[str, typing.Callable[[], Any]], ...]


@functools.cache
def _missing(kind: type) -> _Missing | None:
    """None where the record's own constructor has to do it."""
    if not kind.__dictoffset__ or hasattr(kind, "__post_init__"):
        return None
    fields = dataclasses.fields(kind)
    nothing = dataclasses.MISSING
    return _Missing(
        frozenset(f.name for f in fields if f.default is nothing and f.default_factory is nothing),
        {f.name: f.default for f in fields if f.default is not nothing},
        tuple((f.name, f.default_factory) for f in fields if f.default_factory is not nothing),
    )


@functools.cache
def _readers(kind: type) -> tuple[frozenset[str], tuple[tuple[str, typing.Callable[[Any], Any]], ...]]:
    """All names, and how the values are read that are not kept as they are."""
    hints = typing.get_type_hints(kind)
    names = tuple(f.name for f in dataclasses.fields(kind))
    readers = ((name, _reader(hints[name])) for name in names)
    return frozenset(names), tuple((name, read) for name, read in readers if read is not None)


def _reader(hint: Any) -> typing.Callable[[Any], Any] | None:
    """How a value of this type is made from what a document holds; None where it is that value."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = _reader(next(a for a in args if a is not type(None)))
        return inner and functools.partial(_unless_none, inner)
    if origin is tuple:
        inner = _reader(args[0]) if len(args) == 2 and args[1] is Ellipsis else None
        return functools.partial(_each, inner) if inner else tuple
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return functools.partial(_from_data, hint)
    if isinstance(hint, type) and issubclass(hint, str) and hint is not str:
        return hint  # a StrEnum
    return None


def _unless_none(read: typing.Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else read(value)


def _each(read: typing.Callable[[Any], Any], values: typing.Iterable[Any]) -> tuple[Any, ...]:
    return tuple(map(read, values))
