"""GET / and its files, GET /api/gmail/openapi.json, GET /healthz and /health."""

from werkzeug.wrappers import Response

from functions.edge import static
from functions.edge.endpoint import ANYONE, Call, Endpoint, respond

endpoint = Endpoint("")


@endpoint.route("GET", "/", ANYONE)
def start(call: Call) -> Response:
    return static.page(call.request, uploads=call.app.settings.blobs_url.startswith("gs:"))


@endpoint.route("GET", "/assets/{name}", ANYONE)
def asset(call: Call) -> Response:
    return static.asset(call.request, call.ids["name"], call.app.settings.allowed_origins)


@endpoint.route("GET", "/api/gmail/openapi.json", ANYONE)
def openapi(call: Call) -> Response:  # noqa: ARG001
    return static.openapi()


# Cloud Run keeps `/healthz` to itself: the gateway asks for /health instead (infra/gateway.tf).
@endpoint.route("GET", "/health", ANYONE)
@endpoint.route("GET", "/healthz", ANYONE)
def healthz(call: Call) -> Response:  # noqa: ARG001
    return respond({"status": "ok"})
