"""Revoking every grant at Google at once: for the day on which tokens may have leaked.

Each account is marked as one whose grant is dead, and keeps no token, which is how the same call again knows where to
go on. Its sends are held until its owner connects it again. A grant that is parked for a confirmation goes with its
record.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from functions.domain import records
from functions.domain.accounts import GmailAccount
from functions.domain.errors import GmailRejected, IntegrationError, PreconditionFailed, ReauthRequired
from functions.domain.google_ports import Grant, OAuthClient
from functions.domain.ports import Delete, Document, Documents, Query, Unsealable, Update
from functions.services import pages
from functions.services.erasing import walk
from functions.services.tokens import Tokens

AT_ONCE = 8
PAGE = 200


class Revoking:
    """`parked` opens a parked grant."""

    def __init__(
        self, documents: Documents, oauth: OAuthClient, tokens: Tokens, parked: Callable[[Document], Grant]
    ) -> None:
        self._documents = documents
        self._oauth = oauth
        self._tokens = tokens
        self._parked = parked

    def waiting(self) -> int:
        """Of how many accounts there still is a token, connected or parked. Raises Unavailable."""
        return sum(1 for _ in chain(self._with_token(), walk(self._documents, "pending")))

    def revoke_all(self) -> Mapping[str, int]:
        """How many were `revoked`; were `unknown` to Google already; could not be opened (`unreadable`: they are
        marked, but Google was not told); or are left for another run (`failed`). Raises Unavailable.
        """
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="revoking") as pool:
            parked = Counter(pool.map(self._revoke_parked, list(walk(self._documents, "pending"))))
            return parked + Counter(pool.map(self._revoke, list(self._with_token())))

    def _with_token(self) -> Iterator[Document]:
        """By the time of the last send: whoever sends meanwhile only moves back in the line."""
        query = Query("accounts", order=("last_sent_at", "asc"), limit=PAGE, group=True)
        for page in pages(self._documents, query):
            yield from (document for document in page.documents if document.data.get("refresh_token"))

    def _revoke_parked(self, document: Document) -> str:
        outcome = self._told(lambda: self._parked(document).token)
        if outcome == "failed":
            return outcome
        try:
            self._documents.commit([Delete(document.path)])
        except IntegrationError:
            return "failed"
        return outcome

    def _told(self, token: Callable[[], str]) -> str:
        try:
            self._oauth.revoke(token())
        except GmailRejected:
            return "unknown"
        except (ReauthRequired, Unsealable):
            return "unreadable"
        except IntegrationError:
            return "failed"
        return "revoked"

    def _revoke(self, document: Document) -> str:
        account = records.from_data(GmailAccount, document.data)
        outcome = self._told(lambda: self._tokens.refresh_token(account))
        if outcome == "failed":
            return outcome
        try:
            self._tokens.mark_dead(account)
            return outcome if self._forgotten(document.path, account) else "failed"
        except IntegrationError:
            return "failed"

    def _forgotten(self, path: str, account: GmailAccount) -> bool:
        """Whether the record has no token any more. Not so where it was connected again meanwhile."""
        now = self._documents.get(path)
        if now is None:
            return True
        if now.data.get("refresh_token") != account.refresh_token:
            return False
        try:
            self._documents.commit([Update(path, {"refresh_token": ""}, version=now.version)])
        except PreconditionFailed:
            return False
        return True
