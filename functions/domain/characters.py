"""Which characters a value may hold. Every rule returns a sentence saying what is wrong, or "" when nothing is.

A wrong character is refused, never removed: what goes out is exactly what was asked, or nothing goes out.
"""

import re

# RFC 5322 §2.2 allows no control in a header; str.splitlines and some mail readers break lines at U+0085, U+2028 and
# U+2029 too, which is how a header gets injected through a decoded value.
_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BREAKING_BUT_TAB = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_BODY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# The Unicode property Bidi_Control (UAX #9): these make `exe.pdf` out of `fdp.exe`, and one name look like another.
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Decoders drop a byte order mark wherever a piece of text starts (WHATWG Encoding §6.1): it can't be carried exactly.
_BYTE_ORDER_MARK = "\ufeff"


def _named(match: re.Match[str]) -> str:
    return f"the character U+{ord(match.group()):04X} at position {match.start()}"


def _found(value: str, *patterns: re.Pattern[str]) -> str:
    for pattern in patterns:
        if match := pattern.search(value):
            return f"It holds {_named(match)}, which is not allowed here."
    return ""


def _plain(value: str) -> bool:
    """True for the usual value, at the cost of two C loops."""
    return value.isascii() and value.isprintable()


def line_problem(value: str) -> str:
    """For a value on one line that people read: a subject."""
    if _plain(value):
        return ""
    problem = _found(value, _BREAKING_BUT_TAB, _SURROGATE)
    if not problem and _BYTE_ORDER_MARK in value:
        problem = "It holds a byte order mark (U+FEFF), which mail readers drop."
    return problem


def label_problem(value: str) -> str:
    """For a value that people trust to name something: a display name, a file name, a tag."""
    if _plain(value):
        return ""
    return _found(value, _BREAKING) or line_problem(value) or _found(value, _BIDI)


def body_problem(value: str) -> str:
    """For text of many lines: tab, CR and LF are fine, other C0 controls and lone surrogates are not.

    A byte order mark may stand here: files often start with one, and where a reader drops it nobody sees a difference.
    """
    return _found(value, _BODY) or ("" if value.isascii() else _found(value, _SURROGATE))


def printable(value: str, limit: int = 60) -> str:
    """`value` for use inside an error message: short, and safe to encode and to log."""
    short = value if len(value) <= limit else value[: limit - 1] + "…"
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in short)
