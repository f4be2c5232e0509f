"""The suppression list: what recipients, bounces and the owner put on it, and what the owner takes off again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from functions.domain import records
from functions.domain.addresses import email_problem
from functions.domain.callers import Caller
from functions.domain.errors import Conflict, NotFound, PreconditionFailed
from functions.domain.events import Counting, Event
from functions.domain.ids import derived_id, looks_like
from functions.domain.ports import Clock, Create, Delete, Document, Documents, Query, Update, Write
from functions.domain.sends import Send
from functions.domain.suppressions import Reason, Suppression, joined, normalised
from functions.services import outbox, pages, retry_if_stale
from functions.services.standing import path
from functions.services.timeline import Timeline

CHUNK = 200  # entries of one commit
PAGE = 500


@dataclass(frozen=True, slots=True)
class SuppressionPage:
    suppressions: tuple[Suppression, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it is now. `fresh`: the address was not on the list. `changed`: it was, and something is new."""

    entry: Suppression
    fresh: bool
    changed: bool


class Suppressions:
    """An entry that a send led to belongs to that send's account: a key for other accounts does not see it."""

    def __init__(self, documents: Documents, timeline: Timeline, clock: Clock) -> None:
        self._documents = documents
        self._timeline = timeline
        self._clock = clock

    def page(
        self, caller: Caller, *, reason: str = "", address: str = "", limit: int = 50, after: str | None = None
    ) -> SuppressionPage:
        """Newest first; with `address` the one entry of it, or none."""
        if address:
            found = self._visible(caller, [self._document(caller.owner, address)])
            return SuppressionPage(tuple(e for e in found if not reason or reason in e.reasons), None)
        page = self._documents.query(_query(caller, reason)._replace(limit=limit, after=after))
        return SuppressionPage(tuple(records.from_data(Suppression, d.data) for d in page.documents), page.next)

    def all(self, caller: Caller, *, reason: str = "") -> Iterator[Suppression]:
        """Newest first, read as they are taken."""
        for page in pages(self._documents, _query(caller, reason)._replace(limit=PAGE)):
            yield from (records.from_data(Suppression, d.data) for d in page.documents)

    def add(self, owner: str, entries: Sequence[Suppression]) -> list[Written]:
        """Put these on the list, one result for each address. Whoever is on it stays, with the reasons together.

        Cut off in between it may be repeated: it adds what is missing.
        """
        wanted = _distinct(entries)
        return [w for i in range(0, len(wanted), CHUNK) for w in self._add(owner, wanted[i : i + CHUNK])]

    def add_as(self, caller: Caller, entries: Sequence[Suppression]) -> list[Written]:
        """As `add`, and what the caller may know of it: where an entry is not theirs to see, what they gave, as new."""
        given = {entry.address: entry for entry in _distinct(entries)}
        return [
            w if _may_see(caller, w.entry) else Written(given[w.entry.address], fresh=True, changed=False)
            for w in self.add(caller.owner, entries)
        ]

    def remove(self, caller: Caller, wanted: str) -> None:
        """By address or by id. Raises NotFound; Conflict where a new reason came up at this very moment."""
        document = self._document(caller.owner, wanted)
        if not document or not self._visible(caller, [document]):
            raise NotFound("This address is not on the suppression list.")
        try:
            self._documents.commit([Delete(document.path, version=document.version)])
        except PreconditionFailed:
            raise Conflict from None

    def unsubscribe(self, owner: str, send_id: str, address: str, how: str) -> bool:
        """The recipient of a send wants no more mail. `how`: "one-click" or "page".

        Whether it is news: a repeat changes nothing. Raises Unavailable.
        """
        there, address = self._there(owner, send_id), normalised(address)
        went = outbox.that_went_out(self._documents, there)
        send = went.send if went else None
        self.add(owner, [self._entry(address, Reason.UNSUBSCRIBED, send)])
        if send is None:
            return False
        event = Event(
            id=derived_id("evt", "unsubscribed", send_id, address),  # of the link: sent again, it is the same
            owner=owner,
            send=send.id,
            account=send.account,
            type="unsubscribed",
            at=self._clock(),
            recipient=address,
            evidence={"how": how},
        )
        return self._timeline.add(event, Counting())

    def hard_bounced(self, owner: str, send_id: str, address: str) -> bool:
        """A send came back for good from this address. False, and nothing on the list, where it did not go there:
        a bounce names its address itself, and must not name somebody else's. Raises Unavailable."""
        there, address = self._there(owner, send_id), normalised(address)
        send = outbox.found(there).send if there else None
        if send is None or address not in {normalised(a.email) for a in (*send.to, *send.cc, *send.bcc)}:
            return False
        self.add(owner, [self._entry(address, Reason.HARD_BOUNCE, send)])
        return True

    def _entry(self, address: str, reason: Reason, send: Send | None) -> Suppression:
        return Suppression(
            address, (reason,), self._clock(), send=send.id if send else "", account=send.account if send else ""
        )

    @retry_if_stale
    def _add(self, owner: str, entries: Sequence[Suppression]) -> list[Written]:
        there = self._documents.get_many([path(owner, entry.address) for entry in entries])
        written: list[Written] = []
        writes: list[Write] = []
        for entry, document in zip(entries, there, strict=True):
            if document is None:
                writes.append(Create(path(owner, entry.address), records.to_data(entry)))
                written.append(Written(entry, fresh=True, changed=False))
                continue
            before = records.from_data(Suppression, document.data)
            after = joined(before, entry)
            written.append(Written(after, fresh=False, changed=after != before))
            if after != before:
                writes.append(Update(document.path, records.changes(before, after), version=document.version))
        if writes:
            self._documents.commit(writes)
        return written

    def _document(self, owner: str, wanted: str) -> Document | None:
        """The entry with this address or id."""
        if looks_like("sup", wanted):
            return self._documents.get(f"owners/{owner}/suppressions/{wanted}")
        return None if email_problem(wanted) else self._documents.get(path(owner, normalised(wanted)))

    def _there(self, owner: str, send_id: str) -> Document | None:
        return self._documents.get(outbox.path(owner, send_id)) if looks_like("snd", send_id) else None

    def _visible(self, caller: Caller, documents: Sequence[Document | None]) -> tuple[Suppression, ...]:
        entries = [records.from_data(Suppression, d.data) for d in documents if d]
        return tuple(e for e in entries if _may_see(caller, e))


def _distinct(entries: Sequence[Suppression]) -> list[Suppression]:
    """One entry for each address."""
    found: dict[str, Suppression] = {}
    for entry in entries:
        found[entry.address] = joined(found[entry.address], entry) if entry.address in found else entry
    return list(found.values())


def _query(caller: Caller, reason: str) -> Query:
    return Query(
        f"owners/{caller.owner}/suppressions",
        among=_seen_by(caller),
        contains=("reasons", reason) if reason else None,
        order=("created_at", "desc"),
    )


def _may_see(caller: Caller, entry: Suppression) -> bool:
    return not entry.account or caller.may_use(entry.account)


def _seen_by(caller: Caller) -> tuple[str, tuple[str, ...]] | None:
    """As a query has it: what the owner put there, and what the caller's accounts led to."""
    asked = caller.among()
    return asked and (asked[0], ("", *asked[1]))
