"""GET /api/gmail/history/ and GET /api/gmail/history/{send_id}/."""

from werkzeug.wrappers import Response

from functions.edge import bodies, queries, views
from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint, respond

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
