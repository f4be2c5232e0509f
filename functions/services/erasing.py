"""Deleting everything of one owner, and listing what there is.

What lies below the owner is found by its path, so that no kind of record is forgotten; what lies elsewhere, because it
is looked up before the owner is known, is named in ELSEWHERE. Each step may be the last before the process dies: the
same call again goes on. Grants are revoked at Google before their records go, or nobody could revoke them any more.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import islice

from functions.domain import records
from functions.domain.accounts import AccountStatus, GmailAccount
from functions.domain.errors import PreconditionFailed, ReauthRequired, Unavailable
from functions.domain.ports import Blobs, Delete, Document, Documents, Update
from functions.services import accounts, owners
from functions.services.grants import Grants
from functions.services.tokens import Tokens

ELSEWHERE = ("keys", "triggers", "pending")  # top-level collections whose documents name their `owner`
NAMELESS = ("states",)  # these name nobody, and end by themselves within the hour
BLOBS = ("attachments", "uploads", "sends")  # each blob's name goes on with the owner
# How long a webhook may still be taken for a trigger that is gone, or an event be written for such an endpoint: what an
# instance believes (trigger_keys.py, announcing.py), and the call that had just begun.
MEMORY = timedelta(seconds=30)
PAGE = 25  # documents that are read and deleted together: contents have up to a megabyte, and come as base64


class Erasing:
    """`discard` gives a parked grant back to Google, and removes its document. `disconnected` hears of an account whose
    record is about to go, while Google still takes its tokens."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        grants: Grants,
        tokens: Tokens,
        discard: Callable[[Document], None],
        disconnected: Callable[[GmailAccount], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._grants = grants
        self._tokens = tokens
        self._discard = discard
        self._disconnected = disconnected
        self._sleep = sleep

    def everything(self, owner: str) -> Iterator[Document]:
        """Every document of the owner. Raises Unavailable."""
        yield from self._elsewhere(owner)
        yield from self._own(owner)

    def counts(self, owner: str) -> Mapping[str, int]:
        """How many documents of each kind there are."""
        return Counter(kind(document) for document in self.everything(owner))

    def erase(self, owner: str) -> Mapping[str, int]:
        """What was deleted, by kind. Raises Unavailable, with a part of it done: call it again.

        Something may still come in while it runs, and for as long as functions remember what is gone. So it looks until
        nothing is there, and MEMORY later nothing new.
        """
        done: Counter[str] = Counter()
        while True:
            while found := self._pass(owner):
                done += found
            self._delete_files(owner)
            self._sleep(MEMORY.total_seconds())
            if next(self.everything(owner), None) is None:
                self._delete_files(owner)
                return done

    def _delete_files(self, owner: str) -> None:
        for prefix in BLOBS:
            self._blobs.delete_all(f"{prefix}/{owner}/")

    def _elsewhere(self, owner: str) -> Iterator[Document]:
        for collection in ELSEWHERE:
            yield from (d for d in walk(self._documents, collection) if d.data.get("owner") == owner)

    def _own(self, owner: str) -> Iterator[Document]:
        if document := self._documents.get(owners.path(owner)):
            yield document
        yield from walk(self._documents, owners.path(owner))

    def _pass(self, owner: str) -> Counter[str]:
        """First what lets somebody in, then what Google lets us do, then all else."""
        done = self._delete(self._elsewhere(owner))
        for document in walk(self._documents, f"{owners.path(owner)}/accounts"):
            self._revoke(records.from_data(GmailAccount, document.data))
        return done + self._delete(self._own(owner))

    def _delete(self, found: Iterator[Document]) -> Counter[str]:
        done: Counter[str] = Counter()
        while page := list(islice(found, PAGE)):
            for document in page:
                if kind(document) == "pending":
                    self._discard(document)
            self._documents.commit([Delete(document.path) for document in page])
            done += Counter(kind(document) for document in page)
        return done

    def _revoke(self, account: GmailAccount) -> None:
        """Unless another owner needs the grant of the same Google account: that would end theirs, too."""
        self._disconnected(account)
        # Marked before it is asked who needs the grant: of two owners that go at once, neither leaves it to the other.
        marked = self._mark(account, AccountStatus.REAUTH_REQUIRED)
        try:
            with contextlib.suppress(ReauthRequired):  # it can't be opened
                self._grants.give_back(account.sub, self._tokens.refresh_token(account))
        except Unavailable:
            self._mark(account, account.status, marked)  # it works as before
            raise
        self._tokens.forget(account)

    def _mark(self, account: GmailAccount, status: AccountStatus, version: str | None = None) -> str | None:
        """The version with this status; None where its record is gone, or is no longer as it was."""
        update = Update(accounts.path(account.owner, account.id), {"status": status.value}, version=version)
        try:
            return self._documents.commit([update])[0]
        except PreconditionFailed:
            return None


def walk(documents: Documents, place: str) -> Iterator[Document]:
    """All that lies below a place, page by page; what is deleted meanwhile makes no gap."""
    after = ""
    while page := documents.below(place, PAGE, after):
        yield from page
        after = page[-1].path


def kind(document: Document) -> str:
    """The collection that a document is in."""
    return document.path.split("/")[-2]
