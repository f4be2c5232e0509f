"""The records of sends: created, read, and changed only from the version that was read."""

from dataclasses import dataclass

from functions.domain import records
from functions.domain.errors import Unavailable
from functions.domain.ids import looks_like
from functions.domain.ports import Create, Data, Document, Documents, Update, Write
from functions.domain.sends import Send
from functions.services import contents


@dataclass(frozen=True, slots=True)
class Found:
    """A send, with the version of the record it was read from."""

    send: Send
    version: str


def path(owner: str, send_id: str) -> str:
    return f"owners/{owner}/sends/{send_id}"


class Outbox:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def find(self, owner: str, send_id: str) -> Found | None:
        document = self._documents.get(path(owner, send_id)) if looks_like("snd", send_id) else None
        return found(document) if document else None

    def create(self, send: Send, content: Data) -> Found:
        """Raises PreconditionFailed where there is a send with this id."""
        versions = self._documents.commit(
            [
                Create(path(send.owner, send.id), records.to_data(send)),
                Create(contents.path(send.owner, send.id), content),
            ]
        )
        return Found(send, versions[0])

    def claim(self, before: Found, claimed: Send) -> Found:
        """Save a claim. An answer that was lost on the way is asked for: a claim that nobody knows of helps nobody.

        Raises PreconditionFailed where somebody else was faster; Unavailable where the claim is not known to stand.
        """
        try:
            return self.save(before, claimed)
        except Unavailable:
            there = self.find(claimed.owner, claimed.id)
            if there is None or there.send.attempt_id != claimed.attempt_id:
                raise
            return there

    def save(self, before: Found, after: Send, *also: Write) -> Found:
        """Raises PreconditionFailed where somebody else changed the send meanwhile."""
        place = path(after.owner, after.id)
        update = Update(place, records.changes(before.send, after), version=before.version)
        return Found(after, self._documents.commit([update, *also])[0])


def found(document: Document) -> Found:
    return Found(records.from_data(Send, document.data), document.version)
