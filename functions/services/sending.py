"""Sending one message: on record and claimed before Gmail is called, settled after, never posted twice."""

from collections.abc import Callable
from dataclasses import dataclass

from functions.domain import sends
from functions.domain.callers import Caller
from functions.domain.errors import (
    IdempotencyInProgress,
    PreconditionFailed,
)
from functions.domain.ids import RandomBytes, derived_id, random_id
from functions.domain.mime import Mime, compose, verify
from functions.domain.ports import Blobs, Clock
from functions.domain.records import replace
from functions.domain.send_requests import SendRequest
from functions.domain.sends import Status
from functions.services import contents, receipts, recording
from functions.services.accounts import Accounts
from functions.services.composing import Composing
from functions.services.delivering import EARLY, Claimed, Delivering
from functions.services.outbox import Outbox
from functions.services.pacing import Pacing
from functions.services.personalising import Personalising
from functions.services.provisional import Provisional
from functions.services.receipts import Receipt
from functions.services.repeating import Repeating
from functions.services.standing import Standings
from functions.services.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Preview:
    """A dry run: the message as it would go out."""

    mime: Mime


class Sending:
    def __init__(
        self,
        *,
        blobs: Blobs,
        accounts: Accounts,
        tokens: Tokens,
        standings: Standings,
        composing: Composing,
        personalising: Personalising,
        outbox: Outbox,
        pacing: Pacing,
        delivering: Delivering,
        repeating: Repeating,
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        self._blobs = blobs
        self._accounts = accounts
        self._tokens = tokens
        self._standings = standings
        self._composing = composing
        self._personalising = personalising
        self._outbox = outbox
        self._pacing = pacing
        self._delivering = delivering
        self._repeating = repeating
        self._clock = clock
        self._random = random

    def send_id(self, owner: str, idempotency_key: str | None) -> str:
        """Derived from the key, so that creating the record is the deduplication."""
        return derived_id("snd", owner, idempotency_key) if idempotency_key else random_id("snd", self._random)

    def send(
        self,
        caller: Caller,
        request: SendRequest,
        send_id: str,
        fingerprint: str = "",
        on_record: Callable[[], None] = lambda: None,
    ) -> Receipt | Preview:
        """Raises what is wrong with the request, the account or Gmail's answer. After an error nothing went out.

        `on_record` is called once the send is on record, or may be: files that came with the request now belong to it.
        """
        account = self._accounts.resolve(caller, request.account)
        account.require_send()
        standing = self._standings.of(account.owner, [a.email for a in (*request.to, *request.cc, *request.bcc)])
        standing.refuse(request)
        draft = self._composing.draft(caller, account, request, standing.kept_for)
        account = draft.account  # with its aliases as they are now, where they were asked for
        variables = request.template.variables if request.template else {}
        personal = self._personalising.message(draft, send_id, request.to, variables)
        now = self._clock()
        message, message_id = personal.message, recording.message_id(send_id, draft)
        mime = compose(message, date=now, message_id=message_id, boundary_seed=send_id)
        verify(mime, message)
        if request.dry_run:
            return Preview(mime)
        send = recording.accepted(send_id, draft, personal, mime, now, send_at=request.send_at, fingerprint=fingerprint)
        expires_at = recording.expires(send, standing.kept_for)
        token = ""
        # What may have been overtaken is looked at when it is delivered, so it takes that way at once.
        if request.wait and not request.cancel_if and send.status is Status.QUEUED:
            token = self._tokens.access_token(account)  # before the record: a dead grant leaves no trace
            slot = self._pacing.reserve(account, send.recipients)
            send = replace(send, slot_at=slot.at)
            if slot.at > now + EARLY:
                send = sends.postpone(send, slot.at, "paced", slot.reason)
            else:
                send = replace(send, history_id=account.history_id)
                send = sends.claim(send, random_id("atm", self._random), now)
        if send.status is not Status.SENDING:
            send = sends.answer(send)
        # A prefix of this attempt's own: a rival call with the same Idempotency-Key may be storing another body.
        blobs = Provisional(self._blobs, f"sends/{account.owner}/{send_id}/{random_id('atm', self._random)}/")
        content = contents.store(
            blobs,
            blobs.prefix,
            message,
            date=now,
            message_id=message_id,
            thread_id=draft.thread_id,
            expires_at=expires_at,
        )
        try:
            found = self._outbox.create(send, content)
        except PreconditionFailed:
            self._pacing.give_back(send)
            blobs.drop()
            there = self._outbox.find(caller.owner, send_id)
            if there is None:
                raise IdempotencyInProgress(retry_after=5) from None
            return self._repeating.of_send(caller, there, fingerprint)
        except BaseException:
            on_record()  # perhaps: a file that nobody needs does less harm than a message that has lost its own
            raise
        on_record()
        if send.status is not Status.SENDING:
            self._delivering.enqueue(send)
            return receipts.of(send, send.status)
        after = self._delivering.attempt(Claimed(found, account, token, mime, draft.thread_id))
        if after.status is Status.FAILED:
            raise receipts.failure(after)
        return receipts.of(after, after.status)
