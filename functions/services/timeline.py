"""What happened to a message after it went out: each thing once, on record with its evidence, counted on its send."""

from functions.domain import event_bodies, records, webhooks
from functions.domain.errors import PreconditionFailed
from functions.domain.events import Counting, Event
from functions.domain.ports import Create, Documents, Increment, Query, Update
from functions.services import outbox
from functions.services.announcing import Announcer, Silence

LIMIT = 500  # events of one send that are shown


def path(owner: str, event_id: str) -> str:
    return f"owners/{owner}/events/{event_id}"


class Timeline:
    def __init__(self, documents: Documents, announcing: Announcer | None = None) -> None:
        self._documents = documents
        self._announcing = announcing or Silence()

    def add(self, event: Event, counting: Counting, version: str | None = None) -> bool:
        """Whether it is news: an event that is on record already (the same id) changes nothing. Raises Unavailable.

        The send is counted up without being read: nobody who changes it at the same moment is disturbed. With
        `version`, only while it is the one of the send.
        """
        counted = {name: Increment(by) for name, by in counting._asdict().items() if by}
        create = Create(path(event.owner, event.id), records.to_data(event))
        count = [Update(outbox.path(event.owner, event.send), counted, version)] if counted else []
        name = webhooks.MESSAGE_EVENTS[event.type]
        news = self._announcing.writes(event.owner, name, event.at, lambda: event_bodies.of_message(event), event.id)
        try:
            self._documents.commit([create, *count, *news])
        except PreconditionFailed:
            return False  # it is on record, or its send is not any more, or not as it was
        self._announcing.enqueue(news)
        return True

    def of(self, owner: str, send_id: str) -> list[Event]:
        """Oldest first."""
        page = self._documents.query(
            Query(f"owners/{owner}/events", equals={"send": send_id}, order=("at", "asc"), limit=LIMIT)
        )
        return [records.from_data(Event, document.data) for document in page.documents]
