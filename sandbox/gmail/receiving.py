"""Putting a message into the mailboxes of those whom it reaches."""

import secrets
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.gmail import headers, parts, search
from sandbox.gmail.headers import Field, MalformedMessage
from sandbox.gmail.messages import Copy, Message
from sandbox.gmail.parsing import Parsed, Upload, parse
from sandbox.people import ELSEWHERE
from sandbox.robots import WITHOUT_INBOX, robot
from sandbox.state import Sandbox


@dataclass(frozen=True)
class Envelope:
    """What mail servers know beside the message. `return_path` is empty for what machines answer (RFC 3834 §3.3);
    `results` is what Gmail found of SPF, DKIM and DMARC."""

    recipients: Sequence[str]
    return_path: str
    results: str


def honest_results(sender: str) -> str:
    """What Gmail finds of mail that comes from where it says."""
    domain = sender.rpartition("@")[2]
    return (
        f"dkim=pass header.i=@{domain} header.s=sandbox; spf=pass smtp.mailfrom={sender};"
        f" dmarc=pass (p=NONE sp=NONE dis=NONE) header.from={domain}"
    )


def receive(
    sandbox: Sandbox, raw: bytes, envelope: Envelope, threads: Mapping[str, str], keep_for: str | None = None
) -> dict[str, Message]:
    """Delivers what a reader or a mail server wrote; the copies by account. `threads` names the thread in a mailbox,
    `keep_for` the account that keeps a Sent copy. Raises MalformedMessage, having stored nothing."""
    path = sandbox.store.mail / f"{secrets.token_hex(12)}.eml"
    path.write_bytes(raw)
    try:
        parsed = parse(Upload(path, 0, len(raw)))
        with sandbox.store.transaction() as connection:
            return distribute(
                sandbox, connection, parsed, parsed.fields, envelope, threads, keep_for, visible_at=time.time()
            )
    except MalformedMessage:
        path.unlink()
        raise


def distribute(
    sandbox: Sandbox,
    connection: sqlite3.Connection,
    parsed: Parsed,
    fields: Sequence[Field],
    envelope: Envelope,
    threads: Mapping[str, str],
    keep_for: str | None,
    *,
    visible_at: float,
) -> dict[str, Message]:
    """Within the caller's transaction: the Sent copy and one for each inbox, by account."""
    inboxes = _inboxes(sandbox, envelope.recipients)
    copies: dict[str, Copy] = {}
    for account, addresses in inboxes.items():
        received = [*_trace(envelope, addresses), *headers.without(fields, "bcc")]
        copies[account] = _copy(account, ("UNREAD", "INBOX"), received, parsed)
    if keep_for is not None:
        labels = ("UNREAD", "SENT", "INBOX") if keep_for in inboxes else ("SENT",)
        copies = {keep_for: _copy(keep_for, labels, fields, parsed), **_others(copies, keep_for)}
    return {
        account: sandbox.mailboxes.add(
            connection, copy, threads.get(account) or _thread_of_answer(sandbox, copy, keep_for, fields), visible_at
        )
        for account, copy in copies.items()
    }


def _others(copies: dict[str, Copy], account: str) -> dict[str, Copy]:
    return {other: copy for other, copy in copies.items() if other != account}


def _inboxes(sandbox: Sandbox, recipients: Sequence[str]) -> dict[str, list[str]]:
    """Whose inbox gets a copy, and for which of the addresses."""
    found: dict[str, list[str]] = {}
    for address in dict.fromkeys(recipients):
        if robot(sandbox.people, address) in WITHOUT_INBOX:
            continue
        owner = sandbox.people.owner_of(address)
        found.setdefault(ELSEWHERE if owner is None else owner.email, []).append(address)
    return found


def _trace(envelope: Envelope, addresses: Sequence[str]) -> list[Field]:
    return [
        *(headers.field("Delivered-To", address) for address in addresses),
        headers.field("Return-Path", f"<{envelope.return_path}>"),
        headers.field("Authentication-Results", f"mx.google.com; {envelope.results}"),
    ]


def _thread_of_answer(sandbox: Sandbox, copy: Copy, keep_for: str | None, fields: Sequence[Field]) -> str | None:
    """Where the references lead. For the sender's own copy the API asks for the thread, or wants a new one."""
    refs = headers.referenced(fields)
    if not refs or copy.account == keep_for:
        return None
    wanted = headers.base_subject(copy.subject)
    answered = sandbox.mailboxes.by_message_ids(copy.account, refs[-50:])
    return next((one.thread_id for one in answered if headers.base_subject(one.subject) == wanted), None)


def _copy(account: str, labels: tuple[str, ...], fields: Sequence[Field], parsed: Parsed) -> Copy:
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
        headers.value(fields, "Message-ID"),
        subject,
        sender,
        recipients,
        parts.snippet(text),
        (search.words(sender), search.words(recipients), search.words(subject), search.words(everything)),
    )
