"""What a send is going to read, as far as it can be told before anything is read: so that it is fetched together."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from functions.domain.callers import Caller
from functions.domain.ids import derived_id
from functions.services import accounts, batches, keys, outbox, owners, standing
from functions.services.accounts import Accounts

REMEMBERED = 4096  # callers


@dataclass(frozen=True, slots=True)
class Known:
    """A caller whose token was good once. Whether it still is, is for who reads what was fetched."""

    owner: str
    key_id: str  # empty for a user


class Foresight:
    """Of one process. A guess that is wrong costs a read; it decides nothing."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._callers: dict[bytes, Known] = {}

    def remember(self, token: str, caller: Caller) -> None:
        """A token that was just found good."""
        if len(self._callers) >= REMEMBERED:
            self._callers.clear()
        self._callers[_digest(token)] = Known(caller.owner, caller.key_id)

    def caller(self, token: str) -> Known | None:
        """Only of whoever has a token that was good: nobody else can make us read a thing before they are known."""
        return self._callers.get(_digest(token))

    def paths(
        self, known: Known, account: str | None, addresses: Sequence[str], idempotency_key: str | None
    ) -> list[str]:
        """`account` is what the request names; of `addresses`, those that can't be one don't matter."""
        owner = known.owner
        found = [owners.path(owner), *(standing.path(owner, address) for address in addresses)]
        if known.key_id:
            found.append(keys.path(known.key_id))
        if account_id := self._accounts.likely(owner, account):
            found.append(accounts.path(owner, account_id))
        if idempotency_key:
            found.append(outbox.path(owner, derived_id("snd", owner, idempotency_key)))
            found.append(batches.path(owner, derived_id("bat", owner, idempotency_key)))
        return list(dict.fromkeys(found))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
