"""Google's OAuth endpoints: authorization code with PKCE, refresh, revoke.

The authorization URL is a query string, and the rest are forms that are posted (RFC 6749 §4.1.3, §6; RFC 7009): nothing
that would be worth the imports of google-auth-oauthlib at the start of each function. GOOGLE_CLIENTS=official has the
code exchanged by it all the same.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from functions.adapters.http import Answer, Http, RequestFailed
from functions.domain.errors import (
    GmailRejected,
    InsufficientPermissions,
    IntegrationError,
    InvalidCredentials,
    InvalidState,
    ReauthRequired,
    Unauthenticated,
    Unavailable,
)
from functions.domain.ports import Clock
from functions.domain.scopes import REQUESTED_SCOPES

if TYPE_CHECKING:
    from functions.adapters.oidc import IdTokens
    from functions.domain.google_ports import AccessToken, Grant

TIMEOUT = 15.0  # seconds for one call of the token endpoint
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class GoogleOAuth:
    """`client_id` and `client_secret` are asked for when needed: they may have to be fetched, and who only makes links
    may not read the secret. So is `id_tokens`, which checks what comes with a code."""

    def __init__(
        self,
        *,
        http: Http,
        client_id: Callable[[], str],
        client_secret: Callable[[], str],
        authorize_url: str,
        token_url: str,
        revoke_url: str,
        redirect_uri: str,
        id_tokens: "Callable[[], IdTokens]",
        clock: Clock,
        official: bool = False,
    ) -> None:
        self._http = http
        self._client_id = client_id
        self._client_secret = client_secret
        self._authorize_url = authorize_url
        self._token_url = token_url
        self._revoke_url = revoke_url
        self._redirect_uri = redirect_uri
        self._id_tokens = id_tokens
        self._clock = clock
        self._official = official

    def authorization_url(self, *, state: str, nonce: str, challenge: str, login_hint: str | None) -> str:
        query = {
            "client_id": self._client_id(),
            "redirect_uri": self._redirect_uri,
            "response_type": "code",
            "scope": " ".join(REQUESTED_SCOPES),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "access_type": "offline",  # without it Google gives no refresh token
            "include_granted_scopes": "false",
            "prompt": "consent select_account",
        }
        if login_hint:
            query["login_hint"] = login_hint
        separator = "&" if urlsplit(self._authorize_url).query else "?"
        return f"{self._authorize_url}{separator}{urlencode(query)}"

    def exchange(
        self, *, code: str, verifier: str, nonce: str, unwanted: Callable[[str, str], None] = lambda *_: None
    ) -> "Grant":
        token = self._fetch_token(code, verifier)
        try:
            return self._grant(token, nonce)
        except IntegrationError:
            given, sub = token.get("refresh_token") or token.get("access_token"), _subject(token.get("id_token"))
            if isinstance(given, str) and given and sub:
                unwanted(sub, given)
            raise

    def _grant(self, token: dict[str, Any], nonce: str) -> "Grant":
        from functions.domain.google_ports import Grant

        id_token, access_token = token.get("id_token"), token.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise Unavailable("Google's token endpoint answered without the tokens that were asked for.")
        try:
            claims = self._id_tokens().verify(id_token, {self._client_id()}, self._clock())
        except Unauthenticated as exc:
            raise InvalidState(f"Google's ID token was refused. {exc.detail}") from exc
        if claims.get("nonce") != nonce:
            raise InvalidState("Google's ID token belongs to another sign-in.")
        sub, email = claims.get("sub"), claims.get("email")
        if not isinstance(sub, str) or not sub:
            raise InvalidState("Google's ID token does not say whose account this is.")
        if not isinstance(email, str) or not email:  # its box on the consent page was unticked
            raise InsufficientPermissions("The email address was not shared.")
        name, refresh_token = claims.get("name"), token.get("refresh_token")
        return Grant(
            sub=sub,
            email=email,
            email_verified=claims.get("email_verified") in (True, "true"),
            name=name if isinstance(name, str) else "",
            scopes=_scopes(token.get("scope"), REQUESTED_SCOPES),
            access_token=access_token,
            expires_at=_expiry(token, self._clock()),
            refresh_token=refresh_token if isinstance(refresh_token, str) and refresh_token else None,
        )

    def _fetch_token(self, code: str, verifier: str) -> dict[str, Any]:
        if self._official:
            from functions.adapters.google_oauth_official import fetch_token

            try:
                return fetch_token(
                    code,
                    verifier,
                    client=(self._client_id(), self._client_secret()),
                    authorize_url=self._authorize_url,
                    token_url=self._token_url,
                    redirect_uri=self._redirect_uri,
                )
            except OverflowError as exc:  # the library counts with the lifetime, whatever it is
                raise Unavailable("Google's token endpoint did not answer as it should.", retry_after=10) from exc
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": self._redirect_uri,
        }
        return self._tokens(form, of_code=True)

    def refresh(self, refresh_token: str) -> "AccessToken":
        from functions.domain.google_ports import AccessToken

        document = self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})
        token = document.get("access_token")
        if not isinstance(token, str) or not token:
            raise Unavailable("Google's token endpoint answered without a token.", retry_after=10)
        rotated = document.get("refresh_token")
        return AccessToken(
            token,
            _expiry(document, self._clock()),
            _scopes(document.get("scope"), ()),
            rotated if isinstance(rotated, str) and rotated else None,
        )

    def _tokens(self, form: dict[str, str], *, of_code: bool = False) -> dict[str, Any]:
        """What the token endpoint gives for a refresh token or, `of_code`, for a code."""
        client = {"client_id": self._client_id(), "client_secret": self._client_secret()}
        answer = self._post(self._token_url, {**form, **client}, repeatable=not of_code)
        document = _json_object(answer)
        if answer.status == 200:
            return document
        if answer.status in (400, 401, 403):
            raise refusal(str(document.get("error", "")), of_code=of_code)
        raise Unavailable(f"Google's token endpoint answered {answer.status}.", retry_after=10)

    def revoke(self, token: str) -> None:
        answer = self._post(self._revoke_url, {"token": token})
        if answer.status in (400, 401):
            raise GmailRejected("Google does not know the token (any more).", reason="invalid_token")
        if answer.status >= 300:
            raise Unavailable(f"Google's revoke endpoint answered {answer.status}.")

    def _post(self, url: str, form: dict[str, str], *, repeatable: bool = True) -> Answer:
        body = urlencode(form).encode()
        for attempt in (1, 2):
            try:
                return self._http.request("POST", url, headers=FORM, body=body, timeout=TIMEOUT)
            except RequestFailed as exc:
                # Refreshing or revoking twice does no harm, and a second try heals a connection closed while idle. A
                # code works once: one that comes twice may cost what it was exchanged for (RFC 6749 §4.1.2).
                if attempt == 2 or (exc.body_begun and not repeatable):
                    raise Unavailable(f"Google's OAuth endpoint can't be reached ({exc}).", retry_after=10) from exc
        raise AssertionError  # the loop always returns or raises


def refusal(error: str, *, of_code: bool = False) -> Exception:
    """What Google's OAuth error words mean here (RFC 6749 §5.2)."""
    if error in ("invalid_client", "unauthorized_client", "redirect_uri_mismatch", "deleted_client"):
        return InvalidCredentials(f"Google refused the OAuth client ({error}).")
    if error == "invalid_grant" and of_code:
        return InvalidState("Google did not accept the code: it was used, or has expired.")
    if error in ("invalid_grant", "invalid_rapt"):
        return ReauthRequired("Google no longer accepts the grant: it expired, or was revoked.")
    return Unavailable(f"Google's token endpoint refused ({error[:60] or 'no reason given'}).", retry_after=30)


def _json_object(answer: Answer) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        if answer.status == 200:
            raise Unavailable("Google's token endpoint did not answer as it should.", retry_after=10)
        return {}
    return document


def _subject(id_token: Any) -> str:
    """Whose grant it is, or "". The token may not be verified: it came from the token endpoint itself, over TLS, and
    this is only asked to leave alone what else that person has given."""
    from functions.adapters import jws

    try:
        sub = jws.parse(id_token).payload.get("sub") if isinstance(id_token, str) else ""
    except ValueError:
        return ""
    return sub if isinstance(sub, str) else ""


def _scopes(value: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    """RFC 6749 §5.1: no `scope` in the answer means: all that were asked for."""
    if isinstance(value, list):
        value = " ".join(map(str, value))
    return tuple(value.split()) if isinstance(value, str) and value.strip() else default


def _expiry(document: dict[str, Any], now: datetime) -> datetime:
    try:
        seconds = float(document.get("expires_in", 3600))
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds):  # JSON as Python reads it has NaN and Infinity
        seconds = 3600.0
    return (now + timedelta(seconds=min(max(seconds, 0.0), 86_400.0))).astimezone(UTC)
