"""What has broken email software before, one test for each, with its source."""

import json
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import compat32
from typing import Any

import pytest

from functions.domain.errors import InvalidMessage
from functions.domain.messages import Address, Message
from functions.domain.mime import compose, verify
from functions.domain.send_parsing import parse_send
from tests.domain import python_reader

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def sent(**fields: Any) -> bytes:
    """The bytes of the smallest message with these fields, through the whole way from JSON."""
    body = {"from": "me@example.com", "to": ["ana@example.com"], "subject": "Hi", "text": "Hi", **fields}
    request = parse_send(json.loads(json.dumps(body)), now=NOW)
    assert request.sender
    message = Message(
        request.sender,
        request.to,
        request.cc,
        request.bcc,
        request.reply_to,
        request.subject or "",
        request.text,
        request.html,
        headers=request.headers,
    )
    mime = compose(message, date=NOW, message_id="<1@example.com>", boundary_seed="snd_1")
    verify(mime, message)
    return b"".join(mime.blocks())


def refused(**fields: Any) -> list[str]:
    with pytest.raises(InvalidMessage) as raised:
        sent(**fields)
    return [error.pointer for error in raised.value.errors]


def test_an_encoded_newline_in_a_subject_goes_out_as_the_text_it_is() -> None:
    """CVE-2024-6923: EmailMessage decodes it, and writes the newline: a real Bcc header."""
    subject = "A =?UTF-8?Q?=0A?=Bcc: x@evil.example"
    raw = sent(subject=subject)
    found = python_reader.read(raw)
    assert found["subject"] == subject
    assert "bcc" not in found["names"]
    assert message_from_bytes(raw, policy=compat32)["bcc"] is None


def test_a_line_break_in_a_header_name_is_refused() -> None:
    """CVE-2024-6923 was about values; EmailMessage up to 3.12.1 writes CRLF in a name as it is."""
    assert refused(headers={"X-A: b\r\nBcc": "x@evil.example"}) == ["/headers/X-A: b\\u000d\\u000aBcc"]


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_whatever_splits_lines_somewhere_is_refused_in_every_header(ending: str) -> None:
    """CVE-2024-6923; str.splitlines, which mail software is written with, knows all of these."""
    value = f"a{ending}Bcc: x@evil.example"
    assert refused(subject=value) == ["/subject"]
    assert refused(headers={"X-A": value}) == ["/headers/X-A"]
    assert refused(**{"from": {"email": "me@example.com", "name": value}}) == ["/from/name"]
    assert refused(to=[{"email": value}]) == ["/to/0/email"]
    assert refused(reply_to=[{"email": "a@b.co", "name": value}]) == ["/reply_to/0/name"]
    assert refused(attachments=[{"filename": value, "content": ""}]) == ["/attachments/0/filename"]
    assert refused(attachments=[{"filename": "a", "content_type": value, "content": ""}]) == [
        "/attachments/0/content_type"
    ]
    assert refused(attachments=[{"filename": "a", "content_id": value, "content": ""}]) == ["/attachments/0/content_id"]


def test_an_encoded_word_in_an_address_is_refused() -> None:
    """Decoded by CPython up to 3.12.1 to AB@e.com: the mail goes to another domain than the one that was checked
    (PortSwigger, "Splitting the email atom", 2024). email-validator takes it."""
    assert refused(to=["=?utf-8?q?=41=42?=@e.com"]) == ["/to/0"]
    assert refused(to=[{"email": "=?utf-8?q?a=40evil.example=3e=00?=@e.com"}]) == ["/to/0/email"]


@pytest.mark.parametrize(
    "address",
    [
        "alice@example.org)bob@evil.example",
        "alice@example.org(<bob@evil.example>",
        "alice@example.org<bob@evil.example>",
        "alice@example.org]<bob@evil.example>",
        "alice@example.org,bob@evil.example",
        'alice@example.org"<bob@evil.example>',
        "<alice@example.org>, bob@evil.example",
        '"alice@evil.example x"@example.org',
    ],
)
def test_no_address_is_parsed_out_of_text(address: str) -> None:
    """CVE-2023-27043 (`parseaddr` takes the wrong one), CVE-2025-13033 (nodemailer: a quoted local part)."""
    assert refused(to=[address]) == ["/to/0"]
    assert refused(to=[{"email": address}]) == ["/to/0/email"]


@pytest.mark.parametrize(
    "name", ["a@evil.example", "<a@evil.example>", 'x" <a@evil.example>, "y', "a@evil.example, b", "(c"]
)
def test_a_display_name_that_looks_like_an_address_stays_a_name(name: str) -> None:
    """CVE-2023-27043, CVE-2025-13033: what stands in quotes is no address."""
    found = python_reader.read(sent(to=[{"email": "ana@example.com", "name": name}]))
    assert found["to"] == [{"email": "ana@example.com", "name": name}]


def test_a_lone_dot_never_stands_on_a_line_and_line_endings_are_crlf() -> None:
    """CVE-2023-51764 and its kin, SMTP smuggling: a relay may take `\\n.\\n` for the end of the message."""
    raw = sent(text="a\n.\nMAIL FROM:<x@evil.example>\r.\r\n.\r\nb", html=".\n\n.")
    assert b"." not in raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")


def test_a_body_can_not_end_its_own_part() -> None:
    """A boundary that the sender can guess, or learn from an earlier message (RFC 2046 §5.1.1)."""
    text = '--=_snd_1_a--\r\n--=_snd_1_a\r\nContent-Disposition: attachment; filename="evil.exe"\r\n\r\nx'
    found = python_reader.read(sent(text=text, html="<p>Hi</p>"))
    assert found["text"].replace("\r\n", "\n") == text.replace("\r\n", "\n") + "\n"
    assert found["attachments"] == []


def test_a_lone_surrogate_is_refused_not_a_crash() -> None:
    """json.loads makes one of `"\\ud800"`; encoding it later fails in the middle of a send."""
    assert refused(text="\ud800", subject="\udfff") == ["/subject", "/text"]


def test_text_that_turns_around_is_refused_in_names() -> None:
    """CVE-2021-42574's characters; `invoice\\u202efdp.exe` is shown as `invoiceexe.pdf`."""
    assert refused(attachments=[{"filename": "invoice\u202efdp.txt", "content": ""}]) == ["/attachments/0/filename"]
    assert refused(to=[{"email": "a@b.co", "name": "Ana\u202e"}]) == ["/to/0/name"]


def test_a_message_made_without_the_parser_is_checked_as_strictly() -> None:
    """A rendered template's subject comes from a variable that a webhook's caller chose."""
    to = (Address("ana@example.com"),)
    message = Message(Address("me@example.com"), to, (), (), (), "a\r\nBcc: x@evil.example", "Hi", None)
    with pytest.raises(InvalidMessage) as raised:
        compose(message, date=NOW, message_id="<1@example.com>", boundary_seed="snd_1")
    assert [error.pointer for error in raised.value.errors] == ["/subject"]
