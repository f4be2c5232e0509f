"""What an owner has chosen for all accounts together."""

from dataclasses import dataclass
from datetime import timedelta

CONTENT_DAYS, EVENT_DAYS = 90, 400
LONGEST_DAYS = 3650  # ten years


@dataclass(frozen=True, slots=True)
class OwnerSettings:
    """The record of a send is kept for good; what takes room, and what is about people, is not."""

    default_account: str = ""  # acc_…; empty: the account that was connected first
    content_days: int = CONTENT_DAYS  # how long text, HTML and files of a message are kept after it went out
    event_days: int = EVENT_DAYS  # how long opens and clicks are kept, with their evidence

    @property
    def contents_kept_for(self) -> timedelta:
        return timedelta(days=self.content_days)

    @property
    def events_kept_for(self) -> timedelta:
        return timedelta(days=self.event_days)
