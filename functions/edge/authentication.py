"""Who is calling: an API key, or an ID token of a configured issuer."""

import hmac

from werkzeug.wrappers import Request

from functions.domain.callers import Caller
from functions.domain.errors import Unauthenticated
from functions.domain.ids import LOCAL_OWNER, owner_id
from functions.runtime.wiring import App

MAX_TOKEN = 8192  # characters
CHECKED = ".SIGNATURE_REMOVED_BY_GOOGLE"


def authenticate(request: Request, app: App) -> Caller:
    """Raises Unauthenticated; Unavailable where an issuer's keys or the store can't be read."""
    scheme, token = _authorization(request)
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("There is no bearer token in the Authorization header.")
    if len(token) > MAX_TOKEN or not token.isascii():
        raise Unauthenticated("The bearer token is not one.")
    local = app.local_api_key
    if local and hmac.compare_digest(token.encode(), local.encode()):
        return Caller(owner=LOCAL_OWNER, kind="user")
    if token.startswith("gmk_"):
        return app.keys.authenticate(token)
    return _user(token, app)


def bearer(request: Request) -> str:
    """The bearer token, unchecked; empty where there is none."""
    scheme, token = _authorization(request)
    return token if scheme.lower() == "bearer" else ""


def authenticate_platform(request: Request, app: App, *, push: bool = False) -> None:
    """A token of Google's, made for this address and for the service account that calls it: the queue's, or with `push`
    that of Gmail's pushes. Raises Unauthenticated."""
    scheme, token = _authorization(request)
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN or not token.isascii():
        raise Unauthenticated("Only the platform may call this.")
    audience = f"{app.settings.public_url}{request.path.rstrip('/')}"
    claims = app.google_tokens.verify(token, {audience, f"{audience}/"}, app.clock())
    # Empty on a laptop, where nobody calls these; the pretend Google pushes, though.
    account = app.settings.push_account if push else app.settings.tasks_account
    if not account or claims.get("email") != account or claims.get("email_verified") is not True:
        raise Unauthenticated("Only the platform's service account may call this.")


def _authorization(request: Request) -> tuple[str, str]:
    """Scheme and token. API Gateway calls with a token of its own in `Authorization`, which the platform checks, and
    whose signature it then takes off; the caller's arrives in `X-Forwarded-Authorization`. Whoever writes that header
    themselves gains nothing: its token is checked all the same.
    https://cloud.google.com/run/docs/troubleshooting#signature-removed"""
    given = request.headers.get("X-Forwarded-Authorization") or request.headers.get("Authorization", "")
    if given.endswith(CHECKED):  # the caller brought none
        given = ""
    scheme, _, token = given.partition(" ")
    return scheme, token.strip()


def _user(token: str, app: App) -> Caller:
    from functions.adapters.oidc import unverified_issuer  # cryptography: only where a signature is checked

    issuer = unverified_issuer(token)
    verifier = app.issuers.get(issuer)
    if verifier is None:
        raise Unauthenticated("The token's issuer is not one of AUTH_ISSUERS.")
    audiences = {audience for name, audience in app.settings.auth_issuers if name == issuer}
    claims = verifier.verify(token, audiences, app.clock())
    subject = claims.get(app.settings.owner_claim)
    if not isinstance(subject, str) or not subject:
        raise Unauthenticated(f"The token has no claim `{app.settings.owner_claim}` to name its owner.")
    return Caller(owner=owner_id(issuer, subject), kind="user")
