"""Log lines: JSON on stderr as Cloud Logging reads it, one function for each event, nothing personal in any of them."""

import json
import re
import sys
import traceback
from typing import Any

from werkzeug.wrappers import Request, Response

from functions.domain.errors import IntegrationError

# A sealed token, longer than any id, which opens something; a person's address.
_HIDDEN = re.compile(r"[^/]{40,}|[^/]*@[^/]*")


def request(request: Request, response: Response, request_id: str, seconds: float, cause: BaseException | None) -> None:
    """One answered request. The path's ids are ours and name nobody; the query may hold secrets and is left out."""
    fields: dict[str, Any] = {
        "request_id": request_id,
        "method": request.method,
        "path": _HIDDEN.sub("…", request.path)[:200],
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
    }
    trace = request.headers.get("X-Cloud-Trace-Context", "").partition("/")[0]
    if trace:
        fields["trace"] = trace[:64]
    if isinstance(cause, IntegrationError) and cause.code != "internal":
        fields["code"] = cause.code
    elif cause is not None:
        # Types and places only: an exception's text may quote what it was given.
        frames = traceback.extract_tb(cause.__traceback__)[-6:]
        fields["error"] = type(cause).__name__
        fields["at"] = [f"{f.filename.rpartition('functions/')[2]}:{f.lineno}" for f in frames]
    _line("ERROR" if response.status_code >= 500 else "INFO", "request", fields)


def hit_lost(request_id: str, cause: Exception) -> None:
    """An open or a click that was answered and could not be put on record."""
    _line("ERROR", "hit_lost", {"request_id": request_id, "error": type(cause).__name__})


def started(url: str) -> None:
    _line("INFO", "started", {"url": url})


def _line(severity: str, event: str, fields: dict[str, Any]) -> None:
    sys.stderr.write(json.dumps({"severity": severity, "event": event, **fields}) + "\n")
