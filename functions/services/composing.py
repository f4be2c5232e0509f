"""From what a caller asked to the message that will go out: sender, thread, and what this release can't do yet."""

from dataclasses import dataclass, replace

from functions.domain import records
from functions.domain.accounts import GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import (
    FieldError,
    InsufficientPermissions,
    InvalidMessage,
    NotFound,
)
from functions.domain.google_ports import Gmail
from functions.domain.ids import looks_like
from functions.domain.messages import Address, Attachment, Message, message_ids, reply_references, reply_subject
from functions.domain.ports import Documents
from functions.domain.send_requests import SendRequest
from functions.domain.sends import Send
from functions.services.aliases import Aliases
from functions.services.tokens import Tokens, path


@dataclass(frozen=True, slots=True)
class Composed:
    message: Message
    thread_id: str | None


class Composing:
    def __init__(self, documents: Documents, gmail: Gmail, tokens: Tokens, aliases: Aliases) -> None:
        self._documents = documents
        self._gmail = gmail
        self._tokens = tokens
        self._aliases = aliases

    def compose(self, caller: Caller, account: GmailAccount, request: SendRequest) -> Composed:
        """Raises InvalidMessage, InsufficientPermissions, NotFound; what reading from Gmail raises."""
        _refuse_what_is_not_built(request)
        _check_cancel_if(account, request)
        message = Message(
            sender=self._sender(account, request.sender),
            to=request.to,
            cc=request.cc,
            bcc=request.bcc,
            reply_to=request.reply_to,
            subject=request.subject or "",
            text=request.text,
            html=request.html,
            attachments=tuple(a for a in request.attachments if isinstance(a, Attachment)),
            headers=request.headers,
        )
        if request.in_reply_to_send is None:
            return Composed(message, request.thread_id)
        return self._reply(caller, account, request, message)

    def _sender(self, account: GmailAccount, asked: Address | None) -> Address:
        """Gmail replaces a From that is no alias of the account without a word: such a From is refused instead."""
        if asked is None or asked.email.casefold() == account.email.casefold():
            return Address(account.email, (asked.name if asked else "") or account.name)
        alias = account.alias(asked.email)
        if alias is None or self._aliases.stale(account):
            alias = self._aliases.refresh(account).alias(asked.email)
        if alias is None:
            detail = f"{asked.email} is not a verified alias of {account.email}."
            raise InvalidMessage(
                detail,
                remedy="Add and verify the address in Gmail under Settings, Accounts, Send mail as.",
                errors=[FieldError("/from/email", detail)],
            )
        return Address(alias.email, asked.name or alias.name)

    def _reply(self, caller: Caller, account: GmailAccount, request: SendRequest, message: Message) -> Composed:
        """A reply stays in its thread only with the thread's id, its Message-IDs and its subject."""
        original = self._original(caller, request.in_reply_to_send or "")
        references = self._references(account, original)
        message = replace(
            message,
            subject=reply_subject(original.subject) if request.subject is None else request.subject,
            in_reply_to=references[-1] if references else "",
            references=references,
        )
        # A thread's id means something only in the mailbox it is from.
        thread_id = original.gmail_thread_id if original.account == account.id else None
        return Composed(message, thread_id)

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


def _refuse_what_is_not_built(request: SendRequest) -> None:
    asked = {
        "template": request.template is not None,
        "recipients": bool(request.recipients),
        "signature": request.signature,
        "unsubscribe": request.unsubscribe,
        "tracking": bool(request.tracking.opens or request.tracking.clicks),
        "attachments": any(not isinstance(a, Attachment) for a in request.attachments),
    }
    errors = [FieldError(f"/{name}", "This release does not do this yet.") for name, wanted in asked.items() if wanted]
    if errors:
        raise InvalidMessage("The message asks for what this release does not do yet.", errors=errors)
