"""A calendar that instances share: what the store has of it, and what this instance added since.

What is added, or given back, is written down once it amounts to a tenth of a budget, and what the others wrote is read
at the same time: a lone send costs no extra write, and a burst of a thousand costs a few dozen instead of a thousand
writes to one document. Between two such moments an instance may overlook what others did by as much.
"""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from functions.domain import records
from functions.domain.errors import Conflict, Unavailable
from functions.domain.pacing import Calendar, Limits
from functions.domain.ports import Create, Documents, Update
from functions.services import retry_if_stale
from functions.services.turns import Turns

REMEMBERED = 5_000  # calendars of an instance, a few kilobytes each
_FRESH = timedelta(seconds=30)  # how long another instance's reservations may go unseen


class SharedCalendar:
    """For one thread at a time."""

    def __init__(self, documents: Documents, place: str) -> None:
        self._documents = documents
        self._place = place
        self._known = Calendar()  # as last read, and written
        self._added = Calendar()  # by this instance since
        self._read_at: datetime | None = None

    def current(self, now: datetime) -> Calendar:
        """As far as this instance knows."""
        return self._known.plus(self._added).current(now)

    def holds_back(self, now: datetime) -> bool:
        """Whether there is something, not yet past, that the store does not know."""
        return self._added.current(now) != Calendar()

    def add(self, added: Calendar) -> None:
        self._added = self._added.plus(added)

    def read_if_stale(self, now: datetime) -> None:
        # abs: the clock may be set back, and what others do must not go unseen for as long.
        if self._read_at is None or abs(now - self._read_at) > _FRESH:
            self.exchange(now)

    def write_if_much(self, now: datetime, limit: Limits) -> None:
        units, recipients = (abs(sum(of.values())) for of in (self._added.units, self._added.recipients))
        if units * 10 >= limit.units_per_minute or recipients * 10 >= limit.recipients_per_day:
            self.exchange(now)

    def exchange(self, now: datetime) -> None:
        """Write down what this instance added, and learn what others did. A store that is away stops nothing."""
        with contextlib.suppress(Conflict, Unavailable):
            self._known, self._added, self._read_at = self._exchanged(now), Calendar(), now

    @retry_if_stale
    def _exchanged(self, now: datetime) -> Calendar:
        document = self._documents.get(self._place)
        stored = records.from_data(Calendar, document.data).current(now) if document else Calendar()
        if self._added == Calendar():
            return stored
        after = stored.plus(self._added)
        data = records.to_data(after)
        write = Update(self._place, data, version=document.version) if document else Create(self._place, data)
        self._documents.commit([write])
        return after


class Calendars:
    """Those that this instance works with. The ones that have been quiet the longest are forgotten, once the store has
    what was added to them: another reading brings them back."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._quiet: OrderedDict[str, SharedCalendar] = OrderedDict()  # those in use are not among them
        self._guard = threading.Lock()
        self._turns = Turns()

    @contextmanager
    def of(self, place: str, now: datetime) -> Iterator[SharedCalendar]:
        """The calendar that lies at this path, for this thread alone. Raises nothing of its own."""
        with self._turns.of(place):
            with self._guard:
                shared = self._quiet.pop(place, None) or SharedCalendar(self._documents, place)
            try:
                yield shared
            finally:
                with self._guard:
                    self._quiet[place] = shared
        self._forget(now)

    def _forget(self, now: datetime) -> None:
        while len(self._quiet) > REMEMBERED:
            with self._guard:
                place = next(iter(self._quiet), None)
            if place is None:
                return  # others use them all
            with self._turns.of(place):
                with self._guard:
                    if next(iter(self._quiet), None) != place:
                        continue  # another thread has just forgotten it, or used it
                    shared = self._quiet.pop(place)
                if shared.holds_back(now):
                    shared.exchange(now)
                if shared.holds_back(now):  # the store is away: too many for a while are better than slots forgotten
                    with self._guard:
                        self._quiet[place] = shared
                    return
