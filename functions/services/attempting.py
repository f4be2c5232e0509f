"""One attempt at a send that is claimed: posted at most once, and what became of it written down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain import mailboxes, records, retries, sends
from functions.domain.accounts import AccountStatus, GmailAccount
from functions.domain.errors import (
    BlobMissing,
    IntegrationError,
    InvalidCredentials,
    OutcomeUnknown,
    RateLimited,
    ReauthRequired,
    Unavailable,
)
from functions.domain.google_ports import Gmail, SentMessage
from functions.domain.ids import RandomBytes
from functions.domain.mime import Mime
from functions.domain.ports import Clock, Documents
from functions.domain.records import replace
from functions.domain.sends import Send, Status
from functions.services import accounts, contents
from functions.services.outbox import Found, Outbox
from functions.services.pacing import Pacing
from functions.services.reconciling import Reconciling
from functions.services.settling import Settling
from functions.services.tokens import Tokens

# A held queue is released when the account is reconnected; looked at this often in case that was missed.
HELD = timedelta(hours=1)
# A bounce may be there a second after its message: what is noted later than this may have had answers nobody knew of.
LATE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A send in state `sending`, with all that its attempt needs."""

    found: Found
    account: GmailAccount
    token: str
    mime: Mime
    thread_id: str | None


class Attempting:
    """`enqueue` has a send delivered when it is due."""

    def __init__(
        self,
        *,
        documents: Documents,
        outbox: Outbox,
        gmail: Gmail,
        tokens: Tokens,
        pacing: Pacing,
        reconciling: Reconciling,
        settling: Settling,
        enqueue: Callable[[Send], None],
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        self._documents = documents
        self._outbox = outbox
        self._gmail = gmail
        self._tokens = tokens
        self._pacing = pacing
        self._reconciling = reconciling
        self._settling = settling
        self._enqueue = enqueue
        self._clock = clock
        self._random = random

    def attempt(self, claimed: Claimed) -> Send:
        """Post, and write down what became of it. Returns the send as it is now; never raises what Gmail said."""
        send, now = claimed.found.send, self._clock
        try:
            sent = self._post(claimed)
        except OutcomeUnknown as unknown:
            after = sends.settle_unknown(send, send.attempt_id, unknown.detail, retries.next_look(0, now()))
        except RateLimited as limited:
            until = self.paused(claimed.account, limited)
            after = sends.defer(send, send.attempt_id, until, limited.code, limited.detail, counts=False)
        except (Unavailable, InvalidCredentials) as error:
            after = self.tried(send, error)
        except BlobMissing:  # in the middle of the body: Gmail got a part of a request, which it does not take
            gone = IntegrationError(contents.GONE)
            after = sends.settle_failed(send, send.attempt_id, gone.code, gone.detail, gone.remedy)
        except IntegrationError as error:
            if error.code == ReauthRequired.code and send.answered:
                detail = _held(claimed.account)
                after = sends.defer(send, send.attempt_id, now() + HELD, error.code, detail, counts=False)
            else:
                after = sends.settle_failed(send, send.attempt_id, error.code, error.detail, error.remedy)
        else:
            after = sends.settle_sent(send, send.attempt_id, now(), sent.id, sent.thread_id)
        return self.settled(claimed, after)

    def settled(self, claimed: Claimed, after: Send) -> Send:
        before = claimed.found.send
        if after.status in (Status.QUEUED, Status.FAILED):
            self._pacing.give_back(before)
        after = after if before.answered else sends.answer(after)
        settled = self._settling.settle(claimed.found, claimed.account, after)
        if settled.sent_at and (
            self._clock() - settled.sent_at >= LATE or mailboxes.woken(claimed.account, settled.sent_at)
        ):
            self._reconciling.answers_may_come(settled)
        if settled.due_at is not None:
            self._enqueue(settled)
        if settled.waits_for == ReauthRequired.code:
            self._release_if_mended(settled, claimed.account)
        return settled

    def _post(self, claimed: Claimed) -> SentMessage:
        """One delivery at most: another POST leaves only where the one before was certainly not taken."""
        token, refreshed, tried = claimed.token, False, False
        while True:
            if claimed.found.send.expired(self._clock()):
                # The process was frozen in between, and somebody may have given this attempt up, and sent it again.
                raise Unavailable("The attempt was held up for longer than it may take.")
            try:
                return self._gmail.send(token, claimed.mime, claimed.thread_id)
            except ReauthRequired:
                if refreshed:
                    self._tokens.mark_dead(claimed.account)
                    raise
                token, refreshed = self._tokens.access_token(claimed.account, refused=token), True
            except Unavailable:
                if tried:
                    raise
                tried = True

    def paused(self, account: GmailAccount, limited: RateLimited) -> datetime:
        """Gmail asked to wait: all of the account does, until then."""
        until = self._clock() + timedelta(seconds=limited.retry_after or 60)
        self._pacing.pause(account, until, limited.detail)
        return until

    def tried(self, send: Send, error: IntegrationError) -> Send:
        """A transient failure: again later, or for the last time."""
        if send.tries + 1 >= retries.MAX_TRIES:
            detail = f"{error.detail} It was tried {send.tries + 1} times."
            return sends.settle_failed(send, send.attempt_id, error.code, detail, error.remedy)
        until = self._clock() + retries.backoff(send.tries + 1, self.fraction())
        return sends.defer(send, send.attempt_id, until, error.code, error.detail, counts=True)

    def hold(self, found: Found, send: Send, account: GmailAccount) -> None:
        held = sends.postpone(send, self._clock() + HELD, ReauthRequired.code, _held(account))
        saved = self._outbox.save(found, replace(held, slot_at=None)).send
        self._pacing.give_back(send)
        self._release_if_mended(saved, account)

    def _release_if_mended(self, held: Send, account: GmailAccount) -> None:
        """Reconnecting releases what is held, and can't see what is just being held: so look once more."""
        now = self.account(held)
        if now is None or now.status is not AccountStatus.CONNECTED or now.refresh_token == account.refresh_token:
            return
        found = self._outbox.find(held.owner, held.id)
        if found and found.send == held:
            self._enqueue(self._outbox.save(found, sends.release(held, self._clock())).send)

    def account(self, send: Send) -> GmailAccount | None:
        document = self._documents.get(accounts.path(send.owner, send.account))
        return records.from_data(GmailAccount, document.data) if document else None

    def fraction(self) -> float:
        """At random, in [0, 1)."""
        return int.from_bytes(self._random(4), "big") / 2**32


def _held(account: GmailAccount) -> str:
    return f"Google no longer accepts the grant of {account.email}: reconnect it, and the message goes out."
