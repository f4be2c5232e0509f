"""What a caller may ask of `POST /api/gmail/send/`, typed and unchangeable. `send_parsing` reads it out of JSON."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from functions.domain.messages import Address, Attachment


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """A template to fill in; `version` None is the published one."""

    id: str
    version: int | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """A file that was uploaded before. None: as it was uploaded."""

    id: str
    filename: str | None = None
    content_type: str | None = None
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Tracking:
    """None: as the account's settings say."""

    opens: bool | None = None
    clicks: bool | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One message of a batch."""

    to: Address
    variables: Mapping[str, Any] = field(default_factory=dict)
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file part of a multipart request, its bytes kept elsewhere. `content_type` "" is guessed from the name."""

    filename: str
    content_type: str
    size: int
    sha256: str
    source: Callable[[], Iterator[bytes]] = field(compare=False, repr=False)
    content_id: str = ""  # of the part's Content-ID header: an inline image
    problem: str = ""  # what is wrong with what it holds


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Every field of the contract. None where the caller left the choice to the account, the template or the reply.

    `account` is an id or an address, None for the default account; `subject` None is the template's, or that of the
    message replied to; `send_at` is UTC, and one in the past means now (a repeated request must not fail because its
    time has come). With `recipients`, `to` is empty and every recipient gets a message of their own. What is
    `transactional` (a receipt, a password reset) goes to people who unsubscribed too.
    """

    account: str | None = None
    sender: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    template: TemplateUse | None = None
    attachments: tuple[Attachment | AttachmentRef, ...] = ()
    in_reply_to_send: str | None = None
    thread_id: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    tracking: Tracking = Tracking()
    unsubscribe: bool = False
    transactional: bool = False
    send_at: datetime | None = None
    cancel_if: tuple[Literal["replied", "bounced"], ...] = ()
    if_unknown: Literal["hold", "resend"] = "hold"
    signature: bool = False
    wait: bool = True
    dry_run: bool = False
    recipients: tuple[Recipient, ...] = ()
