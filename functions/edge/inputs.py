"""Small JSON bodies into typed values."""

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.domain import addresses, pacing, tasks
from functions.domain.accounts import AccountChange, GmailAccount, gmails_name
from functions.domain.addresses import NAME_LIMIT
from functions.domain.callers import SCOPES
from functions.domain.errors import InvalidRequest
from functions.domain.fields import Fields, Problems
from functions.domain.ids import looks_like
from functions.domain.owners import CONTENT_DAYS, EVENT_DAYS, LONGEST_DAYS
from functions.domain.send_times import send_at
from functions.edge.field_rules import choices, moment, name_problem, one_of


@dataclass(frozen=True, slots=True)
class KeyRequest:
    name: str
    scopes: tuple[str, ...]
    accounts: tuple[str, ...] | None
    expires_at: datetime | None


def parse_key(body: dict[str, Any]) -> KeyRequest:
    """Raises InvalidRequest."""
    problems = Problems()
    fields = Fields(body, "", problems, ("name", "scopes", "accounts", "expires_at"))
    name = fields.text("name", name_problem, limit=100, required=True)
    scopes = choices(fields, "scopes", len(SCOPES), one_of(*SCOPES))
    if body.get("scopes") in (None, []):
        fields.wrong("scopes", f"At least one is needed, of: {', '.join(SCOPES)}.")
    accounts = choices(fields, "accounts", 200, _account_problem)
    expires_at = moment(fields, "expires_at")
    problems.raise_as(InvalidRequest)
    return KeyRequest(name or "", scopes, accounts if fields.has("accounts") else None, expires_at)


def parse_confirmation(body: dict[str, Any]) -> str:
    """The pending grant's id. Raises InvalidRequest."""
    problems = Problems()
    pending = Fields(body, "", problems, ("pending",)).text("pending", limit=100, required=True)
    problems.raise_as(InvalidRequest)
    return pending or ""


def parse_task(body: dict[str, Any]) -> tuple[str, str]:
    """(owner, id of the send or of the event's delivery) of a task. Raises InvalidRequest."""
    found = tasks.parse(body)
    if found is None:
        raise InvalidRequest("The task names nothing to deliver.")
    return found


def parse_push(body: dict[str, Any]) -> tuple[str, str]:
    """(address, history id) of what Gmail says through Pub/Sub; ("", "") where the message is none of Gmail's: asked
    for again it would say the same, so that it is no error. Raises InvalidRequest where the body is no push."""
    message = body.get("message")
    if not isinstance(message, dict):
        raise InvalidRequest("This is no push of Pub/Sub: it has no message.")
    try:
        said = json.loads(base64.b64decode(str(message.get("data", ""))))
        address, history_id = said["emailAddress"], said["historyId"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return "", ""
    if not isinstance(address, str) or not 3 <= len(address) <= 254 or isinstance(history_id, bool):
        return "", ""
    history = str(history_id)  # a number in what Gmail sends, a string in the rest of its API
    return (address, history) if re.fullmatch(r"[0-9]{1,20}", history) else ("", "")


def parse_move(body: dict[str, Any], now: datetime) -> datetime:
    """The new time of a send, as far ahead as that of a new one. Raises InvalidRequest."""
    problems = Problems()
    fields = Fields(body, "", problems, ("send_at",))
    at = send_at(fields, now)
    if not fields.has("send_at"):
        fields.wrong("send_at", "This is required.")
    problems.raise_as(InvalidRequest)
    assert at is not None  # noqa: S101 - or there was a problem
    return at


def parse_account_change(body: dict[str, Any], account: GmailAccount) -> AccountChange:
    """A JSON merge patch (RFC 7396): what is absent stays; null gives `name` and `daily_limit` back to Gmail.

    Raises InvalidRequest.
    """
    problems = Problems()
    fields = Fields(body, "", problems, ("is_default", "name", "tracking", "daily_limit"))
    changed: dict[str, Any] = {}
    is_default = fields.boolean("is_default")
    if "name" in body:
        name = fields.text("name", addresses.name_problem, limit=NAME_LIMIT)
        changed["name"] = gmails_name(account) if name is None else name
    if "daily_limit" in body:
        changed["daily_limit"] = fields.integer("daily_limit", 1, pacing.gmails_daily_limit(account.email))
    if fields.has("tracking"):
        tracking = Fields(body["tracking"], "/tracking", problems, ("opens", "clicks"))
        chosen = {f"track_{name}": tracking.boolean(name) for name in ("opens", "clicks")}
        changed |= {name: value for name, value in chosen.items() if value is not None}
    problems.raise_as(InvalidRequest)
    return AccountChange(is_default, changed)


def parse_retention(body: dict[str, Any]) -> tuple[int, int]:
    """(content_days, event_days); what is absent or null is the default again. Raises InvalidRequest."""
    problems = Problems()
    fields = Fields(body, "", problems, ("content_days", "event_days"))
    content_days = fields.integer("content_days", 1, LONGEST_DAYS)
    event_days = fields.integer("event_days", 1, LONGEST_DAYS)
    problems.raise_as(InvalidRequest)
    return content_days or CONTENT_DAYS, event_days or EVENT_DAYS


def _account_problem(value: object) -> str:
    return "" if isinstance(value, str) and looks_like("acc", value) else "This must be an account's id."
