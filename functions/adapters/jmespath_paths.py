"""JMESPath, in bounds: the Paths port. An expression is short and flat, and evaluating it is a counted amount of work.

The language has no loops, but it can double what it has with every few characters (`[@,@]|[@,@]|…`, `join`), so that a
limit on the text alone bounds nothing. Work is counted as it is done: each step costs, and each value that a step gives
costs its length. What looks through whole values (`==`, `join`) pays for all of them beforehand.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from jmespath import ast, exceptions
from jmespath.functions import Functions
from jmespath.parser import Parser
from jmespath.visitor import Options, TreeInterpreter

from functions.domain.characters import printable
from functions.domain.payloads import DIGITS_LIMIT
from functions.domain.trigger_ports import PathFailed

LENGTH_LIMIT = 1_000  # characters of an expression
DEPTH_LIMIT = 50  # of its parts in each other
WORK_LIMIT = 400_000  # units: less than 0.2 s
RESULT_LIMIT = 20_000  # units of what comes out: values, and 16 characters each
TOGETHER = 3  # times as much for all expressions of a trigger: less than 0.6 s, and about a megabyte
_STEP = 5  # units; about what visiting a node takes, beside an element of a list
_CHARACTERS = 16  # of a string, for one unit
_LOOKS_THROUGH = ("contains", "join", "to_string")

# What the library lets out besides its own errors, which are ValueErrors: `'a' < `1``, `[::0]`, ceil of 1e999, …
_FAILURES = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)

Node = Any  # a dictionary of the library's


class JmesPaths:
    """Compiled expressions are kept."""

    def __init__(self, left: "_Left | None" = None) -> None:
        """`left` of what a trigger may cost, where expressions are evaluated together."""
        self._left = left

    def together(self) -> "JmesPaths":
        return JmesPaths(_Left())

    def check(self, expression: str) -> str:
        return _compiled(expression)[1]

    def evaluate(self, expression: str, payload: Any) -> Any:
        tree, problem = _compiled(expression)
        if tree is None:
            raise PathFailed(problem)
        left = self._left or _Left()
        given = min(WORK_LIMIT, left.work)
        work = _Work(given)
        try:
            found = _looked_up(tree, payload, work) if _is_path(tree) else _Interpreter(work).visit(tree, payload)
        except exceptions.JMESPathTypeError as error:
            wanted = " or ".join(error.expected_types)
            detail = f"`{error.function_name}` takes {wanted} here, not {error.actual_type}."
            raise PathFailed(detail) from error
        except _FAILURES as error:
            raise PathFailed("The expression can't be evaluated on this payload: check the types it meets.") from error
        left.work -= given - work.left
        left.results -= _check_result(found, min(RESULT_LIMIT, left.results))
        return found


def _is_path(node: Node) -> bool:
    """Whether it is names with full stops between: most expressions are."""
    return node["type"] == "field" or (node["type"] == "subexpression" and all(map(_is_path, node["children"])))


def _looked_up(node: Node, value: Any, work: "_Work") -> Any:
    """What the interpreter gives, for the same work, without making one."""
    work.spend(_STEP)
    if node["type"] == "field":
        value = value.get(node["value"]) if isinstance(value, dict) else None
    else:
        for child in node["children"]:
            value = _looked_up(child, value, work)
    work.spend(_length(value))
    return value


class _Left:
    def __init__(self) -> None:
        self.work = TOGETHER * WORK_LIMIT
        self.results = TOGETHER * RESULT_LIMIT


class _Work:
    def __init__(self, limit: int) -> None:
        self.left = limit

    def spend(self, units: int) -> None:
        self.left -= units
        if self.left < 0:
            raise PathFailed("This takes too much work on this payload; ask for less of it, or with fewer expressions.")

    def spend_on_all_of(self, value: Any) -> None:
        for part in _parts(value):
            self.spend(1 + _length(part))


class _Interpreter(TreeInterpreter):
    def __init__(self, work: _Work) -> None:
        super().__init__(Options(custom_functions=_Functions(work)))
        self._work = work

    def visit(self, node: Node, *args: Any, **kwargs: Any) -> Any:
        self._work.spend(_STEP)
        found = super().visit(node, *args, **kwargs)
        self._work.spend(_length(found))
        return found

    def visit_comparator(self, node: Node, value: Any) -> Any:
        sides = [self.visit(child, value) for child in node["children"]]
        if all(isinstance(side, list | dict) for side in sides):
            for side in sides:
                self._work.spend_on_all_of(side)
        visited: Node = {**node, "children": [ast.literal(side) for side in sides]}
        return super().visit_comparator(visited, value)


class _Functions(Functions):
    def __init__(self, work: _Work) -> None:
        self._work = work

    def call_function(self, function_name: str, resolved_args: Iterable[Any]) -> Any:
        given = list(resolved_args)
        if function_name in _LOOKS_THROUGH:
            for argument in given:
                self._work.spend_on_all_of(argument)
        if function_name == "join" and len(given) == 2 and isinstance(given[0], str) and isinstance(given[1], list):
            self._work.spend(_length(given[0]) * len(given[1]))  # the separator, as often as it stands
        return super().call_function(function_name, given)


@lru_cache(maxsize=512)
def _compiled(expression: str) -> tuple[Node | None, str]:
    """The tree and "", or None and what is wrong."""
    if len(expression) > LENGTH_LIMIT:
        return None, f"An expression has at most {LENGTH_LIMIT} characters; this one has {len(expression)}."
    if expression.count("(") > DEPTH_LIMIT:  # they leave nothing in the tree
        return None, f"An expression has at most {DEPTH_LIMIT} parentheses."
    try:
        tree: Node = Parser().parse(expression).parsed
    except exceptions.EmptyExpressionError:
        return None, "An expression is required; `@` stands for the whole payload."
    except exceptions.IncompleteExpressionError:
        return None, f"Column {len(expression) + 1}: the expression ends too early."
    except exceptions.LexerError as error:
        return None, f"Column {error.lexer_position + 1}: {printable(str(error.message), 100)}."
    except exceptions.ParseError as error:
        return None, f"Column {error.lex_position + 1}: {printable(str(error.msg).rstrip('.'), 100)}."
    except RecursionError:
        return None, _too_deep()
    except _FAILURES:
        return None, "This is no JMESPath expression."
    problem = _tree_problem(expression, tree)
    return (None, problem) if problem else (tree, "")


def _tree_problem(expression: str, root: Node) -> str:
    """What the library finds only when the expression is evaluated, or never."""
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEPTH_LIMIT:
            return _too_deep()
        for node in level:
            if node["type"] == "function_expression" and (problem := _call_problem(node)):
                found = re.search(rf"\b{node['value']}\s*\(", expression)
                return f"Column {found.start() + 1 if found else 1}: {problem}"
        level = [child for node in level for child in node["children"] if isinstance(child, dict)]
    return ""


def _call_problem(node: Node) -> str:
    name, given = node["value"], len(node["children"])
    if name not in Functions.FUNCTION_TABLE:
        return f"there is no function `{printable(name)}`."
    wanted = Functions.FUNCTION_TABLE[name]["signature"]
    least = bool(wanted[-1].get("variadic"))
    if given < len(wanted) or (given > len(wanted) and not least):
        count = f"{len(wanted)} argument{'s' if len(wanted) > 1 else ''}"
        return f"`{name}` takes {'at least ' if least else ''}{count}, not {given}."
    return ""


def _too_deep() -> str:
    return f"The parts of an expression may stand at most {DEPTH_LIMIT} deep in each other."


def _check_result(value: Any, limit: int) -> int:
    """How many units it has: JSON values only, not too many. A value that stands at several places counts at each, as
    it will once written."""
    units = 0
    for part in _parts(value):
        units += 1 + (len(part) // _CHARACTERS if isinstance(part, str) else 0)
        if units > limit:
            raise PathFailed("Too much comes out of the expressions; ask for less of the payload.")
        if isinstance(part, float | int):
            if not abs(part) < 10**DIGITS_LIMIT:  # nor is it NaN
                raise PathFailed("A number comes out that is too large, or none at all.")
        elif part is not None and not isinstance(part, str | list | dict):
            raise PathFailed("What comes out is an expression (`&…`), not a value.")
    return units


def _parts(root: Any) -> Iterator[Any]:
    """The value and all that is in it. Iterative, and lazy: it may be more than anybody wants to see."""
    stack = [root]
    while stack:
        part = stack.pop()
        yield part
        if isinstance(part, dict):
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value) // _CHARACTERS
    return len(value) if isinstance(value, list | dict) else 0
