"""Reading query strings: known names only, each once, with a pointer where something is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from werkzeug.wrappers import Request

from functions.domain import times
from functions.domain.errors import FieldError, InvalidRequest
from functions.domain.sends import Status

LIMIT = 2000  # characters of one value
PAGING = ("page_size", "page_token")
HISTORY = ("account", "status", "to", "template", "trigger", "batch", "tag", "since", "until")


def known(request: Request, *names: str) -> dict[str, str]:
    """The value of each name, empty where it is absent. Raises InvalidRequest."""
    errors = []
    for name, values in request.args.lists():
        if name not in names:
            errors.append(FieldError(f"/{name[:60]}", f"is not known here; known are: {', '.join(names)}"))
        elif len(values) > 1:
            errors.append(FieldError(f"/{name}", "is given more than once"))
        elif len(values[0]) > LIMIT or not values[0].isprintable():
            errors.append(FieldError(f"/{name}", "is too long, or has characters that can't be printed"))
    if errors:
        raise InvalidRequest("The query is not valid.", errors=errors)
    return {name: request.args.get(name, "") for name in names}


def paging_only(request: Request) -> None:
    """For a list that takes nothing but paging. Raises InvalidRequest."""
    known(request, *PAGING)


def first(request: Request, *names: str) -> dict[str, str]:
    """For a query that somebody else makes: what is known of it, whatever else it has."""
    return {name: request.args[name] for name in names if name in request.args}


@dataclass(frozen=True, slots=True)
class Filters:
    equals: Mapping[str, str]
    since: datetime | None
    until: datetime | None


def history(request: Request) -> Filters:
    """Raises InvalidRequest."""
    query = known(request, *HISTORY, *PAGING)
    equals = {name: query[name] for name in HISTORY[:7] if query[name]}
    if "status" in equals and equals["status"] not in {s.value for s in Status}:
        _wrong("status", f"must be one of: {', '.join(s.value for s in Status)}")
    if "to" in equals:
        equals["to"] = equals["to"].casefold()
    return Filters(equals, time("since", query["since"]), time("until", query["until"]))


def time(name: str, value: str) -> datetime | None:
    """RFC 3339 with an offset; a space for the plus that a query string eats."""
    if not value:
        return None
    found = times.parse(value.replace(" ", "+") if "T" in value else value)
    if found is None:
        _wrong(name, "must be an RFC 3339 time such as 2026-01-31T12:00:00Z")
    return found


def includes(request: Request, what: str) -> bool:
    """Whether `?include=` names it. Raises InvalidRequest for anything else."""
    value = known(request, "include")["include"]
    if value not in ("", what):
        _wrong("include", f"can only be: {what}")
    return value == what


def wants_json(request: Request) -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


def _wrong(name: str, detail: str) -> NoReturn:
    raise InvalidRequest(f"`{name}` {detail}.", errors=[FieldError(f"/{name}", detail)])
