"""A calendar that instances share: what the store has of it, and what this instance added since.

What is added is written down once it amounts to a tenth of a budget, and what the others wrote is read at the same
time: a lone send costs no extra write, and a burst of a thousand costs a few dozen instead of a thousand writes to one
document. Between two such moments an instance may overlook what others did by as much.
"""

import threading
from datetime import datetime, timedelta

from functions.domain import records
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.pacing import Calendar, Limits
from functions.domain.ports import Create, Documents, Update

_FRESH = timedelta(seconds=30)  # how long another instance's reservations may go unseen


class SharedCalendar:
    """Hold `lock` while it is looked at and added to."""

    def __init__(self, documents: Documents, place: str) -> None:
        self._documents = documents
        self._place = place
        self.lock = threading.Lock()
        self._known = Calendar()  # as last read, and written
        self._added = Calendar()  # by this instance since
        self._read_at: datetime | None = None

    def current(self, now: datetime) -> Calendar:
        """As far as this instance knows."""
        return self._known.plus(self._added).current(now)

    def add(self, added: Calendar) -> None:
        self._added = self._added.plus(added)

    def read_if_stale(self, now: datetime) -> None:
        # abs: the clock may be set back, and what others do must not go unseen for as long.
        if self._read_at is None or abs(now - self._read_at) > _FRESH:
            self.exchange(now)

    def write_if_much(self, now: datetime, limit: Limits) -> None:
        units, recipients = sum(self._added.units.values()), sum(self._added.recipients.values())
        if units * 10 >= limit.units_per_minute or recipients * 10 >= limit.recipients_per_day:
            self.exchange(now)

    def exchange(self, now: datetime) -> None:
        """Write down what this instance added, and learn what others did. A store that is away stops nothing."""
        for _ in range(5):
            try:
                document = self._documents.get(self._place)
                stored = records.from_data(Calendar, document.data).current(now) if document else Calendar()
                if self._added == Calendar():
                    break
                after = records.to_data(stored.plus(self._added))
                write = Update(self._place, after, version=document.version) if document else Create(self._place, after)
                self._documents.commit([write])
                stored = stored.plus(self._added)
                self._added = Calendar()
                break
            except PreconditionFailed:
                continue
            except Unavailable:
                return
        else:
            return
        self._known, self._read_at = stored, now
