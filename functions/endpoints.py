"""/api/gmail/endpoints/: where outbound events go, their secrets, and what became of each delivery."""

from werkzeug.wrappers import Response

from functions.domain.deliveries import DeliveryStatus
from functions.edge import bodies, endpoint_bodies, endpoint_views, queries
from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint, respond

endpoint = Endpoint("/api/gmail/endpoints")
LIMIT = 64 << 10  # bytes of a body


@endpoint.route("GET", "/", USER_OR_KEY["read"])
def endpoints(call: Call) -> Response:
    queries.paging_only(call.request)
    page = call.app.endpoints.page(call.caller, *bodies.paging(call.request))
    return respond({"endpoints": list(map(endpoint_views.endpoint, page.endpoints)), "next_page_token": page.next})


@endpoint.route("POST", "/", USER_OR_KEY["manage"])
def create(call: Call) -> Response:
    asked = endpoint_bodies.parse_new(bodies.read_json(call.request, LIMIT), call.app.settings.endpoints_allow)
    made, secret = call.app.endpoints.create(
        call.caller, url=asked.url, events=asked.events, enabled=asked.enabled, secret=asked.secret
    )
    return respond({**endpoint_views.endpoint(made), "secret": secret}, 201)


@endpoint.route("GET", "/{id}/", USER_OR_KEY["read"])
def one(call: Call) -> Response:
    return respond(endpoint_views.endpoint(call.app.endpoints.get(call.caller, call.ids["id"])))


@endpoint.route("PUT", "/{id}/", USER_OR_KEY["manage"])
def put(call: Call) -> Response:
    call.app.endpoints.get(call.caller, call.ids["id"])
    asked = endpoint_bodies.parse(bodies.read_json(call.request, LIMIT), call.app.settings.endpoints_allow)
    changed = call.app.endpoints.put(
        call.caller, call.ids["id"], url=asked.url, events=asked.events, enabled=asked.enabled
    )
    return respond(endpoint_views.endpoint(changed))


@endpoint.route("DELETE", "/{id}/", USER_OR_KEY["manage"])
def delete(call: Call) -> Response:
    call.app.endpoints.delete(call.caller, call.ids["id"])
    return Response(status=204)


@endpoint.route("POST", "/{id}/secrets/", USER_OR_KEY["manage"])
def rotate(call: Call) -> Response:
    call.app.endpoints.get(call.caller, call.ids["id"])
    asked = endpoint_bodies.parse_rotation(bodies.read_optional_json(call.request, LIMIT))
    changed, secret = call.app.endpoints.rotate(call.caller, call.ids["id"], asked.secret, asked.overlap)
    return respond({**endpoint_views.endpoint(changed), "secret": secret}, 201)


@endpoint.route("POST", "/{id}/test/", USER_OR_KEY["manage"])
def test(call: Call) -> Response:
    return respond(endpoint_views.delivery_detail(call.app.event_deliveries.test(call.caller, call.ids["id"])))


@endpoint.route("GET", "/{id}/deliveries/", USER_OR_KEY["read"])
def deliveries(call: Call) -> Response:
    status = queries.filtered(call.request, "status", DeliveryStatus)
    page = call.app.event_deliveries.page(call.caller, call.ids["id"], status, *bodies.paging(call.request))
    return respond({"deliveries": list(map(endpoint_views.delivery, page.deliveries)), "next_page_token": page.next})


@endpoint.route("GET", "/{id}/deliveries/{delivery}/", USER_OR_KEY["read"])
def delivery(call: Call) -> Response:
    found = call.app.event_deliveries.get(call.caller, call.ids["id"], call.ids["delivery"])
    return respond(endpoint_views.delivery_detail(found))


@endpoint.route("POST", "/{id}/deliveries/{delivery}/redeliver/", USER_OR_KEY["manage"])
def redeliver(call: Call) -> Response:
    again = call.app.event_deliveries.redeliver(call.caller, call.ids["id"], call.ids["delivery"])
    return respond(endpoint_views.delivery(again), 202)
