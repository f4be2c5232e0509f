"""GET /api/gmail/history/, one send of it, and what its owner can still do: cancel, move, resend."""

from werkzeug.wrappers import Response

from functions.edge import bodies, queries, views
from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint, respond
from functions.edge.inputs import parse_move

endpoint = Endpoint("/api/gmail/history")


@endpoint.route("GET", "/", USER_OR_KEY["read"])
def history(call: Call) -> Response:
    limit, after = bodies.paging(call.request)
    filters = queries.history(call.request)
    equals = dict(filters.equals)
    if "@" in equals.get("account", ""):
        equals["account"] = call.app.accounts.resolve(call.caller, equals["account"]).id
    page = call.app.history.page(
        call.caller, equals, since=filters.since, until=filters.until, limit=limit, after=after
    )
    return respond({"sends": [views.send(s) for s in page.sends], "next_page_token": page.next})


@endpoint.route("GET", "/{send_id}/", USER_OR_KEY["read"])
def detail(call: Call) -> Response:
    found = call.app.history.get(call.caller, call.ids["send_id"])
    body = views.send(found)
    if queries.includes(call.request, "mime"):
        body["mime"] = views.mime(call.app.history.mime(found))
    return respond(body)


@endpoint.route("PATCH", "/{send_id}/", USER_OR_KEY["send"])
def move(call: Call) -> Response:
    call.app.history.get(call.caller, call.ids["send_id"])  # what is not there is not found, whatever the body says
    at = parse_move(bodies.read_json(call.request, 4096))
    return respond(views.send(call.app.controlling.reschedule(call.caller, call.ids["send_id"], at)))


@endpoint.route("POST", "/{send_id}/cancel/", USER_OR_KEY["send"])
def cancel(call: Call) -> Response:
    return respond(views.send(call.app.controlling.cancel(call.caller, call.ids["send_id"])))


@endpoint.route("POST", "/{send_id}/resend/", USER_OR_KEY["send"])
def resend(call: Call) -> Response:
    made, fresh = call.app.controlling.resend(call.caller, call.ids["send_id"])
    return respond(views.send(made), 202, {} if fresh else {"Idempotent-Response": "true"})
