"""The record of a send, as it is when it is accepted."""

from datetime import datetime, timedelta

from functions.domain import search, sends
from functions.domain.mime import Mime
from functions.domain.records import replace
from functions.domain.sends import AttachmentInfo, Send, Status
from functions.services.composing import Draft
from functions.services.personalising import Personal


def accepted(
    send_id: str,
    draft: Draft,
    personal: Personal,
    mime: Mime,
    now: datetime,
    *,
    send_at: datetime | None,
    fingerprint: str = "",
    batch: str | None = None,
) -> Send:
    """In the queue, or scheduled for `send_at`."""
    account, request, message = draft.account, draft.request, personal.message
    send = Send(
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
        tags=request.tags,
        metadata=dict(request.metadata),
        batch=batch,
        send_at=send_at,
        in_reply_to_send=request.in_reply_to_send,
        if_unknown=request.if_unknown,
        cancel_if=request.cancel_if,
        fingerprint=fingerprint,
        transactional=request.transactional,
    )
    return sends.accept(composed(send, draft, personal, mime), now)


def composed(send: Send, draft: Draft, personal: Personal, mime: Mime) -> Send:
    """With what its message, now that there is one, says of it."""
    message = personal.message
    return replace(
        send,
        sender=message.sender,
        subject=message.subject,
        attachments=tuple(
            AttachmentInfo(a.filename, a.content_type, a.size, a.sha256, a.content_id) for a in message.attachments
        ),
        size=mime.size,
        labels=search.labels(message.subject, (*message.to, *message.cc, *message.bcc), send.tags),
        # One that is written where it is used has no id.
        template=draft.template.template or None if draft.template else None,
        template_version=draft.template.version or None if draft.template else None,
        track_opens=personal.opens,
        track_clicks=personal.clicks,
        unsubscribe=bool(message.unsubscribe),
        composed=True,
    )


def message_id(send_id: str, draft: Draft) -> str:
    """Gmail replaces it; a mailbox that is read over other ways shows ours."""
    return f"<{send_id}@{draft.account.email.rpartition('@')[2]}>"


def expires(send: Send, kept_for: timedelta) -> datetime:
    """When the content of a send is no longer kept. Spread over a day by the send's id, which is random: an index of
    ever later times is written at its end only, and that end is one machine's."""
    spread = timedelta(seconds=int(send.id[-3:], 36) % 86_400 if send.id[-3:].isalnum() else 0)
    return max(send.created_at, send.send_at or send.created_at) + kept_for + spread


def skipped(send: Send, reason: str) -> Send:
    """Accepted, and not to be sent: on record with the reason."""
    return replace(sends.cancel(send, reason), answered=Status.CANCELLED)
