"""GET /api/gmail/accounts/ and GET /api/gmail/accounts/{id}/."""

from werkzeug.wrappers import Response

from functions.edge import bodies, queries, views
from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint, respond

endpoint = Endpoint("/api/gmail/accounts")


@endpoint.route("GET", "/", USER_OR_KEY["read"])
def accounts(call: Call) -> Response:
    queries.paging_only(call.request)
    limit, after = bodies.paging(call.request)
    page = call.app.accounts.page(call.caller, limit, after)
    found = [views.account(a, is_default=a.id == page.default) for a in page.accounts]
    return respond({"accounts": found, "next_page_token": page.next})


@endpoint.route("GET", "/{id}/", USER_OR_KEY["read"])
def account(call: Call) -> Response:
    found = call.app.aliases.shown(call.app.accounts.get(call.caller, call.ids["id"]))
    is_default = call.app.accounts.default_id(call.caller.owner) == found.id
    return respond(views.account_detail(found, call.app.pacing.capacity(found), is_default=is_default))
