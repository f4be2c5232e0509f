"""Sending one message: on record and claimed before Gmail is called, settled after, never posted twice."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.domain import records, sends
from functions.domain.accounts import GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import (
    IdempotencyInProgress,
    IdempotencyMismatch,
    IntegrationError,
    OutcomeUnknown,
    PreconditionFailed,
    RateLimited,
    ReauthRequired,
    Unavailable,
    recall,
)
from functions.domain.ids import RandomBytes, derived_id, random_id
from functions.domain.messages import Message
from functions.domain.mime import Mime, compose, verify
from functions.domain.ports import Blobs, Clock, Create, Data, Delete, Documents, Gmail, SentMessage, Update, Write
from functions.domain.send_requests import SendRequest
from functions.domain.sends import AttachmentInfo, Send, Status
from functions.services import contents
from functions.services.accounts import Accounts
from functions.services.composing import Composed, Composing
from functions.services.tokens import Tokens, path

# `last_sent_at` is exact to this much, so that a busy account is no hot document.
LAST_SENT_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the caller is told. `repeated`: it is the first answer to this Idempotency-Key, again."""

    id: str
    status: str
    account: str
    gmail_message_id: str | None = None
    gmail_thread_id: str | None = None
    sent_at: datetime | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """A dry run: the message as it would go out."""

    mime: Mime


class Sending:
    def __init__(
        self,
        *,
        documents: Documents,
        blobs: Blobs,
        gmail: Gmail,
        accounts: Accounts,
        tokens: Tokens,
        composing: Composing,
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._gmail = gmail
        self._accounts = accounts
        self._tokens = tokens
        self._composing = composing
        self._clock = clock
        self._random = random

    def send_id(self, owner: str, idempotency_key: str | None) -> str:
        """Derived from the key, so that creating the record is the deduplication."""
        return derived_id("snd", owner, idempotency_key) if idempotency_key else random_id("snd", self._random)

    def repeated(self, owner: str, send_id: str, fingerprint: str) -> Receipt | None:
        """The first answer to this Idempotency-Key; None where there was none yet.

        Raises IdempotencyMismatch, IdempotencyInProgress, and the error that the first call ended with.
        """
        document = self._documents.get(_path(owner, send_id))
        if document is None:
            return None
        send = records.from_data(Send, document.data)
        if send.fingerprint != fingerprint:
            raise IdempotencyMismatch
        if not send.answered:
            if not send.expired(self._clock()):
                raise IdempotencyInProgress(retry_after=5)
            send = self._give_up(send, document.version)
        if send.answered == Status.FAILED:
            raise recall(send.attempts[-1].code, send.attempts[-1].detail)
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
        token = self._tokens.access_token(account)  # before the record: a dead grant leaves no trace
        attempt_id = random_id("atm", self._random)
        queued = _record(send_id, account, request, composed.message, mime, now, fingerprint)
        send = sends.claim(queued, attempt_id, now)
        # A prefix of this attempt's own: a rival call with the same Idempotency-Key may be storing another body.
        prefix = f"sends/{account.owner}/{send_id}/{attempt_id}/"
        content = contents.store(
            self._blobs,
            prefix,
            composed.message,
            date=now,
            message_id=message_id,
            thread_id=composed.thread_id,
        )
        place = _path(account.owner, send_id)
        try:
            version = self._documents.commit(
                [Create(place, records.to_data(send)), Create(contents.path(account.owner, send_id), content)]
            )[0]
        except PreconditionFailed:
            self._blobs.delete_all(prefix)
            found = self.repeated(account.owner, send_id, fingerprint)
            if found is None:
                raise IdempotencyInProgress(retry_after=5) from None
            return found
        on_record()
        try:
            return self._attempt(send, version, account, token, mime, composed)
        except (RateLimited, Unavailable):
            self._withdraw(send, version, content)
            raise

    def _attempt(
        self, send: Send, version: str, account: GmailAccount, token: str, mime: Mime, composed: Composed
    ) -> Receipt:
        try:
            sent = self._post(account, token, mime, composed.thread_id)
        except OutcomeUnknown as unknown:
            settled = sends.settle_unknown(send, send.attempt_id, unknown.detail)
        except (RateLimited, Unavailable):
            raise  # not sent, and free to be asked for again
        except IntegrationError as error:
            settled = sends.settle_failed(send, send.attempt_id, error.code, error.detail)
            self._settle(send, replace(settled, answered=settled.status), version)
            raise
        else:
            settled = sends.settle_sent(send, send.attempt_id, self._clock(), sent.id, sent.thread_id)
        settled = replace(settled, answered=settled.status)
        self._settle(send, settled, version, *self._last_sent(account, settled))
        return _receipt(settled, settled.status)

    def _post(self, account: GmailAccount, token: str, mime: Mime, thread_id: str | None) -> SentMessage:
        """One delivery at most: a second POST leaves only where the first was certainly not taken."""
        for attempt in (1, 2):
            try:
                return self._gmail.send(token, mime, thread_id)
            except ReauthRequired:
                if attempt == 2:
                    self._tokens.mark_dead(account)
                    raise
                token = self._tokens.access_token(account, refused=token)
            except Unavailable:
                if attempt == 2:
                    raise
        raise AssertionError  # the loop always returns or raises

    def _settle(self, before: Send, after: Send, version: str, *also: Write) -> None:
        """Write down what became of the attempt. Gmail has it by now, so a failing store changes no answer."""
        update = Update(_path(before.owner, before.id), records.changes(before, after), version=version)
        try:
            self._documents.commit([update, *also])
        except PreconditionFailed:
            if also:  # the account may have been disconnected while its last message went out
                with contextlib.suppress(PreconditionFailed, Unavailable):
                    self._documents.commit([update])
        except Unavailable:
            # Once more; then the lease runs out, and reconciliation finds the message.
            with contextlib.suppress(PreconditionFailed, Unavailable):
                self._documents.commit([update])

    def _withdraw(self, send: Send, version: str, content: Data) -> None:
        """Certainly not sent, and the caller is told so: as if it had never been asked for."""
        with contextlib.suppress(PreconditionFailed, Unavailable):
            self._documents.commit(
                [Delete(_path(send.owner, send.id), version=version), Delete(contents.path(send.owner, send.id))]
            )
            contents.discard(self._blobs, content)

    def _give_up(self, send: Send, version: str) -> Send:
        """The process that held the claim died: what became of the message is not known."""
        lost = sends.settle_unknown(send, send.attempt_id, "The sending process ended before Gmail's answer was noted.")
        lost = replace(lost, answered=Status.UNKNOWN)
        try:
            self._documents.commit([Update(_path(send.owner, send.id), records.changes(send, lost), version=version)])
        except PreconditionFailed:
            raise IdempotencyInProgress(retry_after=5) from None
        return lost

    def _last_sent(self, account: GmailAccount, send: Send) -> Iterator[Write]:
        if account.last_sent_at is None or self._clock() - account.last_sent_at > LAST_SENT_STEP:
            yield Update(path(account.owner, account.id), {"last_sent_at": send.sent_at})


def _path(owner: str, send_id: str) -> str:
    return f"owners/{owner}/sends/{send_id}"


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
        in_reply_to_send=request.in_reply_to_send,
        if_unknown=request.if_unknown,
        cancel_if=request.cancel_if,
        fingerprint=fingerprint,
    )


def _receipt(send: Send, status: str, *, repeated: bool = False) -> Receipt:
    if status != Status.SENT:
        return Receipt(send.id, status, send.account, repeated=repeated)
    return Receipt(
        send.id, status, send.account, send.gmail_message_id, send.gmail_thread_id, send.sent_at, repeated=repeated
    )
