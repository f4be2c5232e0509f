"""Who is calling, and what the caller may do."""

from typing import Literal, NamedTuple

from functions.domain.errors import Forbidden

Scope = Literal["send", "read", "manage"]
SCOPES: tuple[Scope, ...] = ("send", "read", "manage")


class Caller(NamedTuple):
    """`accounts` None means every account of the owner; only an API key can be restricted."""

    owner: str
    kind: Literal["user", "key"]
    scopes: frozenset[str] = frozenset(SCOPES)
    accounts: frozenset[str] | None = None
    key_id: str = ""

    def may_use(self, account_id: str) -> bool:
        return self.accounts is None or account_id in self.accounts

    def among(self, account: str | None = None) -> tuple[str, tuple[str, ...]] | None:
        """A query's condition on its field `account`, for a question about one account or about all: those of them that
        this caller may use. A key for some accounts asks for these alone, so that no page, cursor or count tells of
        others. None: no condition."""
        asked = self.accounts if account is None else frozenset({account} if self.may_use(account) else ())
        return None if asked is None else ("account", tuple(sorted(asked)))

    def require_all_accounts(self) -> None:
        """For what is about all accounts together. Raises Forbidden."""
        if self.accounts is not None:
            raise Forbidden("This is about all accounts: a key that is limited to some can't choose it.")

    def require(self, scope: Scope) -> None:
        """Raises Forbidden."""
        if scope not in self.scopes:
            raise Forbidden(f"This API key lacks the scope `{scope}`.")
