"""What is followed through the code: real objects, markers for what is outside, objects that the code would make."""

import ast
import inspect
import textwrap
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Values = list[Any]
Names = Mapping[str, Values]


@dataclass(eq=False)
class Outside:
    """Stands for an outside thing, or a method of one. `use` is its name in functions.json; empty where no role is
    needed for it."""

    use: str

    def __getattr__(self, name: str) -> "Outside":
        if name.startswith("__"):
            raise AttributeError(name)
        return Outside(self.use)


@dataclass(eq=False)
class Made:
    """Objects that the code would make: their class, and what they were given."""

    kind: type
    attributes: dict[str, Values] = field(default_factory=dict)


@dataclass(eq=False)
class Code:
    """A lambda or an inner function, with the names around it."""

    node: ast.Lambda | ast.FunctionDef
    names: dict[str, Values]
    module: Mapping[str, Any]


@dataclass(eq=False)
class Bound:
    """A function with the made object that it is a method of."""

    function: types.FunctionType
    of: Made


def add(into: Values, values: Values) -> Values:
    known = {identity(value) for value in into}
    for value in filter(leads_on, values):
        if identity(value) not in known:
            known.add(identity(value))
            into.append(value)
    return into


def leads_on(value: Any) -> bool:
    """Not so plain data, and what is somebody else's."""
    if isinstance(value, str):
        return value.startswith("secretmanager://")
    if isinstance(value, Outside | Made | Code | Bound | types.ModuleType):
        return True
    return ours(inspect.unwrap(value) if inspect.isfunction(value) else value if callable(value) else type(value))


def ours(thing: Any) -> bool:
    return str(getattr(thing, "__module__", "")).startswith(("functions.", "tests.infra."))


@cache
def nodes(function: types.FunctionType) -> list[Any]:
    """Its definition; for a lambda those of its line, of which one is it."""
    if function.__name__ != "<lambda>":
        (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
        return [node]
    tree = ast.parse(inspect.getsource(inspect.getmodule(function)))  # type: ignore[arg-type]
    line = function.__code__.co_firstlineno
    return [node for node in ast.walk(tree) if isinstance(node, ast.Lambda) and node.lineno == line]


def identity(function: Any) -> Any:
    """Equal for what is the same: an object gives another bound method each time that it is asked."""
    if isinstance(function, Bound):
        return id(function.function), id(function.of)
    if isinstance(function, Code):
        return id(function)
    return id(getattr(function, "__func__", function)), id(getattr(function, "__self__", None))


def each(found: Any) -> Values:
    """What an object has there; of a container, what is in it."""
    if isinstance(found, Mapping):
        return list(found.values())
    return list(found) if isinstance(found, tuple | list) else [found]


def named_ids(named: Names | None) -> Any:
    return tuple((name, tuple(map(identity, values))) for name, values in sorted((named or {}).items()))
