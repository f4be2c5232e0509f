"""What came back: of which recipient, why, whether for good, and what to do about it.

A bounce is believed only if Google vouches for it (DMARC of googlemail.com, found by Google itself), it is in a thread
of ours, and it names a recipient of ours. Everybody can write a report of their own; nothing that is forged counts.
"""

from collections.abc import Collection
from dataclasses import dataclass

from functions.domain import delivery_status
from functions.domain.addresses import ascii_email
from functions.domain.bounce_rules import ADVICE, Category, classify, is_hard, refined
from functions.domain.delivery_status import MAX_RECIPIENTS, RecipientStatus
from functions.domain.received import Received, passed_dmarc

DAEMON = "mailer-daemon@googlemail.com"
_DOMAIN = "googlemail.com"


@dataclass(frozen=True, slots=True)
class Bounce:
    """One recipient's. `delayed`: a warning; the server goes on trying, and nothing has come back yet."""

    recipient: str  # as the send has it
    delayed: bool
    hard: bool
    category: Category
    # Recommended: wait, suppress, retry_later, fix_content, fix_authentication, contact_postmaster, review
    action: str
    reason: str
    status: str = ""
    diagnostic: str = ""
    remote: str = ""


def vouched_for(message: Received) -> bool:
    """Whether this is a report of Gmail's own. Anybody at googlemail.com passes its DMARC: the whole address counts."""
    return message.sender == DAEMON and passed_dmarc(message, _DOMAIN)


def read(message: Received, report: str, recipients: Collection[str]) -> tuple[Bounce, ...]:
    """What a report says of our recipients; nothing where it is not Gmail's, or names none of ours.

    `report` is the text of its message/delivery-status part, "" where it has none.
    """
    if not vouched_for(message):
        return ()
    ours = {ascii_email(address).casefold(): address for address in recipients}
    found: dict[str, Bounce] = {}
    for status in delivery_status.parse(report).recipients or _by_header(message):
        address = ours.get(status.original) or ours.get(status.final)
        if address and status.action in ("failed", "delayed"):
            found.setdefault(address, _bounce(address, status))
    return tuple(found.values())


def _by_header(message: Received) -> tuple[RecipientStatus, ...]:
    """Where the report's part is empty: Gmail's own header still names the recipients, and no reason."""
    named = message.first("x-failed-recipients").split(",")[:MAX_RECIPIENTS]
    return tuple(RecipientStatus(address.strip().casefold(), "", "failed", "", "", "") for address in named)


def _bounce(address: str, found: RecipientStatus) -> Bounce:
    status = refined(found.status, found.diagnostic)
    category = classify(status, found.diagnostic)
    words, advice = ADVICE[category]
    said = " ".join(found.diagnostic.split())[:300]
    shown = said if status in said else f"{status} {said}".strip()
    delayed = found.action == "delayed"
    hard = not delayed and is_hard(status, category)
    if delayed:
        words, advice = f"Gmail goes on trying. {words}", "wait"
    elif advice == "suppress" and not hard:
        advice = "retry_later"
    return Bounce(
        recipient=address,
        delayed=delayed,
        hard=hard,
        category=category,
        action=advice,
        reason=f"{words}: {shown}" if shown else f"{words}.",
        status=status,
        diagnostic=said,
        remote=found.remote[:200],
    )
