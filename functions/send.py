"""POST /api/gmail/send/: one message, now."""

from werkzeug.wrappers import Response

from functions.edge import views
from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint, respond
from functions.edge.send_bodies import received
from functions.services.sending import Preview

endpoint = Endpoint("/api/gmail/send")


@endpoint.route("POST", "/", USER_OR_KEY["send"])
def send(call: Call) -> Response:
    with received(call) as body:
        answer = body.repeated() or call.app.sending.send(
            call.caller, body.parse(), body.send_id, body.fingerprint, on_record=body.keep_files
        )
        if isinstance(answer, Preview):
            return respond(views.preview(answer))
        repeated = {"Idempotent-Response": "true"} if answer.repeated else {}
        return respond(views.receipt(answer), 200 if answer.status == "sent" else 202, repeated)
