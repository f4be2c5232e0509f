"""Verifying ID tokens: RS256 and ES256 signatures against an issuer's published keys (OpenID Connect Core §3.1.3.7)."""

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.adapters import jws
from functions.adapters.http import Http, get_json
from functions.domain.errors import Unauthenticated, Unavailable

ALGORITHMS = ("RS256", "ES256")
LEEWAY = 30  # seconds of clock difference
KEYS_FOR = 3600.0  # seconds a key set is used before it is read again
# How soon an unknown key id may make us read the key set again: a flood of forged tokens costs one read a minute.
REFRESH_AFTER = 60.0  # seconds
_NEVER = 1e15  # seconds: no issuer means a time beyond it


class KeySet:
    """The public keys behind a JWKS address, read at first use and again for a key id it does not have."""

    def __init__(self, http: Http, url: Callable[[], str]) -> None:
        self._http = http
        self._url = url
        self._keys: dict[str, jws.Key] = {}
        self._failure = ""  # of the last try to read them
        self._read_at = self._tried_at = float("-inf")
        self._tries = 0
        self._lock = threading.Lock()

    def key(self, kid: str) -> jws.Key:
        """Raises Unauthenticated (no such key); Unavailable."""
        # An issuer that hangs holds up one caller at most for a key that is known: the others go on with it.
        # Where none is known, all wait for that one, and none of them asks again.
        known, tries = kid in self._keys, self._tries
        if self._due(known) and self._lock.acquire(blocking=not known):
            try:
                if self._due(kid in self._keys) and self._tries == tries:  # nobody read them while we waited
                    self._refresh()
                    self._tries += 1
            finally:
                self._lock.release()
        if found := self._keys.get(kid):
            return found
        if self._failure:
            raise Unavailable(self._failure)  # it may be a new key: the token is not refused for that
        raise Unauthenticated("The token is signed with a key its issuer does not publish.")

    def _due(self, known: bool) -> bool:
        now = time.monotonic()
        return (not known or now - self._read_at > KEYS_FOR) and now - self._tried_at > REFRESH_AFTER

    def _refresh(self) -> None:
        try:
            self._keys = self._read()
        except Unavailable as exc:
            self._failure = exc.detail
            if self._keys:  # old keys serve while the issuer is away, and it is not asked at every call
                self._tried_at = time.monotonic()
        else:
            self._failure = ""
            self._read_at = self._tried_at = time.monotonic()

    def _read(self) -> dict[str, jws.Key]:
        """Those that can be used: one at least. Raises Unavailable."""
        document = get_json(self._http, self._url())
        entries = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise Unavailable("The issuer's key set is malformed.")
        keys = {}
        for entry in entries:
            if isinstance(entry, dict) and isinstance(entry.get("kid"), str) and entry.get("use", "sig") == "sig":
                with contextlib.suppress(ValueError):  # a kind of key we don't use
                    keys[entry["kid"]] = jws.Key(entry)
        if not keys:
            raise Unavailable("The issuer's key set has no key that can be used.")
        return keys


class IdTokens:
    """Tokens of one issuer. The key set's address is given, or found through discovery at first use."""

    def __init__(self, http: Http, issuer: str, *, jwks_url: str = "", also_issuer: str = "") -> None:
        self._http = http
        self.issuer = issuer
        self._names = {issuer, also_issuer} - {""}
        self._keys = KeySet(http, (lambda: jwks_url) if jwks_url else self._discover)

    def verify(self, token: str, audiences: set[str], now: datetime) -> dict[str, Any]:
        """The claims. Raises Unauthenticated, saying which check failed; Unavailable."""
        try:
            signed = jws.parse(token)
        except ValueError as exc:
            raise Unauthenticated("The token is not a JSON web token.") from exc
        algorithm, kid = signed.header.get("alg"), signed.header.get("kid")
        if algorithm not in ALGORITHMS:
            raise Unauthenticated(f"The token's algorithm is not one of {', '.join(ALGORITHMS)}.")
        if not isinstance(kid, str):
            raise Unauthenticated("The token does not name its key (kid).")
        key = self._keys.key(kid)
        if key.algorithm != algorithm:
            raise Unauthenticated("The token's algorithm is not its key's.")
        if not key.verifies(signed):
            raise Unauthenticated("The token's signature is not right.")
        claims = signed.payload
        self._check(claims, audiences, now)
        return claims

    def _check(self, claims: dict[str, Any], audiences: set[str], now: datetime) -> None:
        if claims.get("iss") not in self._names:
            raise Unauthenticated("The token comes from another issuer.")
        given = claims.get("aud")
        named = (
            {given}
            if isinstance(given, str)
            else {a for a in given if isinstance(a, str)}
            if isinstance(given, list)
            else set()
        )
        if named.isdisjoint(audiences):
            raise Unauthenticated("The token is meant for another audience.")
        if now.timestamp() >= _time(claims, "exp", None) + LEEWAY:
            raise Unauthenticated("The token has expired.")
        if now.timestamp() < _time(claims, "nbf", 0) - LEEWAY:
            raise Unauthenticated("The token is not valid yet.")

    def _discover(self) -> str:
        # OpenID Connect Discovery §4.3: the document must name the issuer it was asked for.
        document = get_json(self._http, self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if not isinstance(document, dict) or document.get("issuer") != self.issuer:
            raise Unavailable(f"The discovery document of {self.issuer} names another issuer.")
        url = document.get("jwks_uri")
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise Unavailable(f"The discovery document of {self.issuer} has no jwks_uri.")
        return url


def _time(claims: dict[str, Any], name: str, default: float | None) -> float:
    value = claims.get(name, default)
    # JSON as Python reads it has NaN, which is before and after nothing, and numbers that no float is as large as.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _NEVER:
        raise Unauthenticated(f"The token's {name} is missing or no time.")
    return float(value)


def unverified_issuer(token: str) -> str:
    """Which issuer a token claims to be from, to choose whose keys to check it with. Raises Unauthenticated."""
    try:
        claims = jws.parse(token).payload
    except ValueError as exc:
        raise Unauthenticated("The bearer token is neither an API key nor an ID token.") from exc
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else ""
