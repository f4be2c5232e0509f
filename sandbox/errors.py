"""Errors in the shapes Google answers them.

GoogleError  APIs: {"error": {"code", "message", "errors": [{"message", "domain", "reason"}], "status"}}
OAuthError   token and revoke endpoints: {"error", "error_description"} (RFC 6749 §5.2)
"""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}

UNAUTHENTICATED = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid"
    " authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class GoogleError(Exception):
    """`detail` is the text within `errors` where it differs from `message`; `details` the google.rpc error details."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        detail: str | None = None,
        status: str | None = None,
        headers: Mapping[str, str] | None = None,
        details: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.detail = detail or message
        self.status = status or STATUSES.get(code)
        self.headers = dict(headers or {})
        self.details = details

    def response(self) -> Response:
        entry = {"message": self.detail, "domain": "global", "reason": self.reason}
        headers = self.headers
        if self.code == 401:
            entry |= {"location": "Authorization", "locationType": "header"}
            headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"', **headers}
        error: dict[str, Any] = {"code": self.code, "message": self.message, "errors": [entry]}
        if self.status:
            error["status"] = self.status
        if self.details:
            error["details"] = self.details
        response = jsonify({"error": error})
        response.status_code = self.code
        response.headers.update(headers)
        return response


class OAuthError(Exception):
    def __init__(self, code: int, error: str, description: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self.code = code
        self.error = error
        self.description = description
        self.headers = dict(headers or {})

    def response(self) -> Response:
        body = {"error": self.error}
        if self.description:
            body["error_description"] = self.description
        response = jsonify(body)
        response.status_code = self.code
        response.headers.update(self.headers)
        return response


def invalid_argument(message: str) -> GoogleError:
    return GoogleError(400, "invalidArgument", message)


def not_found() -> GoogleError:
    return GoogleError(404, "notFound", "Requested entity was not found.")


def invalid_credentials() -> GoogleError:
    return GoogleError(401, "authError", UNAUTHENTICATED, detail="Invalid Credentials")


def insufficient_scopes() -> GoogleError:
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "domain": "googleapis.com",
        "metadata": {"service": "gmail.googleapis.com"},
    }
    return GoogleError(
        403,
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
        detail="Insufficient Permission",
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"'},
        details=[info],
    )
