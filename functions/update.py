"""PATCH /api/gmail/accounts/{id}/: what the owner may choose about a connected account."""

from werkzeug.wrappers import Response

from functions.edge import bodies, views
from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint, respond
from functions.edge.inputs import parse_account_change

endpoint = Endpoint("/api/gmail/accounts")


@endpoint.route("PATCH", "/{id}/", USER_OR_KEY["manage"])
def update(call: Call) -> Response:
    before = call.app.accounts.get(call.caller, call.ids["id"])  # not found, whatever the body says
    change = parse_account_change(bodies.read_json(call.request, 4096), before)
    found = call.app.accounts.change(call.caller, before.id, change)
    is_default = call.app.accounts.default_id(call.caller.owner) == found.id
    return respond(views.account_detail(found, call.app.pacing.capacity(found), is_default=is_default))
