"""One request, a message for each of up to 1,000 recipients: all of them accepted, or none.

The batch is on record before its sends, and ready after them. Its sends have ids derived from the batch's, so a request
that was cut off is repeated under its Idempotency-Key and makes only what is missing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.domain import batches, sends
from functions.domain.batches import Batch, BatchSend, BatchStatus
from functions.domain.callers import Caller
from functions.domain.errors import (
    FieldError,
    IdempotencyInProgress,
    IntegrationError,
    InvalidMessage,
    MissingVariable,
    PreconditionFailed,
    Unavailable,
)
from functions.domain.fields import pointer_to
from functions.domain.ids import RandomBytes, derived_id, random_id
from functions.domain.mime import Mime, compose, verify
from functions.domain.ports import Blobs, Clock, Data
from functions.domain.records import replace
from functions.domain.send_requests import Recipient, SendRequest
from functions.domain.sends import Send
from functions.services import contents, recording
from functions.services.accounts import Accounts
from functions.services.announcing import enqueue_each
from functions.services.batches import Batches, FoundBatch
from functions.services.composing import Composing, Draft
from functions.services.contents import BlobSource
from functions.services.delivering import Delivering
from functions.services.outbox import Outbox, perhaps_accepted
from functions.services.personalising import Personal, Personalising
from functions.services.provisional import Provisional
from functions.services.receipts import BatchReceipt
from functions.services.standing import Standing, Standings

PROBLEMS_LIMIT = 50
CHUNK = 50  # sends that are written together, where they are small enough
PATIENCE = timedelta(minutes=2)  # a template may take a while to fill in; the platform ends a request after five


@dataclass(frozen=True, slots=True)
class BatchPreview:
    """A dry run: the first recipient's message, and how many there would be."""

    mime: Mime
    count: int


class Merging:
    def __init__(
        self,
        *,
        blobs: Blobs,
        accounts: Accounts,
        standings: Standings,
        composing: Composing,
        personalising: Personalising,
        batches: Batches,
        outbox: Outbox,
        delivering: Delivering,
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        self._blobs = blobs
        self._accounts = accounts
        self._standings = standings
        self._composing = composing
        self._personalising = personalising
        self._batches = batches
        self._outbox = outbox
        self._delivering = delivering
        self._clock = clock
        self._random = random

    def batch_id(self, owner: str, idempotency_key: str | None) -> str:
        return derived_id("bat", owner, idempotency_key) if idempotency_key else random_id("bat", self._random)

    def send(
        self,
        caller: Caller,
        request: SendRequest,
        batch_id: str,
        fingerprint: str = "",
        on_record: Callable[[], None] = lambda: None,
    ) -> BatchReceipt | BatchPreview:
        """Raises what is wrong with the request or the account, with pointers into `recipients`. After an error nothing
        goes out.

        `on_record` is called once the batch is on record: files that came with the request now belong to it.
        """
        account = self._accounts.resolve(caller, request.account)
        account.require_send()
        also = [a.email for a in (*request.cc, *request.bcc)]
        standing = self._standings.of(account.owner, [*(r.to.email for r in request.recipients), *also])
        standing.refuse(request)  # for who gets a copy of all of them; a recipient is skipped instead
        draft = self._composing.draft(caller, account, request, standing.kept_for)
        blobs = Provisional(self._blobs, f"sends/{account.owner}/{batch_id}/{random_id('atm', self._random)}/")
        now = self._clock()
        if request.dry_run:
            return BatchPreview(self._previewed(draft, batch_id, now), len(request.recipients))
        try:
            draft, shared = self._stored_once(draft, blobs)
            made = self._made(draft, batch_id, standing, now, blobs)
            batch = Batch(
                id=batch_id,
                owner=account.owner,
                account=account.id,
                status=BatchStatus.OPEN,
                created_at=now,
                lease_until=now + batches.LEASE,
                sends=tuple(BatchSend(send.id, send.status, send.to[0].email) for send, _ in made),
                fingerprint=fingerprint,
                blobs=shared,
            )
            found = self._begun(batch)
        except Exception:
            blobs.drop()
            raise
        on_record()
        self._complete(found, made)
        enqueue_each(self._delivering.enqueue, [send for send, _ in made if send.status in sends.WAITING])
        return BatchReceipt(batch.id, batch.sends)

    def _previewed(self, draft: Draft, batch_id: str, now: datetime) -> Mime:
        send_id = _send_id(batch_id, 0)
        return self._composed(draft, send_id, draft.request.recipients[0], 0, now)[1]

    def _stored_once(self, draft: Draft, blobs: Provisional) -> tuple[Draft, tuple[str, ...]]:
        """The draft with its files in the blob store, and the names of those that belong to the batch alone."""
        stored, names = [], []
        for index, attachment in enumerate(draft.attachments):
            source = attachment.source
            if not isinstance(source, BlobSource):
                source = BlobSource(self._blobs, blobs.write(f"{blobs.prefix}{index}", source()).name)
            if not source.shared:
                names.append(source.name)
            stored.append(replace(attachment, source=replace(source, shared=True)))
        return replace(draft, attachments=tuple(stored)), tuple(names)

    def _made(
        self, draft: Draft, batch_id: str, standing: Standing, now: datetime, blobs: Provisional
    ) -> list[tuple[Send, Data]]:
        """Every send with its content. Raises all that is wrong, whichever recipient it is wrong for."""
        request, made = draft.request, []
        problems: list[FieldError] = []
        missing = False
        for index, recipient in enumerate(request.recipients):
            if self._clock() - now > PATIENCE:
                detail = f"Composing took too long: {index} of {len(request.recipients)} messages were ready in time."
                remedy = "Send to fewer recipients at once, or make the template simpler. Nothing was sent."
                raise InvalidMessage(detail, remedy=remedy, errors=[FieldError("/recipients", detail)])
            send_id = _send_id(batch_id, index)
            try:
                personal, mime, message_id = self._composed(draft, send_id, recipient, index, now)
            except (InvalidMessage, MissingVariable) as error:
                missing |= isinstance(error, MissingVariable)
                problems += error.errors
                if len(problems) >= PROBLEMS_LIMIT:
                    break
                continue
            send_at = recipient.send_at or request.send_at
            send = recording.accepted(send_id, draft, personal, mime, now, send_at=send_at, batch=batch_id)
            if reason := standing.reason(recipient.to.email, request.transactional):
                send = recording.skipped(send, reason)
            content = contents.store(
                blobs,
                f"{blobs.prefix}{index}/",
                personal.message,
                date=now,
                message_id=message_id,
                thread_id=None,
                expires_at=recording.expires(send, standing.kept_for),
            )
            made.append((replace(send, answered=send.status), content))
        if problems:
            raise _problem(list(dict.fromkeys(problems))[:PROBLEMS_LIMIT], missing)
        return made

    def _composed(
        self, draft: Draft, send_id: str, recipient: Recipient, index: int, now: datetime
    ) -> tuple[Personal, Mime, str]:
        common = draft.request.template.variables if draft.request.template else {}
        at, variables = f"/recipients/{index}/variables", {**common, **recipient.variables}
        try:
            personal = self._personalising.message(draft, send_id, (recipient.to,), variables, at)
        except (InvalidMessage, MissingVariable) as error:
            found = list(_blamed(error.errors, at, common, recipient.variables))
            raise _problem(found, isinstance(error, MissingVariable)) from error
        message_id = recording.message_id(send_id, draft)
        mime = compose(personal.message, date=now, message_id=message_id, boundary_seed=send_id)
        verify(mime, personal.message)
        return personal, mime, message_id

    def _begun(self, batch: Batch) -> FoundBatch:
        """On record, by us alone. Raises IdempotencyInProgress where another call with the same key is at it."""
        try:
            return self._batches.create(batch)
        except PreconditionFailed:
            there = self._batches.find(batch.owner, batch.id)
        if there is None or not batches.cut_off(there.batch, self._clock()):
            raise IdempotencyInProgress(retry_after=5) from None
        try:
            # What the first call began goes on as it was: its sends that exist say what it made of the same request.
            blobs = (*there.batch.blobs, *batch.blobs)
            return self._batches.save(there, replace(batch, created_at=there.batch.created_at, blobs=blobs))
        except PreconditionFailed:
            raise IdempotencyInProgress(retry_after=5) from None

    def _complete(self, found: FoundBatch, made: Sequence[tuple[Send, Data]]) -> None:
        """All of its sends on record, and the batch ready: from here on they go out."""
        expires_at = max(content["expires_at"] for _, content in made)
        try:
            for chunk in range(0, len(made), CHUNK):
                self._outbox.create_missing(made[chunk : chunk + CHUNK])
            self._batches.save(found, replace(found.batch, status=BatchStatus.READY, expires_at=expires_at))
        except Exception as error:
            try:
                status = self._batches.let_go(found)
            except Unavailable:
                raise perhaps_accepted() from error
            if status is BatchStatus.READY:
                return  # only the answer was lost; or the repeated request, which took us for dead, was faster
            if isinstance(error, PreconditionFailed):  # it has been taken over, or given up
                raise IdempotencyInProgress(retry_after=5) from None
            raise


def _send_id(batch_id: str, index: int) -> str:
    return derived_id("snd", batch_id, str(index))


def _blamed(
    errors: Sequence[FieldError], at: str, common: Mapping[str, Any], own: Mapping[str, Any]
) -> Iterator[FieldError]:
    """What is wrong with a value that all recipients share is wrong there, and with none of them."""
    shared = {pointer_to("", key) for key in common if key not in own}
    for error in errors:
        _, is_variable, below = error.pointer.partition(at)
        if is_variable and ("/".join(below.split("/")[:2]) in shared or not (below or own)):
            error = FieldError(f"/template/variables{below}", error.detail)
        yield error


def _problem(errors: Sequence[FieldError], missing: bool) -> IntegrationError:
    more = f" ({len(errors) - 1} more in `errors`)" if len(errors) > 1 else ""
    detail = f"{errors[0].pointer}: {errors[0].detail}{more}"
    return MissingVariable(detail, errors=errors) if missing else InvalidMessage(detail, errors=errors)
