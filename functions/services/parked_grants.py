"""Grants that wait for the owner who started to confirm them: sealed, and for a short time. After that they go back to
Google."""

import contextlib
import json
from datetime import datetime, timedelta

from functions.domain import records
from functions.domain.errors import Unavailable
from functions.domain.google_ports import Grant
from functions.domain.ids import RandomBytes, looks_like, random_id
from functions.domain.ports import Clock, Create, Delete, Document, Documents, Sealer, Unsealable
from functions.services.grants import Grants, parked

LIFE = timedelta(minutes=10)
TIME_LIMIT = timedelta(seconds=20)  # of a sweep's minute


class ParkedGrants:
    def __init__(self, documents: Documents, ring: Sealer, clock: Clock, random: RandomBytes, grants: Grants) -> None:
        self._documents = documents
        self._ring = ring
        self._clock = clock
        self._random = random
        self._grants = grants

    def park(self, owner: str, grant: Grant) -> Document:
        """Its id is what `owner` finds it by."""
        pending = random_id("pnd", self._random)
        whole = json.dumps(records.to_data(grant), default=datetime.isoformat, separators=(",", ":"))
        sealed, expires_at = self._ring.seal(whole.encode(), _context(pending)), self._clock() + LIFE
        data = {"owner": owner, "grant": sealed, "sub": grant.sub, "expires_at": expires_at}
        place = f"pending/{pending}"
        (version,) = self._documents.commit([Create(place, data)])
        return Document(place, data, version)

    def find(self, pending: str) -> Document | None:
        """Also one that has expired, until the store removes it."""
        return self._documents.get(f"pending/{pending}") if looks_like("pnd", pending) else None

    def open(self, document: Document) -> Grant:
        """Raises Unsealable."""
        fields = json.loads(self._ring.open(document.data["grant"], _context(document.id)))
        fields["expires_at"] = datetime.fromisoformat(fields["expires_at"])
        return records.from_data(Grant, fields)

    def discard(self, document: Document) -> None:
        """Give it back to Google, whoever started it, unless somebody needs it; and remove its document. Raises
        Unavailable."""
        with contextlib.suppress(Unsealable):  # nobody can use what nobody can open
            grant = self.open(document)
            self._grants.give_back(grant.sub, grant.token, document.path)
        self._documents.commit([Delete(document.path)])

    def discard_late(self, document: Document) -> None:
        """One that has expired stays while the same person may yet confirm another: it is given back after that.
        Raises Unavailable."""
        if not self._grants.waiting(document.data["sub"]):
            self.discard(document)

    def expire(self) -> None:
        """Discard what nobody has confirmed in time: the store would only remove it. What can't be given back now
        is left for the next time. Raises Unavailable, once everything has had its turn.
        """
        began = self._clock()
        failure: Unavailable | None = None
        for document in [d for d in parked(self._documents) if d.data["expires_at"] <= began]:
            try:
                self.discard_late(document)  # it looks again: to give back the ones before may have taken a while
            except Unavailable as error:
                failure = error
            if self._clock() - began >= TIME_LIMIT:
                break
        if failure:
            raise failure


def used(parked: Document) -> Delete:
    """By whoever is the first."""
    return Delete(parked.path, version=parked.version)


def _context(pending: str) -> str:
    return f"pending-grant|{pending}"
