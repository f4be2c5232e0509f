"""Small pages without a script, for people who come back from Google and have nowhere else to go."""

from html import escape

from werkzeug.wrappers import Response

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


def page(title: str, paragraphs: list[str], status: int) -> Response:
    body = "".join(f"<p>{escape(p)}</p>" for p in paragraphs)
    text = _PAGE.format(title=escape(title), paragraphs=body, tone="bad" if status >= 400 else "good")
    response = Response(text, status=status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    return response
