"""The suppression list: who gets no more mail of an owner, and why.

Addresses compare as `ascii_email` gives them, lowered. Dots and what follows a plus are part of the address: only the
recipient's own server knows whether `a.b+c@` and `ab@` are one mailbox, and a person may unsubscribe one of them alone.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from functions.domain.addresses import ascii_email
from functions.domain.ids import derived_id
from functions.domain.records import replace

NOTE_LIMIT = 500  # characters


class Reason(StrEnum):
    """In the order of their weight: the first of several is the one that is shown."""

    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    MANUAL = "manual"


# A receipt or a password reset is no newsletter: who left a list still gets it. A mailbox that does not exist gets
# nothing whatever the message is, and each further try costs the sender's reputation.
_ALWAYS_COUNTS = frozenset({Reason.HARD_BOUNCE})


@dataclass(frozen=True, slots=True)
class Suppression:
    address: str  # normalised
    reasons: tuple[Reason, ...]  # at least one, in the order of `Reason`
    created_at: datetime
    note: str = ""
    send: str = ""  # the one that led to it
    account: str = ""  # that it went out from; empty where the owner made the entry

    @property
    def id(self) -> str:
        return suppression_id(self.address)


def normalised(address: str) -> str:
    """`address` must have passed `email_problem`."""
    return ascii_email(address).lower()


@lru_cache(1024)  # asked for twice in a send: to read it ahead, and to find it
def suppression_id(address: str) -> str:
    """Of a normalised address: one entry for each, and found without a search."""
    return derived_id("sup", address)


def joined(before: Suppression, added: Suppression) -> Suppression:
    """One entry of two for the same address: it loses no reason, and keeps the date of the first."""
    return replace(
        before,
        reasons=tuple(r for r in Reason if r in before.reasons or r in added.reasons),
        note=added.note or before.note,
        send=before.send or added.send,
        account=before.account or added.account,
    )


def objection(found: Suppression | None, *, transactional: bool) -> str:
    """Why a message must not go to this address, in words that can end a sentence; empty where it may."""
    reasons = found.reasons if found else ()
    counting = [r for r in reasons if not transactional or r in _ALWAYS_COUNTS]
    if not found or not counting:
        return ""
    match counting[0]:
        case Reason.UNSUBSCRIBED:
            return f"{found.address} unsubscribed"
        case Reason.HARD_BOUNCE:
            return f"mail to {found.address} came back for good before"
        case Reason.MANUAL:
            return f"{found.address} was put on the suppression list"
