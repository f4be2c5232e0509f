"""GET /api/gmail/authorize/: the way to Google's consent page."""

from werkzeug.wrappers import Response

from functions.edge import cookies, queries
from functions.edge.endpoint import USER, Call, Endpoint, respond

endpoint = Endpoint("/api/gmail/authorize")


@endpoint.route("GET", "/", USER)
def authorize(call: Call) -> Response:
    query = queries.known(call.request, "return_to", "login_hint", "expected_email")
    started = call.app.signin_links.start(
        call.caller.owner,
        cookies.browser(call.request, call.app.settings.public_url),
        return_to=query["return_to"],
        login_hint=query["login_hint"],
        expected_email=query["expected_email"],
        elsewhere=cookies.asked_elsewhere(call.request, call.app.settings.public_url),
    )
    if queries.wants_json(call.request):
        response = respond({"authorization_url": started.url})
    else:
        response = Response(status=302, headers={"Location": started.url})
    cookies.bind(response, started.browser, call.app.settings.public_url)
    return response
