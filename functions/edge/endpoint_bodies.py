"""The bodies of the `endpoints` function into typed values."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from functions.domain import public_urls, webhooks
from functions.domain.errors import InvalidRequest
from functions.domain.fields import Fields, Problems
from functions.edge.field_rules import choices, one_of

OVERLAP_LIMIT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    url: str
    events: tuple[str, ...]
    enabled: bool
    secret: bytes | None = None  # one that the caller has already; None: a new one


@dataclass(frozen=True, slots=True)
class Rotation:
    secret: bytes | None
    overlap: timedelta


def parse(body: dict[str, Any], allow: Collection[str]) -> EndpointRequest:
    """A whole endpoint, as PUT takes it. Raises InvalidRequest."""
    return _parse(body, allow, ())


def parse_new(body: dict[str, Any], allow: Collection[str]) -> EndpointRequest:
    """Raises InvalidRequest."""
    return _parse(body, allow, ("secret",))


def parse_rotation(body: dict[str, Any]) -> Rotation:
    """Raises InvalidRequest."""
    problems = Problems()
    fields = Fields(body, "", problems, ("secret", "overlap_seconds"))
    secret = _secret(fields)
    seconds = fields.integer("overlap_seconds", 0, int(OVERLAP_LIMIT.total_seconds()))
    problems.raise_as(InvalidRequest)
    return Rotation(secret, webhooks.OVERLAP if seconds is None else timedelta(seconds=seconds))


def _parse(body: dict[str, Any], allow: Collection[str], more: tuple[str, ...]) -> EndpointRequest:
    problems = Problems()
    fields = Fields(body, "", problems, ("url", "events", "enabled", *more))
    url = fields.text("url", lambda value: _url_problem(value, allow), required=True)
    events = _events(fields)
    enabled = fields.boolean("enabled")
    secret = _secret(fields) if more else None
    problems.raise_as(InvalidRequest)
    return EndpointRequest(url or "", events, enabled is not False, secret)


def _url_problem(value: str, allow: Collection[str]) -> str:
    try:
        public_urls.parse(value, allow)
    except public_urls.NotPublic as exc:
        return str(exc)
    return ""


def _events(fields: Fields) -> tuple[str, ...]:
    if fields.data.get("events") in (None, []):
        fields.wrong("events", "At least one is needed; `*` stands for all.")
    known = (webhooks.EVERYTHING, *webhooks.EVENT_TYPES)
    found = choices(fields, "events", len(known), one_of(*known))
    if webhooks.EVERYTHING in found and len(found) > 1:
        fields.wrong("events", "`*` stands for all, and alone.")
    return found


def _secret(fields: Fields) -> bytes | None:
    value = fields.text("secret", _secret_problem)
    return None if value is None else webhooks.parse_secret(value)


def _secret_problem(value: str) -> str:
    low, high = webhooks.SECRET_BYTES
    fine = webhooks.parse_secret(value) is not None
    return "" if fine else f"This must be `{webhooks.SECRET_PREFIX}` and the base64 of {low} to {high} random bytes."
