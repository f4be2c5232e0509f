"""POST /tasks/sweep: each minute, Cloud Scheduler has what is overdue looked for."""

from werkzeug.wrappers import Response

from functions.edge.endpoint import PLATFORM, Call, Endpoint, respond
from functions.runtime import events

endpoint = Endpoint("/tasks/sweep")


@endpoint.route("POST", "/", PLATFORM)
def sweep(call: Call) -> Response:
    swept = call.app.sweeping.sweep()
    events.swept(swept.overdue, swept.complete)
    return respond({"overdue": swept.overdue, "complete": swept.complete})
