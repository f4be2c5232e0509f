"""Does the new revision answer? One call through the gateway, that changes nothing.

It goes to the function's first route, with an API key that nobody has. So it is refused, but only after the settings
were read and the store was asked for the key: a revision that can't start, or reach its store, answers 5xx. What
answers says which revision it is in `X-Revision`.
"""

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from scripts.deploy.commands import Function

TRIES, PAUSE = 12, 5.0  # seconds; traffic moves within a few
NOBODYS_KEY = "gmk_smoketest_" + "0" * 52


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def check(function: Function, public_url: str, revision: str, sleep: Callable[[float], None] = time.sleep) -> str:
    """What is wrong, empty where nothing is."""
    method, url = first_call(function, public_url)
    said = ""
    for number in range(TRIES):
        if number:
            sleep(PAUSE)
        status, answered = call(method, url)
        if answered == revision and status < 500:
            return ""
        said = f"{method} {url}: {status or 'no answer'} from {answered or 'no revision'}, expected {revision}"
    return said


def first_call(function: Function, public_url: str) -> tuple[str, str]:
    """Method and URL of its first route; ids are made up."""
    method, pattern = function.routes[0].split(" ", 1)
    return method, public_url + function.prefix + re.sub(r"\{\w+\}", "smoke-test", pattern)


def call(method: str, url: str) -> tuple[int, str]:
    """Status and revision; 0 where nobody answered."""
    headers = {"Authorization": f"Bearer {NOBODYS_KEY}", "Accept": "application/json"}
    body = b"{}" if method in ("POST", "PUT", "PATCH") else None
    request = urllib.request.Request(  # noqa: S310 - PUBLIC_URL is the deployment's own
        url, body, {**headers, "Content-Type": "application/json"}, method=method
    )
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=30) as answer:
            return answer.status, answer.headers.get("X-Revision", "")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers.get("X-Revision", "")
    except OSError:
        return 0, ""
