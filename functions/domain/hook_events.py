"""What kind of event a webhook tells of, as its sender names it: for the log, never for a decision."""

from typing import Any

from functions.domain.characters import printable
from functions.domain.signatures import GITHUB, SHOPIFY
from functions.domain.signed_headers import Headers

_HEADERS = {GITHUB: "X-GitHub-Event", SHOPIFY: "X-Shopify-Topic"}
_LIMIT = 100  # characters


def event_type(scheme: str, headers: Headers, payload: Any) -> str:
    """Empty where nothing tells."""
    if name := _HEADERS.get(scheme):
        found: Any = next(iter(headers.getlist(name)), "")
    else:
        found = payload.get("type") if isinstance(payload, dict) else ""
    return printable(found, _LIMIT) if isinstance(found, str) else ""
