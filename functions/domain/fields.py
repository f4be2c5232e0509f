"""Read a JSON body into typed values, collecting every problem with its exact JSON pointer (RFC 6901)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from functions.domain.characters import printable
from functions.domain.errors import FieldError, IntegrationError

PROBLEMS_LIMIT = 50
_VALUE_DEPTH, _VALUE_NODES = 20, 10_000


def pointer_to(at: str, token: str | int) -> str:
    """The pointer to member `token` of the value at `at`."""
    if isinstance(token, int):
        return f"{at}/{token}"
    if len(token) > 100 or not token.isprintable():
        token = printable(token, 100)
    return f"{at}/{token.replace('~', '~0').replace('/', '~1')}"


# The way to a value in a tree: the way to what it is in, and its place there. A pointer is made of it for wrong values
# only: most trees have none, and thousands of values.
Steps = tuple["Steps", str | int] | None


def pointer_along(at: str, steps: Steps) -> str:
    """The pointer to where `steps` lead from `at`."""
    return at if steps is None else pointer_to(pointer_along(at, steps[0]), steps[1])


class Problems:
    """What is wrong with one request: at most 50 problems, in the order found, and one of each value, the first."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    @property
    def errors(self) -> tuple[FieldError, ...]:
        return tuple(FieldError(pointer, detail) for pointer, detail in self._found.items())

    @property
    def full(self) -> bool:
        """What else is wrong is not noted: there is no need to look for it."""
        return len(self._found) >= PROBLEMS_LIMIT

    def add(self, pointer: str, detail: str) -> None:
        if not self.full:
            self._found.setdefault(pointer, detail)

    def raise_as(self, kind: type[IntegrationError]) -> None:
        """Raise `kind` with all problems, if there are any."""
        if errors := self.errors:
            more = f" ({len(errors) - 1} more in `errors`)" if len(errors) > 1 else ""
            raise kind(f"{errors[0].pointer or 'The body'}: {errors[0].detail}{more}", errors=errors)


class Fields:
    """One JSON object at the pointer `at`. A null member counts as absent; a wrong one is noted and reads as absent."""

    def __init__(self, data: object, at: str, problems: Problems, known: Sequence[str]) -> None:
        self.at = at
        self.problems = problems
        if not isinstance(data, dict):
            problems.add(at, "This must be a JSON object.")
            data = {}
        self.data: Mapping[str, Any] = data
        if not data.keys() <= set(known):
            for name in data:
                if problems.full:
                    break
                if name not in known:
                    problems.add(pointer_to(at, str(name)), _unknown(str(name), known))

    def has(self, name: str) -> bool:
        return self.data.get(name) is not None

    def wrong(self, name: str, detail: str) -> None:
        self.problems.add(pointer_to(self.at, name), detail)

    def text(
        self, name: str, check: Callable[[str], str] | None = None, *, limit: int = 0, required: bool = False
    ) -> str | None:
        """A string of at most `limit` characters that `check` finds nothing wrong with."""
        value = self.data.get(name)
        if value is None:
            if required:
                self.wrong(name, "This is required.")
            return None
        if not isinstance(value, str):
            self.wrong(name, "This must be a string.")
        elif limit and len(value) > limit:
            self.wrong(name, f"At most {limit} characters are allowed; these are {len(value)}.")
        elif check and (problem := check(value)):
            self.wrong(name, problem)
        else:
            return value
        return None

    def boolean(self, name: str) -> bool | None:
        value = self.data.get(name)
        if value is None or isinstance(value, bool):
            return value
        self.wrong(name, "This must be true or false.")
        return None

    def integer(self, name: str, low: int, high: int) -> int | None:
        value = self.data.get(name)
        if value is None:
            return None
        found = whole(value)
        if found is None or not low <= found <= high:
            self.wrong(name, f"This must be a whole number from {low} to {high}.")
            return None
        return found

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        return self.text(name, lambda value: "" if value in choices else f"This must be one of: {', '.join(choices)}.")

    def items(self, name: str, limit: int) -> Iterator[tuple[str, Any]]:
        """The pointer and value of every element of a list; none at all if it is no list or too long."""
        value = self.data.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            self.wrong(name, "This must be a list.")
        elif len(value) > limit:
            self.wrong(name, f"At most {limit} are allowed; these are {len(value)}.")
        else:
            at = pointer_to(self.at, name)
            for index, item in enumerate(value):
                yield pointer_to(at, index), item

    def pairs(self, name: str, limit: int) -> Iterator[tuple[str, str, Any]]:
        """The pointer, name and value of every member of an object."""
        value = self.data.get(name)
        if value is None:
            return
        if not isinstance(value, dict):
            self.wrong(name, "This must be a JSON object.")
        elif len(value) > limit:
            self.wrong(name, f"At most {limit} are allowed; these are {len(value)}.")
        else:
            at = pointer_to(self.at, name)
            for key, item in value.items():
                yield pointer_to(at, str(key)), str(key), item

    def json_value(self, name: str) -> Any:
        """Any JSON value, finite in numbers and modest in depth and count."""
        at, problem = _value_problem(self.data.get(name), pointer_to(self.at, name))
        if problem:
            self.problems.add(at, problem)
            return None
        return self.data.get(name)

    def json_object(self, name: str) -> dict[str, Any]:
        """An object of any JSON values, finite in numbers and modest in depth and count."""
        value = self.data.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(name, "This must be a JSON object.")
            return {}
        at, problem = _value_problem(value, pointer_to(self.at, name))
        if problem:
            self.problems.add(at, problem)
            return {}
        return value


def _unknown(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), known, 1, 0.7) if len(name) <= 40 else []
    return f"This field is not known here; did you mean `{near[0]}`?" if near else "This field is not known here."


def _value_problem(value: object, at: str) -> tuple[str, str]:
    """Where and what is wrong in a tree of JSON values. Iterative: the caller chooses the depth, not our stack."""
    stack: list[tuple[object, Steps, int]] = [(value, None, 0)]
    seen = 1  # of all that is or was on the stack
    while stack:
        node, steps, depth = stack.pop()
        if depth > _VALUE_DEPTH:
            return at, f"Values may be nested {_VALUE_DEPTH} deep at most."
        if isinstance(node, str):
            if not node.isascii() and any("\ud800" <= c <= "\udfff" for c in node):
                return pointer_along(at, steps), "It holds a lone surrogate, which is no character."
        elif isinstance(node, float):
            if node - node != 0:
                return pointer_along(at, steps), "This number is too large, or not a number."
        elif isinstance(node, int) and abs(node) >= 2**63:
            return pointer_along(at, steps), "This number is too large."
        elif isinstance(node, dict | list):
            # Counted before they are put on the stack: a body of megabytes would be hundreds of them there.
            seen += len(node) * (2 if isinstance(node, dict) else 1)
            if seen > _VALUE_NODES:
                return at, f"At most {_VALUE_NODES} values are allowed here."
            if isinstance(node, dict):
                for key, item in node.items():
                    below = (steps, str(key))
                    stack += ((key, below, depth + 1), (item, below, depth + 1))
            else:
                stack.extend((item, (steps, index), depth + 1) for index, item in enumerate(node))
    return "", ""


def whole(value: Any) -> int | None:
    """A whole number; None where it is none. In JSON 3.0 is one, too: some languages have no other numbers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
