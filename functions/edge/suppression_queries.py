"""The query strings of the suppression list."""

from werkzeug.wrappers import Request

from functions.domain.addresses import email_problem
from functions.domain.errors import FieldError, InvalidRequest
from functions.domain.suppressions import Reason
from functions.edge import queries


def entries(request: Request) -> tuple[str, str]:
    """(reason, address), empty where they are absent. Raises InvalidRequest."""
    query = queries.known(request, "reason", "address", *queries.PAGING)
    if query["address"] and (problem := email_problem(query["address"])):
        raise InvalidRequest(f"`address`: {problem}", errors=[FieldError("/address", problem)])
    return queries.one_of("reason", query["reason"], Reason), query["address"]


def export(request: Request) -> tuple[str, str]:
    """(format, reason). Raises InvalidRequest."""
    query = queries.known(request, "format", "reason")
    return queries.export_format(query["format"]), queries.one_of("reason", query["reason"], Reason)
