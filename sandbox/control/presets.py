"""Ready-made faults: Gmail's answers by name.

https://developers.google.com/workspace/gmail/api/guides/handle-errors
"""

from typing import Any

_RATE = "Rate Limit Exceeded"
_USER_RATE = "User-rate limit exceeded.  Retry after {retry_at}"
_DAILY = "Daily Limit Exceeded"

# `{retry_at}` in a message becomes a time `retry_after` seconds (30 unless told) from the answer; the same seconds
# stand in a `Retry-After` header given as "{retry_after}".
PRESETS: dict[str, dict[str, Any]] = {
    "400-invalidArgument": {"status": 400, "reason": "invalidArgument", "message": "Invalid To header"},
    "400-failedPrecondition": {
        "status": 400,
        "reason": "failedPrecondition",
        "message": "Mail service not enabled",
        "google_status": "FAILED_PRECONDITION",
    },
    "401-authError": {"status": 401, "reason": "authError", "message": "Invalid Credentials"},
    "403-rateLimitExceeded": {"status": 403, "reason": "rateLimitExceeded", "message": _RATE},
    "403-userRateLimitExceeded": {"status": 403, "reason": "userRateLimitExceeded", "message": _USER_RATE},
    "403-dailyLimitExceeded": {"status": 403, "reason": "dailyLimitExceeded", "message": _DAILY},
    "403-quotaExceeded": {"status": 403, "reason": "quotaExceeded", "message": "Quota exceeded"},
    "403-insufficientPermissions": {
        "status": 403,
        "reason": "insufficientPermissions",
        "message": "Request had insufficient authentication scopes.",
    },
    "403-domainPolicy": {
        "status": 403,
        "reason": "domainPolicy",
        "message": "The domain administrators have disabled Gmail apps.",
    },
    "429": {
        "status": 429,
        "reason": "rateLimitExceeded",
        "message": "Too many concurrent requests for user",
        "headers": {"Retry-After": "{retry_after}"},
    },
    "429-message": {"status": 429, "reason": "rateLimitExceeded", "message": _USER_RATE},
    "500": {"status": 500, "reason": "backendError", "message": "Backend Error"},
    "502": {"status": 502, "reason": "badGateway", "message": "Bad Gateway", "html": True},
    "503": {"status": 503, "reason": "backendError", "message": "The service is currently unavailable."},
    "invalid_grant": {"status": 400, "reason": "invalid_grant", "message": "Token has been expired or revoked."},
    "invalid_client": {"status": 401, "reason": "invalid_client", "message": "Unauthorized"},
}

# The reason alone names the preset too: "authError" is "401-authError".
for _name in [name for name in PRESETS if "-" in name and name[4:] != "message"]:
    PRESETS[_name[4:]] = PRESETS[_name]
