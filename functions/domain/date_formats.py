"""Dates as text, in English whatever the server's locale, by the directives of strftime."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

PATTERN_LIMIT = 100  # characters

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DIRECTIVE = re.compile(r"%(-?)(.?)", re.DOTALL)
DIRECTIVES: Mapping[str, Callable[[datetime], str]] = {
    "Y": lambda d: f"{d.year:04}",
    "y": lambda d: f"{d.year % 100:02}",
    "m": lambda d: f"{d.month:02}",
    "B": lambda d: _MONTHS[d.month - 1],
    "b": lambda d: _MONTHS[d.month - 1][:3],
    "d": lambda d: f"{d.day:02}",
    "e": lambda d: f"{d.day:2}",
    "j": lambda d: f"{d.timetuple().tm_yday:03}",
    "A": lambda d: _DAYS[d.weekday()],
    "a": lambda d: _DAYS[d.weekday()][:3],
    "u": lambda d: str(d.isoweekday()),
    "V": lambda d: f"{d.isocalendar().week:02}",
    "H": lambda d: f"{d.hour:02}",
    "I": lambda d: f"{(d.hour - 1) % 12 + 1:02}",
    "M": lambda d: f"{d.minute:02}",
    "S": lambda d: f"{d.second:02}",
    "p": lambda d: "AM" if d.hour < 12 else "PM",
    "P": lambda d: "am" if d.hour < 12 else "pm",
    "F": lambda d: f"{d.year:04}-{d.month:02}-{d.day:02}",
    "R": lambda d: f"{d.hour:02}:{d.minute:02}",
    "T": lambda d: f"{d.hour:02}:{d.minute:02}:{d.second:02}",
    "z": lambda d: (d.strftime("%z") or "+0000")[:5],
    "%": lambda _: "%",
}


def format_date(moment: date, pattern: str) -> str:
    """`%-d` and the like leave leading zeros out. Raises ValueError with a sentence for what is no directive.

    Not strftime itself: what that does with widths (`%999999999d`), unknown letters and %s is the platform's choice.
    """
    if len(pattern) > PATTERN_LIMIT:
        raise ValueError(f"a date's format has at most {PATTERN_LIMIT} characters")
    full = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001

    def written(match: re.Match[str]) -> str:
        write = DIRECTIVES.get(match.group(2))
        if not write:
            raise ValueError(f"`{match.group()}` is none of the directives %{' %'.join(DIRECTIVES)}")
        return (write(full).lstrip("0 ") or "0") if match.group(1) else write(full)

    return _DIRECTIVE.sub(written, pattern)
