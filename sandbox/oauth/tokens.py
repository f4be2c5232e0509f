"""Token, revocation, discovery and user info endpoints."""

import base64
import binascii
import hashlib
import hmac
from typing import Any
from urllib.parse import unquote_plus

from flask import Blueprint, Response, jsonify, request

from sandbox.errors import GoogleError, OAuthError, invalid_credentials
from sandbox.methods import method
from sandbox.oauth import scopes
from sandbox.oauth.grants import ACCESS_TOKEN_SECONDS, Code
from sandbox.state import current

blueprint = Blueprint("tokens", __name__)


def invalid_grant(description: str = "Bad Request") -> OAuthError:
    return OAuthError(400, "invalid_grant", description)


def _account() -> str | None:
    grants = current().grants
    if request.path == "/revoke":
        token = grants.token(request.values.get("token", ""))
        return None if token is None else token.email
    code = grants.code(request.form.get("code", ""))
    token = grants.token(request.form.get("refresh_token", ""))
    return code.email if code is not None else token.email if token is not None else None


@blueprint.post("/token")
@method("token", _account)
def issue() -> Response:
    client_id = _authenticated_client()
    match request.form.get("grant_type"):
        case "authorization_code":
            answer = _redeem(client_id)
        case "refresh_token":
            answer = _refresh(client_id)
        case None | "":
            raise OAuthError(400, "invalid_request", "Missing required parameter: grant_type")
        case other:
            raise OAuthError(400, "unsupported_grant_type", f"Invalid grant_type: {other}")
    response = jsonify(answer)
    response.headers["Cache-Control"] = "no-cache, no-store, max-age=0, must-revalidate"
    return response


def _authenticated_client() -> str:
    client_id, secret = request.form.get("client_id", ""), request.form.get("client_secret")
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as exc:
            raise OAuthError(401, "invalid_client", "Unauthorized") from exc
        # RFC 6749 §2.3.1: both are form-encoded first.
        client_id, secret = (unquote_plus(text) for text in pair.partition(":")[::2])
    client = current().client
    if not client_id:
        raise OAuthError(400, "invalid_request", "Could not determine client ID from request.")
    if not client.exists(client_id):
        raise OAuthError(401, "invalid_client", "The OAuth client was not found.")
    if not secret:
        raise OAuthError(400, "invalid_request", "client_secret is missing.")
    if not hmac.compare_digest(secret.encode(), client.secret.encode()):
        raise OAuthError(401, "invalid_client", "Unauthorized")
    return client_id


def _redeem(client_id: str) -> dict[str, Any]:
    grants = current().grants
    text = request.form.get("code", "")
    if not text:
        raise OAuthError(400, "invalid_request", "Missing required parameter: code")
    code = grants.code(text)
    if code is None:
        raise invalid_grant("Bad Request" if text.startswith("4/") else "Malformed auth code.")
    if code.client_id != client_id:
        raise invalid_grant()
    if code.redirect_uri != request.form.get("redirect_uri"):
        raise OAuthError(400, "redirect_uri_mismatch", "Bad Request")
    _check_verifier(code, request.form.get("code_verifier"))
    if not grants.spend(text):
        raise invalid_grant()
    answer = _tokens(code.email, client_id, code.scopes, code.nonce)
    if code.offline:
        answer["refresh_token"] = grants.issue_refresh_token(code.email, client_id, code.scopes)
    return answer


def _check_verifier(code: Code, verifier: str | None) -> None:
    """RFC 7636 §4.6."""
    if code.challenge is None:
        return
    if not verifier:
        raise invalid_grant("Missing code verifier.")
    computed = verifier
    if code.challenge_method == "S256":
        computed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if not hmac.compare_digest(computed.encode(), code.challenge.encode()):
        raise invalid_grant("Invalid code verifier.")


def _refresh(client_id: str) -> dict[str, Any]:
    text = request.form.get("refresh_token", "")
    if not text:
        raise OAuthError(400, "invalid_request", "Missing required parameter: refresh_token")
    token = current().grants.token(text, "refresh")
    if token is None or token.client_id != client_id:
        raise invalid_grant()
    if not token.live:
        raise invalid_grant("Token has been expired or revoked.")
    granted = token.scopes
    if asked := request.form.get("scope"):
        try:
            granted = tuple(scopes.parse(asked))
        except scopes.UnknownScopes:
            granted = ()
        if not granted or not set(granted) <= set(token.scopes):
            raise OAuthError(400, "invalid_scope", "Bad Request")
    return _tokens(token.email, client_id, granted, None)


def _tokens(email: str, client_id: str, granted: tuple[str, ...], nonce: str | None) -> dict[str, Any]:
    sandbox = current()
    person = sandbox.people.get(email)
    if person is None:
        raise invalid_grant("Account has been deleted")
    access_token = sandbox.grants.issue_access_token(email, client_id, granted)
    answer: dict[str, Any] = {
        "access_token": access_token,
        "expires_in": ACCESS_TOKEN_SECONDS,
        "scope": " ".join(granted),
        "token_type": "Bearer",
    }
    if scopes.OPENID in granted:
        answer["id_token"] = sandbox.signer.id_token(
            person,
            client_id,
            access_token,
            email=scopes.EMAIL in granted,
            profile=scopes.PROFILE in granted,
            nonce=nonce,
        )
    return answer


@blueprint.post("/revoke")
@method("revoke", _account)
def revoke() -> Response:
    """Ends the grant as a whole, whichever of its tokens is named."""
    text = request.values.get("token", "")
    if not text:
        raise OAuthError(400, "invalid_request", "Missing required parameter: token")
    token = current().grants.token(text)
    if token is None or not token.live:
        raise OAuthError(400, "invalid_token", "Token expired or revoked")
    current().grants.revoke(token.email, token.client_id)
    return jsonify({})


@blueprint.get("/.well-known/openid-configuration")
def discovery() -> Response:
    url = current().public_url
    return jsonify(
        {
            "issuer": current().signer.issuer,
            "authorization_endpoint": f"{url}/o/oauth2/v2/auth",
            "token_endpoint": f"{url}/token",
            "userinfo_endpoint": f"{url}/v1/userinfo",
            "revocation_endpoint": f"{url}/revoke",
            "jwks_uri": f"{url}/oauth2/v3/certs",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "name", "sub"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
        }
    )


@blueprint.get("/oauth2/v3/certs")
def certs() -> Response:
    current().ledger.count("certs")
    response = jsonify(current().signer.jwks())
    response.headers["Cache-Control"] = "public, max-age=19800, must-revalidate, no-transform"
    return response


@blueprint.get("/v1/userinfo")
def userinfo() -> Response:
    sandbox = current()
    token = sandbox.grants.token(request.headers.get("Authorization", "").removeprefix("Bearer "), "access")
    person = None if token is None or not token.live else sandbox.people.get(token.email)
    if token is None or person is None:
        raise invalid_credentials()
    if scopes.OPENID not in token.scopes:
        raise GoogleError(403, "forbidden", "Request had insufficient authentication scopes.")
    answer: dict[str, Any] = {"sub": person.sub}
    if scopes.EMAIL in token.scopes:
        answer |= {"email": person.email, "email_verified": True}
    if scopes.PROFILE in token.scopes:
        answer["name"] = person.name
    return jsonify(answer)
