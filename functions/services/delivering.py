"""Delivering a queued send: whatever the queue does, a send is claimed once, and posted at most once per claim."""

import contextlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from functions.domain import retries, sends
from functions.domain.accounts import AccountStatus, GmailAccount
from functions.domain.errors import (
    IntegrationError,
    InvalidCredentials,
    InvalidMessage,
    NotFound,
    PreconditionFailed,
    RateLimited,
    ReauthRequired,
    Unavailable,
)
from functions.domain.google_ports import Gmail
from functions.domain.ids import RandomBytes, random_id
from functions.domain.ports import Blobs, Clock, Documents, Tasks
from functions.domain.records import replace
from functions.domain.sends import Send, Status
from functions.services import contents
from functions.services.attempting import Attempting
from functions.services.attempting import Claimed as Claimed  # what `attempt` takes is at home here too
from functions.services.outbox import Found, Outbox
from functions.services.pacing import Pacing
from functions.services.reconciling import Reconciling
from functions.services.settling import Settling
from functions.services.tokens import Tokens
from functions.services.unwanted import SOON, NotYet, Unwanted

if TYPE_CHECKING:
    from functions.services.completing import Completing

# A task may come a little early: clocks differ, and queues round.
EARLY = timedelta(seconds=1)
DISCONNECTED = "the account was disconnected"


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
        completing: "Callable[[], Completing]",
        clock: Clock,
        random: RandomBytes,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`completing` is asked only for what was accepted before it was composed."""
        self._documents = documents
        self._outbox = outbox
        self._blobs = blobs
        self._tokens = tokens
        self._pacing = pacing
        self._tasks = tasks
        self._reconciling = reconciling
        self._clock = clock
        self._random = random
        self._settling = Settling(outbox, clock, sleep)
        self._attempting = Attempting(
            documents=documents,
            outbox=outbox,
            gmail=gmail,
            tokens=tokens,
            pacing=pacing,
            reconciling=reconciling,
            settling=self._settling,
            enqueue=self.enqueue,
            clock=clock,
            random=random,
        )
        self._unwanted = unwanted
        self._completing = completing

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

    def attempt(self, claimed: Claimed) -> Send:
        """Post, and write down what became of it. Returns the send as it is now; never raises what Gmail said."""
        return self._attempting.attempt(claimed)

    def _begin(self, found: Found) -> None:
        send = found.send
        account = self._attempting.account(send)
        if account is None:
            error = NotFound("The account of this trigger was disconnected.")
            self._end(found, sends.cancel(send, DISCONNECTED), error)
            return
        if account.status is AccountStatus.REAUTH_REQUIRED:
            self._attempting.hold(found, send, account)
            return
        if send.cancel_if and (pause := self._pacing.pause_of(account)):
            self._put_off(found, *pause)  # whether it is still wanted is asked of Gmail, which wants to be left alone
            return
        try:
            reason, left = self._unwanted.look(send, account)
        except NotYet as wait:
            not_yet = sends.postpone(send, self._clock() + SOON, "batch", str(wait))
            self.enqueue(self._outbox.save(found, not_yet).send)
            return
        except RateLimited as limited:
            self._put_off(found, self._attempting.paused(account, limited), limited.detail)
            return
        except Unavailable as error:
            self._later(found, send, error)
            return
        if reason:
            self._end(found, sends.cancel(send, reason), InvalidMessage(f"It is not to go out: {reason}."))
            return
        if left != send:
            found = self._outbox.save(found, left)
        if not send.composed:
            completed = self._completed(found, account)
            if completed is None:
                return
            found, send = completed, completed.send
        try:
            if not self._pacing.holds(account, send.slot_at):
                slot = self._pacing.reserve(account, send.recipients, instead_of=send.slot_at)
                send = replace(send, slot_at=slot.at)
                if slot.at > self._clock() + EARLY:
                    waiting = self._outbox.save(found, sends.postpone(send, slot.at, "paced", slot.reason))
                    self.enqueue(waiting.send)
                    return
            self._claim(found, send, account)
        except PreconditionFailed:  # its owner changed it, or the task was delivered twice, and the other one has it
            if send.slot_at != found.send.slot_at:
                self._pacing.unreserve(send, instead_of=found.send.slot_at)
            raise

    def _completed(self, found: Found, account: GmailAccount) -> Found | None:
        """The send with its message composed; None where it can't be, now or ever. Raises PreconditionFailed."""
        try:
            return self._completing().complete(found, account)
        except ReauthRequired:
            self._attempting.hold(found, found.send, account)
        except RateLimited as limited:
            self._put_off(found, self._attempting.paused(account, limited), limited.detail)
        except (Unavailable, InvalidCredentials) as error:
            self._later(found, found.send, error)
        except IntegrationError as error:
            self._end(found, self._failed(found.send, error), error)
        return None

    def _end(self, found: Found, after: Send, error: IntegrationError | None = None) -> None:
        """Nothing goes out any more, and its slot is free again. Of a message that was never composed, its webhook's
        log says what was wrong, in the same commit. Raises PreconditionFailed, Unavailable."""
        if error is None or found.send.composed:
            self._outbox.save(found, after)
        else:
            completing = self._completing()
            self._outbox.save(found, after, *completing.noting(found.send, error))
            completing.failed(found.send, error)
        self._pacing.give_back(after)

    def _claim(self, found: Found, send: Send, account: GmailAccount) -> None:
        """`send` is what was found, with the slot it has now."""
        try:
            token = self._tokens.access_token(account)
            now = self._clock()  # of the message and of the attempt: from its record the same bytes can be made again
            mime, thread_id = contents.mime(self._documents, self._blobs, send, now)
        except ReauthRequired:
            self._attempting.hold(found, send, account)
            return
        except NotFound:
            self._end(found, sends.cancel(send, DISCONNECTED))
            return
        except (Unavailable, InvalidCredentials) as error:
            self._later(found, send, error)
            return
        except IntegrationError as error:
            self._end(found, self._failed(send, error), error)
            return
        send = replace(send, history_id=account.history_id)
        claimed = self._outbox.claim(found, sends.claim(send, random_id("atm", self._random), now))
        ready = Claimed(claimed, account, token, mime, thread_id)
        # Disconnecting cancels what waits, and can't see what has just been claimed: so look once more.
        try:
            gone = self._attempting.account(send) is None
        except Unavailable as error:
            self._attempting.settled(ready, self._attempting.tried(claimed.send, error))
            return
        if gone:
            self._end(claimed, sends.abandon(claimed.send, DISCONNECTED))
            return
        self._attempting.attempt(ready)

    def _put_off(self, found: Found, until: datetime, why: str) -> None:
        """Gmail asks to wait, before there was an attempt: that is no failure, however often it does."""
        waiting = sends.postpone(found.send, until, RateLimited.code, why)
        self.enqueue(self._outbox.save(found, waiting).send)

    def _later(self, found: Found, send: Send, error: IntegrationError) -> None:
        """What comes before the attempt failed for now."""
        tries = send.tries + 1
        if tries >= retries.MAX_TRIES:
            self._end(found, self._failed(send, error), error)
            return
        until = self._clock() + retries.backoff(tries, self._attempting.fraction())
        waiting = sends.postpone(replace(send, tries=tries), until, error.code, error.detail)
        self.enqueue(self._outbox.save(found, waiting).send)

    def _failed(self, send: Send, error: IntegrationError) -> Send:
        attempt_id = random_id("atm", self._random)
        return sends.fail(send, attempt_id, self._clock(), error.code, error.detail, error.remedy)
