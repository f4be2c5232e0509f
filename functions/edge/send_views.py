"""The bodies of the answers to a send, a batch and a dry run."""

from typing import Any

from functions.domain import times
from functions.edge import views
from functions.services.merging import BatchPreview
from functions.services.receipts import BatchReceipt, Receipt
from functions.services.sending import Preview


def receipt(found: Receipt) -> dict[str, Any]:
    body: dict[str, Any] = {"id": found.id, "status": found.status, "account": found.account}
    if found.gmail_message_id:
        body |= {
            "gmail_message_id": found.gmail_message_id,
            "gmail_thread_id": found.gmail_thread_id,
            "sent_at": times.text(found.sent_at),
        }
    if found.next_attempt_at:
        body["next_attempt_at"] = times.text(found.next_attempt_at)
    return body


def accepted(found: Receipt | BatchReceipt) -> dict[str, Any]:
    return batch_receipt(found) if isinstance(found, BatchReceipt) else receipt(found)


def batch_receipt(found: BatchReceipt) -> dict[str, Any]:
    return {"batch": found.id, "sends": [{"id": s.id, "status": s.status, "to": s.to} for s in found.sends]}


def preview(found: Preview | BatchPreview) -> dict[str, Any]:
    """Of a batch, the first recipient's message."""
    body = {"mime": views.mime(b"".join(found.mime.blocks())), "size": found.mime.size}
    return body | {"recipients": found.count} if isinstance(found, BatchPreview) else body
