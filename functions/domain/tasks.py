"""What a task of the queue says: whose record is due, and which. It carries ids and no more."""

from typing import Any

from functions.domain.ids import looks_like

# By the prefix of the id: the name under which a task carries it.
KINDS = {"snd": "send", "dlv": "delivery"}


def body(owner: str, item: str) -> dict[str, str]:
    return {KINDS[item.partition("_")[0]]: f"{owner}/{item}"}


def parse(found: dict[str, Any]) -> tuple[str, str] | None:
    """(owner, id), or None for what is no task."""
    for prefix, name in KINDS.items():
        owner, _, item = str(found.get(name, "")).partition("/")
        if looks_like("own", owner) and looks_like(prefix, item):
            return owner, item
    return None
