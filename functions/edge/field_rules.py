"""What several kinds of bodies ask of a field."""

from collections.abc import Callable
from datetime import datetime

from functions.domain import times
from functions.domain.characters import body_problem, label_problem
from functions.domain.fields import Fields


def name_problem(value: str) -> str:
    """Of what people call a key, a template or a trigger; empty where there is none."""
    return label_problem(value) if value.strip() else "A name is required."


def sized(limit: int, check: Callable[[str], str] = body_problem) -> Callable[[str], str]:
    """`check`, and at most `limit` bytes as UTF-8."""

    def problem(value: str) -> str:
        if found := check(value):
            return found
        taken = len(value.encode())
        return f"At most {limit} bytes as UTF-8 are allowed; these are {taken}." if taken > limit else ""

    return problem


def choices(fields: Fields, name: str, limit: int, check: Callable[[object], str]) -> tuple[str, ...]:
    """The strings of a list, each given once. `check` says what is wrong with an element that is none of them."""
    found: list[str] = []
    for at, value in fields.items(name, limit):
        if problem := check(value):
            fields.problems.add(at, problem)
        elif value in found:
            fields.problems.add(at, "This is given twice.")
        else:
            found.append(value)
    return tuple(found)


def one_of(*known: str) -> Callable[[object], str]:
    return lambda value: "" if value in known else f"This must be one of: {', '.join(known)}."


def moment(fields: Fields, name: str) -> datetime | None:
    """A time in UTC; None where there is none, or it is wrong."""
    value = fields.text(name, limit=40)
    if value is None:
        return None
    if found := times.parse(value):
        return found
    fields.wrong(name, "This must be an RFC 3339 time such as 2027-01-31T12:00:00Z.")
    return None
