"""The suppression list: GET and POST /api/gmail/suppressions/, DELETE /{address}/, GET /export/."""

from werkzeug.wrappers import Response

from functions.edge import bodies, exports, suppression_bodies, suppression_queries, views
from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint, respond

endpoint = Endpoint("/api/gmail/suppressions")


@endpoint.route("GET", "/", USER_OR_KEY["read"])
def suppressions(call: Call) -> Response:
    limit, after = bodies.paging(call.request)
    reason, address = suppression_queries.entries(call.request)
    page = call.app.suppressions.page(call.caller, reason=reason, address=address, limit=limit, after=after)
    return respond({"suppressions": [views.suppression(s) for s in page.suppressions], "next_page_token": page.next})


@endpoint.route("POST", "/", USER_OR_KEY["manage"])
def add(call: Call) -> Response:
    entries, many = suppression_bodies.read(call.request, call.app.clock())
    written = call.app.suppressions.add_as(call.caller, entries)
    if not many:
        return respond(views.suppression(written[0].entry), 201 if written[0].fresh else 200)
    return respond(views.imported(len(entries), written))


@endpoint.route("GET", "/export/", USER_OR_KEY["read"])
def export(call: Call) -> Response:
    kind, reason = suppression_queries.export(call.request)
    rows = (views.suppression(s) for s in call.app.suppressions.all(call.caller, reason=reason))
    return exports.file(call.request, "suppressions", kind, suppression_bodies.EXPORTED, rows)


@endpoint.route("DELETE", "/{address}/", USER_OR_KEY["manage"])
def remove(call: Call) -> Response:
    call.app.suppressions.remove(call.caller, call.ids["address"])
    return Response(status=204)
