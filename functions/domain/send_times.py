"""When a message is to go out, as a caller says it: the same of a new send and of one that is moved."""

from datetime import datetime, timedelta

from functions.domain import times
from functions.domain.fields import Fields

SEND_AT_LIMIT = timedelta(days=366)


def send_at(fields: Fields, now: datetime) -> datetime | None:
    """None where there is none, or it is wrong."""
    value = fields.text("send_at", limit=40)
    if value is None:
        return None
    moment = times.parse(value)
    if moment is None:
        fields.wrong("send_at", "This must be an RFC 3339 time with its offset, such as 2030-01-31T09:00:00Z.")
    elif moment > now + SEND_AT_LIMIT:
        fields.wrong("send_at", "This is more than a year ahead.")
        return None
    return moment
