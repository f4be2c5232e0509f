"""Small pages without a script, for people who come back from Google or out of a mail and have nowhere else to go."""

from html import escape

from werkzeug.wrappers import Request, Response

from functions.domain.errors import IntegrationError
from functions.edge import problems

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/console.css">
</head>
<body><main class="page"><div class="card {tone}"><h1>{title}</h1>{paragraphs}</div></main></body>
</html>
"""
POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


# The form's action is the page's own URL.
_FORM = '<form method="post"><input type="hidden" name="{name}" value="{value}"><p><button>{label}</button></p></form>'
_GOING = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Redirecting</title>'
    '<p><a href="{url}">Go on to {url}</a></p></html>'
)


def page(title: str, paragraphs: list[str], status: int) -> Response:
    body = "".join(f"<p>{escape(p)}</p>" for p in paragraphs)
    text = _PAGE.format(title=escape(title), paragraphs=body, tone="bad" if status >= 400 else "good")
    return _answer(text, status, POLICY)


def ask(title: str, paragraphs: list[str], label: str, field: tuple[str, str]) -> Response:
    """A page with one button, which posts `field` (name, value) to the page's own URL."""
    body = "".join(f"<p>{escape(p)}</p>" for p in paragraphs)
    body += _FORM.format(name=escape(field[0]), value=escape(field[1]), label=escape(label))
    text = _PAGE.format(title=escape(title), paragraphs=body, tone="calm")
    return _answer(text, 200, POLICY.replace("form-action 'none'", "form-action 'self'"))


def going(url: str) -> bytes:
    """For who is not taken on by a redirect."""
    return _GOING.format(url=escape(url)).encode()


def problem(request: Request, error: IntegrationError, request_id: str, title: str = "") -> Response:
    """An error as a page, for functions that people come to; as a problem document for whoever asks for JSON. The page
    has the error's own title where none is given."""
    from functions.edge import queries  # loads more than a redirect needs

    document = problems.response(error, request_id)
    if queries.wants_json(request):
        return document
    error = problems.told(error)
    shown = page(title or error.title, [error.detail, error.remedy], document.status_code)
    for name in ("Retry-After", "Allow"):
        if name in document.headers:
            shown.headers[name] = document.headers[name]
    return shown


def _answer(text: str, status: int, policy: str) -> Response:
    response = Response(text, status=status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-store"
    return response
