"""Grants that wait for the owner who started to confirm them: sealed, and for a short time."""

import json
from datetime import datetime, timedelta

from functions.domain import records
from functions.domain.google_ports import Grant
from functions.domain.ids import RandomBytes, looks_like, random_id
from functions.domain.ports import Clock, Create, Document, Documents, Sealer

LIFE = timedelta(minutes=10)


class ParkedGrants:
    def __init__(self, documents: Documents, ring: Sealer, clock: Clock, random: RandomBytes) -> None:
        self._documents = documents
        self._ring = ring
        self._clock = clock
        self._random = random

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


def _context(pending: str) -> str:
    return f"pending-grant|{pending}"
