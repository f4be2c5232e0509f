"""Reading what is inside a message: texts, pictures, attachments. Meant for hostile mail: it never raises."""

import html
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value
from html.parser import HTMLParser

MIME_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
SNIPPET_LENGTH = 200


@dataclass(frozen=True)
class Part:
    """A part that is no container. `number` counts them from 0; `content_id` comes without brackets."""

    number: int
    content_type: str
    filename: str
    content_id: str
    content: bytes
    charset: str
    attached: bool

    @property
    def text(self) -> str:
        try:
            return self.content.decode(self.charset, "replace")
        except (LookupError, ValueError):
            return self.content.decode("utf-8", "replace")


def read(raw: bytes) -> list[Part]:
    """All parts of the message; one inside a forwarded message (message/rfc822) is not looked for."""
    found: list[Part] = []
    waiting: list[Message] = [message_from_bytes(raw)]
    while waiting:
        message = waiting.pop(0)
        if message.get_content_maintype() == "multipart" and message.is_multipart():
            waiting = [*children_of(message), *waiting]
            continue
        found.append(_part(message, len(found)))
    return found


def text_of(parts: list[Part], content_type: str) -> str | None:
    """The first body of that type which is no attachment."""
    return next((part.text for part in parts if part.content_type == content_type and not part.attached), None)


def plain_text(parts: list[Part]) -> str:
    """What can be read without HTML."""
    text = text_of(parts, "text/plain")
    if text is None:
        text = strip_tags(text_of(parts, "text/html") or "")
    return text


def snippet(text: str) -> str:
    return " ".join(text[: 4 * SNIPPET_LENGTH].split())[:SNIPPET_LENGTH]


def strip_tags(markup: str) -> str:
    stripper = _Stripper()
    try:
        stripper.feed(markup)
        stripper.close()
    except AssertionError:
        pass  # html.parser's way to say that it is lost; what came before counts
    return "".join(stripper.found)


class _Stripper(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden += tag in ("style", "script", "title")
        self.found.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script", "title") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(html.unescape(data))


def children_of(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _part(message: Message, number: int) -> Part:
    content_type = message.get_content_type()
    filename = filename_of(message)
    return Part(
        number,
        content_type if MIME_TYPE.fullmatch(content_type) else "application/octet-stream",
        filename,
        str(message.get("Content-ID", "")).strip().strip("<>"),
        content_of(message),
        str(message.get_param("charset", "utf-8")),
        message.get_content_disposition() == "attachment" or bool(filename),
    )


def content_of(message: Message) -> bytes:
    """The decoded content; of a forwarded message or a delivery report, all of its lines."""
    if not message.is_multipart():
        payload = message.get_payload(decode=True)
        return payload if isinstance(payload, bytes) else b""
    try:
        return b"".join(one.as_bytes() for one in children_of(message))
    except (LookupError, ValueError, TypeError, AttributeError):
        return b""  # the standard library cannot write every message that it reads


def filename_of(message: Message) -> str:
    given = message.get_param("filename", None, "content-disposition") or message.get_param("name", None)
    if given is None:
        return ""
    try:
        text = str(make_header(decode_header(collapse_rfc2231_value(given))))
    except (HeaderParseError, LookupError, ValueError):
        text = str(given)
    # Controls and the characters that turn text around, which make `exe.pdf` look like `fdp.exe`.
    return re.sub("[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text).replace("\\", "/").rsplit("/")[-1]
