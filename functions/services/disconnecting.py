"""Letting go of an account: our record first, then what Google has."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.domain import event_bodies, webhooks
from functions.domain.accounts import GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import GmailRejected, IntegrationError, ReauthRequired
from functions.domain.ports import Delete, Documents, Query
from functions.services.accounts import Accounts, path
from functions.services.announcing import Announcer, Silence
from functions.services.tokens import Tokens

if TYPE_CHECKING:
    from functions.domain.google_ports import OAuthClient


class Disconnecting:
    def __init__(
        self,
        documents: Documents,
        accounts: Accounts,
        oauth: "OAuthClient",
        tokens: Tokens,
        disconnected: Callable[[GmailAccount], None] = lambda _: None,
        announcing: Announcer | None = None,
    ) -> None:
        """`disconnected` hears of an account whose record is gone, while Google still takes its tokens."""
        self._documents = documents
        self._accounts = accounts
        self._oauth = oauth
        self._tokens = tokens
        self._disconnected = disconnected
        self._announcing = announcing or Silence()

    def disconnect(self, caller: Caller, account_id: str) -> None:
        """Forget the record first, then tell Google; what Google says changes nothing. Raises NotFound."""
        account = self._accounts.get(caller, account_id)
        news = self._announcing.writes(
            account.owner, webhooks.DISCONNECTED, None, lambda: event_bodies.of_account(account)
        )
        self._documents.commit([Delete(path(account.owner, account.id)), *news])
        self._announcing.enqueue(news)
        self._disconnected(account)
        self._tokens.forget(account)
        with contextlib.suppress(ReauthRequired):  # a token that can't be opened can't be revoked either
            self.revoke_unless_used(account.sub, self._tokens.refresh_token(account))

    def revoke_unless_used(self, sub: str, token: str) -> None:
        """Revoking one token ends the project's whole grant for that Google user, for every owner who connected it."""
        page = self._documents.query(Query("accounts", equals={"sub": sub}, limit=1, group=True))
        if page.documents:
            return
        with contextlib.suppress(IntegrationError, GmailRejected):
            self._oauth.revoke(token)
