"""Storing what a send will say, and getting it back: small parts in the document, large ones as blobs."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from functions.domain import records
from functions.domain.contents import (
    DOCUMENT,
    INLINE_BODIES,
    INLINE_PART,
    INLINE_PARTS,
    Content,
    StoredHeader,
    StoredPart,
    pack_bodies,
    unpack_bodies,
)
from functions.domain.errors import BlobMissing, IntegrationError
from functions.domain.messages import Attachment, Message
from functions.domain.mime import Mime, compose, verify
from functions.domain.ports import Blobs, Data, Documents
from functions.domain.records import replace
from functions.domain.sends import Send

GONE = "The content of this send is no longer kept."


def path(owner: str, send_id: str) -> str:
    return f"owners/{owner}/contents/{send_id}"


@dataclass(frozen=True, slots=True)
class BlobSource:
    """The bytes of an attachment that already lies in the blob store."""

    blobs: Blobs
    name: str
    shared: bool = False  # by several sends, so it is not one's to delete

    def __call__(self) -> Iterator[bytes]:
        return self.blobs.read(self.name)


@dataclass(frozen=True, slots=True)
class BytesSource:
    """The bytes of an attachment that is small enough to be kept in memory."""

    data: bytes

    def __call__(self) -> Iterator[bytes]:
        return iter((self.data,))


def store(
    blobs: Blobs,
    prefix: str,
    message: Message,
    *,
    date: datetime,
    message_id: str,
    thread_id: str | None,
    expires_at: datetime | None = None,
) -> Data:
    """The document of a message's content; what does not fit in is written to blobs under `prefix`."""
    room = DOCUMENT - _size_of_rest(message)
    parts, inline = [], 0
    for index, attachment in enumerate(message.attachments):
        part = StoredPart(
            attachment.filename, attachment.content_type, attachment.size, attachment.sha256, attachment.content_id
        )
        if isinstance(attachment.source, BlobSource):
            part = replace(part, blob=attachment.source.name, shared=attachment.source.shared)
        elif attachment.size <= INLINE_PART and inline + attachment.size <= min(INLINE_PARTS, room):
            inline += attachment.size
            part = replace(part, data=b"".join(attachment.source()))
        else:
            part = replace(part, blob=blobs.write(f"{prefix}{index}", attachment.source()).name)
        parts.append(part)
    bodies, bodies_blob = pack_bodies(message.text, message.html), ""
    if len(bodies) > min(INLINE_BODIES, room - inline):
        bodies, bodies_blob = b"", blobs.write(f"{prefix}bodies", [bodies]).name
    content = Content(
        sender=message.sender,
        to=message.to,
        cc=message.cc,
        bcc=message.bcc,
        reply_to=message.reply_to,
        subject=message.subject,
        date=date,
        message_id=message_id,
        bodies=bodies,
        bodies_blob=bodies_blob,
        parts=tuple(parts),
        headers=tuple(StoredHeader(name, value) for name, value in message.headers),
        in_reply_to=message.in_reply_to,
        references=message.references,
        unsubscribe=message.unsubscribe,
        thread_id=thread_id,
        expires_at=expires_at,
    )
    return records.to_data(content)


def _size_of_rest(message: Message) -> int:
    """About how many bytes the document takes without bodies and files; rather too many. Five hundred names can be
    half of a megabyte."""
    texts = [message.subject, message.unsubscribe, message.in_reply_to, *message.references]
    for address in (message.sender, *message.to, *message.cc, *message.bcc, *message.reply_to):
        texts += (address.email, address.name)
    for header in message.headers:
        texts += header
    for file in message.attachments:
        texts += (file.filename, file.content_type, file.content_id)
    # With the names of the fields; a file has a hash and perhaps a blob's name, and the document some fields more.
    return len("".join(texts).encode()) + 10 * len(texts) + 300 * len(message.attachments) + 1_000


def load(blobs: Blobs, data: Data) -> tuple[Content, Message]:
    """Raises BlobMissing where a part has expired."""
    content = records.from_data(Content, data)
    bodies = b"".join(blobs.read(content.bodies_blob)) if content.bodies_blob else content.bodies
    text, html = unpack_bodies(bodies)
    message = Message(
        sender=content.sender,
        to=content.to,
        cc=content.cc,
        bcc=content.bcc,
        reply_to=content.reply_to,
        subject=content.subject,
        text=text,
        html=html,
        attachments=tuple(_attachment(blobs, part) for part in content.parts),
        headers=tuple((h.name, h.value) for h in content.headers),
        in_reply_to=content.in_reply_to,
        references=content.references,
        unsubscribe=content.unsubscribe,
    )
    return content, message


def mime(documents: Documents, blobs: Blobs, send: Send, date: datetime) -> tuple[Mime, str | None]:
    """The message of a send and its thread, to be posted at `date`.

    Raises IntegrationError where the content is gone or broken: what can't be composed now never can be.
    """
    document = documents.get(path(send.owner, send.id))
    if document is None:
        raise IntegrationError(GONE)
    try:
        content, message = load(blobs, document.data)
        composed = compose(message, date=date, message_id=content.message_id, boundary_seed=send.id)
    except BlobMissing:
        raise IntegrationError(GONE) from None
    except (ValueError, TypeError, KeyError, zlib.error) as exc:
        raise IntegrationError("The stored content of this send can't be read.") from exc
    verify(composed, message)
    return composed, content.thread_id


def blobs_of(data: Data) -> list[str]:
    """The blobs that go with a content; not those that other sends refer to."""
    content = records.from_data(Content, data)
    return [name for name in (content.bodies_blob, *(p.blob for p in content.parts if not p.shared)) if name]


def _attachment(blobs: Blobs, part: StoredPart) -> Attachment:
    source = BlobSource(blobs, part.blob, part.shared) if part.blob else BytesSource(part.data)
    return Attachment(part.filename, part.content_type, part.size, part.sha256, part.content_id, source)
