"""What comes into the mailbox of a world: the corpus, and short letters."""

import base64
from collections.abc import Sequence
from typing import Any

from functions.domain.accounts import StoredAlias
from functions.domain.events import Event
from functions.domain.messages import Address
from tests.domain.mailbox_corpus import Case, cases
from tests.services.fakes import ACCOUNT, OWNER, Arrived, World

GRACE, ALAN = "grace@recipient.example", "alan@other.example"
CASES = {case.file.removesuffix(".eml"): case for case in cases()}


def prepare(world: World) -> None:
    """The account that the corpus was written to."""
    world.connect(email="ada@example.com")
    world.change_account(aliases=(StoredAlias("countess@example.com"),))
    world.watching.start(world.account())


def send(world: World, **fields: Any) -> tuple[str, str]:
    """The send, and its thread."""
    given = {"to": (Address(GRACE),), "cc": (Address(ALAN),), **fields}
    sent = world.send(**given)
    return sent.id, world.record(sent.id).gmail_thread_id or ""


def arrives(world: World, thread_id: str, case: Case | str, shape: str = "headers") -> Arrived:
    """A message of the corpus."""
    case = CASES[case] if isinstance(case, str) else case
    return world.mailbox.arrives(thread_id, case.headers, labels=case.labels, report=report(case.report(), shape))


def answers(world: World, thread_id: str, *more: tuple[str, str], sender: str = GRACE) -> Arrived:
    return world.mailbox.arrives(thread_id, [("From", sender), ("Subject", "Re: Hi"), *more])


def report(text: str, shape: str) -> dict[str, Any] | None:
    """The part as Gmail's API has been seen to show it: as the headers of parts within it, with the recipients' fields
    as text within it, as its own text, or to be fetched."""
    if not text:
        return None
    made: dict[str, Any] = {"mimeType": "message/delivery-status", "body": {"size": 0}}
    made["headers"] = [{"name": "Content-Type", "value": "message/delivery-status"}]
    blocks = [block for block in text.split("\n\n") if block.strip()]
    if shape == "text":
        made["body"] = {"data": _encoded(text)}
    elif shape == "fetched":
        made["body"] = {"attachmentId": "ANGjdJ8", "later": _encoded(text)}
    elif shape == "mixed":
        first = {"mimeType": "text/plain", "headers": _fields(blocks[0]), "body": {}}
        made["parts"] = [{**first, "body": {"data": _encoded("\n\n".join(blocks[1:]))}}]
    else:
        made["parts"] = [{"mimeType": "text/plain", "headers": _fields(block), "body": {}} for block in blocks]
    return made


def _fields(block: str) -> list[dict[str, str]]:
    lines = block.replace("\n ", " ").splitlines()
    return [{"name": line.partition(":")[0], "value": line.partition(":")[2].strip()} for line in lines if ":" in line]


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def events(world: World, send_id: str) -> list[Event]:
    return world.timeline.of(OWNER, send_id)


def shown(found: Sequence[Event]) -> list[str]:
    """As the corpus writes what it expects."""
    said = []
    for event in found:
        words = [event.type, event.verdict]
        if event.type == "bounced":
            words += [event.evidence["category"], event.evidence["action"]]
        said.append(" ".join(filter(None, [*words, event.recipient or "-"])))
    return said


def look(world: World) -> None:
    """The mailbox is looked into now."""
    error = world.watching.visit(OWNER, ACCOUNT)
    if error:
        raise error
