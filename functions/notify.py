"""POST /tasks/notify: Gmail says, through Pub/Sub, that something came into a mailbox."""

from werkzeug.wrappers import Response

from functions.edge import bodies
from functions.edge.endpoint import PUBSUB, Call, Endpoint
from functions.edge.inputs import parse_push

endpoint = Endpoint("/tasks/notify")


@endpoint.route("POST", "/", PUBSUB)
def notify(call: Call) -> Response:
    address, history_id = parse_push(bodies.read_json(call.request, 64 << 10))
    if address:
        call.app.watching.notify(address, history_id)
    return Response(status=204)
