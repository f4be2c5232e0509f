"""Access tokens: cached in the instance and, sealed, on the account's record; one refresh at a time per account."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from functions.domain import event_bodies, records, webhooks
from functions.domain.accounts import AccountStatus, GmailAccount
from functions.domain.errors import NotFound, PreconditionFailed, ReauthRequired, Unavailable
from functions.domain.ports import Clock, Documents, Sealer, Unsealable, Update, Write
from functions.domain.records import replace
from functions.services.accounts import Found, path
from functions.services.announcing import Announcer, Silence
from functions.services.turns import Turns

if TYPE_CHECKING:
    from functions.domain.google_ports import AccessToken, OAuthClient

R = TypeVar("R")

# A token is not used in its last minute: it could die on its way to Gmail.
MARGIN = timedelta(minutes=1)
PAUSE = 0.5  # seconds: longer than another instance needs to write down what Google has just given it
TRIES = 10  # against others who change the record; each of their changes lets one of ours fail
ROTATED = 3  # refresh tokens of one grant: a request may have read the account before it refreshed twice
REMEMBERED = 5_000  # accounts; what is forgotten is on their records


@dataclass(frozen=True, slots=True)
class _Cached:
    grants: tuple[str, ...]  # the sealed refresh token it came from; those before and after it, where they rotate
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
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`died` hears of an account whose grant Google no longer takes, once."""
        self._documents = documents
        self._oauth = oauth
        self._ring = ring
        self._clock = clock
        self._announcing = announcing or Silence()
        self._died = died
        self._sleep = sleep
        self._cache: OrderedDict[str, _Cached] = OrderedDict()  # by account; who was refreshed first comes first
        self._guard = threading.Lock()  # of the cache's order; looking into it needs none
        self._turns = Turns()

    def seal(self, account: GmailAccount, field: str, token: str) -> str:
        return self._ring.seal(token.encode(), context(account, field))

    def refresh_token(self, account: GmailAccount) -> str:
        """Raises ReauthRequired where the stored token can't be opened any more; Unavailable where it can't be now."""
        try:
            return self._ring.open(account.refresh_token, context(account, "refresh_token")).decode()
        except Unsealable as exc:
            raise ReauthRequired(f"The stored grant of {account.email} can't be read any more.") from exc

    def access_token(self, account: GmailAccount, *, refused: str = "") -> str:
        """A token that Gmail should take now; never `refused`, which it has just refused.

        Raises ReauthRequired (and marks the account, if Google said so), InvalidCredentials, Unavailable, NotFound
        (disconnected).
        """
        if found := self._usable(account, refused):
            return found
        with self._turns.of(account.id):
            if found := self._usable(account, refused):  # another thread has just refreshed it
                return found
            # After a refusal the record's token may be as dead as the refused one: only a fresh one tells whether the
            # grant is.
            if not refused and (found := self._on_record(account)):
                return found
            return self._renewed(account, refused)

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
        if found is None or account.refresh_token not in found.grants or found.token == refused:
            return ""
        return found.token if found.expires_at - MARGIN > self._clock() else ""

    def _on_record(self, account: GmailAccount, refused: str = "") -> str:
        if found := self._usable(account, refused):
            return found
        expires_at = account.access_token_expires_at
        if not account.access_token or expires_at is None or expires_at - MARGIN <= self._clock():
            return ""
        try:
            token = self._ring.open(account.access_token, context(account, "access_token")).decode()
        except Unsealable:
            return ""
        if token == refused:
            return ""
        self._remember(account.id, _Cached((account.refresh_token,), token, expires_at))
        return token

    def _renewed(self, account: GmailAccount, refused: str) -> str:
        """By the record as it is now: since the caller read it, somebody may have refreshed or reconnected it."""
        for _ in range(TRIES):
            now = self._read(account)
            current = now.account
            current.require_connected()
            other = current.refresh_token != account.refresh_token
            if (other or not refused) and (found := self._on_record(current, refused)):
                return found
            refresh_token = self.refresh_token(current)  # one that we can't open says nothing of the grant
            try:
                fresh = self._oauth.refresh(refresh_token)
            except ReauthRequired:
                # A server that rotates refresh tokens takes each once: who came first may yet write down the next one.
                self._sleep(PAUSE)
                if self._mark(current, (current.refresh_token,)):
                    raise ReauthRequired(f"Google no longer accepts the grant of {account.email}.") from None
                continue
            if self._stored(now, fresh):
                return fresh.token
        raise _busy(account)

    def _read(self, account: GmailAccount) -> Found:
        document = self._documents.get(path(account.owner, account.id))
        if document is None:
            raise NotFound("This account has been disconnected.")
        return Found(records.from_data(GmailAccount, document.data), document.version)

    def _stored(self, found: Found, fresh: "AccessToken") -> bool:
        """Whether the record has it now: not where it has another grant by now, or its grant was found dead."""
        account = found.account
        fields: dict[str, Any] = {
            "access_token": self.seal(account, "access_token", fresh.token),
            "access_token_expires_at": fresh.expires_at,
        }
        if fresh.scopes:
            fields["scopes"] = fresh.scopes
        if fresh.refresh_token:
            # Who found the earlier one dead since then found no more than that it was used.
            alive = {"status": AccountStatus.CONNECTED, "problem_code": ""}
            fields |= {"refresh_token": self.seal(account, "refresh_token", fresh.refresh_token), **alive}
        for _ in range(TRIES):
            after = replace(found.account, **fields)
            changed = records.changes(found.account, after)
            try:
                self._documents.commit([Update(path(account.owner, account.id), changed, version=found.version)])
            except PreconditionFailed:
                found = self._read(account)
                dead = found.account.status is AccountStatus.REAUTH_REQUIRED and not fresh.refresh_token
                if dead or found.account.refresh_token != account.refresh_token:
                    return False
                continue
            grants = self._grants(account)
            if fresh.refresh_token:
                grants = (*grants, after.refresh_token)[-ROTATED:]
            self._remember(account.id, _Cached(grants, fresh.token, fresh.expires_at))
            return True
        raise _busy(account)

    def _grants(self, account: GmailAccount) -> tuple[str, ...]:
        """The refresh token of a record in hand, and those that have taken its place: they are one grant."""
        found = self._cache.get(account.id)
        return found.grants if found and account.refresh_token in found.grants else (account.refresh_token,)

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
        self._mark(account, self._grants(account))

    def _mark(self, account: GmailAccount, grants: Collection[str]) -> bool:
        """Whether the account has none but these, which are dead: then its record says so, if there still is one."""
        place = path(account.owner, account.id)
        for _ in range(TRIES):
            document = self._documents.get(place)
            if document is None:
                return True
            current = records.from_data(GmailAccount, document.data)
            if current.refresh_token not in grants:
                return False
            dead = current.needs_reauth()
            news: list[Write] = []
            if current.status is not dead.status:
                said = partial(event_bodies.of_account, dead)
                news = self._announcing.writes(dead.owner, webhooks.REAUTH_REQUIRED, None, said)
            try:
                self._documents.commit([Update(place, records.changes(current, dead), version=document.version), *news])
            except PreconditionFailed:
                continue  # it has just changed, perhaps for the better
            self._announcing.enqueue(news)
            if current.status is not dead.status:
                self._died(dead)
            return True
        return True  # whoever uses it next finds out again


def _busy(account: GmailAccount) -> Unavailable:
    return Unavailable(f"The record of {account.email} is changed by others again and again.", retry_after=5)


def context(account: GmailAccount, field: str) -> str:
    """Binds a sealed token to its record, so that two records can't be swapped."""
    return f"{account.owner}|{account.id}|{account.sub}|{field}"
