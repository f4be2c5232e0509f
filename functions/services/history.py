"""What became of every message: the list with its filters, one send in detail, its exact MIME."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from functions.domain import records, search, sends, timelines
from functions.domain.accounts import GmailAccount
from functions.domain.batches import Batch
from functions.domain.callers import Caller
from functions.domain.errors import BlobMissing, IntegrationError, NotFound
from functions.domain.events import Event
from functions.domain.ids import looks_like
from functions.domain.mime import compose
from functions.domain.ports import Blobs, Clock, Document, Documents, Query
from functions.domain.sends import Send, Status
from functions.services import contents, pages
from functions.services.accounts import path
from functions.services.batches import Batches
from functions.services.timeline import Timeline
from functions.services.tokens import Tokens

if TYPE_CHECKING:
    from functions.domain.google_ports import Gmail

# The fields of a record that the history is filtered by, besides its account; `to` and `tag` are kept as labels.
FIELDS = ("status", "template", "trigger", "batch")
EXPORTED = 500  # sends that are read at once


@dataclass(frozen=True, slots=True)
class SendPage:
    sends: tuple[Send, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class BatchView:
    """`counts` of its sends, by their status now."""

    batch: Batch
    counts: Mapping[str, int]


class History:
    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        gmail: "Gmail",
        tokens: Tokens,
        batches: Batches,
        timeline: Timeline,
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._batches = batches
        self._timeline = timeline
        self._blobs = blobs
        self._gmail = gmail
        self._tokens = tokens
        self._clock = clock

    def page(
        self,
        caller: Caller,
        filters: Mapping[str, str],
        *,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        after: str | None,
    ) -> SendPage:
        """Newest first. `filters` by name: account, status, to, template, trigger, batch, tag; q: words of the subject
        and the recipients, all of which must be there."""
        query = self._query(caller, filters, since, until)
        if query is None:
            return SendPage((), None)
        page = self._documents.query(query._replace(limit=limit, after=after))
        return SendPage(tuple(map(self._read, page.documents)), page.next)

    def all(
        self, caller: Caller, filters: Mapping[str, str], *, since: datetime | None, until: datetime | None
    ) -> Iterator[Send]:
        """As `page`, to the end."""
        if query := self._query(caller, filters, since, until):
            for page in pages(self._documents, query._replace(limit=EXPORTED)):
                yield from map(self._read, page.documents)

    def batch(self, caller: Caller, batch_id: str) -> BatchView:
        """Raises NotFound."""
        there = self._batches.find(caller.owner, batch_id)
        if there is None or not caller.may_use(there.batch.account):
            raise NotFound("There is no batch with this id.")
        statuses = [status.value for status in Status]
        counts = self._documents.counts(
            [
                Query(
                    f"owners/{caller.owner}/sends",
                    equals={"batch": batch_id, "status": status},
                    order=("created_at", "desc"),
                )
                for status in statuses
            ]
        )
        found = {status: count for status, count in zip(statuses, counts, strict=True) if count}
        return BatchView(there.batch, found)

    def events(self, send: Send) -> list[Event]:
        """What happened to it, oldest first: what we did, and what came back, as far as that is still kept."""
        now = self._clock()
        # The store removes what has expired in its own time, which can take a day.
        kept = [e for e in self._timeline.of(send.owner, send.id) if e.expires_at is None or e.expires_at > now]
        return timelines.of(send, kept)

    def get(self, caller: Caller, send_id: str) -> Send:
        """Raises NotFound: for another owner's send just as for none."""
        document = self._documents.get(f"owners/{caller.owner}/sends/{send_id}") if looks_like("snd", send_id) else None
        send = records.from_data(Send, document.data) if document else None
        if send is None or not caller.may_use(send.account):
            raise NotFound("There is no send with this id.")
        return self._as_seen(send)

    def mime(self, send: Send) -> bytes:
        """The message as Gmail keeps it where we may read it, else as it was handed to Gmail. Raises NotFound."""
        if send.gmail_message_id:
            document = self._documents.get(path(send.owner, send.account))
            account = records.from_data(GmailAccount, document.data) if document else None
            if account and account.can_read:
                try:
                    return self._tokens.with_token(account, partial(self._gmail.raw, message_id=send.gmail_message_id))
                except IntegrationError:
                    pass  # deleted there, or Gmail is away: what we stored says the same
        document = self._documents.get(contents.path(send.owner, send.id))
        if document is None:
            raise NotFound("The content of this send is no longer kept.")
        if not send.composed:
            raise NotFound("The message of this send was not composed: that is done when it is due.")
        try:
            content, message = contents.load(self._blobs, document.data)
            # Each attempt says when it was made; before the first one it is as it would go out.
            date = send.attempts[-1].at if send.attempts else content.date
            mime = compose(message, date=date, message_id=content.message_id, boundary_seed=send.id)
            return b"".join(mime.blocks())
        except BlobMissing:
            raise NotFound("The attachments of this send are no longer kept.") from None

    def _query(
        self, caller: Caller, filters: Mapping[str, str], since: datetime | None, until: datetime | None
    ) -> Query | None:
        """What asks the store for it; None where nothing can be found."""
        words = search.asked(filters.get("q", ""))
        if "q" in filters and not words:
            return None
        labels = [f"{kind}:{filters[kind]}" for kind in ("to", "tag") if kind in filters] + words
        return Query(
            f"owners/{caller.owner}/sends",
            equals={name: filters[name] for name in FIELDS if name in filters},
            among=caller.among(filters.get("account")),
            contains=("labels", *labels) if labels else None,
            order=("created_at", "desc"),
            since=since,
            until=until,
        )

    def _read(self, document: Document) -> Send:
        return self._as_seen(records.from_data(Send, document.data))

    def _as_seen(self, send: Send) -> Send:
        """An attempt that has been silent for too long counts as unknown, whether or not anybody noted it yet."""
        if not send.expired(self._clock()):
            return send
        return sends.settle_unknown(send, send.attempt_id, "The sending process ended before Gmail's answer was noted.")
