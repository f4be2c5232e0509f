"""An authorization request: what is valid, and where its answers go."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from werkzeug.datastructures import MultiDict

from sandbox.oauth import scopes
from sandbox.oauth.grants import Code, Grants
from sandbox.people import Person
from sandbox.state import Client

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class AuthorizationError(Exception):
    """Google shows this on a page of its own, since the redirect URI cannot be trusted. `code`: HTTP status."""

    def __init__(self, error: str, description: str, code: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.code = code


@dataclass(frozen=True)
class AuthorizationRequest:
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None
    challenge: str | None
    challenge_method: str | None
    offline: bool
    prompts: tuple[str, ...]
    login_hint: str
    include_granted: bool

    def denied(self, error: str = "access_denied") -> str:
        """The URL that tells the client of a refusal."""
        return self._redirect({"error": error})

    def allowed(self, grants: Grants, person: Person, granted: list[str]) -> str:
        """Issues the code; the URL that brings it to the client."""
        earlier = grants.consented(person.email, self.client_id)
        if self.include_granted:
            granted = scopes.canonical([*granted, *earlier])
        code = Code(
            person.email,
            self.client_id,
            self.redirect_uri,
            tuple(granted),
            self.nonce,
            self.challenge,
            self.challenge_method,
            # A refresh token comes with a consent: with the first one, or where the client insists on one.
            self.offline and (not earlier or "consent" in self.prompts),
        )
        answer = {"code": grants.issue_code(code), "scope": " ".join(granted), "authuser": "0"}
        return self._redirect(answer | {"prompt": "consent" if "consent" in self.prompts or not earlier else "none"})

    def _redirect(self, answer: dict[str, str]) -> str:
        if self.state is not None:
            answer = {"state": self.state, **answer}
        separator = "&" if urlsplit(self.redirect_uri).query else "?"
        return f"{self.redirect_uri}{separator}{urlencode(answer)}"


def read(given: MultiDict[str, str], client: Client) -> AuthorizationRequest:
    """Raises AuthorizationError with Google's codes."""
    for name in ("client_id", "redirect_uri", "response_type", "scope"):
        if not given.get(name):
            raise AuthorizationError("invalid_request", f"Missing required parameter: {name}")
        if len(given.getlist(name)) > 1:
            raise AuthorizationError("invalid_request", f"OAuth 2 parameters can only have a single value: {name}")
    if not client.exists(given["client_id"]):
        raise AuthorizationError("invalid_client", "The OAuth client was not found.", 401)
    _check_redirect_uri(given["redirect_uri"])
    if given["response_type"] != "code":
        raise AuthorizationError("unsupported_response_type", f"Invalid response_type: {given['response_type']}")
    try:
        asked = scopes.parse(given["scope"])
    except scopes.UnknownScopes as exc:
        raise AuthorizationError("invalid_scope", f"Some requested scopes were invalid: {exc.args[0]}") from exc
    access_type = given.get("access_type", "online")
    if access_type not in ("online", "offline"):
        raise AuthorizationError("invalid_request", f"Invalid parameter value for access_type: {access_type}")
    prompts = tuple(given.get("prompt", "").split())
    if set(prompts) - {"none", "consent", "select_account"} or ("none" in prompts and len(prompts) > 1):
        raise AuthorizationError("invalid_request", f"Invalid parameter value for prompt: {' '.join(prompts)}")
    challenge, method = given.get("code_challenge"), given.get("code_challenge_method", "plain")
    if challenge is not None:
        if method not in ("S256", "plain"):
            raise AuthorizationError("invalid_request", f"Invalid code_challenge_method: {method}")
        if not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", challenge):
            raise AuthorizationError("invalid_request", "Invalid parameter value for code_challenge")
    return AuthorizationRequest(
        given["client_id"],
        given["redirect_uri"],
        tuple(asked),
        given.get("state"),
        given.get("nonce"),
        challenge,
        None if challenge is None else method,
        access_type == "offline",
        prompts,
        given.get("login_hint", ""),
        given.get("include_granted_scopes") == "true",
    )


def _check_redirect_uri(text: str) -> None:
    """Google's rules for web clients: https, or http on the machine itself; no fragment, no user, no traversal."""
    try:
        url = urlsplit(text)
        host = url.hostname
    except ValueError:
        host = None
    if host is None or url.fragment or "@" in url.netloc or re.search(r"[\s\\]|/\.\.", text):
        raise AuthorizationError("invalid_request", f"Invalid parameter value for redirect_uri: {text}")
    if url.scheme != "https" and not (url.scheme == "http" and host in LOOPBACK):
        raise AuthorizationError("redirect_uri_mismatch", f"The redirect URI is not allowed: {text}")
