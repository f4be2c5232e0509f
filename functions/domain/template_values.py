"""Which variables a template may declare, and which values they take. All problems at once."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from functions.domain import times
from functions.domain.characters import body_problem, printable
from functions.domain.errors import InvalidMessage, MissingVariable
from functions.domain.fields import Problems, Steps, pointer_along, pointer_to
from functions.domain.templates import VARIABLE_TYPES, Variable

VARIABLES_LIMIT = 50
STRING_LIMIT = 50_000  # characters of one string
ITEMS_LIMIT = 1_000  # of one list
NUMBER_LIMIT = 10**15  # whole numbers up to here are exact in every JSON library (RFC 8259 §6)
_VALUES_LIMIT, _VALUES_SIZE, _VALUES_DEPTH = 10_000, 500_000, 5

# Stands where a template says {{ unsubscribe_url }} until the recipient's own link is made. `.invalid` never resolves
# (RFC 6761 §6.4), and an https URL passes unharmed through escaping, sanitising and the making of the text part.
UNSUBSCRIBE_PLACEHOLDER = "https://unsubscribe.invalid/"
# Names that every template may use without declaring them; `content` means something in layouts only.
UNSUBSCRIBE, CONTENT = "unsubscribe_url", "content"
RESERVED = (UNSUBSCRIBE, CONTENT, "forloop")

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_WORDS = frozenset((
    "true", "false", "nil", "null", "empty", "blank", "and", "or", "not", "contains", "in", "offset", "limit",
    "reversed", "cols", "continue", "with", "for", "as", "if", "else", "required", "now", "today",
))  # fmt: skip
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def key_problem(key: str) -> str:
    """What is wrong with a variable's name, or ""."""
    if not _KEY.fullmatch(key):
        return "A name has 1 to 64 letters, digits and underscores, and starts with no digit."
    if key in RESERVED:
        return f"`{key}` is a name of our own: it can be used without being declared."
    if key in _WORDS:
        return f"`{key}` is a word of the template language; choose another name."
    return ""


def check_declarations(variables: Sequence[Variable], problems: Problems, at: str = "/variables") -> None:
    """Note what is wrong with the variables that a template declares."""
    if len(variables) > VARIABLES_LIMIT:
        problems.add(at, f"A template has at most {VARIABLES_LIMIT} variables; these are {len(variables)}.")
        return
    seen: set[str] = set()
    for index, variable in enumerate(variables):
        here = f"{at}/{index}"
        if problem := key_problem(variable.key):
            problems.add(f"{here}/key", problem)
        elif variable.key in seen:
            problems.add(f"{here}/key", "Another variable has this name.")
        seen.add(variable.key)
        if variable.type not in VARIABLE_TYPES:
            problems.add(f"{here}/type", f"This must be one of: {', '.join(VARIABLE_TYPES)}.")
            continue
        for name, value in (("fallback", variable.fallback), ("sample", variable.sample)):
            if value is not None:
                _check(variable.type, value, f"{here}/{name}", problems)


def check_values(declared: Sequence[Variable], given: Mapping[str, Any], at: str) -> dict[str, Any]:
    """The value of every declared variable: the given one, else the fallback, else None if it is optional.

    null counts as not given; an empty string is a value. Raises MissingVariable if all that is wrong is that required
    variables are not given, else InvalidMessage; the pointers are `{at}/{key}` and below.
    """
    known = {variable.key: variable for variable in declared}
    problems, missing = Problems(), Problems()
    for key in given:
        if problems.full:
            break
        if key not in known:
            problems.add(pointer_to(at, key), _unknown(key, tuple(known)))
    values = {}
    for key, variable in known.items():
        value = given.get(key)
        if value is not None:
            _check(variable.type, value, pointer_to(at, key), problems)
        elif variable.fallback is not None:
            value = variable.fallback
        elif variable.required:
            missing.add(pointer_to(at, key), f"The template needs the variable `{key}`, and it has no fallback.")
        values[key] = value
    if not problems.errors and _size(given) > _VALUES_SIZE:
        problems.add(at, f"All values together may have {_VALUES_SIZE} characters at most.")
    if problems.errors:
        for error in missing.errors:
            problems.add(error.pointer, error.detail)
    problems.raise_as(InvalidMessage)
    missing.raise_as(MissingVariable)
    return values


def read_date(value: str) -> date | datetime | None:
    """An RFC 3339 date, or date-time in its own offset; None for anything else."""
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
        return datetime.fromisoformat(value.upper()) if times.parse(value) else None
    except ValueError:
        return None


def _unknown(key: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key.lower(), known, 1, 0.7) if len(key) <= 64 else []
    hint = f"; did you mean `{near[0]}`?" if near else "."
    return f"The template declares no variable of this name{hint}"


def _check(kind: str, value: object, at: str, problems: Problems) -> None:
    match kind, value:
        case ("string", str()) | ("boolean", bool()):
            _check_scalar(value, at, problems)
        case "number", int() | float() if not isinstance(value, bool):
            _check_scalar(value, at, problems)
        case "date", str():
            if read_date(value) is None:
                problems.add(at, f"`{printable(value, 40)}` is no date such as 2030-01-31 or 2030-01-31T09:00:00Z.")
        case "list", list():
            _check_tree(value, at, problems)
        case "date", _:
            problems.add(at, "This must be a date: a string such as 2030-01-31 or 2030-01-31T09:00:00Z.")
        case _:
            problems.add(at, f"This must be a {kind}.")


def _check_scalar(value: object, at: str, problems: Problems) -> None:
    if problem := _scalar_problem(value):
        problems.add(at, problem)


def _scalar_problem(value: object) -> str:
    if isinstance(value, str):
        if len(value) > STRING_LIMIT:
            return f"At most {STRING_LIMIT} characters are allowed; these are {len(value)}."
        return body_problem(value)
    if isinstance(value, int | float):
        # NaN is not in between either.
        return "" if -NUMBER_LIMIT <= value <= NUMBER_LIMIT else "A number must be between -10^15 and 10^15."
    return "" if value is None else "This must be a string, a number, true, false, null, a list or an object."


def _check_tree(root: list[Any], at: str, problems: Problems) -> None:
    """A list of strings, numbers, booleans, objects and lists. Iterative: the caller chooses the depth."""
    stack: list[tuple[Any, Steps, int]] = [(root, None, 1)]
    seen = 0
    while stack:
        node, steps, depth = stack.pop()
        seen += len(node)
        problem = ""
        if seen > _VALUES_LIMIT:
            problems.add(at, f"At most {_VALUES_LIMIT} values are allowed in a list, at all depths together.")
            return
        if depth > _VALUES_DEPTH:
            problem = f"Lists and objects may be nested {_VALUES_DEPTH} deep at most."
        elif isinstance(node, list) and len(node) > ITEMS_LIMIT:
            problem = f"A list has at most {ITEMS_LIMIT} items; this one has {len(node)}."
        if problem:
            problems.add(pointer_along(at, steps), problem)
            continue
        for key, item in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(item, list | dict):
                stack.append((item, (steps, key), depth + 1))
            elif problem := _scalar_problem(item):
                problems.add(pointer_along(at, (steps, key)), problem)
            if isinstance(key, str) and (problem := body_problem(key)):
                problems.add(pointer_along(at, steps), f"A name in this object: {problem}")


def _size(value: object) -> int:
    """Characters in all strings. Only for values that were checked: their depth is small."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_size(key) + _size(item) for key, item in value.items())
    return sum(map(_size, value)) if isinstance(value, list) else 0
