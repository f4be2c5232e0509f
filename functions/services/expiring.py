"""What is kept for a time only: the contents of sends, and the files that a batch's sends share.

The time was set when the send was accepted. Since then it may have been moved, held for weeks, or sent again, so it is
looked at once more before anything goes: a message that can still go out never loses its content. The store's own
expiry could not ask that, and would leave the blobs behind; so the sweep does both, for a bounded time: as many go in a
day as come in one, or nothing is deleted when it was promised.

A content with blobs goes in three steps, each of which can be the last one before the process dies: it is marked, so
that nobody sends it again meanwhile; its blobs go; it goes. What is half done is found again by its time.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from functions.domain import records, sends
from functions.domain.batches import Batch
from functions.domain.contents import Content
from functions.domain.errors import Conflict, PreconditionFailed
from functions.domain.owners import OwnerSettings
from functions.domain.ports import Blobs, Clock, Data, Delete, Document, Documents, Query, Update
from functions.domain.sends import Send
from functions.services import contents, outbox, owners, pages

if TYPE_CHECKING:
    from functions.services.attachments import Attachments

# Read at once: a content may have a megabyte, which the store sends as base64, and the sweep has little memory.
CONTENTS, BATCHES = 25, 20
TIME_LIMIT, BATCHES_TIME_LIMIT = timedelta(seconds=20), timedelta(seconds=5)  # of a sweep's minute
LONGER = timedelta(days=30)  # for what is still open: then it is looked at again


class Expiring:
    """`attachments` are asked only where a content that is kept for longer refers to some."""

    def __init__(
        self, documents: Documents, blobs: Blobs, attachments: "Callable[[], Attachments]", clock: Clock
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._attachments = attachments
        self._clock = clock

    def expire(self) -> None:
        """Raises Unavailable."""
        for page in self._expired("contents", CONTENTS, TIME_LIMIT):
            over = []
            for document, send, settings in self._with_sends(page):
                if until := self._needed_until(send, settings):
                    with contextlib.suppress(PreconditionFailed, Conflict):  # the next sweep sees how it is then
                        self._keep(document, until)
                else:
                    over.append(document)
            self._remove(over)
        for page in self._expired("batches", BATCHES, BATCHES_TIME_LIMIT):
            for document in page:
                self._empty(document)

    def _expired(self, collection: str, limit: int, time_limit: timedelta) -> Iterator[tuple[Document, ...]]:
        """Page by page, each of them once, until all is seen or the time is up."""
        began = self._clock()
        query = Query(collection, order=("expires_at", "asc"), until=began, limit=limit, group=True)
        for page in pages(self._documents, query):
            yield page.documents
            if self._clock() - began >= time_limit:
                return

    def _with_sends(self, found: Sequence[Document]) -> list[tuple[Document, Send | None, OwnerSettings]]:
        """Contents, with the sends they belong to and what their owners have chosen."""
        of = [document.path.split("/")[1] for document in found]
        places = [outbox.path(owner, document.id) for owner, document in zip(of, found, strict=True)]
        distinct = list(dict.fromkeys(of))
        there = self._documents.get_many([*places, *map(owners.path, distinct)])
        known = [records.from_data(Send, d.data) if d else None for d in there[: len(found)]]
        settings = dict(zip(distinct, map(owners.read, there[len(found) :]), strict=True))
        return [(d, send, settings[owner]) for d, send, owner in zip(found, known, of, strict=True)]

    def _needed_until(self, send: Send | None, settings: OwnerSettings) -> datetime | None:
        """Until when, at least, a content whose time is over is still needed; None where it is not."""
        now = self._clock()
        if send is None:
            return None
        if send.status in sends.OPEN or send.due_at is not None:
            return now + LONGER
        # The content of the message that was sent again refers to the blobs of the first one.
        if send.resent_as and self._documents.get(contents.path(send.owner, send.resent_as)):
            return now + LONGER
        if send.sent_at and (until := send.sent_at + settings.contents_kept_for) > now:
            return until  # it was moved, and went out later than was thought
        return None

    def _keep(self, document: Document, until: datetime) -> None:
        content = records.from_data(Content, document.data)
        names = [part.blob for part in content.parts if part.blob and part.shared]
        if names:
            self._attachments().keep(document.path.split("/")[1], names, until)
        changed: Data = {"expires_at": until}
        self._documents.commit([Update(document.path, changed, version=document.version)])

    def _remove(self, over: Sequence[Document]) -> None:
        """As they were found: what somebody sends again at this moment stays."""
        plain = [document for document in over if not contents.blobs_of(document.data)]
        try:
            self._documents.commit([Delete(document.path, version=document.version) for document in plain])
        except PreconditionFailed:
            for document in plain:
                with contextlib.suppress(PreconditionFailed):
                    self._documents.commit([Delete(document.path, version=document.version)])
        for document in over:
            if names := contents.blobs_of(document.data):
                with contextlib.suppress(PreconditionFailed):
                    self._documents.commit([Update(document.path, {"gone": True}, version=document.version)])
                    for name in names:
                        self._blobs.delete(name)
                    self._documents.commit([Delete(document.path)])

    def _empty(self, document: Document) -> None:
        """The record of a batch stays, as those of its sends do; its files go once no content can refer to them."""
        batch = records.from_data(Batch, document.data)
        changed: Data = {"blobs": [], "expires_at": None}
        if batch.blobs and self._has_contents(batch):
            changed = {"expires_at": self._clock() + LONGER}
        else:
            for name in batch.blobs:
                self._blobs.delete(name)
        with contextlib.suppress(PreconditionFailed):
            self._documents.commit([Update(document.path, changed, version=document.version)])

    def _has_contents(self, batch: Batch) -> bool:
        """Whether one of its sends is kept for longer."""
        paths = [contents.path(batch.owner, send.id) for send in batch.sends]
        chunks = (paths[start : start + CONTENTS] for start in range(0, len(paths), CONTENTS))
        return any(any(self._documents.get_many(chunk)) for chunk in chunks)
