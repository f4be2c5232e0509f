"""Log lines: JSON on stderr as Cloud Logging reads it, one function for each event, nothing personal in any of them.

What is written while a request is answered carries the request's id and its trace, so that one search finds all of it:
https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
"""

import json
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from functions.domain.errors import IntegrationError, SecretDisabled

if TYPE_CHECKING:
    from functions.domain.accounts import GmailAccount
    from functions.domain.sends import Send

# A person's address, also where it was encoded twice, with the slashes that it may have where it is a path's last
# parameter, or the whole of a bare tail; a sealed token, longer than any id, which opens something. In this order: a
# part of an address may be as long.
_HIDDEN = re.compile(r"((?<=/suppressions/)|(?<=^/)(?!api/))(?s:.*@|.*%40)[^/]*|([^/]*@|[^/]*%40)[^/]*|[^/]{40,}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")  # W3C Trace Context §3.2
_CLOUD_TRACE = re.compile(r"([0-9a-f]{32})(?:/([0-9]{1,20}))?(?:;o=([01]))?")  # Google's own, which is older
_about: ContextVar[dict[str, Any]] = ContextVar("about", default={})  # noqa: B039 - replaced, never changed


def begin(request: Request, request_id: str, project: str) -> None:
    """From here on lines of this thread are about this request, until the next one begins: a streamed answer is still
    being written when its function has returned. `project` is where the traces are; "" on a laptop."""
    _about.set({"request_id": request_id, **_trace(request, project)})


def request(request: Request, response: Response, seconds: float, cause: BaseException | None) -> None:
    """One answered request. The path's ids are ours and name nobody; the query may hold secrets and is left out."""
    fields: dict[str, Any] = {
        "method": request.method,
        "path": _HIDDEN.sub("…", request.path)[:200],
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
    }
    severity = "INFO" if response.status_code < 500 else "ERROR"
    if isinstance(cause, IntegrationError) and cause.code != "internal":
        fields["code"] = cause.code
        if isinstance(cause, SecretDisabled):
            fields |= {"detail": cause.detail, "remedy": cause.remedy}
        severity = "INFO" if response.status_code < 500 else "WARNING"  # somebody else's fault, and the caller knows
    elif cause is not None:
        # Types and places only: an exception's text may quote what it was given.
        frames = traceback.extract_tb(cause.__traceback__)[-6:]
        fields["error"] = type(cause).__name__
        fields["at"] = [f"{f.filename.rpartition('functions/')[2]}:{f.lineno}" for f in frames]
    _line(severity, "request", fields)


def send(send: "Send") -> None:
    """A send has come to another state. Ids only: neither who it goes to nor what it says."""
    last = send.attempts[-1] if send.attempts else None
    fields = {"send": send.id, "account": send.account, "status": send.status.value, "attempts": len(send.attempts)}
    if last and last.code:
        fields["code"] = last.code
    _line("WARNING" if send.status in ("unknown", "failed") else "INFO", "send", fields)


def reauth_required(account: "GmailAccount") -> None:
    """Google no longer takes an account's grant: its sends are held until it is connected again."""
    _line("WARNING", "reauth_required", {"account": account.id})


def watch_refused(account: "GmailAccount", code: str) -> None:
    """Gmail was asked to push for an account's mailbox, and does not. Once, until it does."""
    _line("WARNING", "watch_refused", {"account": account.id, "code": code})


def swept(overdue: int, complete: bool) -> None:
    """How many sends a sweep found that the queue should have brought. Not complete: there are more."""
    _line("INFO" if complete else "WARNING", "swept", {"overdue": overdue, "complete": complete})


def hit_lost(cause: Exception) -> None:
    """An open or a click that was answered and could not be put on record."""
    _line("ERROR", "hit_lost", {"error": type(cause).__name__})


def _trace(request: Request, project: str) -> dict[str, Any]:
    """The platform adds both headers. A caller may send them too, so nothing is taken that has not their shape."""
    if found := _TRACEPARENT.fullmatch(request.headers.get("traceparent", "")):
        trace, span, sampled = found[1], found[2], bool(int(found[3], 16) & 1)
    elif found := _CLOUD_TRACE.fullmatch(request.headers.get("X-Cloud-Trace-Context", "")):
        trace, span, sampled = found[1], f"{int(found[2] or 0) % 2**64:016x}", found[3] == "1"
    else:
        return {}
    if not project:
        return {"trace": trace}
    return {
        "logging.googleapis.com/trace": f"projects/{project}/traces/{trace}",
        "logging.googleapis.com/spanId": span,
        "logging.googleapis.com/trace_sampled": sampled,
    }


class _Muted:
    now = False


@contextmanager
def muted() -> Iterator[None]:
    """No lines, of any thread: the command line says by itself what happened."""
    _Muted.now = True
    try:
        yield
    finally:
        _Muted.now = False


def _line(severity: str, event: str, fields: dict[str, Any]) -> None:
    if _Muted.now:
        return
    # One write, of one line: what several threads write at once stays apart.
    sys.stderr.write(json.dumps({"severity": severity, "event": event, **_about.get(), **fields}) + "\n")
