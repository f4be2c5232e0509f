"""A message as its reader has it: who reads it, who sent it, and what is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sandbox.gmail import headers, parts
from sandbox.gmail.headers import Field, Mailbox, MalformedMessage
from sandbox.gmail.messages import Message
from sandbox.gmail.parts import Part
from sandbox.readers import markup
from sandbox.state import Sandbox

ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058 §3.1


class NoSuchReader(Exception):
    """The address got no copy of the message."""


@dataclass(frozen=True)
class Letter:
    """`copy` is the one that was asked for, in an inbox or in the sender's Sent; `reader` who plays. `sent` is the
    sender's own copy: None for mail that came from no account here."""

    copy: Message
    sent: Message | None
    reader: Mailbox
    readers: Sequence[Mailbox]

    @cached_property
    def fields(self) -> list[Field]:
        return headers.parse(self.copy.head)

    @cached_property
    def parts(self) -> list[Part]:
        return parts.read(self.copy.raw())

    @cached_property
    def html(self) -> str | None:
        return parts.text_of(self.parts, "text/html")

    @cached_property
    def text(self) -> str | None:
        return parts.text_of(self.parts, "text/plain")

    @property
    def links(self) -> list[tuple[str, str]]:
        """(address, text) of the HTML; of the plain text where there is none."""
        return markup.links(self.html) if self.html is not None else markup.links_of_text(self.text or "")

    @property
    def pictures(self) -> list[str]:
        return markup.pictures(self.html or "")

    @property
    def unsubscribe_url(self) -> str | None:
        """The first web address of List-Unsubscribe (RFC 2369 §3.2)."""
        given = headers.value(self.fields, "List-Unsubscribe").split(",")
        addresses = (one.strip().removeprefix("<").removesuffix(">").strip() for one in given)
        return next((one for one in addresses if markup.is_web(one)), None)

    @property
    def one_click(self) -> bool:
        posted = headers.value(self.fields, "List-Unsubscribe-Post")
        return self.unsubscribe_url is not None and "".join(posted.split()).lower() == ONE_CLICK.lower()


def letter(sandbox: Sandbox, copy: Message, reader: str | None = None) -> Letter:
    """Played by `reader`, or by the first who got it. Raises NoSuchReader."""
    fields = headers.parse(copy.head)
    readers = _readers(sandbox, fields) or [Mailbox("", copy.account)]
    wanted = (reader or "").strip().lower()
    found = [one for one in readers if not wanted or one.email == wanted]
    if not found:
        raise NoSuchReader(f"{reader or 'nobody'} is no reader of this message")
    sent = copy if "SENT" in copy.labels else sandbox.mailboxes.sent(copy.message_id)
    return Letter(copy, sent, found[0], readers)


def _readers(sandbox: Sandbox, fields: Sequence[Field]) -> list[Mailbox]:
    """Of an inbox, those of its addresses that got it; of the Sent copy, all recipients."""
    named: list[Mailbox] = []
    for name in ("To", "Cc", "Bcc"):
        try:
            named += headers.mailboxes(fields, name)
        except MalformedMessage:
            continue
    names = {one.email.lower(): one.name for one in named}
    delivered = [field.value.lower() for field in fields if field.name.lower() == "delivered-to"]
    found = []
    for address in dict.fromkeys(delivered or names):
        owner = sandbox.people.owner_of(address)
        found.append(Mailbox(owner.name if owner else names.get(address, ""), address))
    return found
