"""The records of sends: created, read, and changed only from the version that was read."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from functions.domain import event_bodies, records, webhooks
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.ids import looks_like
from functions.domain.ports import Create, Data, Document, Documents, Tasks, Update, Write
from functions.domain.sends import Send, Status
from functions.services.announcing import Announcer, Silence


@dataclass(frozen=True, slots=True)
class Found:
    """A send, with the version of the record it was read from."""

    send: Send
    version: str


def path(owner: str, send_id: str) -> str:
    return f"owners/{owner}/sends/{send_id}"


# Sends and what tells of them in one commit of a batch: a commit takes only so much, in bytes too.
WRITES = 100
RESENDS = 5  # one after the other that are followed


class Outbox:
    """Every change of a send's state goes through here, and is announced in the commit that makes it."""

    def __init__(
        self,
        documents: Documents,
        announcing: Announcer | None = None,
        changed: Callable[[Send], None] = lambda _: None,
    ) -> None:
        """`changed` hears of every send that has come to another state, except of claims."""
        self._documents = documents
        self._announcing = announcing or Silence()
        self._changed = changed

    def find(self, owner: str, send_id: str) -> Found | None:
        document = self._documents.get(path(owner, send_id)) if looks_like("snd", send_id) else None
        return found(document) if document else None

    def create(self, send: Send, content: Data, *also: Write) -> Found:
        """With `also`. An answer that was lost on the way is asked for: after an error nothing may go out by itself.

        Raises PreconditionFailed where there is a send with this id, or a precondition of `also` does not hold;
        Unavailable where it is not known to be on record.
        """
        try:
            return Found(send, self._commit([*self.creates(send, content), *also])[0])
        except Unavailable:
            try:
                there = self.find(send.owner, send.id)
            except Unavailable as error:
                raise perhaps_accepted() from error
            if there is None or not _made_by(send, there.send):
                raise
            return there

    def creates(self, send: Send, content: Data) -> list[Write]:
        """What to write for a new send; the send itself comes first."""
        from functions.services import contents  # and the composing of messages: who cancels sends makes none

        return [
            Create(path(send.owner, send.id), records.to_data(send)),
            Create(contents.path(send.owner, send.id), content),
            *self._news(None, send),
        ]

    def create_missing(self, made: Sequence[tuple[Send, Data]]) -> None:
        """Those of the sends that are not on record yet, with their contents."""
        for together in _fitting(self.creates(send, content) for send, content in made):
            try:
                self._commit([write for one in together for write in one])
            except PreconditionFailed:  # some are there, of a call that was cut off
                for one in together:
                    with contextlib.suppress(PreconditionFailed):
                        self._commit(one)

    def claim(self, before: Found, claimed: Send) -> Found:
        """Save a claim. An answer that was lost on the way is asked for: a claim that nobody knows of helps nobody.

        Raises PreconditionFailed where somebody else was faster; Unavailable where the claim is not known to stand.
        """
        try:
            return self.save(before, claimed)
        except Unavailable:
            there = self.find(claimed.owner, claimed.id)
            if there is None or not _held_by(claimed, there.send):
                raise
            return there

    def save(self, before: Found, after: Send, *also: Write) -> Found:
        """Raises PreconditionFailed where somebody else changed the send meanwhile."""
        place = path(after.owner, after.id)
        update = Update(place, records.changes(before.send, after), version=before.version)
        saved = Found(after, self._commit([update, *also, *self._news(before.send, after)])[0])
        self._tell(before.send, after)
        return saved

    def save_all(self, changed: Sequence[tuple[Found, Send]]) -> None:
        """In one commit. Raises PreconditionFailed, with nothing written, where somebody else changed one of them, or
        where they are too large for one: each of them fits into its own."""
        from functions.domain import sizes  # who saves single sends counts nothing

        writes: list[Write] = []
        for before, after in changed:
            place = path(after.owner, after.id)
            writes.append(Update(place, records.changes(before.send, after), version=before.version))
            writes += self._news(before.send, after)
        if len(changed) > 1 and sizes.of_writes(writes) > sizes.COMMIT:
            raise PreconditionFailed
        self._commit(writes)
        for before, after in changed:
            self._tell(before.send, after)

    def _tell(self, before: Send, after: Send) -> None:
        if after.status not in (before.status, Status.SENDING):
            self._changed(after)

    def _news(self, before: Send | None, after: Send) -> list[Write]:
        event = webhooks.send_event(before, after)
        if not event:
            return []
        at = after.sent_at if after.status is Status.SENT else None
        return self._announcing.writes(after.owner, event, at, lambda: event_bodies.of_send(after))

    def _commit(self, writes: Sequence[Write]) -> list[str]:
        versions = self._documents.commit(writes)
        self._announcing.enqueue(writes)
        return versions


def enqueue(tasks: Tasks, send: Send) -> None:
    """Have it delivered when it is due. What the queue does not take, the sweep finds."""
    with contextlib.suppress(Unavailable):
        tasks.enqueue(send.owner, send.id, send.due_at, send.account)


def _fitting(all_of: Iterable[list[Write]]) -> Iterator[list[list[Write]]]:
    """What goes into one commit each: a send's writes at least, and as many more as fit."""
    from functions.domain import sizes  # who writes single sends counts nothing

    together: list[list[Write]] = []
    writes = taken = 0
    for one in all_of:
        size = sizes.of_writes(one)
        if together and (writes + len(one) > WRITES or taken + size > sizes.COMMIT):
            yield together
            together, writes, taken = [], 0, 0
        together.append(one)
        writes, taken = writes + len(one), taken + size
    if together:
        yield together


def perhaps_accepted() -> Unavailable:
    """The store went away between a commit and its answer, and stays away: nobody can say more."""
    return Unavailable(
        "The store went away in the very moment of accepting this; it may be on record, and go out.",
        remedy="Repeat it with the same Idempotency-Key; without one, look into the history first.",
    )


def _made_by(made: Send, there: Send) -> bool:
    """Whether what is on record comes from the call that made this, and not from a rival with the same key."""
    if made.status is Status.SENDING:
        return _held_by(made, there)
    return (there.created_at, there.fingerprint) == (made.created_at, made.fingerprint)


def _held_by(claimed: Send, there: Send) -> bool:
    """Whether its attempt may begin: it has the claim, and has not been given up."""
    return there.status is Status.SENDING and there.attempt_id == claimed.attempt_id


def that_went_out(documents: Documents, there: Document | None) -> Found | None:
    """The send whose message somebody has got, who uses a link of it. Sending again says the same with the same links:
    what they do is on the one that was sent, not on the one that failed. `there` is the one that the link names."""
    one = found(there) if there else None
    for _ in range(RESENDS):
        if one is None or one.send.status is Status.SENT or one.send.resent_as is None:
            break
        following = documents.get(path(one.send.owner, one.send.resent_as))
        if following is None:
            break
        one = found(following)
    return one


def found(document: Document) -> Found:
    return Found(records.from_data(Send, document.data), document.version)
