"""Reading query strings: known names only, each once, with a pointer where something is wrong."""

from collections.abc import Iterable
from datetime import datetime
from typing import NoReturn

from werkzeug.wrappers import Request

from functions.domain import times
from functions.domain.errors import FieldError, InvalidRequest

LIMIT = 2000  # characters of one value
PAGING = ("page_size", "page_token")


def known(request: Request, *names: str) -> dict[str, str]:
    """The value of each name, empty where it is absent. Raises InvalidRequest."""
    errors = []
    for name, values in request.args.lists():
        if name not in names:
            others = f"known are: {', '.join(names)}" if names else "there is nothing to ask for"
            errors.append(FieldError(f"/{name[:60]}", f"is not known here; {others}"))
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


def export_format(value: str) -> str:
    """CSV where nothing is asked. Raises InvalidRequest."""
    return one_of("format", value, ("csv", "ndjson")) or "csv"


def filtered(request: Request, name: str, choices: Iterable[str]) -> str:
    """The value of a list's one filter; empty for any. Raises InvalidRequest."""
    return one_of(name, known(request, name, *PAGING)[name], choices)


def one_of(name: str, value: str, choices: Iterable[str]) -> str:
    """The value, where it is a choice or empty. Raises InvalidRequest."""
    allowed = [str(choice) for choice in choices]
    if value and value not in allowed:
        wrong(name, f"must be one of: {', '.join(allowed)}")
    return value


def time(name: str, value: str) -> datetime | None:
    """RFC 3339 with an offset; a space for the plus that a query string eats."""
    if not value:
        return None
    found = times.parse(value.replace(" ", "+") if "T" in value else value)
    if found is None:
        wrong(name, "must be an RFC 3339 time such as 2026-01-31T12:00:00Z")
    return found


def includes(request: Request, what: str) -> bool:
    """Whether `?include=` names it. Raises InvalidRequest for anything else."""
    return one_of("include", known(request, "include")["include"], [what]) == what


def wants_json(request: Request) -> bool:
    """Whatever parameters the media ranges have: there is one kind of JSON, and one of HTML."""
    asked = request.accept_mimetypes
    bare = type(asked)([(media_range.partition(";")[0].strip(), quality) for media_range, quality in asked])
    return bare.best_match(["text/html", "application/json"], default="text/html") == "application/json"


def wrong(name: str, detail: str) -> NoReturn:
    """Raises InvalidRequest, pointing to the name."""
    raise InvalidRequest(f"`{name}` {detail}.", errors=[FieldError(f"/{name}", detail)])
