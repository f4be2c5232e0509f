"""Access tokens: cached in the instance and, sealed, on the account's record; one refresh at a time per account."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from functions.domain import event_bodies, records, webhooks
from functions.domain.accounts import GmailAccount
from functions.domain.errors import NotFound, PreconditionFailed, ReauthRequired
from functions.domain.ports import Clock, Documents, Sealer, Unsealable, Update, Write
from functions.domain.records import replace
from functions.services.accounts import path
from functions.services.announcing import Announcer, Silence
from functions.services.turns import Turns

if TYPE_CHECKING:
    from functions.domain.google_ports import OAuthClient

R = TypeVar("R")

# A token is not used in its last minute: it could die on its way to Gmail.
MARGIN = timedelta(minutes=1)
REMEMBERED = 5_000  # accounts; what is forgotten is on their records


@dataclass(frozen=True, slots=True)
class _Cached:
    grant: str  # the sealed refresh token it came from
    token: str
    expires_at: datetime


class Tokens:
    def __init__(
        self,
        documents: Documents,
        oauth: "OAuthClient",
        ring: Sealer,
        clock: Clock,
        announcing: Announcer | None = None,
        died: Callable[[GmailAccount], None] = lambda _: None,
    ) -> None:
        """`died` hears of an account whose grant Google no longer takes, once."""
        self._documents = documents
        self._oauth = oauth
        self._ring = ring
        self._clock = clock
        self._announcing = announcing or Silence()
        self._died = died
        self._cache: OrderedDict[str, _Cached] = OrderedDict()  # by account; who was refreshed first comes first
        self._guard = threading.Lock()  # of the cache's order; looking into it needs none
        self._turns = Turns()

    def seal(self, account: GmailAccount, field: str, token: str) -> str:
        return self._ring.seal(token.encode(), context(account, field))

    def refresh_token(self, account: GmailAccount) -> str:
        """Raises ReauthRequired where the stored token can't be opened any more."""
        try:
            return self._ring.open(account.refresh_token, context(account, "refresh_token")).decode()
        except Unsealable as exc:
            raise ReauthRequired(f"The stored grant of {account.email} can't be read any more.") from exc

    def access_token(self, account: GmailAccount, *, refused: str = "") -> str:
        """A token that Gmail should take now; never `refused`, which it has just refused.

        Raises ReauthRequired (and marks the account), InvalidCredentials, Unavailable, NotFound (disconnected).
        """
        if found := self._usable(account, refused):
            return found
        with self._turns.of(account.id):
            if found := self._usable(account, refused):  # another thread has just refreshed it
                return found
            # After a refusal the record's token may be as dead as the refused one: only a fresh one tells whether the
            # grant is.
            if not refused and (found := self._from_record(account)):
                return found
            return self._refresh(account)

    def with_token(self, account: GmailAccount, call: Callable[[str], R]) -> R:
        """What `call` gives for an access token; where Gmail refuses it, once more with a fresh one.

        For reads: a call may be made twice. Raises what `access_token` and `call` raise.
        """
        token = self.access_token(account)
        try:
            return call(token)
        except ReauthRequired:
            fresh = self.access_token(account, refused=token)
        try:
            return call(fresh)
        except ReauthRequired:
            self.mark_dead(account)
            raise

    def _usable(self, account: GmailAccount, refused: str) -> str:
        found = self._cache.get(account.id)
        if found is None or found.grant != account.refresh_token or found.token == refused:
            return ""
        return found.token if found.expires_at - MARGIN > self._clock() else ""

    def _from_record(self, account: GmailAccount) -> str:
        expires_at = account.access_token_expires_at
        if not account.access_token or expires_at is None or expires_at - MARGIN <= self._clock():
            return ""
        try:
            token = self._ring.open(account.access_token, context(account, "access_token")).decode()
        except Unsealable:
            return ""
        self._remember(account.id, _Cached(account.refresh_token, token, expires_at))
        return token

    def _refresh(self, account: GmailAccount) -> str:
        try:
            fresh = self._oauth.refresh(self.refresh_token(account))
        except ReauthRequired:
            self.mark_dead(account)
            raise ReauthRequired(f"Google no longer accepts the grant of {account.email}.") from None
        after = replace(
            account,
            access_token=self.seal(account, "access_token", fresh.token),
            access_token_expires_at=fresh.expires_at,
            scopes=fresh.scopes or account.scopes,
        )
        if fresh.refresh_token:
            after = replace(after, refresh_token=self.seal(account, "refresh_token", fresh.refresh_token))
        try:
            self._documents.commit([Update(path(account.owner, account.id), records.changes(account, after))])
        except PreconditionFailed:
            raise NotFound("This account has been disconnected.") from None
        self._remember(account.id, _Cached(after.refresh_token, fresh.token, fresh.expires_at))
        return fresh.token

    def _remember(self, account_id: str, cached: _Cached) -> None:
        """Instead of what there was of an earlier grant. All live for an hour, so what has expired comes first."""
        now = self._clock()
        with self._guard:
            self._cache[account_id] = cached
            self._cache.move_to_end(account_id)
            while self._cache and (len(self._cache) > REMEMBERED or self._oldest().expires_at <= now):
                self._cache.popitem(last=False)

    def _oldest(self) -> _Cached:
        return next(iter(self._cache.values()))

    def forget(self, account: GmailAccount) -> None:
        """The account was disconnected: this instance keeps no token of it."""
        with self._guard:
            self._cache.pop(account.id, None)

    def mark_dead(self, account: GmailAccount) -> None:
        """Record that the grant is dead, unless the account was reconnected or disconnected meanwhile.

        Its owner hears of it with that record, once.
        """
        place = path(account.owner, account.id)
        document = self._documents.get(place)
        if document is None:
            return
        current = records.from_data(GmailAccount, document.data)
        if current.refresh_token != account.refresh_token:
            return
        dead = current.needs_reauth()
        news: list[Write] = []
        if current.status is not dead.status:
            news = self._announcing.writes(
                dead.owner, webhooks.REAUTH_REQUIRED, None, lambda: event_bodies.of_account(dead)
            )
        try:
            self._documents.commit([Update(place, records.changes(current, dead), version=document.version), *news])
        except PreconditionFailed:
            return  # it has just changed: whoever uses it next finds out again
        self._announcing.enqueue(news)
        if current.status is not dead.status:
            self._died(dead)


def context(account: GmailAccount, field: str) -> str:
    """Binds a sealed token to its record, so that two records can't be swapped."""
    return f"{account.owner}|{account.id}|{account.sub}|{field}"
