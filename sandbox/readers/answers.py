"""What a reader, or their mail program while they are away, writes back."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from sandbox.gmail import headers
from sandbox.gmail.headers import MalformedMessage
from sandbox.readers.letters import Letter

REPLY = "Thank you for your message."
AWAY = "I am out of the office until Monday and will answer when I am back."
MACHINE = {"Auto-Submitted": "auto-replied", "Precedence": "bulk", "X-Autoreply": "yes"}  # RFC 3834 §5
LONGEST_QUOTE = 40  # lines
_NAME = re.compile(r"[!-9;-~]+")


class NotWritten(Exception):
    """The text says what is wrong with the wanted headers."""


def answer(letter: Letter, text: str | None, changed: Mapping[str, str | None], *, away: bool) -> EmailMessage:
    """An answer to whom Reply-To or From names. `changed` replaces headers; None leaves one out. Raises NotWritten."""
    subject = " ".join(headers.value(letter.fields, "Subject").split())
    wanted: dict[str, str | None] = {
        "From": formataddr((letter.reader.name, letter.reader.email)),
        "Date": format_datetime(datetime.now(UTC)),
        "Message-ID": headers.new_message_id(),
        "Subject": f"Automatic reply: {subject}" if away else f"Re: {_without_re(subject)}",
        "To": _addressed(letter),
        "In-Reply-To": letter.copy.message_id,
        "References": f"{headers.value(letter.fields, 'References')} {letter.copy.message_id}".strip(),
        **(MACHINE if away else {}),
    }
    message = EmailMessage(SMTP)
    if not all(map(_NAME.fullmatch, changed)):
        raise NotWritten("that is no name of a header")
    if own := [name for name in changed if name.lower().startswith("content-")]:
        raise NotWritten(f"{own[0]} is the answer's own: it is a plain text")
    try:
        for name, value in _merged(wanted, changed).items():
            message[name] = value
        message.set_content((text or AWAY) if away else f"{text or REPLY}\n\n{_quote(letter)}")
    except (ValueError, IndexError) as exc:
        raise NotWritten(f"no such headers: {exc}") from exc
    return message


def recipients(message: EmailMessage) -> list[str]:
    """Raises NotWritten."""
    head = bytes(message).partition(b"\r\n\r\n")[0]
    try:
        found = [one.email.lower() for one in headers.mailboxes(headers.parse(head), "To", "Cc")]
    except MalformedMessage as exc:
        raise NotWritten(str(exc)) from exc
    if not found:
        raise NotWritten("the answer goes to nobody")
    return found


def _addressed(letter: Letter) -> str:
    for name in ("Reply-To", "From"):
        try:
            found = headers.mailboxes(letter.fields, name)
        except MalformedMessage:
            continue
        if found:
            return ", ".join(formataddr((one.name, one.email)) for one in found)
    raise NotWritten("the message says nobody to answer to")


def _merged(wanted: Mapping[str, str | None], changed: Mapping[str, str | None]) -> dict[str, str]:
    replaced = {name.lower() for name in changed}
    kept = {name: value for name, value in wanted.items() if name.lower() not in replaced}
    return {name: value for name, value in {**kept, **changed}.items() if value is not None}


def _without_re(subject: str) -> str:
    return subject[3:].strip() if subject.lower().startswith("re:") else subject


def _quote(letter: Letter) -> str:
    at = datetime.fromtimestamp(letter.copy.at / 1000, UTC)
    lines = (letter.text or letter.copy.snippet).splitlines()[:LONGEST_QUOTE]
    return "\n".join(
        [f"On {at:%a, %d %b %Y} at {at:%H:%M} {letter.copy.sender} wrote:", "", *(f"> {x}" for x in lines)]
    )
