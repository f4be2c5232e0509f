"""What an outbound event says: small, without any body of a message. JSON values only; times are RFC 3339 in UTC."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.domain import times
from functions.domain.accounts import GmailAccount, problem
from functions.domain.events import Event
from functions.domain.messages import Address
from functions.domain.sends import WAITING, Send, Status

if TYPE_CHECKING:
    from functions.domain.triggers import Trigger

RECIPIENTS_SHOWN = 50  # of one send: receivers expect some 20 kB at most (Standard Webhooks, “Payload size”)
# What a bounce's or a reply's evidence says of its kind; the rest of it stands in the history.
_CLASSIFICATION = ("category", "action", "status", "diagnostic")


def text(event_type: str, at: datetime, data: dict[str, Any]) -> str:
    """The body as it is signed and sent."""
    body = {"type": event_type, "timestamp": times.text(at), "data": data}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def of_send(send: Send) -> dict[str, Any]:
    """`code` and `detail` say why a send failed, is unknown, was cancelled, or waits."""
    left = RECIPIENTS_SHOWN
    shown: dict[str, list[dict[str, str]]] = {}
    for name, people in (("to", send.to), ("cc", send.cc), ("bcc", send.bcc)):
        shown[name] = [_address(a) for a in people[:left]]
        left -= len(shown[name])
    code, detail = _why(send)
    return {
        "id": send.id,
        "status": send.status.value,
        "account": send.account,
        "from": _address(send.sender),
        **shown,
        "recipients": send.recipients,
        "subject": send.subject,
        "template": send.template,
        "trigger": send.trigger,
        "batch": send.batch,
        "tags": list(send.tags),
        "metadata": dict(send.metadata),
        "created_at": times.text(send.created_at),
        "send_at": times.text(send.send_at),
        "next_attempt_at": times.text(send.due_at) if send.status in WAITING else None,
        "sent_at": times.text(send.sent_at),
        "gmail_message_id": send.gmail_message_id,
        "gmail_thread_id": send.gmail_thread_id,
        "code": code or None,
        "detail": detail or None,
    }


def of_message(event: Event) -> dict[str, Any]:
    """`verdict` and `reason` are what we make of it: count the opens and clicks of verdict `human`."""
    return {
        "id": event.id,
        "send": event.send,
        "account": event.account,
        "recipient": event.recipient or None,
        "url": event.url or None,
        "verdict": event.verdict or None,
        "reason": event.reason or None,
        "classification": {k: event.evidence[k] for k in _CLASSIFICATION if event.evidence.get(k)} or None,
    }


def of_account(account: GmailAccount) -> dict[str, Any]:
    return {"id": account.id, "email": account.email, "name": account.name, "problem": problem(account)}


def of_trigger(trigger: "Trigger", reason: str, detail: str, delivery: str, send: str) -> dict[str, Any]:
    """`reason` and `detail` are the last failure's; `delivery` and `send` name it where there is one."""
    return {
        "id": trigger.id,
        "name": trigger.fields.name,
        "account": trigger.account,
        "failures": trigger.failures,
        "failing_since": times.text(trigger.failing_since),
        "reason": reason,
        "detail": detail,
        "delivery": delivery or None,
        "send": send or None,
    }


def _why(send: Send) -> tuple[str, str]:
    if send.status in WAITING or send.status is Status.CANCELLED:
        return send.waits_for, send.waits_detail
    if send.status is Status.SENT or not send.attempts:
        return "", ""
    return send.attempts[-1].code, send.attempts[-1].detail


def _address(found: Address) -> dict[str, str]:
    return {"email": found.email, "name": found.name} if found.name else {"email": found.email}
