"""Read the composed bytes back before any of them leaves, and compare with what was asked."""

import re
from collections import Counter
from typing import Protocol

from functions.domain.addresses import ascii_email
from functions.domain.errors import IntegrationError
from functions.domain.messages import Message

# Anything that some reader may take for a line ending, a string's end or another charset has no place in a header.
_FOREIGN = re.compile(rb"[^\t\r\n -~]|\r(?!\n)|(?<!\r)\n|\r\n[ \t]*(?=\r\n.)", re.DOTALL)
_FOLD = re.compile(r"\r\n(?=[ \t])")
_FIELD = re.compile(r"([!-9;-~]+):(.*)", re.DOTALL)
# One mailbox of RFC 5322 §3.4, without its obsolete forms, comments and groups: words, then <address>; or an address.
# Possessive, so that no input takes more than linear time.
_SPEC = r"[^\s<>()\[\]\\,;:\"@]++@[A-Za-z0-9.-]++"
_WORDS = r'(?:"(?:[^"\\]|\\.)*+"|[^\s<>()\[\]\\,;:"@]++|\s++)*+'
_MAILBOX = re.compile(rf"\s*+(?:{_WORDS}<({_SPEC})>|({_SPEC}))\s*+(?:,|\Z)")
_BOUNDARY = re.compile(r'boundary="=_([A-Za-z0-9_-]+)_[amr]"')
_PART_HEADERS = {"content-type", "content-transfer-encoding", "content-id", "content-disposition"}


class Composed(Protocol):
    """The header block with its empty line; and the rest, where what is not bytes stands for an encoded file."""

    @property
    def head(self) -> bytes: ...
    @property
    def pieces(self) -> tuple[object, ...]: ...


def verify(mime: Composed, message: Message) -> None:
    """Raise IntegrationError naming the header if the bytes do not say what `message` says.

    This is the single best guard there is. Header injection, a misquoted name and a wrong fold all end the same way: a
    reader finds a recipient or a header that nobody asked for. Each came out of a composer that was thought right
    (CVE-2024-6923 out of CPython's), so it is not the composer that is asked but the finished bytes, by a strict reader
    that shares no code with it: the header names must be the intended ones, each as often, and From, To, Cc, Bcc and
    Reply-To must hold the intended addresses, in order. What the reader does not understand is refused, so a mistake
    costs a failed send and never a message to a stranger.
    """
    fields = _fields(mime.head)
    found = Counter(name.lower() for name, _ in fields)
    intended = Counter(name.lower() for name in _intended_names(message))
    if found != intended:
        different = sorted((found - intended) | (intended - found))
        raise IntegrationError(f"The composed message has not the headers that were asked for: {', '.join(different)}.")
    values = {name.lower(): value for name, value in fields}
    for name, addresses in (
        ("From", (message.sender,)),
        ("To", message.to),
        ("Cc", message.cc),
        ("Bcc", message.bcc),
        ("Reply-To", message.reply_to),
    ):
        wanted = [ascii_email(address.email) for address in addresses]
        if _addresses(name, values.get(name.lower(), "")) != wanted:
            raise IntegrationError(f"The composed message's {name} header has not the addresses that were asked for.")
    _check_content(
        b"".join([piece if isinstance(piece, bytes) else b"" for piece in mime.pieces]), values["content-type"]
    )


def _intended_names(message: Message) -> list[str]:
    names = ["From", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
    for name, given in (
        ("To", message.to),
        ("Cc", message.cc),
        ("Bcc", message.bcc),
        ("Reply-To", message.reply_to),
        ("In-Reply-To", message.in_reply_to),
        ("References", message.references),
        ("List-Unsubscribe", message.unsubscribe),
        ("List-Unsubscribe-Post", message.unsubscribe),
    ):
        if given:
            names.append(name)
    if not message.attachments and (message.text is None or message.html is None):
        names.append("Content-Transfer-Encoding")
    return [*names, *(name for name, _ in message.headers)]


def _fields(head: bytes) -> list[tuple[str, str]]:
    """The (name, unfolded value) pairs of a header block that ends with its empty line."""
    if not head.endswith(b"\r\n\r\n") or _FOREIGN.search(head):
        raise IntegrationError("The composed message's header block is malformed.")
    lines = _FOLD.sub("", head[:-4].decode("ascii")).split("\r\n")
    fields = []
    for line in lines:
        match = _FIELD.fullmatch(line)
        if not match:
            raise IntegrationError("The composed message's header block has a line that is no header.")
        fields.append((match[1], match[2].strip()))
    return fields


def _addresses(name: str, value: str) -> list[str]:
    found = []
    position = 0
    while position < len(value):
        match = _MAILBOX.match(value, position)
        if not match or "=?" in (match[1] or match[2]):
            raise IntegrationError(f"The composed message's {name} header can't be read back.")
        found.append(match[1] or match[2])
        position = match.end()
    return found


def _check_content(pieces: bytes, content_type: str) -> None:
    """Lines end with CRLF and nothing else (a bare CR or LF is what SMTP smuggling is made of, CVE-2023-51764), all is
    7-bit, and every part's headers are ours."""
    endings = pieces.count(b"\r\n")
    if not pieces.isascii() or b"\0" in pieces or pieces.count(b"\r") != endings or pieces.count(b"\n") != endings:
        raise IntegrationError("The composed message's content has bytes that email can't carry.")
    boundary = _BOUNDARY.search(content_type)
    if not boundary:
        return
    # Split, not matched: a pattern with the boundary in it would be compiled anew for every message.
    for block in pieces.split(f"--=_{boundary[1]}_".encode())[1:]:
        if block[:3] in (b"a\r\n", b"m\r\n", b"r\r\n"):
            headers, end, _ = block[3:].partition(b"\r\n\r\n")
            for name, _ in _fields(headers + end):
                if name.lower() not in _PART_HEADERS:
                    raise IntegrationError(f"A part of the composed message has a header that is not ours: {name}.")
