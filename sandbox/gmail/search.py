"""The search language of Gmail, as far as programs use it, turned into SQL.

`in:` `is:unread` `label:` `rfc822msgid:` `from:` `to:` `subject:` `after:` `before:` `newer_than:` `older_than:`, plain
words, "phrases", and `-` before any of them. As at Gmail, words match whole words.
https://support.google.com/mail/answer/7190
"""

import re
import time
from datetime import UTC, datetime

_TERM = re.compile(
    r'(?P<minus>-)?(?:(?P<operator>[A-Za-z0-9_]+):)?(?:"(?P<quoted>[^"]*)"|\((?P<group>[^)]*)\)|(?P<bare>\S+))'
)
_WORDS = re.compile(r"\w+")
_AGE = re.compile(r"(\d+)([hdmy])")
_SECONDS = {"h": 3600, "d": 86400, "m": 30 * 86400, "y": 365 * 86400}
_PLACES = {"sent": "SENT", "inbox": "INBOX", "unread": "UNREAD", "draft": "DRAFT", "spam": "SPAM", "trash": "TRASH"}
_COLUMNS = {"from": "sender_words", "to": "recipient_words", "cc": "recipient_words", "subject": "subject_words"}

Condition = tuple[str, object]


def words(text: str) -> str:
    """The text as the index keeps it: folded words with one space around each."""
    return " " + " ".join(_WORDS.findall(text.casefold())) + " "


def conditions(query: str) -> list[Condition]:
    """SQL conditions over the columns of `messages`, each with its one parameter."""
    found: list[Condition] = []
    for term in _TERM.finditer(query):
        text = next((term[name] for name in ("quoted", "group", "bare") if term[name] is not None), "")
        sql, parameter = _condition((term["operator"] or "").lower(), text)
        found.append((f"NOT ({sql})" if term["minus"] else sql, parameter))
    return found


def _condition(operator: str, text: str) -> Condition:
    match operator:
        case "in" | "is" | "label" if text.lower() in ("anywhere", "all"):
            return "? IS NOT NULL", text
        case "in" | "is" | "label":
            return has_label(_PLACES.get(text.lower(), text.upper()))
        case "rfc822msgid":
            return "message_id = ?", f"<{text.strip('<>')}>"
        case "from" | "to" | "cc" | "subject":
            return f"instr({_COLUMNS[operator]}, ?) > 0", words(text)
        case "after" | "newer" if (at := _time(text)) is not None:
            return "at >= ?", at
        case "before" | "older" if (at := _time(text)) is not None:
            return "at < ?", at
        case "newer_than" if (age := _age(text)) is not None:
            return "at >= ?", (time.time() - age) * 1000
        case "older_than" if (age := _age(text)) is not None:
            return "at < ?", (time.time() - age) * 1000
        case _:
            return "instr(words, ?) > 0", words(f"{operator} {text}")


def has_label(label: str) -> Condition:
    return "instr(labels, ?) > 0", f" {label} "


def _time(text: str) -> float | None:
    """Milliseconds of a Unix time or of a date (`2026/11/22`)."""
    if text.isdigit():
        return float(text) * 1000
    try:
        year, month, day = re.split("[/-]", text)
        return datetime(int(year), int(month), int(day), tzinfo=UTC).timestamp() * 1000
    except ValueError:
        return None


def _age(text: str) -> int | None:
    match = _AGE.fullmatch(text)
    return None if match is None else int(match[1]) * _SECONDS[match[2]]
