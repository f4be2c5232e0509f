"""DELETE /api/gmail/accounts/{id}/: disconnect an account."""

from werkzeug.wrappers import Response

from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint

endpoint = Endpoint("/api/gmail/accounts")


@endpoint.route("DELETE", "/{id}/", USER_OR_KEY["manage"])
def delete(call: Call) -> Response:
    call.app.disconnecting.disconnect(call.caller, call.ids["id"])
    return Response(status=204)
