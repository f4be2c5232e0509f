"""The cookie that binds sign-ins to the browser that asked for them: one for all of its tabs.

Nothing but time takes it away: it proves which browser this is, and each state works once without it.
"""

from werkzeug.wrappers import Request, Response

# `__Host-`: only this host, only over https, can set it (RFC 6265bis §4.1.3.2). Plain-http localhost can't have it.
SECURE_NAME = "__Host-gmail_oauth"
PLAIN_NAME = "gmail_oauth"
LIFE = 600  # seconds, as long as the link works


def browser(request: Request, public_url: str) -> str:
    """Empty where there is none. Over https the plain name counts for nothing: another host could have set it."""
    return request.cookies.get(_name(public_url), "")


def asked_elsewhere(request: Request, public_url: str) -> bool:
    """Whether a page of another origin asks. Browsers name the origin of each such request (Fetch standard, CORS). On
    another site they take no cookie of ours and show none, though they may have one from our own pages."""
    return request.headers.get("Origin", public_url) != public_url


def bind(response: Response, value: str, public_url: str) -> None:
    response.set_cookie(
        _name(public_url),
        value,
        max_age=LIFE,
        path="/",
        secure=_secure(public_url),
        httponly=True,
        samesite="Lax",  # sent along when Google redirects back: a top-level GET
    )


def _secure(public_url: str) -> bool:
    return public_url.startswith("https:")


def _name(public_url: str) -> str:
    return SECURE_NAME if _secure(public_url) else PLAIN_NAME
