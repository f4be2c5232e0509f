"""POST /api/gmail/send/: one message, now; or one for each of several recipients."""

from werkzeug.wrappers import Response

from functions.edge import send_views
from functions.edge.authentication import bearer
from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint, respond
from functions.edge.foreseeing import foreseen
from functions.edge.send_bodies import received
from functions.services.merging import BatchPreview
from functions.services.receipts import Receipt
from functions.services.sending import Preview

endpoint = Endpoint("/api/gmail/send")


@endpoint.route("POST", "/", USER_OR_KEY["send"], ahead=foreseen)
def send(call: Call) -> Response:
    call.app.foresight.remember(bearer(call.request), call.caller)
    with received(call) as body:
        service, new_id = (call.app.merging, body.batch_id) if body.several else (call.app.sending, body.send_id)
        answer = body.repeated() or service.send(
            call.caller, body.parse(), new_id, body.fingerprint, on_record=body.keep_files
        )
        if isinstance(answer, Preview | BatchPreview):
            return respond(send_views.preview(answer))
        repeated = {"Idempotent-Response": "true"} if answer.repeated else {}
        sent = isinstance(answer, Receipt) and answer.status == "sent"
        return respond(send_views.accepted(answer), 200 if sent else 202, repeated)
