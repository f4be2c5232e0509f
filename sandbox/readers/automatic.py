"""Addresses that answer by themselves (see robots), a moment after the send."""

from functools import partial

from sandbox.gmail import headers
from sandbox.gmail.messages import Message
from sandbox.readers import actions
from sandbox.readers.letters import letter
from sandbox.robots import WITHOUT_INBOX, robot
from sandbox.state import Sandbox

PAUSE = 0.2  # seconds: the answer to the send comes first, as a rule


def answer_soon(sandbox: Sandbox, sent: Message) -> None:
    recipients = headers.mailboxes(headers.parse(sent.head), "To", "Cc", "Bcc")
    for address in dict.fromkeys(one.email.lower() for one in recipients):
        kind = robot(sandbox.people, address)
        if kind is not None:
            sandbox.background.later(PAUSE, partial(_answer, sandbox, sent, address, kind))


def _answer(sandbox: Sandbox, sent: Message, address: str, kind: str) -> None:
    if sandbox.mailboxes.get(sent.account, sent.id) is None:
        return  # forgotten meanwhile
    read = letter(sandbox, sent, address)
    if kind in WITHOUT_INBOX:
        actions.bounce(sandbox, read, kind, address)
    else:
        actions.reply(sandbox, read, None, {}, away=kind == "away")
