"""Accepting a message as Gmail does, and delivering it at once."""

import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sandbox.control.faults import Action
from sandbox.errors import invalid_argument, not_found
from sandbox.gmail import headers, parts, search
from sandbox.gmail.headers import Field, MalformedMessage
from sandbox.gmail.mailbox import BLOCK, Body, Copy, Message
from sandbox.people import ELSEWHERE, Person
from sandbox.state import Sandbox

MAX_HEAD = 1_048_576
MAX_RECIPIENTS = 500
PREVIEW = 65536  # bytes of the body that are indexed


@dataclass(frozen=True)
class Upload:
    """The message as it came in: `size` bytes of the file from `start` on."""

    path: Path
    start: int
    size: int


@dataclass(frozen=True)
class Parsed:
    head: bytes
    fields: list[Field]
    body: Body
    preview: bytes
    sha256: str


def deliver(sandbox: Sandbox, person: Person, upload: Upload, thread_id: str | None, fault: Action) -> Message:
    """Stores the Sent copy and the recipients' copies. Raises GoogleError, having stored nothing."""
    try:
        parsed = _parse(upload)
        envelope = [mailbox.email.lower() for mailbox in headers.mailboxes(parsed.fields, "To", "Cc", "Bcc")]
    except MalformedMessage as exc:
        raise invalid_argument(str(exc)) from exc
    if not envelope:
        raise invalid_argument("Recipient address required")
    if len(envelope) > MAX_RECIPIENTS:
        raise invalid_argument("Too many recipients")
    message_id = f"<CA{secrets.token_urlsafe(32)}@mail.example.com>"
    fields = _as_gmail_keeps(parsed.fields, person, message_id, fault.drop_headers)
    refs = headers.referenced(fields)
    subject = headers.value(fields, "Subject")
    inboxes = _inboxes(sandbox, envelope)
    visible_at = time.time() + fault.index_lag
    to_self = person.email in inboxes
    labels = ("UNREAD", "SENT", "INBOX") if to_self else ("SENT",)
    thread = _own_thread(sandbox, person, thread_id, subject, refs)
    with sandbox.store.transaction() as connection:
        sent_copy = _copy(person.email, labels, fields, parsed, message_id)
        sent = sandbox.mailboxes.add(connection, sent_copy, thread, visible_at)
        for account, addresses in inboxes.items():
            if account == person.email:
                continue
            received = [*_trace(person, addresses), *headers.without(fields, "bcc")]
            found = _thread_of_answer(sandbox, account, subject, refs)
            inbox_copy = _copy(account, ("UNREAD", "INBOX"), received, parsed, message_id)
            sandbox.mailboxes.add(connection, inbox_copy, found, visible_at)
        sandbox.ledger.record(_delivery(person, parsed, sent, upload.size))
    return sent


def _parse(upload: Upload) -> Parsed:
    digest = hashlib.sha256()
    with upload.path.open("rb") as file:
        file.seek(upload.start)
        beginning = file.read(min(MAX_HEAD, upload.size))
        digest.update(beginning)
        left = upload.size - len(beginning)
        while left and (block := file.read(min(BLOCK, left))):
            digest.update(block)
            left -= len(block)
    ends = [(at, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := beginning.find(mark)) >= 0]
    if not ends and upload.size > len(beginning):
        raise MalformedMessage("Invalid header: too long")
    at, length = min(ends, default=(upload.size, 0))
    head, after = beginning[:at], at + length
    body = Body(upload.path.name, upload.start + after, upload.size - after)
    preview = beginning[after : after + PREVIEW]
    return Parsed(head, headers.parse(head), body, preview, digest.hexdigest())


def _as_gmail_keeps(given: Sequence[Field], person: Person, message_id: str, dropped: Sequence[str]) -> list[Field]:
    """Gmail puts in its own Message-ID, a trace line, a From that the account may use, and a Date if there is none."""
    now = datetime.now(UTC)
    kept = [one for one in given if not any(fnmatchcase(one.name.lower(), pattern) for pattern in dropped)]
    fields = headers.without(kept, "message-id", "return-path", "received", "delivered-to")
    from_ = headers.first(fields, "From")
    if from_ is None or not _may_use(person, from_):
        mine = headers.sender(person.name, person.email)
        fields = [mine, *headers.without(fields, "from")]
    if headers.first(fields, "Date") is None:
        fields.append(headers.field("Date", format_datetime(now)))
    trace = f"from the sandbox named unknown by gmailapi.example.com with HTTPREST; {format_datetime(now)}"
    return [headers.field("Received", trace), *fields, headers.field("Message-ID", message_id)]


def _may_use(person: Person, from_: Field) -> bool:
    try:
        mailboxes = from_.mailboxes
    except MalformedMessage:
        return False
    return len(mailboxes) == 1 and person.may_send_as(mailboxes[0].email)


def _inboxes(sandbox: Sandbox, envelope: Sequence[str]) -> dict[str, list[str]]:
    """Whose inbox gets a copy, and for which of the addresses."""
    found: dict[str, list[str]] = {}
    for address in dict.fromkeys(envelope):
        owner = sandbox.people.owner_of(address)
        found.setdefault(ELSEWHERE if owner is None else owner.email, []).append(address)
    return found


def _trace(person: Person, addresses: Sequence[str]) -> list[Field]:
    domain = person.email.partition("@")[2]
    return [
        *(headers.field("Delivered-To", address) for address in addresses),
        headers.field("Return-Path", f"<{person.email}>"),
        headers.field("Authentication-Results", f"mx.example.com; dmarc=pass header.from={domain}"),
    ]


def _own_thread(
    sandbox: Sandbox, person: Person, thread_id: str | None, subject: str, refs: Sequence[str]
) -> str | None:
    """Gmail keeps a message in the asked thread only if subject and references fit it."""
    if not thread_id:
        return None
    thread = sandbox.mailboxes.thread(person.email, thread_id)
    if not thread:
        raise not_found()
    wanted = headers.base_subject(subject)
    same_subject = any(headers.base_subject(one.subject) == wanted for one in thread)
    return thread_id if same_subject and any(one.message_id in refs for one in thread) else None


def _thread_of_answer(sandbox: Sandbox, account: str, subject: str, refs: Sequence[str]) -> str | None:
    if not refs:
        return None
    wanted = headers.base_subject(subject)
    answered = sandbox.mailboxes.by_message_ids(account, refs[-50:])
    return next((one.thread_id for one in answered if headers.base_subject(one.subject) == wanted), None)


def _copy(account: str, labels: tuple[str, ...], fields: Sequence[Field], parsed: Parsed, message_id: str) -> Copy:
    head = headers.block(fields)
    text = parts.plain_text(parts.read(head + parsed.preview))
    sender = headers.value(fields, "From")
    subject = headers.value(fields, "Subject")
    recipients = ", ".join(headers.value(fields, name) for name in ("To", "Cc", "Bcc") if headers.value(fields, name))
    everything = "\n".join((subject, sender, recipients, text))
    return Copy(
        account,
        labels,
        head,
        parsed.body,
        message_id,
        subject,
        sender,
        recipients,
        parts.snippet(text),
        (search.words(sender), search.words(recipients), search.words(subject), search.words(everything)),
    )


def _delivery(person: Person, parsed: Parsed, sent: Message, size: int) -> dict[str, Any]:
    """The ledger's record; headers and boundaries as the client sent them."""
    lists = {name: [m.email for m in headers.mailboxes(parsed.fields, name)] for name in ("to", "cc", "bcc")}
    return {
        "gmail_message_id": sent.id,
        "gmail_thread_id": sent.thread_id,
        "account": person.email,
        "at": datetime.fromtimestamp(sent.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "message_id_header": sent.message_id,
        "original_message_id": headers.value(parsed.fields, "Message-ID"),
        "boundary_marks": headers.boundaries(parsed.head + b"\n" + parsed.preview),
        "from": headers.value(parsed.fields, "From"),
        "subject": sent.subject,
        **lists,
        "sha256": parsed.sha256,
        "size": size,
        "x_headers": {one.name: one.value for one in parsed.fields if one.name.lower().startswith("x-")},
    }
