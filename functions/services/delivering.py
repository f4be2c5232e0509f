"""Delivering a queued send: whatever the queue does, a send is claimed once, and posted at most once per claim."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from functions.domain import records, retries, sends
from functions.domain.accounts import AccountStatus, GmailAccount
from functions.domain.errors import (
    BlobMissing,
    IntegrationError,
    InvalidCredentials,
    NotFound,
    OutcomeUnknown,
    PreconditionFailed,
    RateLimited,
    ReauthRequired,
    Unavailable,
)
from functions.domain.google_ports import Gmail, SentMessage
from functions.domain.ids import RandomBytes, random_id
from functions.domain.mime import Mime
from functions.domain.ports import Blobs, Clock, Documents, Tasks
from functions.domain.sends import Send, Status
from functions.services import contents, tokens
from functions.services.outbox import Found, Outbox
from functions.services.pacing import Pacing
from functions.services.reconciling import Reconciling
from functions.services.settling import Settling
from functions.services.tokens import Tokens
from functions.services.unwanted import SOON, NotYet, Unwanted

# A task may come a little early: clocks differ, and queues round.
EARLY = timedelta(seconds=1)
# A held queue is released when the account is reconnected; looked at this often in case that was missed.
HELD = timedelta(hours=1)
# A bounce may be there a second after its message: what is noted later than this may have had answers nobody knew of.
LATE = timedelta(seconds=1)
DISCONNECTED = "the account was disconnected"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A send in state `sending`, with all that its attempt needs."""

    found: Found
    account: GmailAccount
    token: str
    mime: Mime
    thread_id: str | None


class Delivering:
    def __init__(
        self,
        *,
        documents: Documents,
        outbox: Outbox,
        blobs: Blobs,
        gmail: Gmail,
        tokens: Tokens,
        pacing: Pacing,
        tasks: Tasks,
        reconciling: Reconciling,
        unwanted: Unwanted,
        clock: Clock,
        random: RandomBytes,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._documents = documents
        self._outbox = outbox
        self._blobs = blobs
        self._gmail = gmail
        self._tokens = tokens
        self._pacing = pacing
        self._tasks = tasks
        self._reconciling = reconciling
        self._clock = clock
        self._random = random
        self._settling = Settling(outbox, clock, sleep)
        self._unwanted = unwanted

    def deliver(self, owner: str, send_id: str) -> None:
        """Do what is due for this send. Safe to call at any time, any number of times. Raises Unavailable."""
        found = self._outbox.find(owner, send_id)
        if found is None or found.send.due_at is None:
            return
        if found.send.due_at > self._clock() + EARLY:
            self.enqueue(found.send)
            return
        try:
            if found.send.status in sends.WAITING:
                self._begin(found)
            elif found.send.status is Status.SENDING:
                self._reconciling.give_up(found)
            elif found.send.status is Status.UNKNOWN:
                self._reconciling.look(found)
        except PreconditionFailed:
            return  # somebody else has it

    def enqueue(self, send: Send) -> None:
        """A task for when the send is due. One that is lost is found by the sweeper."""
        with contextlib.suppress(Unavailable):
            self._tasks.enqueue(send.owner, send.id, send.due_at, send.account)

    def _begin(self, found: Found) -> None:
        send = found.send
        account = self._account(send)
        if account is None:
            self._outbox.save(found, sends.cancel(send, DISCONNECTED))
            return
        if account.status is AccountStatus.REAUTH_REQUIRED:
            self._hold(found, send, account)
            return
        try:
            reason = self._unwanted.reason(send, account)
        except NotYet as wait:
            not_yet = sends.postpone(send, self._clock() + SOON, "batch", str(wait))
            self.enqueue(self._outbox.save(found, not_yet).send)
            return
        except (Unavailable, RateLimited) as error:
            self._later(found, send, error)
            return
        if reason:
            self._outbox.save(found, sends.cancel(send, reason))
            return
        if not self._pacing.holds(account, send.slot_at):
            slot = self._pacing.reserve(account, send.recipients, instead_of=send.slot_at)
            send = replace(send, slot_at=slot.at)
            if slot.at > self._clock() + EARLY:
                waiting = self._outbox.save(found, sends.postpone(send, slot.at, "paced", slot.reason))
                self.enqueue(waiting.send)
                return
        try:
            self._claim(found, send, account)
        except PreconditionFailed:  # the task was delivered twice, and the other one has it
            if send.slot_at != found.send.slot_at:
                self._pacing.give_back(account, send.slot_at, send.recipients)
            raise

    def _claim(self, found: Found, send: Send, account: GmailAccount) -> None:
        """`send` is what was found, with the slot it has now."""
        try:
            token = self._tokens.access_token(account)
            now = self._clock()  # of the message and of the attempt: from its record the same bytes can be made again
            mime, thread_id = contents.mime(self._documents, self._blobs, send, now)
        except ReauthRequired:
            self._hold(found, send, account)
            return
        except NotFound:
            self._outbox.save(found, sends.cancel(send, DISCONNECTED))
            return
        except (Unavailable, InvalidCredentials) as error:
            self._later(found, send, error)
            return
        except IntegrationError as error:
            self._outbox.save(found, self._failed(send, error))
            self._pacing.give_back(account, send.slot_at, send.recipients)
            return
        send = replace(send, history_id=account.history_id)
        claimed = self._outbox.claim(found, sends.claim(send, random_id("atm", self._random), now))
        ready = Claimed(claimed, account, token, mime, thread_id)
        # Disconnecting cancels what waits, and can't see what has just been claimed: so look once more.
        try:
            gone = self._account(send) is None
        except Unavailable as error:
            self._settled(ready, self._tried(claimed.send, error))
            return
        if gone:
            self._outbox.save(claimed, sends.abandon(claimed.send, DISCONNECTED))
            return
        self.attempt(ready)

    def attempt(self, claimed: Claimed) -> Send:
        """Post, and write down what became of it. Returns the send as it is now; never raises what Gmail said."""
        send, now = claimed.found.send, self._clock
        try:
            sent = self._post(claimed)
        except OutcomeUnknown as unknown:
            after = sends.settle_unknown(send, send.attempt_id, unknown.detail, retries.next_look(0, now()))
        except RateLimited as limited:
            until = now() + timedelta(seconds=limited.retry_after or 60)
            self._pacing.pause(claimed.account, until, limited.detail)
            after = sends.defer(send, send.attempt_id, until, limited.code, limited.detail, counts=False)
        except (Unavailable, InvalidCredentials) as error:
            after = self._tried(send, error)
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
        return self._settled(claimed, after)

    def _settled(self, claimed: Claimed, after: Send) -> Send:
        before = claimed.found.send
        if after.status in (Status.QUEUED, Status.FAILED):
            self._pacing.give_back(claimed.account, before.slot_at, before.recipients)
        after = replace(after, answered=before.answered or after.status)
        settled = self._settling.settle(claimed.found, claimed.account, after)
        if settled.sent_at and self._clock() - settled.sent_at >= LATE:
            self._reconciling.heard_late(settled)
        if settled.due_at is not None:
            self.enqueue(settled)
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

    def _tried(self, send: Send, error: IntegrationError) -> Send:
        """A transient failure: again later, or for the last time."""
        if send.tries + 1 >= retries.MAX_TRIES:
            detail = f"{error.detail} It was tried {send.tries + 1} times."
            return sends.settle_failed(send, send.attempt_id, error.code, detail, error.remedy)
        until = self._clock() + retries.backoff(send.tries + 1, self._fraction())
        return sends.defer(send, send.attempt_id, until, error.code, error.detail, counts=True)

    def _later(self, found: Found, send: Send, error: IntegrationError) -> None:
        """What comes before the attempt failed for now."""
        tries = send.tries + 1
        if tries >= retries.MAX_TRIES:
            self._outbox.save(found, self._failed(send, error))
            return
        until = self._clock() + retries.backoff(tries, self._fraction())
        waiting = sends.postpone(replace(send, tries=tries), until, error.code, error.detail)
        self.enqueue(self._outbox.save(found, waiting).send)

    def _failed(self, send: Send, error: IntegrationError) -> Send:
        attempt_id = random_id("atm", self._random)
        return sends.fail(send, attempt_id, self._clock(), error.code, error.detail, error.remedy)

    def _hold(self, found: Found, send: Send, account: GmailAccount) -> None:
        held = sends.postpone(send, self._clock() + HELD, ReauthRequired.code, _held(account))
        saved = self._outbox.save(found, replace(held, slot_at=None)).send
        self._pacing.give_back(account, send.slot_at, send.recipients)
        self._release_if_mended(saved, account)

    def _release_if_mended(self, held: Send, account: GmailAccount) -> None:
        """Reconnecting releases what is held, and can't see what is just being held: so look once more."""
        now = self._account(held)
        if now is None or now.status is not AccountStatus.CONNECTED or now.refresh_token == account.refresh_token:
            return
        found = self._outbox.find(held.owner, held.id)
        if found and found.send == held:
            self.enqueue(self._outbox.save(found, sends.release(held, self._clock())).send)

    def _account(self, send: Send) -> GmailAccount | None:
        document = self._documents.get(tokens.path(send.owner, send.account))
        return records.from_data(GmailAccount, document.data) if document else None

    def _fraction(self) -> float:
        return int.from_bytes(self._random(4), "big") / 2**32


def _held(account: GmailAccount) -> str:
    return f"Google no longer accepts the grant of {account.email}: reconnect it, and the message goes out."
