"""Reading query strings: known names only, each once, with a pointer where something is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from werkzeug.wrappers import Request

from functions.domain import times
from functions.domain.addresses import email_problem
from functions.domain.deliveries import DeliveryStatus
from functions.domain.errors import FieldError, InvalidRequest
from functions.domain.hook_deliveries import Verdict
from functions.domain.sends import Status
from functions.domain.suppressions import Reason
from functions.domain.templates import KINDS
from functions.services.statistics import LONGEST, Span

LIMIT = 2000  # characters of one value
PAGING = ("page_size", "page_token")
HISTORY = ("account", "status", "to", "template", "trigger", "batch", "tag", "q", "since", "until")
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # what counts may be asked for: before it, times can't be reckoned with
GROUPS = ("day", "account", "template", "status")


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


def history(request: Request, *also: str) -> Filters:
    """Of a list of sends; `also` are names that mean something besides. Raises InvalidRequest."""
    query = known(request, *HISTORY, *(also or PAGING))
    equals = {name: query[name] for name in HISTORY[:8] if query[name].strip()}
    if "status" in equals and equals["status"] not in {s.value for s in Status}:
        _wrong("status", f"must be one of: {', '.join(s.value for s in Status)}")
    if "to" in equals:
        equals["to"] = equals["to"].strip().casefold()
    return Filters(equals, time("since", query["since"]), time("until", query["until"]))


def delivery_status(request: Request) -> str:
    """Of a list of deliveries; empty for any. Raises InvalidRequest."""
    status = known(request, "status", *PAGING)["status"]
    if status and status not in {s.value for s in DeliveryStatus}:
        _wrong("status", f"must be one of: {', '.join(s.value for s in DeliveryStatus)}")
    return status


def verdict(request: Request) -> str:
    """Of a list of a trigger's deliveries; empty for any. Raises InvalidRequest."""
    asked = known(request, "verdict", *PAGING)["verdict"]
    if asked and asked not in {v.value for v in Verdict}:
        _wrong("verdict", f"must be one of: {', '.join(v.value for v in Verdict)}")
    return asked


def suppressions(request: Request) -> tuple[str, str]:
    """(reason, address), empty where they are absent. Raises InvalidRequest."""
    query = known(request, "reason", "address", *PAGING)
    if query["address"] and (problem := email_problem(query["address"])):
        raise InvalidRequest(f"`address`: {problem}", errors=[FieldError("/address", problem)])
    return _reason(query["reason"]), query["address"]


def suppressions_export(request: Request) -> tuple[str, str]:
    """(format, reason). Raises InvalidRequest."""
    query = known(request, "format", "reason")
    return export_format(query["format"]), _reason(query["reason"])


def export_format(value: str) -> str:
    """CSV where nothing is asked. Raises InvalidRequest."""
    if value not in ("", "csv", "ndjson"):
        _wrong("format", "must be one of: csv, ndjson")
    return value or "csv"


def _reason(value: str) -> str:
    if value not in ("", *Reason):
        _wrong("reason", f"must be one of: {', '.join(Reason)}")
    return value


def statistics(request: Request, now: datetime) -> tuple[str, Span, dict[str, str]]:
    """What to count by, from when to when (the last 30 days), and of which sends. Raises InvalidRequest."""
    filters = ("account", "template", "trigger", "status")
    query = known(request, "by", "since", "until", *filters)
    group = query["by"] or "day"
    if group not in GROUPS:
        _wrong("by", f"must be one of: {', '.join(GROUPS)}")
    until = time("until", query["until"]) or now
    if until < EARLIEST:
        _wrong("until", f"must not come before {EARLIEST:%Y-%m-%d}")
    since = time("since", query["since"]) or until - timedelta(days=30)
    if not since < until or until - since > LONGEST:
        _wrong("since", f"must come before `until`, by at most {LONGEST.days} days")
    if query["status"] and query["status"] not in {s.value for s in Status}:
        _wrong("status", f"must be one of: {', '.join(s.value for s in Status)}")
    return group, Span(since, until), {name: query[name] for name in filters if query[name]}


def time(name: str, value: str) -> datetime | None:
    """RFC 3339 with an offset; a space for the plus that a query string eats."""
    if not value:
        return None
    found = times.parse(value.replace(" ", "+") if "T" in value else value)
    if found is None:
        _wrong(name, "must be an RFC 3339 time such as 2026-01-31T12:00:00Z")
    return found


def templates(request: Request) -> tuple[str, bool]:
    """(kind, archived). Raises InvalidRequest."""
    query = known(request, "kind", "archived", *PAGING)
    for name, choices in (("kind", KINDS), ("archived", ("true", "false"))):
        if query[name] and query[name] not in choices:
            _wrong(name, f"must be one of: {', '.join(choices)}")
    return query["kind"], query["archived"] == "true"


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
