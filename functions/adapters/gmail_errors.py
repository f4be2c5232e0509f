"""What Gmail's refusals mean: decided by reason, not by status alone."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from functions.adapters.http import Answer
from functions.domain.errors import (
    GmailRejected,
    InsufficientPermissions,
    IntegrationError,
    NotFound,
    RateLimited,
    ReauthRequired,
    Unavailable,
)

# https://developers.google.com/workspace/gmail/api/guides/handle-errors
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


def refusal(answer: Answer, now: datetime) -> IntegrationError:
    """What a 4xx answer of Gmail means."""
    reason, message = _reason(answer)
    if answer.status == 401:
        return ReauthRequired("Gmail did not accept the account's access token.")
    if reason in DAILY_LIMIT:
        wait = _wait(answer, message, now) or 3600.0
        return RateLimited(f"The account's daily limit is used up ({reason}).", retry_after=wait)
    if reason in THROTTLED or answer.status == 429:
        wait = _wait(answer, message, now) or 60.0
        return RateLimited(f"Gmail asks to slow down ({reason or 429}).", retry_after=wait)
    if reason in LACKS_SCOPE:
        return InsufficientPermissions("The account's grant lacks a permission this needs.")
    if answer.status == 404:
        return NotFound("Gmail does not have that message or thread.")
    detail = f"Gmail refused: {message or answer.status}" + (f" ({reason})" if reason else "")
    return GmailRejected(detail, reason=reason, remedy=REMEDIES.get(reason, ""))


def read_failure(answer: Answer, now: datetime) -> IntegrationError:
    """What an answer means that is no success, to a call which may be made again."""
    if answer.status >= 500:
        return Unavailable(f"Gmail answered {answer.status}.", retry_after=10)
    return refusal(answer, now)


def _wait(answer: Answer, message: str, now: datetime) -> float | None:
    """Seconds until Gmail will take more, as its header or its message says."""
    header = answer.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdigit():
        return float(min(int(header[:9]), 86_400))
    try:
        until = parsedate_to_datetime(header) if header else None
        if until is None and (match := _RETRY_AFTER.search(message)):
            until = datetime.fromisoformat(match[1].replace("Z", "+00:00"))
        if until is None:
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return min(max((until - now).total_seconds(), 1.0), 86_400.0)
    except (ValueError, OverflowError):  # the latter: of a year or an hour of twenty digits
        return None


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
