"""Compose the exact bytes of a message as a stream: the size is known before any attachment is read.

multipart/mixed                 when there are attachments
├── multipart/related           when there are inline parts (content_id)
│   ├── multipart/alternative   when there are both text and html
│   │   ├── text/plain
│   │   └── text/html
│   └── inline parts
└── attachments
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256

from functions.domain import encoding
from functions.domain.addresses import Address, ascii_email
from functions.domain.errors import FieldError, IntegrationError, InvalidMessage
from functions.domain.messages import MIME_LIMIT, Attachment, Message, check_message
from functions.domain.mime_guard import verify

__all__ = ["Mime", "compose", "verify"]

_BLOCK = 256 * 1024
_SEED = re.compile(r"[A-Za-z0-9_-]{1,48}")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._+-]{1,120}@[A-Za-z0-9.-]{1,120}>")

_Pieces = list[bytes | Attachment]


@dataclass(frozen=True, slots=True)
class Mime:
    """A finished message: `size` bytes that `blocks()` yields.

    `head` is the header block with the empty line after it; `pieces` is the rest, where an Attachment stands for its
    bytes in base64. `header_names` are in the order written.
    """

    head: bytes
    pieces: tuple[bytes | Attachment, ...]
    header_names: tuple[str, ...]
    size: int

    def blocks(self) -> Iterator[bytes]:
        """The bytes, afresh at each call, in blocks of at most 256 KiB.

        Raises IntegrationError before the last block of an attachment whose source gave other bytes than its metadata
        say: a message that was cut short is never a valid upload, so a wrong file can't go out.
        """
        yield self.head
        for piece in self.pieces:
            if isinstance(piece, Attachment):
                yield from encoding.base64_blocks(_checked(piece))
            else:
                for start in range(0, len(piece), _BLOCK):
                    yield piece[start : start + _BLOCK]


def compose(message: Message, *, date: datetime, message_id: str, boundary_seed: str) -> Mime:
    """The MIME of `message`. `date` is aware; `message_id` is `<token@domain>`.

    `boundary_seed` (the send's id) stands in the top Content-Type in every case, in the boundary or, for a message of a
    single part, in a parameter that readers ignore: Gmail replaces the Message-ID, so this is what shows later that an
    ambiguous send went out.

    Raises InvalidMessage with every problem of the message, or with its size if it is over Gmail's limit of 36,700,160.
    """
    if not _SEED.fullmatch(boundary_seed) or not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("boundary_seed is 1 to 48 of A-Za-z0-9_-; message_id is <token@domain>")
    check_message(message)
    headers = _headers(message, date, message_id)
    content_type, pieces = _body(message, boundary_seed)
    head = "".join([*headers.values(), "MIME-Version: 1.0\r\n", content_type, "\r\n"]).encode("ascii")
    merged = _merged(pieces)
    size = len(head) + sum(encoding.base64_size(p.size) if isinstance(p, Attachment) else len(p) for p in merged)
    if size > MIME_LIMIT:
        detail = f"The whole message has {size} bytes, encoded; Gmail takes at most {MIME_LIMIT}."
        raise InvalidMessage(detail, errors=[FieldError("/attachments" if message.attachments else "/text", detail)])
    part_names = re.findall(r"^([A-Za-z-]+):", content_type, re.MULTILINE)
    return Mime(head, merged, (*headers, "MIME-Version", *part_names), size)


def _headers(message: Message, date: datetime, message_id: str) -> dict[str, str]:
    headers = {}
    for name, addresses in (
        ("From", (message.sender,)),
        ("To", message.to),
        ("Cc", message.cc),
        ("Bcc", message.bcc),  # Gmail takes the recipients from the headers, and drops Bcc itself
        ("Reply-To", message.reply_to),
    ):
        if addresses:
            headers[name] = encoding.mailboxes(name, _wire(addresses))
    headers["Subject"] = encoding.unstructured("Subject", message.subject)
    headers["Date"] = f"Date: {format_datetime(date.astimezone(UTC))}\r\n"
    headers["Message-ID"] = f"Message-ID: {message_id}\r\n"
    if message.in_reply_to:
        headers["In-Reply-To"] = f"In-Reply-To: {message.in_reply_to}\r\n"
    if message.references:
        headers["References"] = encoding.fold("References", message.references)
    if message.unsubscribe:
        headers["List-Unsubscribe"] = encoding.fold("List-Unsubscribe", [f"<{message.unsubscribe}>"])
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    for name, value in message.headers:
        headers[name] = encoding.unstructured(name, value)
    return headers


def _wire(addresses: tuple[Address, ...]) -> Iterator[tuple[str, str]]:
    return ((address.name, ascii_email(address.email)) for address in addresses)


def _body(message: Message, seed: str) -> tuple[str, _Pieces]:
    """The headers of the whole message's content, and the content."""
    inline = [attachment for attachment in message.attachments if attachment.content_id]
    attached = [attachment for attachment in message.attachments if not attachment.content_id]
    alone = not message.attachments and (message.text is None or message.html is None)
    bodies = [
        _text(kind, text, seed if alone else "")
        for kind, text in (("plain", message.text), ("html", message.html))
        if text is not None
    ]
    # `=_` never occurs in quoted-printable or base64, so none of these boundaries can occur in a body (RFC 2045 §6.7).
    current = bodies[0] if len(bodies) == 1 else _multipart("alternative", "", f"=_{seed}_a", bodies)
    if inline:
        # RFC 2387 §3.1: `type` is the type of the root part, which is the first one.
        root = ("text/plain" if message.html is None else "text/html") if len(bodies) == 1 else "multipart/alternative"
        parts = [current, *(_file(attachment) for attachment in inline)]
        current = _multipart("related", f'; type="{root}"', f"=_{seed}_r", parts)
    if attached:
        current = _multipart("mixed", "", f"=_{seed}_m", [current, *(_file(attachment) for attachment in attached)])
    return current


def _text(kind: str, text: str, seed: str) -> tuple[str, _Pieces]:
    transfer, encoded = encoding.body(text)
    mark = f';\r\n x-send="{seed}"' if seed else ""
    return f"Content-Type: text/{kind}; charset=utf-8{mark}\r\nContent-Transfer-Encoding: {transfer}\r\n", [encoded]


def _file(attachment: Attachment) -> tuple[str, _Pieces]:
    lines = [f"Content-Type: {attachment.content_type}\r\nContent-Transfer-Encoding: base64\r\n"]
    if attachment.content_id:
        lines.append(f"Content-ID: <{attachment.content_id}>\r\n")
    # Readers append an inline text to the body they show, so only other types are marked inline.
    inline = attachment.content_id and not attachment.content_type.lower().startswith("text/")
    parameters = encoding.filename_parameters(attachment.filename)
    words = ["inline" if inline else "attachment", *parameters]
    lines.append(encoding.fold("Content-Disposition", [*(f"{word};" for word in words[:-1]), words[-1]]))
    return "".join(lines), [attachment]


def _multipart(kind: str, extra: str, boundary: str, parts: list[tuple[str, _Pieces]]) -> tuple[str, _Pieces]:
    pieces: _Pieces = []
    for headers, content in parts:
        start = "\r\n" if pieces else ""  # the line ending before a delimiter belongs to it (RFC 2046 §5.1.1)
        pieces += [f"{start}--{boundary}\r\n{headers}\r\n".encode("ascii"), *content]
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    return f'Content-Type: multipart/{kind}{extra};\r\n boundary="{boundary}"\r\n', pieces


def _merged(pieces: _Pieces) -> tuple[bytes | Attachment, ...]:
    merged: _Pieces = []
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            run.append(piece)
            continue
        merged += [b"".join(run), piece]
        run = []
    return (*merged, b"".join(run))


def _checked(attachment: Attachment) -> Iterator[bytes]:
    """The bytes of an attachment, one block late, so that the last one is held back if the file is not the promised."""
    digest, size, held = sha256(), 0, b""
    for block in attachment.source():
        if held:
            yield held
        digest.update(block)
        size += len(block)
        held = block
    if size != attachment.size or digest.hexdigest() != attachment.sha256:
        raise IntegrationError(
            f"The stored attachment is not the file it was: {size} bytes, {attachment.size} expected."
        )
    yield held
