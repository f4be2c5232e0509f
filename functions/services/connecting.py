"""Connecting a Gmail account: the way back from Google, and the confirm step for frontends on another site.

What keeps others out (RFC 9700): the state is sealed, expires, works once, and is bound to the owner who asked and to
the browser that asked. Where the browser can't show that it is the same one, nothing is connected until the owner who
started confirms it with a token of their own.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from functions.domain import event_bodies, webhooks
from functions.domain.accounts import GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import (
    Conflict,
    ConsentDenied,
    InsufficientPermissions,
    IntegrationError,
    InvalidCredentials,
    InvalidState,
    PreconditionFailed,
    ReauthRequired,
    Unavailable,
    WrongAccount,
)
from functions.domain.google_ports import Grant
from functions.domain.ids import derived_id
from functions.domain.ports import Clock, Create, Delete, Documents, Unsealable, Write
from functions.domain.records import replace
from functions.services.accounts import Accounts
from functions.services.aliases import Aliases
from functions.services.announcing import Announcer, Silence
from functions.services.controlling import Controlling
from functions.services.grants import Grants
from functions.services.parked_grants import ParkedGrants, used
from functions.services.signin_links import SignInLinks, State
from functions.services.tokens import Tokens

AT_ONCE = 20  # sign-ins of one account that may end at the same moment

if TYPE_CHECKING:
    from functions.domain.google_ports import OAuthClient


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a callback ended: one of account, pending and error is set. `return_to` may be empty."""

    return_to: str = ""
    account: GmailAccount | None = None
    pending: str = ""
    error: IntegrationError | None = None


class Connecting:
    """`connected` hears of every account that was connected, again too."""

    def __init__(
        self,
        *,
        documents: Documents,
        oauth: "OAuthClient",
        links: SignInLinks,
        parked: ParkedGrants,
        tokens: Tokens,
        accounts: Accounts,
        grants: Grants,
        aliases: Aliases,
        controlling: Controlling,
        clock: Clock,
        connected: Callable[[GmailAccount], None] = lambda _: None,
        announcing: Announcer | None = None,
    ) -> None:
        self._documents = documents
        self._oauth = oauth
        self._links = links
        self._parked = parked
        self._tokens = tokens
        self._accounts = accounts
        self._grants = grants
        self._aliases = aliases
        self._controlling = controlling
        self._announcing = announcing or Silence()
        self._clock = clock
        self._tell = connected

    def finish(self, query: Mapping[str, str], browser: str) -> Outcome:
        """Google's redirect. Never raises what the person can be told: it is the outcome's error."""
        try:
            state = self._links.open(query.get("state", ""))
        except IntegrationError as error:
            return Outcome(error=error)
        try:
            return self._finish(state, query, browser)
        except IntegrationError as error:
            return Outcome(return_to=state.return_to, error=error)

    def confirm(self, caller: Caller, pending_id: str) -> GmailAccount:
        """Connect a parked grant for the owner who started. Raises InvalidState; what `finish` reports as errors."""
        document = self._parked.find(pending_id)
        if document and document.data["expires_at"] <= self._clock():
            with contextlib.suppress(IntegrationError):
                self._parked.discard_late(document)
            document = None
        if document is None:
            raise InvalidState("There is no such pending connection: it was used, or has expired.")
        try:
            grant = self._parked.open(document)
        except Unsealable:
            raise InvalidState("The pending connection can't be read any more.") from None
        if document.data["owner"] != caller.owner:
            # Someone was led to finish another owner's link: their mailbox must end up in nobody's list.
            self._take(used(document))
            self._give_back(grant.sub, grant.token)
            raise InvalidState("This connection was started by somebody else.")
        return self._keep(caller.owner, grant, used(document))

    def _finish(self, state: State, query: Mapping[str, str], browser: str) -> Outcome:
        if self._clock() >= state.expires_at:
            raise InvalidState("This sign-in link has expired.")
        same_browser = state.same_browser(browser)
        if not same_browser and not state.may_be_confirmed(browser):
            raise InvalidState("This sign-in link was made for another browser.")
        self._take(Create(state.mark, {"expires_at": state.expires_at}))
        if error := query.get("error"):
            raise _refused(error)
        if not query.get("code"):
            raise InvalidState("The answer that came back has no code.")
        verifier, nonce = self._links.proofs(state)
        code = query.get("code", "")
        grant = self._oauth.exchange(code=code, verifier=verifier, nonce=nonce, unwanted=self._give_back)
        self._check(grant, state.expected_email)
        # On record before anything else: nobody may take it for one that is not needed, and if this ends here it goes.
        parked = self._parked.park(state.owner, grant)
        if not same_browser:
            return Outcome(return_to=state.return_to, pending=parked.id)
        return Outcome(return_to=state.return_to, account=self._keep(state.owner, grant, used(parked)))

    def _take(self, use: Write) -> None:
        """Make a state or a pending grant used: exactly one caller gets past here."""
        try:
            self._documents.commit([use])
        except PreconditionFailed:
            raise InvalidState("This sign-in link was already used.") from None

    def _check(self, grant: Grant, expected_email: str) -> None:
        if expected_email and grant.email.casefold() != expected_email.casefold():
            self._give_back(grant.sub, grant.token)
            raise WrongAccount(f"Expected {expected_email}, but {grant.email} was chosen.")
        if not _probe(grant).can_send:
            self._give_back(grant.sub, grant.token)
            raise InsufficientPermissions(f"{grant.email} did not grant the permission to send email.")

    def _keep(self, owner: str, grant: Grant, use: Delete) -> GmailAccount:
        try:
            return self._store(owner, grant, use)
        except ReauthRequired:  # it lacks what Google gives once only: it has to begin anew
            with contextlib.suppress(IntegrationError, PreconditionFailed):  # else it goes when its time is over
                self._documents.commit([use])
            self._give_back(grant.sub, grant.token)
            raise

    def _store(self, owner: str, grant: Grant, use: Delete) -> GmailAccount:
        for _ in range(AT_ONCE):
            before = self._accounts.find(owner, derived_id("acc", owner, grant.sub))
            account = self._connected(owner, grant, before.account if before else None)
            if before is None:
                # What an earlier account with this id left waiting, where disconnecting it was cut off.
                while self._controlling.cancel_all(owner, account.id):
                    pass
            said = partial(event_bodies.of_account, account)
            news = self._announcing.writes(owner, webhooks.CONNECTED, None, said)
            try:
                self._accounts.store(account, before, [use, *news])
            except PreconditionFailed:
                if self._documents.get(use.path) is None:
                    raise InvalidState("This connection was already confirmed.") from None
                continue  # connected twice at once, or changed meanwhile: look again
            self._announcing.enqueue(news)
            if before:
                with contextlib.suppress(IntegrationError):  # it is connected: what is held is tried hourly anyway
                    self._controlling.release_all(owner, account.id)
            # The name that recipients see stands in Gmail's settings; where it can't be read, sends go without one.
            account = self._aliases.shown(account)
            self._tell(account)
            return account
        raise Conflict("The account is being changed by somebody else.")

    def _connected(self, owner: str, grant: Grant, before: GmailAccount | None) -> GmailAccount:
        """The account as it is after this grant. What Google does not send again, it keeps."""
        fresh = replace(_probe(grant), owner=owner, id=derived_id("acc", owner, grant.sub), connected_at=self._clock())
        if grant.refresh_token:
            refresh_token = self._tokens.seal(fresh, "refresh_token", grant.refresh_token)
        elif before and before.problem_code != ReauthRequired.code:
            refresh_token = before.refresh_token
        else:
            raise ReauthRequired(
                "Google gave no refresh token, so nothing could be sent once the first hour is over.",
                remedy="Remove this application at https://myaccount.google.com/permissions, then connect again.",
            )
        if before:
            fresh = replace(
                fresh,
                connected_at=before.connected_at,
                last_sent_at=before.last_sent_at,
                name=before.name or grant.name,  # its owner may have changed it
                daily_limit=before.daily_limit,
                track_opens=before.track_opens,
                track_clicks=before.track_clicks,
            )
        return replace(
            fresh,
            refresh_token=refresh_token,
            access_token=self._tokens.seal(fresh, "access_token", grant.access_token),
            access_token_expires_at=grant.expires_at,
        )

    def _give_back(self, sub: str, token: str) -> None:
        """What is not kept, unless somebody needs it. Whatever comes of it, the person hears why it was not kept."""
        with contextlib.suppress(IntegrationError):
            self._grants.give_back(sub, token)


def _probe(grant: Grant) -> GmailAccount:
    """The grant as an account that is not anybody's yet."""
    return GmailAccount(
        id="",
        owner="",
        sub=grant.sub,
        email=grant.email.lower(),  # Gmail's addresses have no case; ours are looked up
        name=grant.name,
        scopes=grant.scopes,
        connected_at=grant.expires_at,
        refresh_token="",
    )


def _refused(error: str) -> IntegrationError:
    """Errors of the authorization endpoint (RFC 6749 §4.1.2.1, and Google's own)."""
    if error in ("unauthorized_client", "invalid_client", "redirect_uri_mismatch", "deleted_client"):
        return InvalidCredentials(f"Google refused the OAuth client ({error}).")
    if error in ("server_error", "temporarily_unavailable"):
        return Unavailable(f"Google could not ask for access ({error}).", remedy="Connect again in a little while.")
    if error == "access_denied":
        return ConsentDenied("Access was denied on Google's page.")
    return ConsentDenied(f"Google did not grant access ({error[:60]!r}).")
