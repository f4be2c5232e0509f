"""CORS (the Fetch standard): the listed origins may call from a browser, nobody else."""

from werkzeug.wrappers import Request, Response

METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key, Accept"
RESPONSE_HEADERS = "Idempotent-Response, Retry-After, X-Request-Id, Content-Disposition, Date"


def allow(request: Request, response: Response, origins: tuple[str, ...]) -> None:
    origin = request.headers.get("Origin")
    if not origins:
        return
    response.vary.add("Origin")
    if origin not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    # `authorize` sets the cookie that binds a sign-in to the browser. No answer depends on a cookie otherwise.
    response.headers["Access-Control-Allow-Credentials"] = "true"
    response.headers["Access-Control-Expose-Headers"] = RESPONSE_HEADERS
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = REQUEST_HEADERS
        response.headers["Access-Control-Max-Age"] = "7200"
