"""Who is calling, and what the caller may do."""

from dataclasses import dataclass
from typing import Literal

from functions.domain.errors import Forbidden

Scope = Literal["send", "read", "manage"]
SCOPES: tuple[Scope, ...] = ("send", "read", "manage")


@dataclass(frozen=True, slots=True)
class Caller:
    """`accounts` None means every account of the owner; only an API key can be restricted."""

    owner: str
    kind: Literal["user", "key"]
    scopes: frozenset[str] = frozenset(SCOPES)
    accounts: frozenset[str] | None = None
    key_id: str = ""

    def may_use(self, account_id: str) -> bool:
        return self.accounts is None or account_id in self.accounts

    def require(self, scope: Scope) -> None:
        """Raises Forbidden."""
        if scope not in self.scopes:
            raise Forbidden(f"This API key lacks the scope `{scope}`.")
