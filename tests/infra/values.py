"""What is followed through the code: real objects, markers for what is outside, objects that the code would make."""

import ast
import inspect
import textwrap
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Values = dict[Any, Any]  # by identity
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

    def give(self, name: str, values: Values) -> None:
        self.attributes[name] = self.attributes.get(name, {}) | values


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


def followed(*found: Any) -> Values:
    """Of these, what leads on."""
    return {identity(value): value for value in found if leads_on(value)}


def joined(several: Iterable[Values]) -> Values:
    return {key: value for values in several for key, value in values.items()}


def leads_on(value: Any) -> bool:
    """Not so plain data, and what is somebody else's."""
    if isinstance(value, str):
        return value.startswith("secretmanager://")
    if isinstance(value, Outside | Made | Code | Bound | types.ModuleType):
        return True
    return ours(inspect.unwrap(value) if inspect.isfunction(value) else value if callable(value) else type(value))


@cache
def static(kind: type, name: str) -> Any:
    return inspect.getattr_static(kind, name, None)


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


@cache
def comes_back(function: ast.FunctionDef) -> bool:
    """Whether it may get to a statement again, or to what is around an inner function later."""
    again = ast.For | ast.While | ast.FunctionDef | ast.Lambda
    return any(isinstance(inner, again) for statement in function.body for inner in ast.walk(statement))


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
        return followed(*found.values())
    return followed(*found) if isinstance(found, tuple | list) else followed(found)
