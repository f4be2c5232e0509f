"""Sends and batches as the history shows them, their counts, and how long what belongs to them is kept."""

from collections.abc import Sequence
from typing import Any

from functions.domain import times
from functions.domain.events import Event
from functions.domain.explaining import explanation
from functions.domain.owners import OwnerSettings
from functions.domain.sends import WAITING, Send
from functions.edge import views
from functions.services.history import BatchView
from functions.services.statistics import Row


def event(found: Event) -> dict[str, Any]:
    return {
        "id": found.id,
        "type": found.type,
        "at": times.text(found.at),
        "recipient": found.recipient or None,
        "url": found.url or None,
        "verdict": found.verdict or None,
        "reason": found.reason or None,
        "evidence": found.evidence or None,
    }


def statistic(found: Row) -> dict[str, Any]:
    return {"key": found.key, "sends": found.sends, "statuses": dict(found.statuses), "events": dict(found.events)}


def send(found: Send, events: Sequence[Event] = ()) -> dict[str, Any]:
    """`events` are shown with a single send only: in a list they would cost a query each."""
    return {
        "id": found.id,
        "status": found.status.value,
        "account": found.account,
        "from": views.address(found.sender),
        "to": [views.address(a) for a in found.to],
        "cc": [views.address(a) for a in found.cc],
        "bcc": [views.address(a) for a in found.bcc],
        "reply_to": [views.address(a) for a in found.reply_to],
        "subject": found.subject,
        "template": found.template,
        "template_version": found.template_version,
        "trigger": found.trigger,
        "batch": found.batch,
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
        "next_attempt_at": times.text(found.due_at) if found.status in WAITING else None,
        "created_at": times.text(found.created_at),
        "send_at": times.text(found.send_at),
        "sent_at": times.text(found.sent_at),
        "attempts": [
            {"at": times.text(a.at), "outcome": a.outcome, "code": a.code or None, "detail": a.detail or None}
            for a in found.attempts
        ],
        "gmail_message_id": found.gmail_message_id,
        "gmail_thread_id": found.gmail_thread_id,
        "counts": {
            "opens": found.opens,
            "clicks": found.clicks,
            "replies": found.replies,
            "bounces": found.bounces,
        },
        "totals": {"opens": found.all_opens, "clicks": found.all_clicks},
        "events": [event(e) for e in events],
        "explanation": explanation(found),
    }


EXPORTED = (
    "id", "status", "account", "from", "to", "cc", "bcc", "subject", "template", "trigger", "batch", "tags",
    "created_at", "send_at", "sent_at", "opens", "clicks", "replies", "bounces", "gmail_message_id", "explanation",
)  # fmt: skip


def exported(found: Send) -> dict[str, Any]:
    """A row of a table: addresses are words of one cell."""
    row = send(found)
    emails = {name: [a["email"] for a in row[name]] for name in ("to", "cc", "bcc")}
    return {**row, **row["counts"], **emails, "from": row["from"]["email"]}


def batch(found: BatchView) -> dict[str, Any]:
    return {
        "batch": found.batch.id,
        "account": found.batch.account,
        "created_at": times.text(found.batch.created_at),
        "total": len(found.batch.sends),
        "counts": dict(found.counts),
    }


def retention(found: OwnerSettings) -> dict[str, Any]:
    return {"content_days": found.content_days, "event_days": found.event_days}
