"""What happened to a message after it was sent, with the evidence for it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

# In the field's words. `autoreplied`: a machine answered. `delayed`: a warning of the recipient's server, no bounce.
# The first five are what we did ourselves, and stand on the send's own record.
EventType = Literal[
    "queued", "deferred", "failed", "unknown", "sent",
    "opened", "clicked", "replied", "autoreplied", "bounced", "delayed", "unsubscribed",
]  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One thing that happened. Verdict and reason say what we make of it; `evidence` is what was seen, and is all that
    is needed to judge again under newer rules."""

    id: str  # evt_…, derived from what makes the event unique where there is such a thing
    owner: str
    send: str
    account: str
    type: EventType
    at: datetime
    recipient: str = ""  # empty where it can't be told
    url: str = ""  # of a click
    # Of opens and clicks: human, proxy, prefetch, scanner, unknown; of bounces: hard, soft; of replies: who wrote.
    verdict: str = ""
    reason: str = ""
    rules: int = 0  # the version of the rules that judged
    evidence: dict[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


class Counting(NamedTuple):
    """How an event changes the counters of its send: by field name of `Send`."""

    opens: int = 0
    clicks: int = 0
    all_opens: int = 0
    all_clicks: int = 0
    replies: int = 0
    bounces: int = 0
