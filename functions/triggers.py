"""/api/gmail/triggers/: what signed webhooks turn into mail, their secrets, their log; test and replay."""

from werkzeug.wrappers import Response

from functions.domain.hook_deliveries import Verdict
from functions.domain.triggers import Trigger
from functions.edge import bodies, queries, trigger_bodies, trigger_views
from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint, respond

endpoint = Endpoint("/api/gmail/triggers")


@endpoint.route("GET", "/", USER_OR_KEY["read"])
def triggers(call: Call) -> Response:
    queries.paging_only(call.request)
    page = call.app.triggers.page(call.caller, *bodies.paging(call.request))
    problems = call.app.triggers.problems(page.triggers)
    url = call.app.settings.public_url
    shown = [trigger_views.trigger(t, url, problems.get(t.id)) for t in page.triggers]
    return respond({"triggers": shown, "next_page_token": page.next})


@endpoint.route("POST", "/", USER_OR_KEY["manage"])
def create(call: Call) -> Response:
    fields, secrets = trigger_bodies.parse_new(bodies.read_json(call.request, trigger_bodies.BODY_LIMIT))
    made, secret = call.app.triggers.create(call.caller, fields, secrets)
    return _shown(call, made, 201, secret)


@endpoint.route("GET", "/{id}/", USER_OR_KEY["read"])
def one(call: Call) -> Response:
    return _shown(call, _found(call))


@endpoint.route("PUT", "/{id}/", USER_OR_KEY["manage"])
def put(call: Call) -> Response:
    found = _found(call)  # not there: not found, whatever the body says
    fields = trigger_bodies.parse(bodies.read_json(call.request, trigger_bodies.BODY_LIMIT))
    return _shown(call, call.app.triggers.put(call.caller, found.id, fields))


@endpoint.route("DELETE", "/{id}/", USER_OR_KEY["manage"])
def delete(call: Call) -> Response:
    call.app.triggers.delete(call.caller, call.ids["id"])
    return Response(status=204)


@endpoint.route("POST", "/{id}/secrets/", USER_OR_KEY["manage"])
def rotate(call: Call) -> Response:
    found = _found(call)
    asked = trigger_bodies.parse_rotation(bodies.read_optional_json(call.request, trigger_bodies.BODY_LIMIT))
    changed, secret = call.app.triggers.rotate(call.caller, found.id, asked.secret, asked.overlap)
    return _shown(call, changed, 201, secret)


@endpoint.route("POST", "/{id}/test/", USER_OR_KEY["manage"])
def test(call: Call) -> Response:
    found = _found(call)
    asked = trigger_bodies.parse_test(bodies.read_json(call.request, trigger_bodies.TEST_LIMIT))
    return respond(trigger_views.tried(call.app.trigger_tests.test(call.caller, found, asked)))


@endpoint.route("GET", "/{id}/deliveries/", USER_OR_KEY["read"])
def deliveries(call: Call) -> Response:
    verdict = queries.filtered(call.request, "verdict", Verdict)
    page = call.app.hook_log.page(call.caller, _found(call), verdict, *bodies.paging(call.request))
    return respond({"deliveries": list(map(trigger_views.delivery, page.deliveries)), "next_page_token": page.next})


@endpoint.route("GET", "/{id}/deliveries/{delivery}/", USER_OR_KEY["read"])
def delivery(call: Call) -> Response:
    found = call.app.hook_log.get(call.caller, _found(call), call.ids["delivery"])
    return respond(trigger_views.delivery_detail(found, call.app.hook_log.body(found)))


@endpoint.route("POST", "/{id}/deliveries/{delivery}/replay/", USER_OR_KEY["manage"])
def replay(call: Call) -> Response:
    key = bodies.idempotency_key(call.request)
    made, new = call.app.replaying.replay(call.caller, _found(call), call.ids["delivery"], key)
    return respond(trigger_views.delivery(made), 202, {} if new else {"Idempotent-Response": "true"})


def _found(call: Call) -> Trigger:
    return call.app.triggers.get(call.caller, call.ids["id"])


def _shown(call: Call, found: Trigger, status: int = 200, secret: str = "") -> Response:
    problem = call.app.triggers.problems([found]).get(found.id)
    return respond(trigger_views.trigger(found, call.app.settings.public_url, problem, secret), status)
