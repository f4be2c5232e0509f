"""POST /tasks/deliver: Cloud Tasks brings what is due, a send or an event."""

from werkzeug.wrappers import Response

from functions.edge import bodies
from functions.edge.endpoint import PLATFORM, Call, Endpoint
from functions.edge.inputs import parse_task

endpoint = Endpoint("/tasks/deliver")


@endpoint.route("POST", "/", PLATFORM)
def deliver(call: Call) -> Response:
    call.app.deliver(*parse_task(bodies.read_json(call.request, 4096)))
    return Response(status=204)
