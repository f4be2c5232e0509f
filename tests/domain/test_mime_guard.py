"""The guard finds whatever a wrong composer could do to a message."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import getaddresses
from hashlib import sha256
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain import mime
from functions.domain.errors import IntegrationError, InvalidMessage
from functions.domain.messages import Address, Attachment, Message
from functions.domain.mime import Mime, compose, verify
from tests.full import examples

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILE = Attachment("a.bin", "a/b", 1, sha256(b"x").hexdigest(), source=lambda: iter([b"x"]))
ASKED = Message(
    sender=Address("me@example.com", "Me"),
    to=(Address("ana@example.com", "Ana, née Müller"), Address("bo@example.com")),
    cc=(Address("cy@bücher.example"),),
    bcc=(Address("di@example.com"),),
    reply_to=(Address("re@example.com", 'R "E"'),),
    subject="Hi",
    text="Hi",
    html="<p>Hi</p>",
    attachments=(FILE,),
    headers=(("X-Order", "4711"),),
    in_reply_to="<a@example.com>",
    references=("<a@example.com>",),
)


def composed(message: Message) -> Mime:
    return compose(message, date=NOW, message_id="<1@example.com>", boundary_seed="snd_1")


def found_in(head: bytes, message: Message = ASKED) -> str:
    """What the guard says of the same message with this header block."""
    with pytest.raises(IntegrationError) as raised:
        verify(replace(composed(message), head=head), message)
    assert raised.value.code == "internal"
    return raised.value.detail


def test_a_right_message_passes() -> None:
    verify(composed(ASKED), ASKED)
    verify(composed(replace(ASKED, html=None, attachments=())), replace(ASKED, html=None, attachments=()))


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda head: b"Bcc: x@evil.example\r\n" + head, "bcc"),
        (lambda head: head.replace(b"X-Order: 4711", b"X-Order: 4711\r\nX-Other: x"), "x-other"),
        (lambda head: head.replace(b"X-Order: 4711\r\n", b""), "x-order"),
        (lambda head: head.replace(b"Subject: Hi", b"Subject: Hi\r\nBcc: x@evil.example"), "bcc"),
        (lambda head: head.replace(b"Subject: Hi", b"Subject: Hi\nBcc: x@evil.example"), "malformed"),
        (lambda head: head.replace(b"Subject: Hi", b"Subject: Hi\rBcc: x@evil.example"), "malformed"),
        (lambda head: head.replace(b"Subject: Hi", b"Subject: Hi\r\n\r\nBcc: x@evil.example"), "malformed"),
        (lambda head: head.replace(b"Subject: Hi", b"Subject: Hi\r\n \r\nBcc: x@evil.example"), "malformed"),
        (lambda head: head.replace(b"Subject: Hi", b"Subject: H\x00i"), "malformed"),
        (lambda head: head.replace(b"Subject: Hi", "Subject: Hä".encode()), "malformed"),
        (lambda head: head.replace(b"Subject: Hi", b"Subject : Hi"), "no header"),
        (lambda head: head.replace(b"Subject: Hi", b"Subject"), "no header"),
        (lambda head: head[:-2], "malformed"),
        (lambda head: head.replace(b"<bo@example.com>", b"bo@evil.example"), "To"),
        (lambda head: head.replace(b"<bo@example.com>", b"bo@example.com, x@evil.example"), "To"),
        (lambda head: head.replace(b", <bo@example.com>", b""), "To"),
        (lambda head: head.replace(b"<bo@example.com>", b"bo@example.com,"), ""),
        (lambda head: head.replace(b"<bo@example.com>", b"bo@example.com x@evil.example"), "To"),
        (lambda head: head.replace(b"<bo@example.com>", b"<bo@example.com> x@evil.example"), "To"),
        (lambda head: head.replace(b"<bo@example.com>", b"bo@example.com (x@evil.example)"), "To"),
        (lambda head: head.replace(b"<bo@example.com>", b"g: x@evil.example;, bo@example.com"), "To"),
        (lambda head: head.replace(b"To: =?", b"To: \" =?"), "To"),
        (lambda head: head.replace(b"cy@", b"\"x@evil.example y\"@"), "Cc"),
        (lambda head: head.replace(b"di@example.com", b"di@example.org"), "Bcc"),
        (lambda head: head.replace(b"From: Me <me@example.com>", b"From: x@evil.example"), "From"),
        (lambda head: head.replace(b"re@example.com", b"x@evil.example"), "Reply-To"),
        (lambda head: head.replace(b'"R \\"E\\""', b'"R \\"E\\"'), "Reply-To"),
    ],
)  # fmt: skip
def test_a_wrong_header_block_is_told_by_the_headers_name(change: Callable[[bytes], bytes], names: str) -> None:
    head = composed(ASKED).head
    changed = change(head)
    assert changed != head
    if names:
        assert names in found_in(changed)
    else:
        verify(replace(composed(ASKED), head=changed), ASKED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Content-Disposition: attachment", b"X-Evil: x\r\nContent-Disposition: attachment"),
        (b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: base64\nX: y"),
        (b"<p>Hi</p>", b"<p>H\ni</p>"),
        (b"<p>Hi</p>", b"<p>H\ri</p>"),
        (b"<p>Hi</p>", b"<p>H\x00i</p>"),
        (b"<p>Hi</p>", b"<p>H\xe4i</p>"),
    ],
)
def test_wrong_content_is_told(old: bytes, new: bytes) -> None:
    right = composed(ASKED)
    pieces = tuple(piece.replace(old, new, 1) if isinstance(piece, bytes) else piece for piece in right.pieces)
    assert pieces != right.pieces
    with pytest.raises(IntegrationError):
        verify(replace(right, pieces=pieces), ASKED)


ANY = st.text(
    st.sampled_from('ab@.,;:<>()"\\[] =?\r\n\t\x00ü\u2028_') | st.characters(exclude_categories=()), max_size=12
)
EVIL = st.sampled_from(
    ["\r\nBcc: x@evil.example", "=?utf-8?q?=0A?=", '" <x@evil.example>, "', "x@evil.example", "\n\n"]
)
TEXT = st.builds("{}{}{}".format, ANY, EVIL | st.just(""), ANY)
EMAIL = st.builds("{}@{}".format, TEXT, st.just("example.com")) | TEXT | st.just("ana@example.com")
ADDRESSES = st.lists(st.builds(Address, EMAIL, TEXT), min_size=1, max_size=3).map(tuple)


@settings(max_examples=examples(300))
@given(to=ADDRESSES, subject=TEXT, header=st.tuples(TEXT, TEXT))
def test_with_every_rule_switched_off_the_guard_still_lets_nothing_out_that_was_not_asked(
    to: tuple[Address, ...], subject: str, header: tuple[str, str]
) -> None:
    """The rules could have a hole. The composer then writes what it is told; only the guard is left."""
    message = Message(Address("me@example.com"), to, (), (), (), subject, "Hi", None, headers=(header,))
    with patch.object(mime, "check_message"):
        try:
            made = composed(message)
            verify(made, message)
        except (IntegrationError, InvalidMessage, UnicodeError):
            return
    raw = b"".join(made.blocks())
    lines = raw.split(b"\r\n\r\n", 1)[0].replace(b"\r\n ", b" ").split(b"\r\n")
    names = [line.split(b":", 1)[0].lower() for line in lines]
    ours = [b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"]
    assert sorted(names) == sorted([*ours, b"content-transfer-encoding", header[0].lower().encode()])
    value = next(line for line in lines if line.startswith(b"To:"))[3:].decode("ascii")
    assert [email for _, email in getaddresses([value])] == [address.email for address in to]
