"""GET /api/gmail/oauth2callback/: Google's redirect. POST: the confirm step for frontends on another site."""

from werkzeug.wrappers import Request, Response

from functions.domain.accounts import GmailAccount
from functions.domain.errors import IntegrationError, MethodNotAllowed
from functions.domain.return_urls import with_query
from functions.edge import bodies, cookies, pages, problems, queries, views
from functions.edge.endpoint import ANYONE, USER, Call, Endpoint, respond
from functions.services.connecting import Outcome


def _refused(request: Request, error: IntegrationError, request_id: str) -> Response:
    """A page for who comes back from Google, a problem document for a frontend that confirms."""
    if request.method in ("GET", "HEAD"):
        return pages.problem(request, error, request_id, "Not connected")
    return problems.response(error, request_id)


endpoint = Endpoint("/api/gmail/oauth2callback", _refused)


@endpoint.route("GET", "/", ANYONE)
def finish(call: Call) -> Response:
    if call.request.method == "HEAD":  # somebody looks at the link: it works once, and not for that
        raise MethodNotAllowed(["GET", "POST"])
    query = queries.first(call.request, "state", "code", "error")
    outcome = call.app.connecting.finish(query, cookies.browser(call.request, call.app.settings.public_url))
    # The cookie stays: it is of every sign-in that this browser has begun, and ends by itself.
    return _back(outcome) if outcome.return_to else _here(call, outcome)


@endpoint.route("POST", "/", USER)
def confirm(call: Call) -> Response:
    from functions.edge.inputs import parse_confirmation

    pending = parse_confirmation(bodies.read_json(call.request, 4096))
    account = call.app.connecting.confirm(call.caller, pending)
    return respond(views.account(account, is_default=_is_default(call, account)))


def _is_default(call: Call, account: GmailAccount) -> bool:
    """Where it can't be read, as it was last known: the account is connected, and must not look as if it were not."""
    accounts, owner = call.app.accounts, call.caller.owner
    try:
        return accounts.default_id(owner) == account.id
    except IntegrationError:
        return accounts.likely(owner, None) == account.id


def _back(outcome: Outcome) -> Response:
    if outcome.error:
        query = {"status": "error", "code": outcome.error.code}
    elif outcome.account:
        query = {"status": "connected", "account": outcome.account.id}
    else:
        query = {"status": "confirm", "pending": outcome.pending}
    return Response(status=303, headers={"Location": with_query(outcome.return_to, **query)})


def _here(call: Call, outcome: Outcome) -> Response:
    if outcome.error:
        raise outcome.error
    assert outcome.account  # noqa: S101 - a grant is parked only where there is a return_to
    if queries.wants_json(call.request):
        return respond({"status": "connected", "account": outcome.account.id})
    return pages.page("Connected", [f"{outcome.account.email} is connected. You can close this page."], 200)
