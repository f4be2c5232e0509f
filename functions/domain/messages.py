"""One email message as it was asked for, and the rules that make it sendable. What the bytes are is `mime`'s matter."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from functions.domain.addresses import Address as Address  # part of a message, so at home here too
from functions.domain.addresses import email_problem, name_problem
from functions.domain.attachment_rules import content_id_problem, content_type_problem, filename_problem
from functions.domain.characters import body_problem, line_problem
from functions.domain.errors import InvalidMessage
from functions.domain.fields import Problems, pointer_to
from functions.domain.header_rules import HEADERS_LIMIT, header_name_problem, header_value_problem

MIME_LIMIT = 36_700_160  # bytes of the whole message: Gmail API, messages.send, media upload
RECIPIENTS_LIMIT = 500  # a message, over to, cc and bcc: Gmail's sending limits
REPLY_TO_LIMIT = 25
SUBJECT_LIMIT = 998  # characters; RFC 5322 §2.1.1 has that limit for a line
BODY_LIMIT = 5_000_000  # characters of text, and of html
ATTACHMENTS_LIMIT = 100

# A Message-ID that can be written into a header as it is: RFC 5322 §3.6.4, and whatever else Gmail or a sender made up,
# as long as it is visible ASCII without angle brackets.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,400}>")
_URL = re.compile(r"https?://[!-;=?-~]{1,900}")  # visible ASCII without angle brackets, on one line


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of `size` bytes. `source()` yields its bytes afresh at each call; two are equal if their metadata are.

    With a `content_id` it is an inline part that the html names as `cid:<content_id>`. `sha256` is hex.
    """

    filename: str
    content_type: str
    size: int
    sha256: str
    content_id: str = ""
    source: Callable[[], Iterator[bytes]] = field(default=lambda: iter(()), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out. A body counts as unchanged if it is the same up to line endings: every CRLF, CR and LF is one line
    ending, and the last line gets one if it has none.

    `in_reply_to` and `references` are Message-IDs in angle brackets; `headers` are (name, value) pairs.
    """

    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    subject: str
    text: str | None
    html: str | None
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    unsubscribe: str = ""  # the URL of List-Unsubscribe, with one click (RFC 8058)


def subject_problem(subject: str) -> str:
    """What is wrong with a subject, or ""."""
    if len(subject) > SUBJECT_LIMIT:
        return f"A subject has at most {SUBJECT_LIMIT} characters; this one has {len(subject)}."
    return line_problem(subject)


def check_message(message: Message) -> None:
    """Raise InvalidMessage with every problem of a message, wherever its parts came from.

    The pointers are those of the send request. A request was checked when it was parsed; a rendered template, a reply's
    subject or a webhook's values come together only here, so this runs again before the bytes are made.
    """
    problems = Problems()
    for at, addresses in (
        ("/from", (message.sender,)),
        ("/to", message.to),
        ("/cc", message.cc),
        ("/bcc", message.bcc),
        ("/reply_to", message.reply_to),
    ):
        for index, address in enumerate(addresses):
            here = at if at == "/from" else f"{at}/{index}"
            if problem := email_problem(address.email):
                problems.add(f"{here}/email", problem)
            if address.name and (problem := name_problem(address.name)):
                problems.add(f"{here}/name", problem)
    check_counts(problems, len(message.to) + len(message.cc) + len(message.bcc), len(message.reply_to))
    if problem := subject_problem(message.subject):
        problems.add("/subject", problem)
    if message.text is None and message.html is None:
        problems.add("/text", "A message needs a text, an html or both.")
    for name, body in (("text", message.text), ("html", message.html)):
        if body and (problem := body_limit_problem(body)):
            problems.add(f"/{name}", problem)
    check_headers(problems, message.headers)
    for index, attachment in enumerate(message.attachments):
        _check_attachment(problems, f"/attachments/{index}", attachment)
    check_content_ids(problems, [attachment.content_id for attachment in message.attachments])
    for message_id in (*message.references, *filter(None, (message.in_reply_to,))):
        if not _MESSAGE_ID.fullmatch(message_id):
            problems.add("/in_reply_to_send", "The message it replies to has a Message-ID that can't be referred to.")
    if message.unsubscribe and not _URL.fullmatch(message.unsubscribe):
        problems.add("/unsubscribe", "The link can't be written into a header.")
    problems.raise_as(InvalidMessage)


def body_limit_problem(body: str) -> str:
    if len(body) > BODY_LIMIT:
        return f"At most {BODY_LIMIT} characters are allowed; these are {len(body)}."
    return body_problem(body)


def check_counts(problems: Problems, recipients: int, reply_to: int) -> None:
    if not recipients:
        problems.add("/to", "At least one recipient is needed, in to, cc or bcc.")
    if recipients > RECIPIENTS_LIMIT:
        problems.add("/to", f"Gmail takes at most {RECIPIENTS_LIMIT} recipients a message; these are {recipients}.")
    if reply_to > REPLY_TO_LIMIT:
        problems.add("/reply_to", f"At most {REPLY_TO_LIMIT} are allowed; these are {reply_to}.")


def check_headers(problems: Problems, headers: tuple[tuple[str, str], ...]) -> None:
    if len(headers) > HEADERS_LIMIT:
        problems.add("/headers", f"At most {HEADERS_LIMIT} are allowed; these are {len(headers)}.")
    seen: set[str] = set()
    for name, value in headers:
        if problem := header_name_problem(name) or header_value_problem(value):
            problems.add(pointer_to("/headers", name), problem)
        elif name.lower() in seen:
            problems.add(pointer_to("/headers", name), "This header is given twice (case does not matter).")
        seen.add(name.lower())


def check_content_ids(problems: Problems, content_ids: list[str]) -> None:
    seen: set[str] = set()
    for index, content_id in enumerate(content_ids):
        if content_id and content_id.lower() in seen:
            problems.add(f"/attachments/{index}/content_id", "Another attachment has this content_id.")
        seen.add(content_id.lower())


def _check_attachment(problems: Problems, at: str, attachment: Attachment) -> None:
    for name, problem in (
        ("filename", filename_problem(attachment.filename)),
        ("content_type", content_type_problem(attachment.content_type)),
        ("content_id", content_id_problem(attachment.content_id) if attachment.content_id else ""),
        ("size", "A size can't be negative." if attachment.size < 0 else ""),
    ):
        if problem:
            problems.add(f"{at}/{name}", problem)


def message_ids(value: str) -> tuple[str, ...]:
    """The Message-IDs in a header of a message we received (`References`, `Message-ID`), and nothing else."""
    return tuple(_MESSAGE_ID.findall(value))


def reply_references(references: str, message_id: str) -> tuple[str, ...]:
    """The References of a reply to the message with those headers (RFC 5322 §3.6.4): at most 21, the first one kept."""
    known = [found for found in dict.fromkeys(message_ids(references)) if found != message_id]
    return (*known[:1], *known[1:][-19:], *message_ids(message_id)[:1])


def reply_subject(original: str) -> str:
    """The subject of a reply. Gmail keeps a reply in its thread only if the subject is the same but for one `Re: `."""
    subject = original if original[:3].lower() == "re:" else f"Re: {original}"
    return subject[:SUBJECT_LIMIT]
