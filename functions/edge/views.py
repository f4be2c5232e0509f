"""Records as the contract shows them."""

from datetime import UTC, datetime
from typing import Any

from functions.domain.accounts import GmailAccount, problem
from functions.domain.keys import ApiKey
from functions.domain.messages import Address
from functions.domain.sends import WAITING, Send
from functions.services.history import explanation
from functions.services.pacing import Capacity
from functions.services.sending import Preview, Receipt


def account(found: GmailAccount, *, is_default: bool) -> dict[str, Any]:
    """Never a token."""
    return {
        "id": found.id,
        "email": found.email,
        "name": found.name,
        "status": found.status.value,
        "scopes": list(found.scopes),
        "capabilities": {"send": found.can_send, "read": found.can_read},
        "is_default": is_default,
        "connected_at": time(found.connected_at),
        "last_sent_at": time(found.last_sent_at),
        "problem": problem(found),
    }


def account_detail(found: GmailAccount, capacity: Capacity, *, is_default: bool) -> dict[str, Any]:
    aliases = [
        {"email": a.email, "name": a.name, "is_primary": a.is_primary, "is_default": a.is_default}
        for a in found.aliases
        if a.verified
    ]
    left = {
        "sends_left_this_minute": capacity.sends_left_this_minute,
        "recipients_left_today": capacity.recipients_left_today,
        "quota_units_per_minute": capacity.limits.units_per_minute,
        "recipients_per_day": capacity.limits.recipients_per_day,
        "next_slot": time(capacity.next_slot),
        "reason": capacity.reason or None,
    }
    return {**account(found, is_default=is_default), "aliases": aliases, "capacity": left}


def receipt(found: Receipt) -> dict[str, Any]:
    body: dict[str, Any] = {"id": found.id, "status": found.status, "account": found.account}
    if found.gmail_message_id:
        body |= {
            "gmail_message_id": found.gmail_message_id,
            "gmail_thread_id": found.gmail_thread_id,
            "sent_at": time(found.sent_at),
        }
    if found.next_attempt_at:
        body["next_attempt_at"] = time(found.next_attempt_at)
    return body


def preview(found: Preview) -> dict[str, Any]:
    return {"mime": mime(b"".join(found.mime.blocks())), "size": found.mime.size}


def mime(raw: bytes) -> str:
    """Ours is ASCII throughout; what Gmail gives back may have 8-bit bodies, and keeps every byte this way."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def send(found: Send) -> dict[str, Any]:
    return {
        "id": found.id,
        "status": found.status.value,
        "account": found.account,
        "from": address(found.sender),
        "to": [address(a) for a in found.to],
        "cc": [address(a) for a in found.cc],
        "bcc": [address(a) for a in found.bcc],
        "reply_to": [address(a) for a in found.reply_to],
        "subject": found.subject,
        "template": found.template,
        "trigger": found.trigger,
        "tags": list(found.tags),
        "metadata": found.metadata,
        "attachments": [
            {"filename": a.filename, "content_type": a.content_type, "size": a.size, "sha256": a.sha256}
            for a in found.attachments
        ],
        "size": found.size,
        "in_reply_to_send": found.in_reply_to_send,
        "resend_of": found.resend_of,
        "resent_as": found.resent_as,
        "next_attempt_at": time(found.due_at) if found.status in WAITING else None,
        "created_at": time(found.created_at),
        "send_at": time(found.send_at),
        "sent_at": time(found.sent_at),
        "attempts": [
            {"at": time(a.at), "outcome": a.outcome, "code": a.code or None, "detail": a.detail or None}
            for a in found.attempts
        ],
        "gmail_message_id": found.gmail_message_id,
        "gmail_thread_id": found.gmail_thread_id,
        "counts": {
            "opens": found.counts.opens,
            "clicks": found.counts.clicks,
            "replies": found.counts.replies,
            "bounces": found.counts.bounces,
        },
        "events": [],
        "explanation": explanation(found),
    }


def key(found: ApiKey) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "scopes": list(found.scopes),
        "accounts": None if found.accounts is None else list(found.accounts),
        "created_at": time(found.created_at),
        "last_used_at": time(found.last_used_at),
        "expires_at": time(found.expires_at),
    }


def address(found: Address) -> dict[str, str]:
    return {"email": found.email, "name": found.name} if found.name else {"email": found.email}


def time(value: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return None if value is None else value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
