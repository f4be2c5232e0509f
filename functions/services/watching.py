"""Which mailboxes are looked into, and when: at a push of Gmail's, and by themselves, because pushes get lost.

Every mailbox has one record, with the time at which something has to be done. Idempotent, and safe when two run at
once: what is found has ids of its own, and how far was looked only ever goes on.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from functions.domain import mailboxes, records
from functions.domain.accounts import GmailAccount
from functions.domain.errors import Conflict, IntegrationError, PreconditionFailed, Unavailable
from functions.domain.mailboxes import Mailbox
from functions.domain.ports import Clock, Create, Delete, Document, Documents, Query, Update
from functions.domain.records import replace
from functions.domain.sends import Send
from functions.services import TRIES, accounts, pages, retry_if_stale
from functions.services.tokens import Tokens
from functions.services.turns import Turns

if TYPE_CHECKING:
    from functions.domain.google_ports import Gmail
    from functions.services.mailbox import Looked, MailboxSync

BATCH = 200  # mailboxes that are read at once
AT_ONCE = 8
# Of a sweep's minute: to see who has sent, and to look into mailboxes. After that it begins with no more of them.
SEEING, LOOKING = timedelta(seconds=5), timedelta(seconds=20)
SENT_LATELY = timedelta(minutes=5)  # longer than a sweep takes to come again
SETTLING = timedelta(minutes=1)  # a send's time may be on record so much later than it is
OWNERS = 50  # of one mailbox: each who connected it has an account of their own


def path(owner: str, account_id: str) -> str:
    return f"owners/{owner}/mailboxes/{account_id}"


class Watching:
    """`sync` is asked for when a mailbox is looked into. `topic`: where Gmail pushes to; "" where only looking helps.
    `local`: look every few seconds. `refused` hears of it once when Gmail does not want to push, and why."""

    def __init__(
        self,
        *,
        documents: Documents,
        gmail: "Gmail",
        tokens: Tokens,
        sync: "Callable[[], MailboxSync]",
        clock: Clock,
        topic: str,
        local: bool,
        refused: Callable[[GmailAccount, str], None] = lambda _account, _code: None,
    ) -> None:
        self._documents = documents
        self._gmail = gmail
        self._tokens = tokens
        self._sync = sync
        self._clock = clock
        self._topic = topic
        self._local = local
        self._refused = refused
        self._turns = Turns()
        self._adopted_until: datetime | None = None  # who sent before has been seen to by this instance

    def start(self, account: GmailAccount) -> None:
        """The account was connected, or reconnected. Raises nothing: what fails here is done by the next sweep."""
        if account.can_read:
            with contextlib.suppress(IntegrationError):
                self._adopt([account], connected=True)
                self.visit(account.owner, account.id)

    def stop(self, account: GmailAccount) -> None:
        """The account was disconnected; its record is gone, or goes next. Raises nothing: a watch ends by itself within
        seven days."""
        with contextlib.suppress(IntegrationError):
            self._forget(account)
            if not self._topic or not account.can_read:
                return
            own = (account.id, account.connected_at)  # its record may still be there
            if all((a.id, a.connected_at) == own for a in self._accounts("sub", account.sub)):
                self._gmail.stop(self._tokens.access_token(account))

    def missed(self, send: Send) -> None:
        """It is known only now that this send went out: what came back of it may have passed unseen. Raises nothing."""
        with contextlib.suppress(IntegrationError):
            self._catch_up(send)

    def notify(self, address: str, history_id: str) -> None:
        """Gmail says that something happened in this mailbox, up to this id. Addresses that nobody connected are none
        of our business. Raises Unavailable: tell it again later."""
        failed: list[IntegrationError] = []
        for account in self._accounts("email", address.lower()):
            if error := self.visit(account.owner, account.id, up_to=history_id):
                failed.append(error)
        if unavailable := next((e for e in failed if isinstance(e, Unavailable)), None):
            raise unavailable

    def tend(self) -> None:
        """Part of each sweep: the mailboxes where something is due, longest first, as many as there is time for."""
        self._adopt_senders(self._clock() + SEEING)
        ends = self._clock() + LOOKING
        for due in self._due(ends):
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mailbox") as pool:
                # Not `map`, which would cancel the visits behind one that raises.
                visits = [pool.submit(self._visit_until, ends, mailbox) for mailbox in due]
            for visit in visits:
                visit.result()

    @retry_if_stale
    def _forget(self, account: GmailAccount) -> None:
        """Unless the account was connected anew meanwhile."""
        places = [path(account.owner, account.id), accounts.path(account.owner, account.id)]
        mailbox, there = self._documents.get_many(places)
        if mailbox and (there is None or there.data["connected_at"] == account.connected_at):
            self._documents.commit([Delete(mailbox.path, version=mailbox.version)])

    @retry_if_stale
    def _catch_up(self, send: Send) -> None:
        document = self._documents.get(path(send.owner, send.account))
        if document is None:
            return
        since = document.data.get("catch_up_since") or send.created_at
        wanted = {"catch_up_since": min(since, send.created_at), "catch_up_after": "", "due_at": self._clock()}
        self._documents.commit([Update(document.path, wanted, version=document.version)])

    def _due(self, ends: datetime) -> Iterator[list[Mailbox]]:
        """Page by page. One that is due again at once is left to the next sweep: there are others."""
        until = self._clock() + timedelta(microseconds=1)  # exclusive, and what is due now is due
        query = Query("mailboxes", order=("due_at", "asc"), until=until, limit=BATCH, group=True)
        for page in pages(self._documents, query):
            if page.documents:
                yield [records.from_data(Mailbox, document.data) for document in page.documents]
            if self._clock() >= ends:
                return

    def _visit_until(self, ends: datetime, mailbox: Mailbox) -> None:
        if self._clock() < ends:
            self.visit(mailbox.owner, mailbox.account)

    def visit(self, owner: str, account_id: str, *, up_to: str = "") -> IntegrationError | None:
        """Do what is due with one mailbox, and note when to come again; what went wrong, if anything did.

        `up_to`: nothing to do if everything up to this id has been seen. Raises Unavailable where the store is away.
        """
        with self._turns.of(account_id):  # a burst of pushes: the first one sees what they are all about
            document, other = self._documents.get_many([path(owner, account_id), accounts.path(owner, account_id)])
            if document is None:
                return None
            if other is None:
                with contextlib.suppress(PreconditionFailed):  # it was connected anew
                    self._documents.commit([Delete(document.path, version=document.version)])
                return None
            before = records.from_data(Mailbox, document.data)
            account = records.from_data(GmailAccount, other.data)
            if not mailboxes.worth_watching(account, self._clock()):
                self._save(document, before, replace(before, due_at=None))
                return None
            if up_to and mailboxes.later(before.history_id, up_to) == before.history_id:
                return None
            looked = self._sync().look(account, self._watched(account, before))
            self._save(document, before, self._noted(account, looked))
            return looked.error

    def _watched(self, account: GmailAccount, mailbox: Mailbox) -> Mailbox:
        """With Gmail asked to push; where it does not want to, looking has to do."""
        now = self._clock()
        if not self._topic or not mailboxes.needs_watch(mailbox, now):
            return mailbox
        try:
            watch = self._tokens.with_token(account, lambda token: self._gmail.watch(token, self._topic))
        except IntegrationError as error:
            if error.code != mailbox.watch_problem:
                self._refused(account, error.code)
            return replace(mailbox, watched_at=None, watch_problem=error.code)
        return replace(
            mailbox,
            history_id=mailbox.history_id or watch.history_id,
            watched_at=now,
            watch_expires_at=watch.expires_at,
            watch_problem="",
        )

    def _noted(self, account: GmailAccount, looked: "Looked") -> Mailbox:
        now = self._clock()
        if looked.error:
            failures = looked.mailbox.failures + 1
            due = mailboxes.pause(looked.mailbox.failures, looked.error.retry_after, now)
            return replace(looked.mailbox, failures=failures, due_at=due)
        due = now if looked.more else mailboxes.next_look(account, now, local=self._local)
        return replace(looked.mailbox, failures=0, synced_at=now, due_at=due)

    def _save(self, document: Document, before: Mailbox, after: Mailbox) -> None:
        """What this look changed. Where somebody else wrote meanwhile, whoever came further counts, and a new need to
        catch up stands."""
        changed, version = records.changes(before, after), document.version
        for _ in range(TRIES):
            if not changed:
                return
            try:
                self._documents.commit([Update(document.path, changed, version=version)])
                return
            except PreconditionFailed:
                found = self._documents.get(document.path)
                if found is None:
                    return
                there, version = records.from_data(Mailbox, found.data), found.version
                changed |= {"history_id": mailboxes.later(there.history_id, after.history_id)}
                if there.catch_up_since != before.catch_up_since:
                    changed = {k: v for k, v in changed.items() if k not in ("catch_up_since", "catch_up_after")}
                    changed |= {"due_at": there.due_at}

    def _adopt(self, accounts: Sequence[GmailAccount], *, connected: bool = False) -> None:
        """See to it that these are looked into: they have just been connected, or have sent something."""
        now = self._clock()
        wanted = [account for account in accounts if mailboxes.worth_watching(account, now)]
        documents = self._documents.get_many([path(a.owner, a.id) for a in wanted])
        for account, document in zip(wanted, documents, strict=True):
            with contextlib.suppress(Conflict):  # others are changing it again and again
                self._begin(account, [document], connected)

    @retry_if_stale
    def _begin(self, account: GmailAccount, known: list[Document | None], connected: bool) -> None:
        """`known` is what was read of it with the others: for the first try."""
        now, place = self._clock(), path(account.owner, account.id)
        document = known.pop() if known else self._documents.get(place)
        if document is None:
            self._documents.commit([Create(place, records.to_data(mailboxes.new(account, now)))])
        elif connected:  # a watch ends with the grant it was begun with
            self._documents.commit([Update(place, {"due_at": now, "watched_at": None})])
        elif document.data.get("due_at") is None:
            self._documents.commit([Update(place, {"due_at": now}, version=document.version)])

    def _adopt_senders(self, ends: datetime) -> None:
        """Whoever sent since the last sweep, all of them: an account that had been silent for long is among them."""
        now = self._clock()
        since = max(now - SENT_LATELY, (self._adopted_until or now - SENT_LATELY) - SETTLING)
        query = Query("accounts", order=("last_sent_at", "asc"), since=since, limit=BATCH, group=True)
        for page in pages(self._documents, query):
            accounts = [records.from_data(GmailAccount, document.data) for document in page.documents]
            self._adopt(accounts)
            if page.next and self._clock() >= ends:  # the next sweep goes on from here
                self._adopted_until = accounts[-1].last_sent_at
                return
        self._adopted_until = now

    def _accounts(self, field: str, value: str) -> list[GmailAccount]:
        page = self._documents.query(Query("accounts", equals={field: value}, limit=OWNERS, group=True))
        return [records.from_data(GmailAccount, document.data) for document in page.documents]
