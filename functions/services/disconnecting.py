"""Letting go of an account: our record first, what waits to go out from it, and then what Google has."""

import contextlib
from collections.abc import Callable

from functions.domain import event_bodies, webhooks
from functions.domain.accounts import GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import IntegrationError, NotFound, Unavailable
from functions.domain.ids import looks_like
from functions.domain.ports import Delete, Documents
from functions.services.accounts import Accounts, path
from functions.services.announcing import Announcer, Silence
from functions.services.grants import Grants
from functions.services.tokens import Tokens


class Disconnecting:
    def __init__(
        self,
        documents: Documents,
        accounts: Accounts,
        grants: Grants,
        tokens: Tokens,
        cancel_all: Callable[[str, str], bool],
        disconnected: Callable[[GmailAccount], None] = lambda _: None,
        announcing: Announcer | None = None,
    ) -> None:
        """`cancel_all` is given owner and account, of which nothing goes out any more, and says whether it left any.
        `disconnected` hears of an account whose record is gone, while Google still takes its tokens."""
        self._documents = documents
        self._accounts = accounts
        self._grants = grants
        self._tokens = tokens
        self._cancel_all = cancel_all
        self._disconnected = disconnected
        self._announcing = announcing or Silence()

    def disconnect(self, caller: Caller, account_id: str) -> None:
        """Forget the record first, then tell Google; what Google says changes nothing.

        Raises NotFound; Unavailable, after which the same call again cancels what is left.
        """
        try:
            account = self._accounts.get(caller, account_id)
        except NotFound:
            if looks_like("acc", account_id) and caller.may_use(account_id):
                self._rest(caller.owner, account_id)  # an earlier call may have come no further than the record
            raise
        news = self._announcing.writes(
            account.owner, webhooks.DISCONNECTED, None, lambda: event_bodies.of_account(account)
        )
        try:
            self._documents.commit([Delete(path(account.owner, account.id)), *news])
        except Unavailable:
            if self._accounts.find(account.owner, account.id):  # else only the answer was lost
                raise
        more = False
        try:
            # Before anybody else is called: one that hangs could take all the time that this function has.
            more = self._cancel_all(account.owner, account.id)
        finally:
            self._announcing.enqueue(news)
            self._let_go(account)
        if more:
            self._rest(account.owner, account.id)

    def _rest(self, owner: str, account_id: str) -> None:
        while self._cancel_all(owner, account_id):
            pass

    def _let_go(self, account: GmailAccount) -> None:
        """What Google, and this instance, have of an account whose record is gone."""
        with contextlib.suppress(IntegrationError):
            self._disconnected(account)
        with contextlib.suppress(IntegrationError):  # a token that can't be opened can't be revoked either
            self._grants.give_back(account.sub, self._tokens.refresh_token(account))
        self._tokens.forget(account)
