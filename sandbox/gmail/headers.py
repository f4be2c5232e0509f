"""The header block of a message, field by field, and what Gmail changes in it. Bodies are never touched."""

import re
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import AddressHeader, HeaderRegistry
from email.utils import formataddr
from functools import cached_property

_SINGLE = (
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
)
_NAME = re.compile(rb"[!-9;-~]+")
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_PREFIX = re.compile(r"^(?:\s*(?:re|fwd?|aw)\s*:)+\s*", re.IGNORECASE)
_BOUNDARY = re.compile(rb"\bboundary=(?:\"([^\"\r\n]+)\"|([^\s;\"]+))", re.IGNORECASE)
# Lists of plain addresses are the rule; the full parser of the standard library is some fifty times slower.
_PLAIN_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_PLAIN = re.compile(
    rf'\s*(?:(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<name>[^"<>@,;:=()\\]*?))\s*<(?P<one>{_PLAIN_ADDRESS})>'
    rf"|(?P<two>{_PLAIN_ADDRESS}))\s*(?:,|$)"
)
_registry = HeaderRegistry()


class MalformedMessage(Exception):
    """The text is what Gmail would say."""


@dataclass(frozen=True)
class Mailbox:
    name: str
    email: str


@dataclass(frozen=True)
class Field:
    """A header field: `raw` is all its lines with name and line ends."""

    name: str
    raw: bytes

    @cached_property
    def value(self) -> str:
        """Unfolded, encoded words decoded."""
        raw = self.raw.split(b":", 1)[1].decode("utf-8", "surrogateescape")
        text = re.sub(r"\r?\n(?=[ \t])", "", raw).strip()
        if "=?" in text:
            # What cannot be decoded is shown as it stands.
            with suppress(HeaderParseError, LookupError, ValueError, AttributeError, TypeError):
                text = str(_registry(self.name if self.name.lower() == "subject" else "X-Text", text))
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    @cached_property
    def mailboxes(self) -> list[Mailbox]:
        """Raises MalformedMessage when the value is no list of addresses."""
        raw = self.raw.split(b":", 1)[1].decode("utf-8", "replace")
        text = re.sub(r"\r?\n(?=[ \t])", "", raw).strip()
        found: list[Mailbox] = []
        position = 0
        while position < len(text):
            match = _PLAIN.match(text, position)
            if match is None:
                return _parse_addresses(self.name, text)
            name = match["quoted"] or match["name"] or ""
            found.append(Mailbox(re.sub(r"\\(.)", r"\1", name).strip(), match["one"] or match["two"]))
            position = match.end()
        return found


def _parse_addresses(name: str, text: str) -> list[Mailbox]:
    wrong = MalformedMessage(f"Invalid {name.title()} header")
    try:
        header = _registry("To", text)
        if not isinstance(header, AddressHeader):
            raise wrong
        found = [Mailbox(address.display_name, address.addr_spec) for address in header.addresses]
    except (HeaderParseError, LookupError, ValueError, AttributeError, TypeError) as exc:
        raise wrong from exc
    for mailbox in found:
        local, _, domain = mailbox.email.rpartition("@")
        if not local or not domain or re.search(r"[\s<>]", mailbox.email):
            raise wrong
    if text and not found and ":" not in text:
        raise wrong
    return found


def parse(block: bytes) -> list[Field]:
    """The fields of a header block. Raises MalformedMessage for what is no header block."""
    if b"\x00" in block:
        raise MalformedMessage("Invalid header: NUL")
    fields: list[Field] = []
    for line in block.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] = Field(fields[-1].name, fields[-1].raw + line + b"\r\n")
            continue
        name, colon, _ = line.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            raise MalformedMessage("Invalid header: a line is no header field")
        fields.append(Field(name.decode(), line + b"\r\n"))
    for name_ in _SINGLE:
        if sum(field.name.lower() == name_ for field in fields) > 1:
            raise MalformedMessage(f"Invalid {name_.title()} header")  # RFC 5322 §3.6: at most one
    return fields


def first(fields: Iterable[Field], name: str) -> Field | None:
    return next((field for field in fields if field.name.lower() == name.lower()), None)


def value(fields: Iterable[Field], name: str) -> str:
    found = first(fields, name)
    return "" if found is None else found.value


def mailboxes(fields: Iterable[Field], *names: str) -> list[Mailbox]:
    """All mailboxes of the named fields. Raises MalformedMessage."""
    wanted = [name.lower() for name in names]
    return [mailbox for field in fields if field.name.lower() in wanted for mailbox in field.mailboxes]


def referenced(fields: Sequence[Field]) -> list[str]:
    """The Message-IDs that this message answers."""
    return _MESSAGE_ID.findall(value(fields, "References") + " " + value(fields, "In-Reply-To"))


def boundaries(block: bytes) -> list[str]:
    """Every `boundary` parameter, in order."""
    found = [match[0] or match[1] for match in _BOUNDARY.findall(block)]
    return [boundary.decode("ascii", "replace") for boundary in dict.fromkeys(found)]


def new_message_id() -> str:
    """Of the kind that Gmail assigns."""
    return f"<CA{secrets.token_urlsafe(32)}@mail.example.com>"


def base_subject(subject: str) -> str:
    """The subject that Gmail compares within a thread."""
    return " ".join(_PREFIX.sub("", subject).split()).casefold()


def field(name: str, text: str) -> Field:
    return Field(name, f"{name}: {text}\r\n".encode())


def sender(name: str, email: str) -> Field:
    return field("From", formataddr((name, email), "utf-8"))


def block(fields: Iterable[Field]) -> bytes:
    """The header block with the empty line that ends it."""
    return b"".join(one.raw for one in fields) + b"\r\n"


def without(fields: Iterable[Field], *names: str) -> list[Field]:
    return [one for one in fields if one.name.lower() not in names]
