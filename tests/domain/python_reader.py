"""What Python's own email package finds in a message, in the shape of `tests/mime_readers/reader.mjs`.

Display names, the subject and custom headers are decoded from the raw header: the policies' header classes turn every
run of white space inside an encoded word into one space (`_header_value_parser.WhiteSpaceTerminal`; 3.11 to 3.13).
"""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import AddressHeader, ContentTypeHeader
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from hashlib import sha256
from typing import Any


def read(raw: bytes) -> dict[str, Any]:
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    defects = [defect for part in mail.walk() for defect in part.defects]
    assert defects == [], defects
    values = {name.lower(): _raw_value(raw, name) for name in mail.keys()}  # noqa: SIM118 - a message is no dict
    found: dict[str, Any] = {
        "names": [name.lower() for name in mail.keys()],  # noqa: SIM118
        "subject": _decoded(values["subject"]),
        "message_id": str(mail["message-id"]),
        "in_reply_to": str(mail.get("in-reply-to", "")),
        "references": str(mail.get("references", "")).split(),
        "custom": {name: _decoded(value) for name, value in values.items()},
        "text": None,
        "html": None,
        "attachments": [],
    }
    for name in ("from", "to", "cc", "bcc", "reply-to"):
        header = mail.get(name)
        assert header is None or isinstance(header, AddressHeader)
        pairs = getaddresses([values[name]]) if header else []
        assert [email for _, email in pairs] == [address.addr_spec for address in (header.addresses if header else ())]
        found[name.replace("-", "_")] = [{"email": email, "name": _decoded(shown)} for shown, email in pairs]
    for part in mail.walk():
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_content_disposition() is None:
            kind = {"text/plain": "text", "text/html": "html"}[part.get_content_type()]
            assert found[kind] is None
            found[kind] = content.decode(part.get_content_charset(""))
            continue
        header = part["content-type"]
        assert isinstance(header, ContentTypeHeader)
        found["attachments"].append(
            {
                "filename": part.get_filename(),
                "content_type": header.content_type,
                "content_id": str(part.get("content-id", "")).strip("<>"),
                "size": len(content),
                "sha256": sha256(content).hexdigest(),
            }
        )
    return found


def _raw_value(raw: bytes, name: str) -> str:
    head = raw.split(b"\r\n\r\n", 1)[0].decode("ascii").replace("\r\n ", " ")
    return next(line.split(":", 1)[1][1:] for line in head.split("\r\n") if line.startswith(f"{name}:"))


def _decoded(value: str) -> str:
    return str(make_header(decode_header(value)))
