"""From what a caller asked to what all its messages share: sender, thread, files, template. Nothing is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from functions.domain import pacing, records
from functions.domain.accounts import GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import FieldError, InsufficientPermissions, InvalidMessage, NotFound
from functions.domain.google_ports import Gmail
from functions.domain.ids import looks_like
from functions.domain.messages import Address, Attachment, message_ids, reply_references, reply_subject
from functions.domain.ports import Clock, Documents
from functions.domain.records import replace
from functions.domain.send_requests import AttachmentRef, SendRequest
from functions.domain.sends import Send
from functions.domain.templates import TemplateVersion
from functions.services.accounts import path
from functions.services.aliases import Aliases
from functions.services.tokens import Tokens

if TYPE_CHECKING:
    from functions.services.attachments import Attachments
    from functions.services.templates import Templates


@dataclass(frozen=True, slots=True)
class Draft:
    """What all messages of a request have in common."""

    account: GmailAccount
    request: SendRequest
    sender: Address
    subject: str | None  # None: the template's
    attachments: tuple[Attachment, ...]
    template: TemplateVersion | None = None
    signature: str = ""  # HTML
    thread_id: str | None = None
    references: tuple[str, ...] = ()  # the last one is what is replied to


class Composing:
    """`attachments` and `templates` are asked only where a request refers to some."""

    def __init__(
        self,
        documents: Documents,
        gmail: Gmail,
        tokens: Tokens,
        aliases: Aliases,
        attachments: "Callable[[], Attachments]",
        templates: "Callable[[], Templates]",
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._gmail = gmail
        self._tokens = tokens
        self._aliases = aliases
        self._attachments = attachments
        self._templates = templates
        self._clock = clock

    def draft(self, caller: Caller, account: GmailAccount, request: SendRequest, kept_for: timedelta) -> Draft:
        """`kept_for`: how long after it went out the content of a message is kept.

        Raises InvalidMessage, InsufficientPermissions, NotFound; what reading from Gmail raises.
        """
        _check_cancel_if(account, request)
        _check_day(account, request)
        account = self._with_aliases(account, request)
        sender = _sender(account, request.sender)
        draft = Draft(
            account=account,
            request=request,
            sender=sender,
            subject=request.subject if request.subject is not None or request.template else "",
            attachments=self._files(caller, request, kept_for),
            template=self._templates().load(caller.owner, request.template) if request.template else None,
            signature=_signature(account, sender) if request.signature else "",
            thread_id=request.thread_id,
        )
        return draft if request.in_reply_to_send is None else self._reply(caller, draft)

    def _with_aliases(self, account: GmailAccount, request: SendRequest) -> GmailAccount:
        """Its addresses and signatures as Gmail has them, where the request depends on them."""
        asked = request.sender
        other = asked is not None and asked.email.casefold() != account.email.casefold()
        if request.signature and not account.can_read:
            raise InsufficientPermissions(f"{account.email} did not grant reading, so its signature can't be read.")
        known = asked is None or account.alias(asked.email) is not None
        if (other or request.signature) and (self._aliases.stale(account) or not known):
            return self._aliases.refresh(account)
        return account

    def _files(self, caller: Caller, request: SendRequest, kept_for: timedelta) -> tuple[Attachment, ...]:
        """In the order asked for; what was uploaded before is kept for as long as these messages need it."""
        if all(isinstance(a, Attachment) for a in request.attachments):
            return tuple(a for a in request.attachments if isinstance(a, Attachment))
        refs = [(i, a) for i, a in enumerate(request.attachments) if isinstance(a, AttachmentRef)]
        kept_until = max(self._clock(), last_due(request) or self._clock()) + kept_for
        pointers = [f"/attachments/{index}" for index, _ in refs]
        found = self._attachments().resolve(caller, [ref for _, ref in refs], kept_until, pointers)
        by_index = dict(zip((index for index, _ in refs), found, strict=True))
        return tuple(a if isinstance(a, Attachment) else by_index[i] for i, a in enumerate(request.attachments))

    def _reply(self, caller: Caller, draft: Draft) -> Draft:
        """A reply stays in its thread only with the thread's id, its Message-IDs and its subject."""
        request = draft.request
        original = self._original(caller, request.in_reply_to_send or "")
        # A thread's id means something only in the mailbox it is from.
        thread_id = original.gmail_thread_id if original.account == draft.account.id else None
        if request.thread_id and thread_id and request.thread_id != thread_id:
            detail = "The message of `in_reply_to_send` is in another thread: leave this out."
            raise InvalidMessage(f"/thread_id: {detail}", errors=[FieldError("/thread_id", detail)])
        return replace(
            draft,
            subject=reply_subject(original.subject) if request.subject is None else request.subject,
            references=self._references(draft.account, original),
            thread_id=thread_id or request.thread_id,
        )

    def _original(self, caller: Caller, send_id: str) -> Send:
        document = self._documents.get(f"owners/{caller.owner}/sends/{send_id}") if looks_like("snd", send_id) else None
        original = records.from_data(Send, document.data) if document else None
        if original is None or not caller.may_use(original.account):
            detail = "There is no send with this id."
            raise InvalidMessage(detail, errors=[FieldError("/in_reply_to_send", detail)])
        if not original.gmail_message_id:
            detail = f"That send is {original.status}: only a message that was sent can be replied to."
            raise InvalidMessage(detail, errors=[FieldError("/in_reply_to_send", detail)])
        return original

    def _references(self, account: GmailAccount, original: Send) -> tuple[str, ...]:
        """Gmail replaces the Message-ID that a message is sent with, so the assigned one is read back."""
        source = account
        if original.account != account.id:
            document = self._documents.get(path(account.owner, original.account))
            if document is None:
                raise NotFound("The account that sent the original has been disconnected.")
            source = records.from_data(GmailAccount, document.data)
        if not source.can_read:
            raise InsufficientPermissions(
                f"{source.email} did not grant reading, so the original's Message-ID can't be known."
            )
        names = ("Message-ID", "References")
        stored = original.gmail_message_id or ""
        found = self._tokens.with_token(source, lambda token: self._gmail.headers(token, stored, names))
        message_id = next(iter(message_ids(found.get("message-id", ""))), "")
        return reply_references(found.get("references", ""), message_id)


def last_due(request: SendRequest) -> datetime | None:
    """When the last message of a request goes out; None: now."""
    times: Sequence[datetime | None] = [r.send_at or request.send_at for r in request.recipients] or [request.send_at]
    return max((t for t in times if t), default=None)


def _sender(account: GmailAccount, asked: Address | None) -> Address:
    """Gmail replaces a From that is no alias of the account without a word: such a From is refused instead."""
    if asked is None or asked.email.casefold() == account.email.casefold():
        return Address(account.email, (asked.name if asked else "") or account.name)
    alias = account.alias(asked.email)
    if alias is None:
        detail = f"{asked.email} is not a verified alias of {account.email}."
        raise InvalidMessage(
            detail,
            remedy="Add and verify the address in Gmail under Settings, Accounts, Send mail as.",
            errors=[FieldError("/from/email", detail)],
        )
    return Address(alias.email, asked.name or alias.name)


def _signature(account: GmailAccount, sender: Address) -> str:
    """Of the address that sends; empty where its owner has none."""
    alias = account.alias(sender.email)
    return alias.signature if alias else ""


def _check_cancel_if(account: GmailAccount, request: SendRequest) -> None:
    """What could never come true is an error now, and no surprise later."""
    if not request.cancel_if:
        return
    detail = ""
    if request.in_reply_to_send is None:
        detail = "This needs `in_reply_to_send`: the message that may be answered or come back."
    elif not account.can_read:
        detail = f"{account.email} did not grant reading, so answers can't be seen."
    if detail:
        raise InvalidMessage(f"/cancel_if: {detail}", errors=[FieldError("/cancel_if", detail)])


def _check_day(account: GmailAccount, request: SendRequest) -> None:
    """A message has to fit into one day, or it could not go out without breaking the limit."""
    counts = {"cc": len(request.cc), "bcc": len(request.bcc)}
    one_each = 1 if request.recipients else 0
    if not one_each:  # a batch has no `to`
        counts = {"to": len(request.to), **counts}
    detail = pacing.day_problem(account.email, account.daily_limit, one_each + sum(counts.values()))
    if not detail:
        return
    limit, pointer = pacing.daily_limit(account.email, account.daily_limit), f"/{max(counts, key=counts.__getitem__)}"
    raise InvalidMessage(
        f"{pointer}: {detail}",
        remedy=f"Send messages to {limit} recipients at most, or raise the account's `daily_limit`.",
        errors=[FieldError(pointer, detail)],
    )
