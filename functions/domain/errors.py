"""Everything that can go wrong, in the product's own words. Only the edge knows which HTTP status a code has.

IntegrationError
├── InvalidJson                 invalid_json
├── InvalidRequest              invalid_request         (with errors)
├── InvalidMessage              invalid_message         (with errors)
├── InvalidState                invalid_state
├── ConsentDenied               consent_denied
├── Unauthenticated             unauthenticated
├── Forbidden                   forbidden
├── InsufficientPermissions     insufficient_permissions
├── NotFound                    not_found
├── MethodNotAllowed            method_not_allowed
├── PayloadTooLarge             payload_too_large
├── UnsupportedMediaType        unsupported_media_type
├── ReauthRequired              reauth_required
├── WrongAccount                wrong_account
├── Conflict                    conflict
├── IdempotencyInProgress       idempotency_in_progress
├── IdempotencyMismatch         idempotency_mismatch
├── MissingVariable             missing_variable
├── InvalidCredentials          invalid_credentials
├── RateLimited                 rate_limited            retryable
├── GmailRejected               gmail_rejected
├── Unavailable                 unavailable             retryable
│   └── SecretDisabled          unavailable             retryable
└── OutcomeUnknown              unknown                 (never an answer: the send is recorded as unknown)

PreconditionFailed, BlobMissing, SecretMissing: raised by stores, handled by services
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: `pointer` is an RFC 6901 JSON pointer into the request."""

    pointer: str
    detail: str


class IntegrationError(Exception):
    """`detail` says what happened; `remedy` what to do about it. Neither ever holds a secret, a token or a trace."""

    code = "internal"
    title = "Something went wrong on our side"
    remedy = "Try again; if it happens again, report the request_id."
    retryable = False

    def __init__(
        self,
        detail: str = "",
        *,
        remedy: str = "",
        errors: Sequence[FieldError] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.remedy = remedy or self.remedy
        self.errors = tuple(errors)
        self.retry_after = retry_after  # seconds
        self.repeated = False  # the first answer to an Idempotency-Key, again


class InvalidJson(IntegrationError):
    code = "invalid_json"
    title = "The body is not valid JSON"
    remedy = "Send one JSON object encoded as UTF-8."


class InvalidRequest(IntegrationError):
    code = "invalid_request"
    title = "The request is not valid"
    remedy = "Correct what `detail` and `errors` name, and call again."


class InvalidMessage(IntegrationError):
    code = "invalid_message"
    title = "The message can't be sent as it is"
    remedy = "Correct the fields named in `errors`, and call again."


class InvalidState(IntegrationError):
    code = "invalid_state"
    title = "This sign-in link is not valid any more"
    remedy = "Start again from the application: a link works once, for ten minutes, in the browser that asked for it."


class ConsentDenied(IntegrationError):
    code = "consent_denied"
    title = "Access was not granted"
    remedy = "Connect again, and allow access on Google's page."


class Unauthenticated(IntegrationError):
    code = "unauthenticated"
    title = "Who is calling is not known"
    remedy = "Send `Authorization: Bearer <API key or ID token>` with a key or token that is valid and has not expired."


class Forbidden(IntegrationError):
    code = "forbidden"
    title = "This caller may not do that"
    remedy = "Use a key with the scope that `detail` names, or sign in as a user."


class InsufficientPermissions(IntegrationError):
    code = "insufficient_permissions"
    title = "The Google account did not grant what this needs"
    remedy = "Reconnect the account, and leave every permission ticked on Google's page."


class NotFound(IntegrationError):
    code = "not_found"
    title = "There is nothing here"
    remedy = "Check the id and the path."


class MethodNotAllowed(IntegrationError):
    code = "method_not_allowed"
    title = "This path does not take that method"
    remedy = "Use one of the methods in the Allow header."

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"Allowed here: {', '.join(allowed)}.")
        self.allowed = tuple(allowed)


class PayloadTooLarge(IntegrationError):
    code = "payload_too_large"
    title = "The request is too large"
    remedy = "Make the body smaller; see `detail` for the limit."


class UnsupportedMediaType(IntegrationError):
    code = "unsupported_media_type"
    title = "The body's content type is not one this path takes"
    remedy = "Set Content-Type to one of those named in `detail`."


class ReauthRequired(IntegrationError):
    code = "reauth_required"
    title = "Google no longer accepts this account's grant"
    remedy = "Reconnect the account: GET /api/gmail/authorize/ and allow access again."


class WrongAccount(IntegrationError):
    code = "wrong_account"
    title = "Another Google account than the expected one was chosen"
    remedy = "Connect again, and choose the expected account on Google's page."


class Conflict(IntegrationError):
    code = "conflict"
    title = "The record has changed meanwhile"
    remedy = "Read it again, and repeat the change if it is still wanted."


class IdempotencyInProgress(IntegrationError):
    code = "idempotency_in_progress"
    title = "A request with this Idempotency-Key is still running"
    remedy = "Wait a few seconds and repeat the same request."


class IdempotencyMismatch(IntegrationError):
    code = "idempotency_mismatch"
    title = "This Idempotency-Key was used with another body"
    remedy = "Use a new key for a new message, or repeat the first body exactly."


class MissingVariable(IntegrationError):
    code = "missing_variable"
    title = "The template needs a variable that was not given"
    remedy = "Give every required variable that the template declares."


class InvalidCredentials(IntegrationError):
    code = "invalid_credentials"
    title = "Google refused the OAuth client"
    remedy = "Check GMAIL_CLIENT_ID, GMAIL_CLIENT_SECRET and the redirect URI in the Google Cloud console."


class RateLimited(IntegrationError):
    code = "rate_limited"
    title = "Too many requests"
    remedy = "Wait as long as Retry-After says, and call again."
    retryable = True


class GmailRejected(IntegrationError):
    """Gmail said no for good: `reason` is Gmail's own word for it."""

    code = "gmail_rejected"
    title = "Gmail did not accept this"
    remedy = "See `detail` for Gmail's reason; change the message or the account's settings."

    def __init__(self, detail: str = "", *, reason: str = "", remedy: str = "") -> None:
        super().__init__(detail, remedy=remedy)
        self.reason = reason


class Unavailable(IntegrationError):
    """A service we depend on did not do what was asked, and certainly did not do it."""

    code = "unavailable"
    title = "A service this depends on is not available"
    remedy = "Wait as long as Retry-After says, and call again."
    retryable = True


class SecretDisabled(Unavailable):
    """A version of a secret that is disabled: whoever did that can enable it again, so nothing is lost by it."""


class OutcomeUnknown(IntegrationError):
    """The message may or may not have gone out. Whoever sees this must not send again."""

    code = "unknown"
    title = "Gmail's answer was lost"
    remedy = "Look into the account's Sent folder; send again only if the message is not there."


class PreconditionFailed(Exception):
    """A commit's precondition did not hold; nothing of the commit was written."""


class BlobMissing(Exception):
    """No blob has this name."""


class SecretMissing(Exception):
    """No secret has this name, or it has no such version (any more)."""


def recall(code: str, detail: str, remedy: str, *, repeated: bool) -> IntegrationError:
    """The error that was recorded. `repeated`: it is the first answer to an Idempotency-Key, again."""
    kind = next((k for k in IntegrationError.__subclasses__() if k.code == code), IntegrationError)
    error = kind.__new__(kind)
    IntegrationError.__init__(error, detail, remedy=remedy)
    error.repeated = repeated
    return error
