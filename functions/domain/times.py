"""Points in time as text."""

import re
from datetime import UTC, datetime

# RFC 3339 §5.6, without leap seconds, which datetime can't hold.
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


def parse(value: str) -> datetime | None:
    """The moment in UTC, or None for what is not RFC 3339 with an offset."""
    if not _RFC3339.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def text(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the millisecond; None stays None."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
