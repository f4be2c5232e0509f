"""Sending one message: on record and claimed before Gmail is called, settled after, never posted twice."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from functions.domain import sends
from functions.domain.accounts import GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import (
    IdempotencyInProgress,
    IdempotencyMismatch,
    IntegrationError,
    PreconditionFailed,
    recall,
)
from functions.domain.ids import RandomBytes, derived_id, random_id
from functions.domain.messages import Message
from functions.domain.mime import Mime, compose, verify
from functions.domain.ports import Blobs, Clock
from functions.domain.send_requests import SendRequest
from functions.domain.sends import AttachmentInfo, Send, Status
from functions.services import contents
from functions.services.accounts import Accounts
from functions.services.composing import Composing
from functions.services.delivering import EARLY, Claimed, Delivering
from functions.services.outbox import Outbox
from functions.services.pacing import Pacing
from functions.services.reconciling import Reconciling
from functions.services.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the caller is told. `repeated`: it is the first answer to this Idempotency-Key, again."""

    id: str
    status: str
    account: str
    gmail_message_id: str | None = None
    gmail_thread_id: str | None = None
    sent_at: datetime | None = None
    next_attempt_at: datetime | None = None
    repeated: bool = False


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
        composing: Composing,
        outbox: Outbox,
        pacing: Pacing,
        delivering: Delivering,
        reconciling: Reconciling,
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        self._blobs = blobs
        self._accounts = accounts
        self._tokens = tokens
        self._composing = composing
        self._outbox = outbox
        self._pacing = pacing
        self._delivering = delivering
        self._reconciling = reconciling
        self._clock = clock
        self._random = random

    def send_id(self, owner: str, idempotency_key: str | None) -> str:
        """Derived from the key, so that creating the record is the deduplication."""
        return derived_id("snd", owner, idempotency_key) if idempotency_key else random_id("snd", self._random)

    def repeated(self, caller: Caller, send_id: str, fingerprint: str) -> Receipt | None:
        """The first answer to this Idempotency-Key; None where there was none yet.

        Raises IdempotencyMismatch, IdempotencyInProgress, and the error that the first call ended with.
        """
        found = self._outbox.find(caller.owner, send_id)
        if found is None:
            return None
        # To a key that may not use the account, the send is somebody else's, whatever body it guessed.
        if found.send.fingerprint != fingerprint or not caller.may_use(found.send.account):
            raise IdempotencyMismatch
        if not found.send.answered:
            if not found.send.expired(self._clock()):
                raise IdempotencyInProgress(retry_after=5)
            try:
                found = self._reconciling.give_up(found)
            except PreconditionFailed:
                raise IdempotencyInProgress(retry_after=5) from None
        send = found.send
        if send.answered == Status.FAILED:
            raise _failure(send, repeated=True)
        return _receipt(send, send.answered, repeated=True)

    def send(
        self,
        caller: Caller,
        request: SendRequest,
        send_id: str,
        fingerprint: str = "",
        on_record: Callable[[], None] = lambda: None,
    ) -> Receipt | Preview:
        """Raises what is wrong with the request, the account or Gmail's answer. After an error nothing went out.

        `on_record` is called once the send is on record: files that came with the request now belong to it.
        """
        account = self._accounts.resolve(caller, request.account)
        account.require_send()
        composed = self._composing.compose(caller, account, request)
        now = self._clock()
        message_id = f"<{send_id}@{account.email.rpartition('@')[2]}>"
        mime = compose(composed.message, date=now, message_id=message_id, boundary_seed=send_id)
        verify(mime, composed.message)
        if request.dry_run:
            return Preview(mime)
        send = sends.accept(_record(send_id, account, request, composed.message, mime, now, fingerprint), now)
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
            send = replace(send, answered=send.status)
        # A prefix of this attempt's own: a rival call with the same Idempotency-Key may be storing another body.
        prefix = f"sends/{account.owner}/{send_id}/{random_id('atm', self._random)}/"
        content = contents.store(
            self._blobs,
            prefix,
            composed.message,
            date=now,
            message_id=message_id,
            thread_id=composed.thread_id,
        )
        try:
            found = self._outbox.create(send, content)
        except PreconditionFailed:
            self._pacing.give_back(account, send.slot_at, send.recipients)
            self._blobs.delete_all(prefix)
            repeated = self.repeated(caller, send_id, fingerprint)
            if repeated is None:
                raise IdempotencyInProgress(retry_after=5) from None
            return repeated
        on_record()
        if send.status is not Status.SENDING:
            self._delivering.enqueue(send)
            return _receipt(send, send.status)
        after = self._delivering.attempt(Claimed(found, account, token, mime, composed.thread_id))
        if after.status is Status.FAILED:
            raise _failure(after, repeated=False)
        return _receipt(after, after.status)


def _record(
    send_id: str,
    account: GmailAccount,
    request: SendRequest,
    message: Message,
    mime: Mime,
    now: datetime,
    fingerprint: str,
) -> Send:
    return Send(
        id=send_id,
        owner=account.owner,
        status=Status.QUEUED,
        account=account.id,
        sender=message.sender,
        to=message.to,
        cc=message.cc,
        bcc=message.bcc,
        reply_to=message.reply_to,
        subject=message.subject,
        created_at=now,
        attachments=tuple(
            AttachmentInfo(a.filename, a.content_type, a.size, a.sha256, a.content_id) for a in message.attachments
        ),
        size=mime.size,
        tags=request.tags,
        metadata=dict(request.metadata),
        labels=sends.labels((*message.to, *message.cc, *message.bcc), request.tags),
        send_at=request.send_at,
        in_reply_to_send=request.in_reply_to_send,
        if_unknown=request.if_unknown,
        cancel_if=request.cancel_if,
        fingerprint=fingerprint,
    )


def _receipt(send: Send, status: str, *, repeated: bool = False) -> Receipt:
    if status == Status.SENT:
        return Receipt(
            send.id, status, send.account, send.gmail_message_id, send.gmail_thread_id, send.sent_at, repeated=repeated
        )
    following = send.due_at if status in sends.WAITING else None
    return Receipt(send.id, status, send.account, next_attempt_at=following, repeated=repeated)


def _failure(send: Send, *, repeated: bool) -> IntegrationError:
    last = send.attempts[-1]
    return recall(last.code, last.detail, last.remedy, repeated=repeated)
