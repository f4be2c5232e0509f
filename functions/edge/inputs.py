"""Small JSON bodies into typed values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.domain import times
from functions.domain.callers import SCOPES
from functions.domain.characters import label_problem
from functions.domain.errors import InvalidRequest
from functions.domain.fields import Fields, Problems
from functions.domain.ids import looks_like


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
    name = fields.text("name", _name_problem, limit=100, required=True)
    scopes = _strings(fields, "scopes", len(SCOPES), lambda v: v in SCOPES, f"must be one of: {', '.join(SCOPES)}")
    if body.get("scopes") in (None, []):
        fields.wrong("scopes", f"At least one is needed, of: {', '.join(SCOPES)}.")
    accounts = _strings(fields, "accounts", 200, lambda v: looks_like("acc", v), "must be an account's id")
    expires_at = _time(fields, "expires_at")
    problems.raise_as(InvalidRequest)
    return KeyRequest(name or "", scopes, accounts if fields.has("accounts") else None, expires_at)


def parse_confirmation(body: dict[str, Any]) -> str:
    """The pending grant's id. Raises InvalidRequest."""
    problems = Problems()
    pending = Fields(body, "", problems, ("pending",)).text("pending", limit=100, required=True)
    problems.raise_as(InvalidRequest)
    return pending or ""


def parse_task(body: dict[str, Any]) -> tuple[str, str]:
    """(owner, send id) of a task. Raises InvalidRequest."""
    owner, _, send_id = str(body.get("send", "")).partition("/")
    if not looks_like("own", owner) or not looks_like("snd", send_id):
        raise InvalidRequest("The task names no send.")
    return owner, send_id


def parse_move(body: dict[str, Any]) -> datetime:
    """The new time of a send. Raises InvalidRequest."""
    problems = Problems()
    fields = Fields(body, "", problems, ("send_at",))
    at = _time(fields, "send_at")
    if not fields.has("send_at"):
        fields.wrong("send_at", "This is required.")
    problems.raise_as(InvalidRequest)
    assert at is not None  # noqa: S101 - or there was a problem
    return at


def _name_problem(value: str) -> str:
    return label_problem(value) if value.strip() else "A name is required."


def _strings(fields: Fields, name: str, limit: int, fine: Any, detail: str) -> tuple[str, ...]:
    found: list[str] = []
    for at, value in fields.items(name, limit):
        if not isinstance(value, str) or not fine(value):
            fields.problems.add(at, f"This {detail}.")
        elif value in found:
            fields.problems.add(at, "This is given twice.")
        else:
            found.append(value)
    return tuple(found)


def _time(fields: Fields, name: str) -> datetime | None:
    value = fields.text(name, limit=40)
    if value is None:
        return None
    if found := times.parse(value):
        return found
    fields.wrong(name, "This must be an RFC 3339 time such as 2027-01-31T12:00:00Z.")
    return None
