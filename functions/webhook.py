"""POST /api/gmail/hooks/{trigger_id}/: a webhook, from whoever signs as its trigger demands."""

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from functions.domain.triggers import BODY_LIMIT
from functions.edge import bodies
from functions.edge.endpoint import ANYONE, Call, Endpoint, respond

endpoint = Endpoint("/api/gmail/hooks")


@endpoint.route("POST", "/{trigger_id}/", ANYONE)
def webhook(call: Call) -> Response:
    body = bodies.read(call.request, BODY_LIMIT)
    headers, content_type = _Once(call.request.headers), call.request.content_type or ""
    answer = call.app.receiving.receive(call.ids["trigger_id"], headers, body, content_type)
    found = {"delivery": answer.delivery, "send": answer.send}
    return respond(found, 200, {"Idempotent-Response": "true"}) if answer.repeated else respond(found, 202)


class _Once:
    """A request's headers as its server hands them on (PEP 3333): each name once. So one is looked up where werkzeug
    would look through all of them."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def getlist(self, key: str, /) -> list[str]:
        found = self._headers.get(key)
        return [] if found is None else [found]
