"""Walks through source code with the objects at hand, and notes which outside things come into reach."""

import ast
import importlib
import inspect
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from typing import Any

from functions.runtime.lazy import once
from tests.infra.values import (
    Bound,
    Code,
    Made,
    Names,
    Outside,
    Values,
    comes_back,
    each,
    followed,
    identity,
    joined,
    nodes,
    ours,
    static,
)

READING = {"read"}  # of blobs


class Walk:
    def __init__(self) -> None:
        self.found: set[str] = set()
        self.codes: dict[Any, Code] = {}
        self._objects: dict[type, Made] = {}  # one of each class: what any of them was given
        self._results: dict[Any, Values] = {}  # of each function with what it was given
        self._done: set[Any] = set()  # those of them that this round has walked
        self._kept: list[Any] = []  # so that ids stay those of these objects
        self._known = -1

    def again(self) -> bool:
        """Whether the last round brought anything new. If so every call is walked again: it may return more now."""
        known = len(self.found) + sum(len(v) for made in self._objects.values() for v in made.attributes.values())
        known += sum(len(v) for code in self.codes.values() for v in code.names.values())
        known += sum(map(len, self._results.values()))
        self._known, before = known, self._known
        self._done.clear()
        return known != before

    def run(self, function: Any, given: list[Values], named: Names | None = None) -> Values:
        """What calling it may return."""
        if inspect.isfunction(function) and not function.__closure__ and not any((*given, *(named or {}).values())):
            return {}  # nothing at hand that leads anywhere
        key = (
            identity(function),
            tuple(map(frozenset, given)),
            frozenset((name, frozenset(values)) for name, values in (named or {}).items()),
        )
        results = self._results.setdefault(key, {})
        if key in self._done:
            return results
        self._done.add(key)
        self._kept.append((function, given, named))
        for node, names, module in self._bodies(function):
            Frame(self, module, names, results).body(node, _with_self(function, given), named or {})
        return results

    def _bodies(self, function: Any) -> Iterable[tuple[Any, dict[str, Values], Mapping[str, Any]]]:
        if isinstance(function, Code):
            yield function.node, dict(function.names), function.module
            return
        plain = inspect.unwrap(getattr(function, "__func__", getattr(function, "function", function)))
        cells = zip(plain.__code__.co_freevars, plain.__closure__ or (), strict=True)
        around = {name: followed(cell.cell_contents) for name, cell in cells}
        for node in nodes(plain):
            yield node, dict(around), plain.__globals__

    def attribute(self, value: Any, name: str) -> Values:
        if isinstance(value, Outside):
            if value.use == "bucket" and name in READING:
                self.found.add("bucket-reading")
            elif value.use:
                self.found.add(value.use)
            if name == "upload_url":
                self.found.add("upload-urls")
            return {}
        if isinstance(value, Made):
            if name in value.attributes:
                return value.attributes[name]
            there = static(value.kind, name)
            if isinstance(there, property):
                return self.run(Bound(there.fget, value), [])  # type: ignore[arg-type]
            return followed(Bound(there, value)) if isinstance(there, types.FunctionType) else {}
        kind = type(value)
        there = static(kind, name)
        if isinstance(there, property) and ours(kind):
            return self.run(types.MethodType(there.fget, value), [])  # type: ignore[arg-type]
        if ours(kind) or isinstance(there, once) or isinstance(value, types.ModuleType) or inspect.isclass(value):
            return each(getattr(value, name)) if hasattr(value, name) else {}
        return {}

    def call(self, function: Any, given: list[Values], named: Names) -> Values:
        if isinstance(function, Outside):
            return self.attribute(function, "")
        if getattr(function, "__name__", "") == "secret_value":  # of a setting that names a secret
            for setting in given[0].values():
                self.found.update(re.findall(r"secretmanager://[^/]+/([^/]+)/", setting))
            return {}
        if inspect.isclass(function) and ours(function):
            return self._made(function, given, named)
        if isinstance(function, Code | Bound) or (callable(function) and ours(inspect.unwrap(function))):
            return self.run(function, given, named)
        return self.unknown(given, named)

    def unknown(self, given: list[Values], named: Names) -> Values:
        """Somebody else's code: it may call what it is given, and may return it."""
        passed = joined((*given, *named.values()))
        for value in passed.values():
            if isinstance(value, Code | Bound | types.FunctionType | types.MethodType):
                self.run(value, [])
        return passed

    def _made(self, kind: type, given: list[Values], named: Names) -> Values:
        if not any((*given, *named.values())) or issubclass(kind, BaseException):
            return {}
        made = self._objects.setdefault(kind, Made(kind))
        if is_dataclass(kind) or hasattr(kind, "_fields"):
            names = [each.name for each in fields_of(kind)] if is_dataclass(kind) else kind._fields
            for name, values in (*zip(names, given, strict=False), *named.items()):
                made.give(name, values)
        elif isinstance(kind.__init__, types.FunctionType):  # type: ignore[misc]
            self.run(Bound(kind.__init__, made), given, named)  # type: ignore[misc]
        return followed(made)


class Frame:
    """One function's body. Statements are taken twice where what is set later counts earlier too."""

    def __init__(self, walk: Walk, module: Mapping[str, Any], names: dict[str, Values], results: Values) -> None:
        self.walk, self.module, self.names, self.results = walk, module, names, results

    def body(self, node: Any, given: list[Values], named: Names) -> None:
        a = node.args
        positional = [*a.posonlyargs, *a.args]
        for parameter, values in zip(positional, given, strict=False):
            self._bind(parameter.arg, values)
        if a.vararg:
            self._bind(a.vararg.arg, joined(given[len(positional) :]))
        for name, values in named.items():
            known = name in {p.arg for p in (*positional, *a.kwonlyargs)}
            self._bind(name if known or not a.kwarg else a.kwarg.arg, values)
        if isinstance(node, ast.Lambda):
            self.results.update(self.value(node.body))
            return
        for _ in range(2 if comes_back(node) else 1):
            for statement in node.body:
                self.statement(statement)

    def statement(self, node: ast.AST) -> None:
        match node:
            case ast.FunctionDef():
                self._bind(node.name, self._code(node))
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.Return():
                self.results.update(self.value(node.value))
            case ast.Assign():
                for target in node.targets:
                    self._assign(target, self.value(node.value))
            case ast.AnnAssign() | ast.AugAssign():
                self._assign(node.target, self.value(node.value))
            case ast.For() | ast.With():
                for target, value in _bindings(node):
                    values = self.value(value)
                    if target is not None:
                        self._assign(target, values)
                for inner in (*node.body, *getattr(node, "orelse", ())):
                    self.statement(inner)
            case ast.stmt() | ast.ExceptHandler() | ast.match_case():
                for child in ast.iter_child_nodes(node):
                    self.value(child) if isinstance(child, ast.expr) else self.statement(child)

    def value(self, node: ast.AST | None) -> Values:
        match node:
            case ast.Name():
                if node.id in self.names:
                    return self.names[node.id]
                return followed(self.module.get(node.id))
            case ast.Attribute():
                return joined(self.walk.attribute(v, node.attr) for v in tuple(self.value(node.value).values()))
            case ast.Call():
                return self._call(node)
            case ast.Lambda():
                return self._code(node)
            case ast.NamedExpr():
                values = self.value(node.value)
                self._assign(node.target, values)
                return values
            case ast.Yield() | ast.YieldFrom():
                self.results.update(self.value(node.value))
                return {}
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                for each in node.generators:
                    self._assign(each.target, self.value(each.iter))
                    for condition in each.ifs:
                        self.value(condition)
                parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
                return joined(map(self.value, parts))
            case ast.AST():
                return joined(self.value(child) for child in ast.iter_child_nodes(node))
        return {}

    def _call(self, node: ast.Call) -> Values:
        called = self.value(node.func)
        given = [self.value(argument) for argument in node.args]
        named = {k.arg or "": self.value(k.value) for k in node.keywords}
        if not called:
            return self.walk.unknown(given, named)
        return joined(self.walk.call(each, given, named) for each in tuple(called.values()))

    def _code(self, node: ast.Lambda | ast.FunctionDef) -> Values:
        """One of each place and object, however often its surroundings are walked."""
        key = id(node), frozenset(self.names.get("self", ()))
        code = self.walk.codes.setdefault(key, Code(node, {}, self.module))
        for name, values in self.names.items():
            code.names[name] = code.names.get(name, {}) | values
        return followed(code)

    def _assign(self, target: ast.AST, values: Values) -> None:
        match target:
            case ast.Name():
                self._bind(target.id, values)
            case ast.Tuple() | ast.List():
                for each in target.elts:
                    self._assign(each, values)
            case ast.Starred():
                self._assign(target.value, values)
            case ast.Attribute():
                for owner in self.value(target.value).values():
                    if isinstance(owner, Made):
                        owner.give(target.attr, values)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("functions."):
            for alias in node.names:
                module = importlib.import_module(node.module or "")
                found = getattr(module, alias.name, None) or importlib.import_module(f"{node.module}.{alias.name}")
                self._bind(alias.asname or alias.name, followed(found))

    def _bind(self, name: str, values: Values) -> None:
        self.names[name] = self.names.get(name, {}) | values


def _bindings(node: ast.For | ast.With) -> list[tuple[ast.expr | None, ast.expr]]:
    if isinstance(node, ast.For):
        return [(node.target, node.iter)]
    return [(item.optional_vars, item.context_expr) for item in node.items]


def _with_self(function: Any, given: list[Values]) -> list[Values]:
    if isinstance(function, Bound):
        return [followed(function.of), *given]
    return [followed(function.__self__), *given] if inspect.ismethod(function) else given
