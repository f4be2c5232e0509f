"""Gmail, as one account sees it. Sends go out through our own connections, reads through google-api-python-client."""

import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from functions.adapters.http import Answer, Http, RequestFailed
from functions.domain.errors import (
    GmailRejected,
    InsufficientPermissions,
    IntegrationError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    ReauthRequired,
    Unavailable,
)
from functions.domain.ports import Alias, Clock, SentMessage, Upload

R = TypeVar("R")

# An answer later than this is taken for lost. A send's lease (domain/sends.py) is longer than all of it.
SEND_TIMEOUT = 90.0  # seconds
READ_TIMEOUT = 20.0  # seconds

# Reasons, not statuses, decide. https://developers.google.com/workspace/gmail/api/guides/handle-errors
THROTTLED = {"rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED", "concurrentLimitExceeded"}
DAILY_LIMIT = {"dailyLimitExceeded", "quotaExceeded", "dailyLimitExceededUnreg"}
LACKS_SCOPE = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
REMEDIES = {
    "domainPolicy": "Ask the Google Workspace administrator to allow the Gmail API for this account.",
    "failedPrecondition": "Check that Gmail is switched on for this Google account.",
    "invalidArgument": "Check the recipients' addresses and the message's format.",
    "accessNotConfigured": "Enable the Gmail API in the Google Cloud project of the OAuth client.",
}
_RETRY_AFTER = re.compile(r"[Rr]etry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)")


class GmailService:
    """`url` is the API's root, such as https://gmail.googleapis.com."""

    def __init__(self, http: Http, url: str, clock: Clock) -> None:
        self._http = http
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._client: Any = None

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
        raise self._refusal(answer)

    def headers(self, token: str, message_id: str, names: Sequence[str]) -> dict[str, str]:
        return self._call(
            token,
            lambda users: users.messages().get(
                userId="me", id=message_id, format="metadata", metadataHeaders=list(names)
            ),
            lambda found: {h["name"].lower(): h["value"] for h in found.get("payload", {}).get("headers", ())},
        )

    def raw(self, token: str, message_id: str) -> bytes:
        import base64

        return self._call(
            token,
            lambda users: users.messages().get(userId="me", id=message_id, format="raw"),
            lambda found: base64.urlsafe_b64decode(found["raw"] + "=="),
        )

    def aliases(self, token: str) -> list[Alias]:
        return self._call(
            token,
            lambda users: users.settings().sendAs().list(userId="me"),
            lambda found: [_alias(a) for a in found.get("sendAs", ())],
        )

    def profile(self, token: str) -> dict[str, Any]:
        return self._call(token, lambda users: users.getProfile(userId="me"), dict)

    def _call(self, token: str, method: Any, read: Callable[[dict[str, Any]], R]) -> R:
        """What `read` makes of the answer to one read through the official client.

        Raises what `_refusal` makes; Unavailable.
        """
        from googleapiclient.errors import HttpError

        request = method(self._users())
        request.headers["authorization"] = f"Bearer {token}"
        try:
            return read(request.execute(num_retries=0))
        except HttpError as exc:
            answer = Answer(int(exc.resp.status), dict(exc.resp), exc.content)
            if answer.status >= 500:
                raise Unavailable(f"Gmail answered {answer.status}.", retry_after=10) from exc
            raise self._refusal(answer) from exc
        except RequestFailed as exc:
            raise Unavailable(f"Gmail can't be reached ({exc}).", retry_after=10) from exc
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise Unavailable("Gmail's answer can't be read.", retry_after=10) from exc

    def _users(self) -> Any:
        with self._lock:
            if self._client is None:
                from googleapiclient.discovery import build

                self._client = build(
                    "gmail",
                    "v1",
                    http=_Transport(self._http),
                    static_discovery=True,
                    client_options={"api_endpoint": self._url},
                )
            return self._client.users()

    def _refusal(self, answer: Answer) -> IntegrationError:
        reason, message = _reason(answer)
        if answer.status == 401:
            return ReauthRequired("Gmail did not accept the account's access token.")
        if reason in DAILY_LIMIT:
            wait = self._wait(answer, message) or 3600.0
            return RateLimited(f"The account's daily limit is used up ({reason}).", retry_after=wait)
        if reason in THROTTLED or answer.status == 429:
            wait = self._wait(answer, message) or 60.0
            return RateLimited(f"Gmail asks to slow down ({reason or 429}).", retry_after=wait)
        if reason in LACKS_SCOPE:
            return InsufficientPermissions("The account's grant lacks a permission this needs.")
        if answer.status == 404:
            return NotFound("Gmail does not have that message or thread.")
        detail = f"Gmail refused: {message or answer.status}" + (f" ({reason})" if reason else "")
        return GmailRejected(detail, reason=reason, remedy=REMEDIES.get(reason, ""))

    def _wait(self, answer: Answer, message: str) -> float | None:
        """Seconds until Gmail will take more, as its header or its message says."""
        now = self._clock()
        header = answer.headers.get("retry-after", "").strip()
        if header.isascii() and header.isdigit():
            return float(min(int(header), 86_400))
        try:
            until = parsedate_to_datetime(header) if header else None
            if until is None and (match := _RETRY_AFTER.search(message)):
                until = datetime.fromisoformat(match[1].replace("Z", "+00:00"))
        except ValueError:
            return None
        if until is None:
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return min(max((until - now).total_seconds(), 1.0), 86_400.0)


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


def _alias(found: dict[str, Any]) -> Alias:
    return Alias(
        email=found["sendAsEmail"],
        name=found.get("displayName", ""),
        is_primary=found.get("isPrimary", False),
        is_default=found.get("isDefault", False),
        # The primary address and those of the same domain carry no status, and are usable.
        verified=found.get("verificationStatus", "accepted") == "accepted",
        reply_to=found.get("replyToAddress", ""),
        signature=found.get("signature", ""),
    )


def _sent(answer: Answer) -> SentMessage:
    try:
        found = answer.json()
        return SentMessage(str(found["id"]), str(found["threadId"]))
    except (ValueError, KeyError, TypeError) as exc:
        raise OutcomeUnknown("Gmail accepted the call, but its answer can't be read.") from exc


def _reason(answer: Answer) -> tuple[str, str]:
    """Google's machine-readable reason and its message; empty where the body is not Google's error JSON."""
    try:
        error = answer.json()["error"]
        message = str(error.get("message", ""))[:300]
        entries = [e for e in error.get("errors", ()) if isinstance(e, dict)]
        details = [d for d in error.get("details", ()) if isinstance(d, dict)]
        reasons = [str(e["reason"]) for e in (*entries, *details) if e.get("reason")]
        return (reasons[0] if reasons else str(error.get("status", ""))), message
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""


class _Transport:
    """What google-api-python-client takes for httplib2, on our own connections: one CA store, no hidden replays."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: dict[str, str] | None = None,
        **_: Any,
    ) -> tuple[Any, bytes]:
        import httplib2

        data = body.encode() if isinstance(body, str) else body or b""
        kept = {k: v for k, v in (headers or {}).items() if k.lower() not in ("accept-encoding", "content-length")}
        answer = self._http.request(method, uri, headers=kept, body=data, timeout=READ_TIMEOUT)
        return httplib2.Response({"status": str(answer.status), **answer.headers}), answer.body
