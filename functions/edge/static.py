"""The console's files, as its build left them, and the API's description."""

from functools import cache
from pathlib import Path

from werkzeug.wrappers import Request, Response

from functions.domain.errors import NotFound

FILES = Path(__file__).parent.parent / "console_files"
BUILT = FILES / "dist"  # made by `make console`
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
ENCODINGS = {"br": ".br", "gzip": ".gz"}  # the smaller one first
# The only styles that are not in the stylesheet: two rules that React Aria puts into the page by itself.
# frontend/app/console/policy.test.tsx compares them with what the library says.
REACT_ARIA = (
    "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o=' 'sha256-gYiS/BvZvRcK27JIXTuwhZ3hs2+VJ1X+2gUlE+farlg='"
)
POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {REACT_ARIA}; img-src 'self' data: blob:; "
    "connect-src {connect}; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# The page that shows a message: its own styles, pictures that it brings along, and no origin. Scripts are ours alone.
FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src {pictures}; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}; "
    "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox"
)
UPLOADS = "https://storage.googleapis.com"  # signed links for large files, where they are kept in Cloud Storage
NOT_BUILT = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Gmail integration</title>'
    '<link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/console.css">'
    '<main class="page"><div class="card"><h1>Gmail integration</h1><p>The console is not built: run make console, '
    "which needs node. The API works without it.</p></div></main></html>"
)


def page(request: Request, *, uploads: bool) -> Response:
    """The console. `uploads`: whether files go to Cloud Storage past the API."""
    path = BUILT / "index.html"
    if path.exists():
        response = _encoded(request, path)
    else:
        response = Response(NOT_BUILT, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY.format(connect=f"'self' {UPLOADS}" if uploads else "'self'")
    return _checked(request, response)


def asset(request: Request, name: str, origins: tuple[str, ...]) -> Response:
    """One of the files beside the page. `origins` may frame messages, too. Raises NotFound."""
    path = _assets().get(name)
    if path is None:
        raise NotFound("There is no such file.")
    response = _encoded(request, path)
    # For the page that shows a message: without an origin of its own, it asks for its script as a stranger.
    response.headers["Access-Control-Allow-Origin"] = "*"
    if path.suffix == ".html":
        # Pictures from the web only where whoever looks has asked for them.
        pictures = "data: https: http:" if request.args.get("pictures") == "web" else "data:"
        ancestors = " ".join(("'self'", *origins))
        response.headers["Content-Security-Policy"] = FRAME_POLICY.format(pictures=pictures, ancestors=ancestors)
    if path.parent == BUILT / "assets":  # its name says what is in it
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
    return _checked(request, response)


def openapi() -> Response:
    """Made from openapi.yaml by `make openapi`, so that nothing here has to read YAML."""
    response = Response((FILES / "openapi.json").read_bytes(), content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@cache
def _assets() -> dict[str, Path]:
    """What may be asked for, by name: no path is made of what was asked for."""
    found = [FILES / "console.css", BUILT / "frame.html", *(BUILT / "assets").glob("*")]
    return {path.name: path for path in found if path.suffix in TYPES and path.exists()}


def _encoded(request: Request, path: Path) -> Response:
    """As it was compressed by the build, where the caller takes that."""
    response = Response(content_type=f"{TYPES[path.suffix]}; charset=utf-8")
    response.vary.add("Accept-Encoding")
    for encoding, suffix in ENCODINGS.items():
        compressed = path.with_name(path.name + suffix)
        if request.accept_encodings[encoding] and compressed.exists():
            response.headers["Content-Encoding"] = encoding
            response.data = compressed.read_bytes()
            return response
    response.data = path.read_bytes()
    return response


def _checked(request: Request, response: Response) -> Response:
    """Asked about again each time, and sent only where it changed."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)
