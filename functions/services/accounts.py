"""The owner's connected accounts: list, look up, choose the default."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from functions.domain import records
from functions.domain.accounts import AccountChange, GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import FieldError, Forbidden, InvalidRequest, NotFound, PreconditionFailed
from functions.domain.ids import looks_like
from functions.domain.ports import Create, Document, Documents, Query, Update, Write
from functions.services.owners import Owners

K = TypeVar("K")
V = TypeVar("V")

REMEMBERED = 4096  # owners or addresses


@dataclass(frozen=True, slots=True)
class Found:
    """An account, with the version of the record it was read from."""

    account: GmailAccount
    version: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    accounts: tuple[GmailAccount, ...]
    default: str  # the default account's id; empty where there is none
    next: str | None


class Accounts:
    """Which account is the default is kept on the owner's record, so that there is never more than one."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._owners = Owners(documents)
        # What a name led to last: a guess where to look first, never more.
        self._defaults: dict[str, str] = {}  # by owner
        self._first: dict[str, GmailAccount] = {}  # by owner
        self._addresses: dict[tuple[str, str], str] = {}  # by owner and address

    def page(self, caller: Caller, limit: int, after: str | None) -> AccountPage:
        """Oldest connection first. Raises InvalidRequest for an `after` that no page of this list gave."""
        if caller.accounts is not None:
            return self._page_of(caller.owner, caller.accounts, limit, after)
        page = self._documents.query(
            Query(_collection(caller.owner), order=("connected_at", "asc"), limit=limit, after=after)
        )
        found = tuple(records.from_data(GmailAccount, d.data) for d in page.documents)
        return AccountPage(found, self.default_id(caller.owner), page.next)

    def _page_of(self, owner: str, ids: Collection[str], limit: int, after: str | None) -> AccountPage:
        """These accounts alone are read, so that no page or cursor tells of others."""
        start = _place(after) if after else None
        documents = self._documents.get_many([path(owner, one) for one in sorted(ids)])
        found = sorted((records.from_data(GmailAccount, d.data) for d in documents if d), key=_order)
        left = [a for a in found if start is None or _order(a) > start]
        more = len(left) > limit
        return AccountPage(tuple(left[:limit]), self.default_id(owner), _cursor(left[limit - 1]) if more else None)

    def get(self, caller: Caller, account_id: str) -> GmailAccount:
        """Raises NotFound: for another owner's account just as for none."""
        found = self.find(caller.owner, account_id) if caller.may_use(account_id) else None
        if found is None:
            raise NotFound("There is no account with this id.")
        return found.account

    def find(self, owner: str, account_id: str) -> Found | None:
        if not looks_like("acc", account_id):
            return None
        document = self._documents.get(path(owner, account_id))
        return _found(document) if document else None

    def resolve(self, caller: Caller, wanted: str | None) -> GmailAccount:
        """By id, by address, or the default. Raises NotFound."""
        if wanted is None:
            wanted = self.default_id(caller.owner)
            if not wanted:
                raise NotFound("No account is connected.", remedy="Connect one: GET /api/gmail/authorize/")
            if not caller.may_use(wanted):
                raise NotFound("This key may not use the default account.", remedy="Name one of its own as `account`.")
        if "@" not in wanted:
            return self.get(caller, wanted)
        if known := self._by_address(caller, wanted.lower()):
            return known
        # An address may have several records: it can pass from one Google account to another.
        page = self._documents.query(Query(_collection(caller.owner), equals={"email": wanted.lower()}, limit=20))
        found = [records.from_data(GmailAccount, d.data) for d in page.documents]
        usable = sorted((a for a in found if caller.may_use(a.id)), key=lambda a: (bool(a.problem_code), a.id))
        if not usable:
            raise NotFound("No connected account has this address.")
        _remember(self._addresses, (caller.owner, wanted.lower()), usable[0].id)
        return usable[0]

    def likely(self, owner: str, wanted: str | None) -> str:
        """The id of what `resolve` will probably find, without a read; empty where there is no telling."""
        if wanted is None:
            return self._defaults.get(owner, "")
        return self._addresses.get((owner, wanted.lower()), "") if "@" in wanted else wanted

    def _by_address(self, caller: Caller, address: str) -> GmailAccount | None:
        """The account that had this address when it was last looked for, if it still has it and works."""
        account_id = self._addresses.get((caller.owner, address), "")
        found = self.find(caller.owner, account_id) if account_id and caller.may_use(account_id) else None
        good = found is not None and found.account.email == address and not found.account.problem_code
        return found.account if found and good else None

    def default_id(self, owner: str) -> str:
        """The chosen default or, where it is gone, the account connected first."""
        chosen = self._owners.settings(owner).default_account
        found = chosen if chosen and self.find(owner, chosen) else self._connected_first(owner)
        _remember(self._defaults, owner, found)
        return found

    def _connected_first(self, owner: str) -> str:
        """Once found it stays the first for as long as it is there: those that come are connected later."""
        if known := self._first.get(owner):
            found = self.find(owner, known.id)
            if found and found.account.connected_at == known.connected_at:  # not connected anew
                return known.id
        page = self._documents.query(Query(_collection(owner), order=("connected_at", "asc"), limit=1))
        if not page.documents:
            return ""
        first = records.from_data(GmailAccount, page.documents[0].data)
        _remember(self._first, owner, first)
        return first.id

    def store(self, account: GmailAccount, before: Found | None, also: Sequence[Write]) -> None:
        """Write a connected account, together with `also`. Raises PreconditionFailed where it changed meanwhile."""
        place = path(account.owner, account.id)
        if before:
            write: Write = Update(place, records.changes(before.account, account), version=before.version)
        else:
            write = Create(place, records.to_data(account))
        self._documents.commit([*also, write])

    def change(self, caller: Caller, account_id: str, change: AccountChange) -> GmailAccount:
        """Only the fields that are named are written: two who change different ones lose nothing.

        Raises NotFound, Forbidden; InvalidRequest where nothing would be the default any more.
        """
        account = self.get(caller, account_id)
        if change.is_default is False and self.default_id(caller.owner) == account.id:
            detail = "There is always a default account: make another one the default instead."
            raise InvalidRequest(f"/is_default: {detail}", errors=[FieldError("/is_default", detail)])
        if change.is_default and caller.accounts is not None:
            # It would send what others ask for without naming an account.
            raise Forbidden("The default account is for all callers: a key for some accounts can't choose it.")
        update = Update(path(account.owner, account.id), dict(change.fields))
        try:
            if change.is_default:
                self._owners.change(account.owner, {"default_account": account.id}, update)
            elif change.fields:
                self._documents.commit([update])
        except PreconditionFailed:
            raise NotFound("There is no account with this id.") from None
        return self.get(caller, account_id)


def path(owner: str, account_id: str) -> str:
    return f"owners/{owner}/accounts/{account_id}"


def _collection(owner: str) -> str:
    return f"owners/{owner}/accounts"


def _order(account: GmailAccount) -> tuple[datetime, str]:
    return account.connected_at, account.id


def _cursor(account: GmailAccount) -> str:
    """The account's place in the list, as opaque text."""
    return f"{account.connected_at.isoformat()} {account.id}".encode().hex()


def _place(cursor: str) -> tuple[datetime, str]:
    """Raises InvalidRequest."""
    try:
        at, _, account_id = bytes.fromhex(cursor).decode().partition(" ")
        return datetime.fromisoformat(at).astimezone(UTC), account_id
    except (ValueError, OverflowError):
        raise InvalidRequest(
            "The cursor is not one of this list.", remedy="Take the cursor from the previous page."
        ) from None


def _remember(memory: dict[K, V], key: K, value: V) -> None:
    if len(memory) >= REMEMBERED:
        memory.clear()
    memory[key] = value


def _found(document: Document) -> Found:
    return Found(records.from_data(GmailAccount, document.data), document.version)
