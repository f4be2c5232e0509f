"""Errors as RFC 9457 problem documents: the only place that knows which status a code has."""

import json
from typing import Any

from werkzeug.wrappers import Response

from functions.domain.errors import IntegrationError, MethodNotAllowed, SecretDisabled, Unavailable

STATUS = {
    "invalid_json": 400,
    "invalid_request": 400,
    "invalid_state": 400,
    "consent_denied": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "insufficient_permissions": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "reauth_required": 409,
    "wrong_account": 409,
    "conflict": 409,
    "idempotency_in_progress": 409,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "invalid_message": 422,
    "missing_variable": 422,
    "idempotency_mismatch": 422,
    "rate_limited": 429,
    "internal": 500,
    "gmail_rejected": 502,
    "invalid_credentials": 502,
    "unavailable": 503,
}


def told(error: IntegrationError) -> IntegrationError:
    """What callers hear. Which secret of which project it is that can't be read is for operators: that is logged."""
    return Unavailable() if isinstance(error, SecretDisabled) else error


def document(error: IntegrationError, request_id: str) -> dict[str, Any]:
    error = told(error)
    found: dict[str, Any] = {
        "type": f"urn:gmail-integration:problem:{error.code}",
        "title": error.title,
        "status": STATUS.get(error.code, 500),
        "code": error.code,
        "detail": error.detail,
        "remedy": error.remedy,
        "request_id": request_id,
    }
    if error.errors:
        found["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in error.errors]
    return found


def response(error: IntegrationError, request_id: str) -> Response:
    body = document(error, request_id)
    answer = Response(
        json.dumps(body, separators=(",", ":")), status=body["status"], content_type="application/problem+json"
    )
    if error.retry_after is not None or body["status"] in (429, 503):
        answer.headers["Retry-After"] = str(max(1, round(error.retry_after or 5)))
    if error.repeated:
        answer.headers["Idempotent-Response"] = "true"
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(error.allowed)
    if error.code == "unauthenticated":
        answer.headers["WWW-Authenticate"] = 'Bearer realm="gmail-integration"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
