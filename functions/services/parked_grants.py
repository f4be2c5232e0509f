"""Grants that wait for the owner who started to confirm them: sealed, and for a short time. After that they go back to
Google."""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from functions.domain import records
from functions.domain.errors import Unavailable
from functions.domain.google_ports import Grant
from functions.domain.ids import RandomBytes, looks_like, random_id
from functions.domain.ports import Clock, Create, Delete, Document, Documents, Sealer, Unsealable

LIFE = timedelta(minutes=10)
TIME_LIMIT = timedelta(seconds=20)  # of a sweep's minute
PAGE = 100


class ParkedGrants:
    """`give_back` is given a grant's `sub` and a token of it, and tells Google."""

    def __init__(
        self,
        documents: Documents,
        ring: Sealer,
        clock: Clock,
        random: RandomBytes,
        give_back: Callable[[str, str], None],
    ) -> None:
        self._documents = documents
        self._ring = ring
        self._clock = clock
        self._random = random
        self._give_back = give_back

    def park(self, owner: str, grant: Grant) -> str:
        """The id under which `owner` finds it."""
        pending = random_id("pnd", self._random)
        whole = json.dumps(records.to_data(grant), default=datetime.isoformat, separators=(",", ":"))
        sealed, expires_at = self._ring.seal(whole.encode(), _context(pending)), self._clock() + LIFE
        data = {"owner": owner, "grant": sealed, "sub": grant.sub, "expires_at": expires_at}
        self._documents.commit([Create(f"pending/{pending}", data)])
        return pending

    def find(self, pending: str) -> Document | None:
        """Also one that has expired, until the store removes it."""
        return self._documents.get(f"pending/{pending}") if looks_like("pnd", pending) else None

    def open(self, document: Document) -> Grant:
        """Raises Unsealable."""
        fields = json.loads(self._ring.open(document.data["grant"], _context(document.id)))
        fields["expires_at"] = datetime.fromisoformat(fields["expires_at"])
        return records.from_data(Grant, fields)

    def waiting(self, sub: str) -> bool:
        """Whether a grant of this Google account may yet be confirmed. Raises Unavailable."""
        now = self._clock()
        return any(d.data["sub"] == sub and d.data["expires_at"] > now for d in self._all())

    def discard(self, document: Document) -> None:
        """Give it back to Google, whoever started it, and remove its document. Raises Unavailable."""
        with contextlib.suppress(Unsealable):  # nobody can use what nobody can open
            grant = self.open(document)
            self._give_back(grant.sub, grant.token)
        self._documents.commit([Delete(document.path)])

    def expire(self) -> None:
        """Discard what nobody has confirmed in time: the store would only remove it. What can't be given back now
        is left for the next time. Raises Unavailable, once everything has had its turn.
        """
        began = self._clock()
        late, waiting = [], set()
        for document in self._all():
            if document.data["expires_at"] <= began:
                late.append(document)
            else:
                waiting.add(document.data["sub"])
        failure: Unavailable | None = None
        for document in late:
            if document.data["sub"] in waiting:
                continue  # revoking ends every grant of that person, also the one that may yet be confirmed
            try:
                self.discard(document)
            except Unavailable as error:
                failure = error
            if self._clock() - began >= TIME_LIMIT:
                break
        if failure:
            raise failure

    def _all(self) -> Iterator[Document]:
        """By their paths, without an index: those of the last minutes are all there are."""
        after = ""
        while True:
            page = self._documents.below("pending", PAGE, after)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].path


def _context(pending: str) -> str:
    return f"pending-grant|{pending}"
