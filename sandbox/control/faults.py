"""Faults on demand: rules that say which calls go wrong, how often, and how.

A rule is `{"match": "send", "account"?, "times"?, "probability"?, "action": {…}}` or has `"preset"` (and perhaps
`"retry_after"`, `"after_accept"`) in the place of `"action"`.
"""

import fnmatch
import itertools
import random
import threading
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from sandbox.control.presets import PRESETS

PLACES = ("before_body", "mid_body", "after_body", "after_accept")


class InvalidRule(Exception):
    """The text says what is wrong with the rule."""


@dataclass(frozen=True)
class Action:
    """What goes wrong. `after_accept` says that status or delay come after the call took effect."""

    status: int | None = None
    reason: str = "backendError"
    message: str = "Backend Error"
    google_status: str | None = None
    html: bool = False  # the error is a web page, as of Google's front end
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: float = 30.0
    after_accept: bool = False
    close: str | None = None  # one of PLACES
    reset: str | None = None
    half_answer: bool = False
    garbage: bool = False
    delay: float = 0.0  # seconds
    drop_headers: tuple[str, ...] = ()  # patterns of header names that the stored copy loses
    index_lag: float = 0.0  # seconds before search and history show the message

    @property
    def ending(self) -> Literal["close", "reset"] | None:
        return "reset" if self.reset else "close" if self.close else None

    @property
    def place(self) -> str | None:
        return self.reset or self.close

    @property
    def terminal(self) -> bool:
        """Whether it decides the answer; two of these cannot meet in one call."""
        return bool(self.status or self.ending or self.half_answer or self.garbage)


@dataclass
class Rule:
    number: int
    match: str
    action: Action
    account: str | None = None
    times: int | None = None
    probability: float = 1.0
    preset: str | None = None
    hits: int = 0

    def applies(self, method: str, account: str | None) -> bool:
        if self.times is not None and self.hits >= self.times:
            return False
        if self.account is not None and self.account != account:
            return False
        if not fnmatch.fnmatchcase(method, self.match):
            return False
        return self.probability >= 1 or random.random() < self.probability  # noqa: S311 - no secret

    def as_json(self) -> dict[str, Any]:
        shown = {name: value for name, value in vars(self).items() if name != "action" and value is not None}
        action = {name: value for name, value in asdict(self.action).items() if value != getattr(Action(), name)}
        return {**shown, "action": action}


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._rules: list[Rule] = []

    def add(self, described: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Adds all rules or, raising InvalidRule, none."""
        rules = [_rule(one, 0) for one in described]
        with self._lock:
            for rule in rules:
                rule.number = next(self._numbers)
            self._rules += rules
            return [rule.as_json() for rule in rules]

    def read(self) -> list[dict[str, Any]]:
        with self._lock:
            return [rule.as_json() for rule in self._rules]

    def clear(self) -> None:
        with self._lock:
            self._rules = []

    def names_accounts(self, method: str) -> bool:
        """Whether a rule for `method` needs to know whose call it is."""
        with self._lock:
            return any(rule.account is not None and fnmatch.fnmatchcase(method, rule.match) for rule in self._rules)

    def take(self, method: str, account: str | None) -> Action:
        """What to do to this call, all matching rules together; of those that decide the answer, the first."""
        taken = Action()
        with self._lock:
            for rule in self._rules:
                if (taken.terminal and rule.action.terminal) or not rule.applies(method, account):
                    continue
                rule.hits += 1
                default, action = Action(), rule.action
                changed = {f.name: getattr(action, f.name) for f in fields(Action)}
                taken = replace(taken, **{n: v for n, v in changed.items() if v != getattr(default, n)})
        return taken


def _rule(described: object, number: int) -> Rule:
    if not isinstance(described, dict):
        raise InvalidRule("a rule is a JSON object")
    known = {"match", "account", "times", "probability", "action", "preset", "retry_after", "after_accept"}
    if unknown := set(described) - known:
        raise InvalidRule(f"unknown in a rule: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    match described.get("match"):
        case "messages.send":
            wanted = "send"
        case str(wanted) if wanted:
            pass
        case _:
            raise InvalidRule('"match" is missing: "send", "token", "messages.get", "*", …')
    preset = described.get("preset")
    if (preset is None) == ("action" not in described):
        raise InvalidRule('a rule has either an "action" or a "preset"')
    if preset is not None and str(preset) not in PRESETS:
        raise InvalidRule(f"no preset {preset!r}; there are {', '.join(PRESETS)}")
    action = dict(PRESETS[str(preset)]) if preset is not None else described["action"]
    extra = {name: described[name] for name in ("retry_after", "after_accept") if name in described}
    times, probability, account = described.get("times"), described.get("probability", 1.0), described.get("account")
    if not (times is None or (isinstance(times, int) and times >= 0)):
        raise InvalidRule('"times" is a number of calls, or null for all')
    if not isinstance(probability, int | float) or not 0 <= probability <= 1:
        raise InvalidRule('"probability" is a number from 0 to 1')
    shown = None if preset is None else str(preset)
    account = None if account is None else str(account).lower()
    return Rule(number, wanted, _action(action, extra), account, times, float(probability), shown)


def _action(described: object, extra: dict[str, Any]) -> Action:
    if not isinstance(described, dict) or not described:
        raise InvalidRule('"action" is a JSON object')
    values = {**described, **extra}
    known = {f.name for f in fields(Action)}
    if unknown := set(values) - known:
        raise InvalidRule(f"unknown in an action: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    for name in ("close", "reset"):
        if values.get(name) not in (None, *PLACES):
            raise InvalidRule(f'"{name}" is one of {", ".join(PLACES)}')
    if not (values.get("status") is None or (isinstance(values["status"], int) and 200 <= values["status"] <= 599)):
        raise InvalidRule('"status" is an HTTP status')
    for name in ("delay", "index_lag", "retry_after"):
        if not isinstance(values.get(name, 0), int | float) or values.get(name, 0) < 0:
            raise InvalidRule(f'"{name}" is a number of seconds')
    if not isinstance(values.get("headers", {}), dict) or not isinstance(values.get("drop_headers", []), list | tuple):
        raise InvalidRule('"headers" is an object, "drop_headers" a list of patterns')
    values["headers"] = {str(name): str(value) for name, value in values.get("headers", {}).items()}
    values["drop_headers"] = tuple(str(pattern).lower() for pattern in values.get("drop_headers", ()))
    return Action(**values)
