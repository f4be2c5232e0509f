"""Sign-in links: the sealed state that goes to Google and comes back, and the proofs that belong to it.

Nothing is stored when a link is made: the state carries what has to come back, and PKCE verifier and nonce are derived
from it with a key. That it works only once is enforced by whoever takes it back.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from functions.domain import records
from functions.domain.errors import FieldError, InvalidRequest, InvalidState
from functions.domain.ids import RandomBytes
from functions.domain.ports import Clock, Sealer, Unsealable
from functions.domain.return_urls import allowed

if TYPE_CHECKING:
    from functions.domain.google_ports import OAuthClient

LIFE = timedelta(minutes=10)
_CONTEXT = "oauth-state"


class Started(NamedTuple):
    url: str  # of Google's consent page
    browser: str  # what the browser must bring back in its cookie


@dataclass(frozen=True, slots=True)
class State:
    sparse = True  # `elsewhere` is new: where it is not set, an older release can read it, too

    id: str
    owner: str
    browser: str  # SHA-256 of the browser's cookie, hex
    expires_at: datetime
    return_to: str
    expected_email: str
    key_id: str  # of the ring's key that verifier and nonce are derived under
    elsewhere: bool = False  # a page of another origin asked, whose browser may have dropped the cookie

    def same_browser(self, cookie: str) -> bool:
        return bool(cookie) and hmac.compare_digest(_digest(cookie), self.browser)

    def may_be_confirmed(self, cookie: str) -> bool:
        """Where it is not the same browser: whether that may be for a cookie that was dropped. What was asked for from
        elsewhere may come with the cookie of a sign-in that began on our own pages, which says nothing of this one.
        """
        return bool(self.return_to) and (self.elsewhere or not cookie)

    @property
    def mark(self) -> str:
        """What is stored once the state has been used."""
        return f"states/{_digest(self.id)}"


class SignInLinks:
    def __init__(
        self, oauth: "OAuthClient", ring: Sealer, clock: Clock, random: RandomBytes, return_urls: tuple[str, ...]
    ) -> None:
        self._oauth = oauth
        self._ring = ring
        self._clock = clock
        self._random = random
        self._return_urls = return_urls

    def start(
        self,
        owner: str,
        browser: str,
        *,
        return_to: str,
        login_hint: str,
        expected_email: str,
        elsewhere: bool = False,
    ) -> Started:
        """`browser` is the cookie's value if the browser already has one. Raises InvalidRequest."""
        if return_to and not allowed(return_to, self._return_urls):
            raise InvalidRequest(
                "`return_to` is not an allowed return URL.",
                remedy="Add it to RETURN_URLS, or leave it out.",
                errors=[FieldError("/return_to", "is not on the list of allowed return URLs")],
            )
        if expected_email:
            from functions.domain.addresses import email_problem  # few ask for somebody

            if problem := email_problem(expected_email):
                raise InvalidRequest(
                    "`expected_email` is not an email address.", errors=[FieldError("/expected_email", problem)]
                )
        if len(browser) != 43 or not browser.isascii():
            browser = _b64(self._random(32))
        state = State(
            id=_b64(self._random(16)),
            owner=owner,
            browser=_digest(browser),
            expires_at=self._clock() + LIFE,
            return_to=return_to,
            expected_email=expected_email,
            key_id=self._ring.newest,
            elsewhere=elsewhere,
        )
        verifier, nonce = self.proofs(state)
        sealed = json.dumps(records.to_data(state), default=datetime.isoformat, separators=(",", ":")).encode()
        url = self._oauth.authorization_url(
            state=self._ring.seal(sealed, _CONTEXT),
            nonce=nonce,
            challenge=_b64(hashlib.sha256(verifier.encode()).digest()),  # RFC 7636 §4.2, S256
            login_hint=login_hint or expected_email or None,
        )
        return Started(url, browser)

    def open(self, sealed: str) -> State:
        """Raises InvalidState. Whether the state has expired, or was used, is not looked at here."""
        try:
            data = json.loads(self._ring.open(sealed, _CONTEXT))
        except Unsealable as exc:
            raise InvalidState("The state is missing, or not one of ours.") from exc
        return records.from_data(State, {**data, "expires_at": datetime.fromisoformat(data["expires_at"])})

    def proofs(self, state: State) -> tuple[str, str]:
        """PKCE verifier (RFC 7636 §4.1: 43 characters) and OpenID nonce."""
        verifier = _b64(self._ring.derive(state.key_id, "pkce", state.id))
        return verifier, _b64(self._ring.derive(state.key_id, "nonce", state.id))


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
