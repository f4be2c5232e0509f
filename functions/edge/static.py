"""The console's files and the API's description."""

from pathlib import Path

from werkzeug.wrappers import Request, Response

from functions.domain.errors import NotFound

FILES = Path(__file__).parent.parent / "console_files"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def file(request: Request, name: str) -> Response:
    """Raises NotFound."""
    # Only the name of a file that is there: no path is made of what was asked for.
    path = next((p for p in FILES.iterdir() if p.name == name and p.suffix in TYPES), None)
    if path is None:
        raise NotFound("There is no such file.")
    response = Response(path.read_bytes(), content_type=f"{TYPES[path.suffix]}; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)


def openapi() -> Response:
    """Made from openapi.yaml by `make openapi`, so that nothing here has to read YAML."""
    response = Response((FILES / "openapi.json").read_bytes(), content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
