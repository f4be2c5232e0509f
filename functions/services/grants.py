"""A Google account's grant to this application: whether anybody still needs it, and giving it back.

Revoking one token ends all that the person gave to this application, for every owner who connected the account or may
yet confirm it.
"""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from functions.domain import records
from functions.domain.accounts import AccountStatus, GmailAccount
from functions.domain.errors import GmailRejected
from functions.domain.ports import Clock, Document, Documents, Query

if TYPE_CHECKING:
    from functions.domain.google_ports import OAuthClient

ACCOUNTS, PAGE = 50, 40  # read at once


class Grants:
    """`leaving` is the path of a parked grant that goes next, and does not count."""

    def __init__(self, documents: Documents, oauth: "OAuthClient", clock: Clock) -> None:
        self._documents = documents
        self._oauth = oauth
        self._clock = clock

    def give_back(self, sub: str, token: str, leaving: str = "") -> None:
        """Revoke it, unless it is needed. Raises Unavailable."""
        if not self.needed(sub, leaving):
            with contextlib.suppress(GmailRejected):  # it is gone already
                self._oauth.revoke(token)

    def needed(self, sub: str, leaving: str = "") -> bool:
        """Whether the Google account is connected, or may yet be. An account whose grant is dead has nothing to lose.
        Raises Unavailable."""
        if self.waiting(sub, leaving):  # first: what is confirmed meanwhile becomes an account
            return True
        page = self._documents.query(Query("accounts", equals={"sub": sub}, limit=ACCOUNTS, group=True))
        found = (records.from_data(GmailAccount, document.data) for document in page.documents)
        return page.next is not None or any(account.status is AccountStatus.CONNECTED for account in found)

    def waiting(self, sub: str, leaving: str = "") -> bool:
        """Whether a parked grant of this Google account may yet be confirmed. Raises Unavailable."""
        now = self._clock()
        found = (d for d in parked(self._documents) if d.path != leaving)
        return any(d.data.get("sub") == sub and d.data["expires_at"] > now for d in found)


def parked(documents: Documents) -> Iterator[Document]:
    """By their paths, without an index: those of the last minutes are all there are."""
    after = ""
    while True:
        page = documents.below("pending", PAGE, after)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].path
