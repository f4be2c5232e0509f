"""Looking into a mailbox: what came since the last time, and what of it is about our sends.

Of the messages that came, only those in a thread of ours are read, and of those only the headers. Every event has an
id derived from its message, so that two looks at once, or one that is cut off and repeated, change nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from functions.domain import records
from functions.domain.accounts import GmailAccount
from functions.domain.errors import (
    Conflict,
    IntegrationError,
    InvalidCredentials,
    NotFound,
    RateLimited,
    ReauthRequired,
    Unavailable,
)
from functions.domain.events import Counting, Event, EventType
from functions.domain.mailboxes import WORTH_WATCHING, Mailbox
from functions.domain.ports import Clock, Documents, Query
from functions.domain.records import replace
from functions.domain.sends import Send
from functions.services import timeline
from functions.services.timeline import Timeline
from functions.services.tokens import Tokens

if TYPE_CHECKING:
    from functions.domain.google_ports import Gmail
    from functions.domain.received import Received
    from functions.services.incoming import Incoming

TIME_LIMIT = timedelta(seconds=40)  # of one look: well below the time that Pub/Sub waits for an answer
OF_A_THREAD = 50  # sends in one thread that are told apart, the newest
PAGE = 50  # sends whose threads are looked into at a time, where history was lost

COUNTS: dict[EventType, Counting] = {"replied": Counting(replies=1), "bounced": Counting(bounces=1)}

# `suppress(owner, send id, address)`: nothing more is to go to this address.
Suppress = Callable[[str, str, str], object]
# What may pass: the look goes on from where it stopped. Of everything else a second look would show the same.
_PASSES = (Unavailable, RateLimited, ReauthRequired, InvalidCredentials, Conflict)


@dataclass(frozen=True, slots=True)
class Looked:
    """How far a look came. `more`: there is more to see at once. `error`: what kept it from going on."""

    mailbox: Mailbox
    more: bool = False
    error: IntegrationError | None = None


class MailboxSync:
    def __init__(
        self,
        *,
        documents: Documents,
        gmail: "Gmail",
        tokens: Tokens,
        incoming: "Callable[[], Incoming]",
        timeline: Timeline,
        suppress: Suppress,
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._gmail = gmail
        self._tokens = tokens
        self._incoming = incoming
        self._timeline = timeline
        self._suppress = suppress
        self._clock = clock

    def look(self, account: GmailAccount, mailbox: Mailbox) -> Looked:
        """Everything new, within the time of one look. What kept it from going on is the result's `error`."""
        until = self._clock() + TIME_LIMIT
        try:
            if not mailbox.history_id:
                mailbox = replace(mailbox, history_id=self._now(account))
            looked = self._changes(account, mailbox, until)
            if looked.error or looked.more or looked.mailbox.catch_up_since is None:
                return looked
            return self._catch_up(account, looked.mailbox, until)
        except IntegrationError as error:
            return Looked(mailbox, error=error)

    def _now(self, account: GmailAccount) -> str:
        return str(self._tokens.with_token(account, self._gmail.profile).get("historyId", ""))

    def _changes(self, account: GmailAccount, mailbox: Mailbox, until: datetime) -> Looked:
        start = mailbox.history_id
        try:
            found = self._tokens.with_token(account, partial(self._gmail.history_since, history_id=start))
        except NotFound:
            return self._lost(account, mailbox)
        threads: dict[str, list[Send]] = {}
        seen: set[str] = set()
        done, current = start, start  # the records before `current` are done; it may tell of several messages
        for added in found.messages:
            if added.history_id != current:
                done, current = current, added.history_id
            if added.id in seen or not added.labels.isdisjoint(("SENT", "DRAFT", "CHAT")):
                continue
            if self._clock() >= until:
                return Looked(replace(mailbox, history_id=done), more=True)
            seen.add(added.id)
            try:
                if sends := self._of_thread(account, added.thread_id, threads):
                    received = self._tokens.with_token(account, partial(self._gmail.received, message_id=added.id))
                    self._note(account, received, sends)
            except _PASSES as error:
                return Looked(replace(mailbox, history_id=done), error=error)
            except IntegrationError:
                continue  # deleted meanwhile, or refused for good
        return Looked(replace(mailbox, history_id=found.history_id), more=not found.complete)

    def _lost(self, account: GmailAccount, mailbox: Mailbox) -> Looked:
        """Gmail no longer has the history since then. Whether anything came, its newest id tells; if so, the threads
        of all that was sent lately are looked into."""
        newest = self._now(account)
        if newest == mailbox.history_id:
            return Looked(mailbox)  # nothing has happened in that mailbox for so long
        since = self._clock() - WORTH_WATCHING
        return Looked(replace(mailbox, history_id=newest, catch_up_since=since, catch_up_after=""))

    def _catch_up(self, account: GmailAccount, mailbox: Mailbox, until: datetime) -> Looked:
        threads: dict[str, list[Send]] = {}
        while mailbox.catch_up_since is not None:
            page = self._documents.query(
                Query(
                    f"owners/{account.owner}/sends",
                    equals={"account": account.id},
                    order=("created_at", "desc"),
                    since=mailbox.catch_up_since,
                    limit=PAGE,
                    after=mailbox.catch_up_after or None,
                )
            )
            found = [d.data.get("gmail_thread_id") for d in page.documents]
            for thread_id in dict.fromkeys(t for t in found if t and t not in threads):
                try:
                    self._look_into(account, thread_id, threads)
                except _PASSES as error:
                    return Looked(mailbox, error=error)
                except IntegrationError:
                    continue  # the thread was deleted
            if page.next is None:
                return Looked(replace(mailbox, catch_up_since=None, catch_up_after=""))
            mailbox = replace(mailbox, catch_up_after=page.next)
            if self._clock() >= until:
                break
        return Looked(mailbox, more=True)

    def _look_into(self, account: GmailAccount, thread_id: str, threads: dict[str, list[Send]]) -> None:
        sends = self._of_thread(account, thread_id, threads)
        for received in self._tokens.with_token(account, partial(self._gmail.thread, thread_id=thread_id)):
            self._note(account, received, sends)

    def _of_thread(self, account: GmailAccount, thread_id: str, threads: dict[str, list[Send]]) -> list[Send]:
        """Our sends in this thread of this mailbox."""
        if thread_id not in threads:
            page = self._documents.query(
                Query(
                    f"owners/{account.owner}/sends",
                    equals={"gmail_thread_id": thread_id},
                    order=("created_at", "desc"),
                    limit=OF_A_THREAD,
                )
            )
            found = [records.from_data(Send, document.data) for document in page.documents]
            # Two mailboxes may use one id for threads of their own.
            threads[thread_id] = [send for send in found if send.account == account.id]
        return threads[thread_id]

    def _note(self, account: GmailAccount, message: "Received", sends: Sequence[Send]) -> None:
        for event in self._incoming().events(account, message, sends):
            if event.verdict == "hard" and not self._known(event):
                # Before it is noted: cut off in between, the next look does both again.
                self._suppress(event.owner, event.send, event.recipient)
            self._timeline.add(event, COUNTS.get(event.type, Counting()))

    def _known(self, event: Event) -> bool:
        """Noted before: what its owner has taken off the suppression list since then stays off."""
        return self._documents.get(timeline.path(event.owner, event.id)) is not None
