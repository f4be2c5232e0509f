"""GET and POST /api/gmail/keys/, DELETE /api/gmail/keys/{id}/: API keys, for users only."""

from werkzeug.wrappers import Response

from functions.edge import bodies, queries, views
from functions.edge.endpoint import USER, Call, Endpoint, respond

endpoint = Endpoint("/api/gmail/keys")


@endpoint.route("GET", "/", USER)
def keys(call: Call) -> Response:
    queries.paging_only(call.request)
    limit, after = bodies.paging(call.request)
    page = call.app.keys.page(call.caller.owner, limit, after)
    return respond({"keys": [views.key(k) for k in page.keys], "next_page_token": page.next})


@endpoint.route("POST", "/", USER)
def create(call: Call) -> Response:
    from functions.edge.inputs import parse_key

    asked = parse_key(bodies.read_json(call.request, 64 << 10))
    key, token = call.app.keys.create(
        call.caller.owner,
        name=asked.name,
        scopes=asked.scopes,
        accounts=asked.accounts,
        expires_at=asked.expires_at,
    )
    return respond({**views.key(key), "key": token}, 201)


@endpoint.route("DELETE", "/{id}/", USER)
def revoke(call: Call) -> Response:
    call.app.keys.revoke(call.caller.owner, call.ids["id"])
    return Response(status=204)
