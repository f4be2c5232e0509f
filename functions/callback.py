"""GET /api/gmail/oauth2callback/: Google's redirect. POST: the confirm step for frontends on another site."""

from werkzeug.wrappers import Response

from functions.domain.errors import MethodNotAllowed
from functions.domain.return_urls import with_query
from functions.edge import bodies, cookies, pages, problems, queries, views
from functions.edge.endpoint import ANYONE, USER, Call, Endpoint, respond
from functions.services.connecting import Outcome

endpoint = Endpoint("/api/gmail/oauth2callback")


@endpoint.route("GET", "/", ANYONE)
def finish(call: Call) -> Response:
    if call.request.method == "HEAD":  # somebody looks at the link: it works once, and not for that
        raise MethodNotAllowed(["GET", "POST"])
    query = queries.first(call.request, "state", "code", "error")
    outcome = call.app.connecting.finish(query, cookies.browser(call.request, call.app.settings.public_url))
    response = _back(outcome) if outcome.return_to else _here(call, outcome)
    cookies.clear(response, call.app.settings.public_url)
    return response


@endpoint.route("POST", "/", USER)
def confirm(call: Call) -> Response:
    from functions.edge.inputs import parse_confirmation

    pending = parse_confirmation(bodies.read_json(call.request, 4096))
    account = call.app.connecting.confirm(call.caller, pending)
    is_default = call.app.accounts.default_id(call.caller.owner) == account.id
    return respond(views.account(account, is_default=is_default))


def _back(outcome: Outcome) -> Response:
    if outcome.error:
        query = {"status": "error", "code": outcome.error.code}
    elif outcome.account:
        query = {"status": "connected", "account": outcome.account.id}
    else:
        query = {"status": "confirm", "pending": outcome.pending}
    return Response(status=303, headers={"Location": with_query(outcome.return_to, **query)})


def _here(call: Call, outcome: Outcome) -> Response:
    if queries.wants_json(call.request):
        if outcome.error:
            return problems.response(outcome.error, call.request_id)
        assert outcome.account  # noqa: S101 - a grant is parked only where there is a return_to
        return respond({"status": "connected", "account": outcome.account.id})
    if outcome.error:
        status = problems.STATUS[outcome.error.code]
        return pages.page("Not connected", [outcome.error.detail, outcome.error.remedy], status)
    assert outcome.account  # noqa: S101
    return pages.page("Connected", [f"{outcome.account.email} is connected. You can close this page."], 200)
