"""One call of a Google API over REST, with an access token; and what an API's refusal says.

https://cloud.google.com/apis/design/errors
"""

from functions.adapters.google_access import GoogleAccess
from functions.adapters.http import Answer, Http


def call(
    http: Http, access: GoogleAccess, method: str, url: str, *, body: bytes = b"", timeout: float | None = None
) -> Answer:
    """`body` is JSON; `timeout` is in seconds, for each wait. Made again, once, where the token was refused, which is
    before anything was done. Raises RequestFailed; Unavailable where there is no token."""
    answer = _once(http, access, method, url, body, timeout)
    if answer.status == 401:
        access.forget()
        answer = _once(http, access, method, url, body, timeout)
    return answer


def _once(http: Http, access: GoogleAccess, method: str, url: str, body: bytes, timeout: float | None) -> Answer:
    headers = {"Accept": "application/json", **access.headers()}
    if body:
        headers["Content-Type"] = "application/json"
    return http.request(method, url, headers=headers, body=body, timeout=timeout)


def refusal(answer: Answer) -> str:
    """The error's name, such as ALREADY_EXISTS. One HTTP status stands for several: 409 for ABORTED, too. Empty where
    the answer is not the API's: a proxy's page, say."""
    try:
        return str(answer.json()["error"]["status"])
    except (ValueError, KeyError, TypeError):
        return ""
