"""The addresses an account may send as, read from Gmail and kept on the account's record for an hour."""

from datetime import timedelta
from typing import TYPE_CHECKING

from functions.domain import records
from functions.domain.accounts import AccountStatus, GmailAccount, StoredAlias
from functions.domain.errors import InsufficientPermissions, IntegrationError, NotFound, PreconditionFailed
from functions.domain.ports import Clock, Documents, Update
from functions.domain.records import replace
from functions.services.accounts import path
from functions.services.tokens import Tokens

if TYPE_CHECKING:
    from functions.domain.google_ports import Gmail

LIFE = timedelta(hours=1)


class Aliases:
    def __init__(self, documents: Documents, gmail: "Gmail", tokens: Tokens, clock: Clock) -> None:
        self._documents = documents
        self._gmail = gmail
        self._tokens = tokens
        self._clock = clock

    def stale(self, account: GmailAccount) -> bool:
        return account.aliases_read_at is None or self._clock() - account.aliases_read_at > LIFE

    def refresh(self, account: GmailAccount) -> GmailAccount:
        """The account with its aliases as Gmail has them now. Raises InsufficientPermissions, what Gmail raises."""
        if not account.can_read:
            raise InsufficientPermissions(f"Aliases of {account.email} can't be checked: it did not grant reading.")
        found = self._tokens.with_token(account, self._gmail.aliases)
        aliases = tuple(
            StoredAlias(a.email, a.name, a.is_primary, a.is_default, a.verified, a.reply_to, a.signature) for a in found
        )
        name = account.name or next((a.name for a in aliases if a.is_primary), "")
        # From here on, an attempt whose outcome is lost can be looked for in the mailbox's history.
        history_id = str(self._tokens.with_token(account, self._gmail.profile).get("historyId", ""))
        after = replace(
            account,
            name=name,
            aliases=aliases,
            aliases_read_at=self._clock(),
            history_id=history_id or account.history_id,
        )
        try:
            self._documents.commit([Update(path(account.owner, account.id), records.changes(account, after))])
        except PreconditionFailed:
            raise NotFound("This account has been disconnected.") from None
        return after

    def shown(self, account: GmailAccount) -> GmailAccount:
        """As fresh as can be had without failing: for looking at an account, not for sending from it."""
        if account.status is not AccountStatus.CONNECTED or not account.can_read or not self.stale(account):
            return account
        try:
            return self.refresh(account)
        except NotFound:
            raise
        except IntegrationError:
            return account
