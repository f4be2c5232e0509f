"""Accepting a message as Gmail does, and delivering it at once."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from fnmatch import fnmatchcase
from typing import Any

from sandbox.control.faults import Action
from sandbox.errors import invalid_argument, not_found
from sandbox.gmail import headers
from sandbox.gmail.headers import Field, MalformedMessage
from sandbox.gmail.messages import Message
from sandbox.gmail.parsing import Parsed, Upload, parse
from sandbox.gmail.receiving import Envelope, distribute, honest_results
from sandbox.people import Person
from sandbox.state import Sandbox

MAX_RECIPIENTS = 500


def deliver(sandbox: Sandbox, person: Person, upload: Upload, thread_id: str | None, fault: Action) -> Message:
    """Stores the Sent copy and the recipients' copies. Raises GoogleError, having stored nothing."""
    try:
        parsed = parse(upload)
        recipients = [mailbox.email.lower() for mailbox in headers.mailboxes(parsed.fields, "To", "Cc", "Bcc")]
    except MalformedMessage as exc:
        raise invalid_argument(str(exc)) from exc
    if not recipients:
        raise invalid_argument("Recipient address required")
    if len(recipients) > MAX_RECIPIENTS:
        raise invalid_argument("Too many recipients")
    fields = _as_gmail_keeps(parsed.fields, person, fault.drop_headers)
    asked = _own_thread(sandbox, person, thread_id, fields)
    threads = {} if asked is None else {person.email: asked}
    envelope = Envelope(recipients, person.email, honest_results(person.email))
    visible_at = time.time() + fault.index_lag
    with sandbox.store.transaction() as connection:
        stored = distribute(sandbox, connection, parsed, fields, envelope, threads, person.email, visible_at=visible_at)
        sent = stored[person.email]
        sandbox.ledger.record(_delivery(person, parsed, sent, upload.size))
    return sent


def _as_gmail_keeps(given: Sequence[Field], person: Person, dropped: Sequence[str]) -> list[Field]:
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
    assigned = headers.field("Message-ID", headers.new_message_id())
    return [headers.field("Received", trace), *fields, assigned]


def _may_use(person: Person, from_: Field) -> bool:
    try:
        mailboxes = from_.mailboxes
    except MalformedMessage:
        return False
    return len(mailboxes) == 1 and person.may_send_as(mailboxes[0].email)


def _own_thread(sandbox: Sandbox, person: Person, thread_id: str | None, fields: Sequence[Field]) -> str | None:
    """Gmail keeps a message in the asked thread only if subject and references fit it."""
    if not thread_id:
        return None
    thread = sandbox.mailboxes.thread(person.email, thread_id)
    if not thread:
        raise not_found()
    wanted, refs = headers.base_subject(headers.value(fields, "Subject")), headers.referenced(fields)
    same_subject = any(headers.base_subject(one.subject) == wanted for one in thread)
    return thread_id if same_subject and any(one.message_id in refs for one in thread) else None


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
