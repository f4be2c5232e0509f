"""The owner's own record: settings that are about all accounts together."""

from functions.domain import records
from functions.domain.errors import Conflict, PreconditionFailed
from functions.domain.owners import OwnerSettings
from functions.domain.ports import Create, Data, Document, Documents, Update, Write
from functions.services import TRIES


def path(owner: str) -> str:
    return f"owners/{owner}"


def read(document: Document | None) -> OwnerSettings:
    """An owner who never chose anything has no record."""
    return records.from_data(OwnerSettings, document.data) if document else OwnerSettings()


class Owners:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def settings(self, owner: str) -> OwnerSettings:
        return read(self._documents.get(path(owner)))

    def keep(self, owner: str, content_days: int, event_days: int) -> OwnerSettings:
        """How long contents and events are kept, from now on: what is on record already keeps its time."""
        self.change(owner, {"content_days": content_days, "event_days": event_days})
        return self.settings(owner)

    def change(self, owner: str, fields: Data, *also: Write) -> None:
        """Set these fields and no others, together with `also`: two who change different settings lose nothing.

        Raises PreconditionFailed where one of `also` does not hold.
        """
        place = path(owner)
        for _ in range(TRIES):
            there = self._documents.get(place) is not None
            try:
                self._documents.commit([Update(place, fields) if there else Create(place, fields), *also])
                return
            except PreconditionFailed:
                if (self._documents.get(place) is not None) == there:
                    raise  # the record is as it was found, so it was one of `also`
        raise Conflict
