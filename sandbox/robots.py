"""Addresses that answer by themselves, a moment after mail was sent to them. The domain does not matter."""

from sandbox.people import People

# By local part, up to a `+`: what the mail server reports (one of readers.reports.KINDS), or who answers.
ROBOTS = {
    "bounce": "hard",
    "nosuchuser": "hard",
    "full": "full",
    "blocked": "blocked",
    "delayed": "delayed",
    "away": "away",
    "ooo": "away",
    "echo": "echo",
}
WITHOUT_INBOX = frozenset({"hard", "full", "blocked", "delayed"})


def robot(people: People, address: str) -> str | None:
    """What the address does by itself; None for ordinary ones and for everyone who has an account here."""
    kind = ROBOTS.get(address.partition("@")[0].partition("+")[0].lower())
    return None if kind is None or people.owner_of(address) is not None else kind
