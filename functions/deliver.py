"""POST /tasks/deliver: Cloud Tasks brings a send that is due."""

from werkzeug.wrappers import Response

from functions.edge import bodies
from functions.edge.endpoint import PLATFORM, Call, Endpoint
from functions.edge.inputs import parse_task

endpoint = Endpoint("/tasks/deliver")


@endpoint.route("POST", "/", PLATFORM)
def deliver(call: Call) -> Response:
    owner, send_id = parse_task(bodies.read_json(call.request, 4096))
    call.app.delivering.deliver(owner, send_id)
    return Response(status=204)
