"""Sending a message again because its owner chose so: a new send, which names the old one."""

import contextlib

from functions.domain import records, sends
from functions.domain.contents import Content
from functions.domain.errors import Conflict, NotFound, PreconditionFailed
from functions.domain.ids import derived_id
from functions.domain.ports import Clock, Documents, Tasks, Update
from functions.domain.records import replace
from functions.domain.sends import Send, Status
from functions.services import TRIES, contents
from functions.services.outbox import Found, Outbox, enqueue


class Resending:
    def __init__(self, documents: Documents, outbox: Outbox, tasks: Tasks, clock: Clock) -> None:
        self._documents = documents
        self._outbox = outbox
        self._tasks = tasks
        self._clock = clock

    def resend(self, found: Found) -> tuple[Send, bool]:
        """The new send, and whether it is new: asked twice, it is made once.

        Raises Conflict while the old one is still open; NotFound where its content is no longer kept.
        """
        for _ in range(TRIES):
            old = found.send
            if old.status in sends.OPEN:
                raise Conflict(f"This send is {old.status}: it has not ended yet.")
            if old.resent_as and (again := self._outbox.find(old.owner, old.resent_as)):
                return again.send, False
            with contextlib.suppress(PreconditionFailed):  # somebody asks the same, or it was looked for just now
                self.supersede(found, old)
                if fresh := self._outbox.find(old.owner, _new_id(old)):
                    return fresh.send, True
            found = self._outbox.find(old.owner, old.id) or found
        raise Conflict

    def supersede(self, found: Found, old: Send, *, asked: bool = True) -> Found:
        """Make the new send and note it on the old one, saved as `old`, in one commit. `asked`: by its owner, just now.

        Raises NotFound, Conflict, PreconditionFailed.
        """
        now, new_id = self._clock(), _new_id(old)
        document = self._documents.get(contents.path(old.owner, old.id))
        if document is None:
            raise NotFound("The content of this send is no longer kept.")
        content = records.from_data(Content, document.data)
        if content.gone:
            raise NotFound("The content of this send is no longer kept.")
        if content.uncomposed:
            raise Conflict(
                "No message was made of this send, so there is none to send again.",
                remedy="Replay the webhook that it came from: "
                "POST /api/gmail/triggers/{id}/deliveries/{delivery}/replay/",
            )
        # Its blobs stay the old one's, which is kept until this one is not needed any more.
        parts = tuple(replace(part, shared=True) for part in content.parts)
        domain = old.sender.email.rpartition("@")[2]
        content = replace(content, parts=parts, date=now, message_id=f"<{new_id}@{domain}>")
        fresh = sends.accept(sends.again(old, new_id, now, asked=asked), now)
        saved = self._outbox.save(
            found,
            replace(old, resent_as=new_id),
            # The old content is as it was read: nobody removes its blobs at this moment, nor after it unasked.
            Update(document.path, {"expires_at": content.expires_at}, version=document.version),
            *self._outbox.creates(replace(fresh, answered=Status.QUEUED), records.to_data(content)),
        )
        enqueue(self._tasks, fresh)
        return saved


def _new_id(old: Send) -> str:
    """Derived, so that two who ask at once make one."""
    return derived_id("snd", old.owner, "resend", old.id)
