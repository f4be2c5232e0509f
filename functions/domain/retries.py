"""When to try again, and when to look again. Pure: the random number is an argument."""

from datetime import datetime, timedelta

# Transient failures (Gmail or the token endpoint away): about two hours in all, four at most. An outage of Google's
# outlasts an hour now and then, and a message that failed for good has to be sent again by a person.
MAX_TRIES = 24
_BASE, _CAP = 2.0, 900.0  # seconds

# After an ambiguous attempt. Gmail's index lags by up to minutes, so "not found" means "not sent" only after the last.
_LOOKS = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0)  # seconds after the look before
LOOKS = len(_LOOKS)


def backoff(tries: int, random: float) -> timedelta:
    """Full jitter: anything up to the exponential bound, so that what failed together does not come back together
    (M. Brooker, “Exponential Backoff And Jitter”, 2015). `tries` counts from 1; `random` lies in [0, 1)."""
    return timedelta(seconds=1 + random * min(_CAP, _BASE * 2 ** min(tries, 20)))


def next_look(looks: int, now: datetime) -> datetime | None:
    """When to look into the mailbox again after `looks` looks; None once it has been looked for long enough."""
    return now + timedelta(seconds=_LOOKS[looks]) if looks < len(_LOOKS) else None
