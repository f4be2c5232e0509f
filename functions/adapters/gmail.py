"""Gmail, as one account sees it. Sends go out through our own connections, which post once and no more."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

from functions.adapters.gmail_errors import refusal
from functions.adapters.gmail_mailbox import GmailMailbox
from functions.adapters.http import Answer, RequestFailed
from functions.domain.errors import OutcomeUnknown, Unavailable
from functions.domain.google_ports import SentMessage, Upload

# An answer later than this is taken for lost. A send's lease (domain/sends.py) is longer than all of it.
SEND_TIMEOUT = 90.0  # seconds


class GmailService(GmailMailbox):
    """`url` is the API's root, such as https://gmail.googleapis.com."""

    def send(self, token: str, message: Upload, thread_id: str | None = None) -> SentMessage:
        content_type, size, blocks = _upload(message, thread_id)
        kind = "multipart" if thread_id else "media"
        try:
            answer = self._http.request(
                "POST",
                f"{self._url}/upload/gmail/v1/users/me/messages/send?uploadType={kind}",
                headers={"Authorization": f"Bearer {token}", "Content-Type": content_type},
                body=blocks,
                size=size,
                timeout=SEND_TIMEOUT,
            )
        except RequestFailed as exc:
            if exc.body_begun:
                raise OutcomeUnknown(f"The connection to Gmail broke before it answered ({exc}).") from exc
            raise Unavailable(f"Gmail can't be reached ({exc}).", retry_after=10) from exc
        if answer.status in (200, 201):
            return _sent(answer)
        if answer.status >= 500 or answer.status < 400 or answer.status == 408:
            # Google's front end may say 5xx although the message went out.
            raise OutcomeUnknown(f"Gmail answered {answer.status}, which does not say whether the message went out.")
        raise refusal(answer, self._clock())


def _upload(message: Upload, thread_id: str | None) -> tuple[str, int, Any]:
    """(content type, size, blocks) of the upload. A thread id needs a JSON part beside the message."""
    if thread_id is None:
        return "message/rfc822", message.size, message.blocks
    boundary = f"upload_{secrets.token_hex(16)}"  # nothing a message's author writes can be this
    head = (
        f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
        f"{json.dumps({'threadId': thread_id})}\r\n--{boundary}\r\nContent-Type: message/rfc822\r\n\r\n"
    ).encode("ascii")
    tail = f"\r\n--{boundary}--\r\n".encode("ascii")

    def blocks() -> Iterator[bytes]:
        yield head
        yield from message.blocks()
        yield tail

    return f'multipart/related; boundary="{boundary}"', len(head) + message.size + len(tail), blocks


def _sent(answer: Answer) -> SentMessage:
    try:
        found = answer.json()
        return SentMessage(str(found["id"]), str(found["threadId"]))
    except (ValueError, KeyError, TypeError) as exc:
        raise OutcomeUnknown("Gmail accepted the call, but its answer can't be read.") from exc
