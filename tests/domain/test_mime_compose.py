"""Structure, size and streaming of what is composed."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256
from itertools import chain
from typing import Any

import pytest

from functions.domain.encoding import base64_blocks, base64_size, body, encoded_words, fold, unstructured
from functions.domain.errors import IntegrationError, InvalidMessage
from functions.domain.messages import (
    MIME_LIMIT,
    Address,
    Attachment,
    Message,
    message_ids,
    reply_references,
    reply_subject,
)
from functions.domain.mime import Mime, compose, verify

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SMALL = Message(Address("me@example.com"), (Address("ana@example.com"),), (), (), (), "Hi", "Hi", None)


def file(content: bytes = b"x", **fields: Any) -> Attachment:
    made = Attachment("a.pdf", "application/pdf", len(content), sha256(content).hexdigest())
    return replace(made, source=lambda: iter((content,)), **fields)


def made(**fields: Any) -> Mime:
    message = replace(SMALL, **fields)
    mime = compose(message, date=NOW, message_id="<1@example.com>", boundary_seed="snd_1")
    verify(mime, message)
    return mime


def read(mime: Mime) -> EmailMessage:
    found = message_from_bytes(b"".join(mime.blocks()), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def tree(part: Any) -> Any:
    if part.is_multipart():
        return {part.get_content_subtype(): [tree(inner) for inner in part.iter_parts()]}
    return part.get_content_type()


LOGO: dict[str, Any] = {"filename": "logo.png", "content_type": "image/png", "content_id": "logo"}


@pytest.mark.parametrize(
    ("fields", "structure"),
    [
        ({}, "text/plain"),
        ({"text": None, "html": "<p>"}, "text/html"),
        ({"html": "<p>"}, {"alternative": ["text/plain", "text/html"]}),
        ({"attachments": (file(),)}, {"mixed": ["text/plain", "application/pdf"]}),
        (
            {"html": "<p>", "attachments": (file(),)},
            {"mixed": [{"alternative": ["text/plain", "text/html"]}, "application/pdf"]},
        ),
        (
            {"text": None, "html": "<p>", "attachments": (file(**LOGO),)},
            {"related": ["text/html", "image/png"]},
        ),
        (
            {"html": "<p>", "attachments": (file(), file(**LOGO))},
            {
                "mixed": [
                    {"related": [{"alternative": ["text/plain", "text/html"]}, "image/png"]},
                    "application/pdf",
                ]
            },
        ),
    ],
)
def test_the_structure_is_the_smallest_that_says_what_was_asked(fields: dict[str, Any], structure: Any) -> None:
    assert tree(read(made(**fields))) == structure


@pytest.mark.parametrize("fields", [{}, {"html": "<p>"}, {"attachments": (file(),)}, {"attachments": (file(**LOGO),)}])
def test_the_sends_id_stands_in_the_top_content_type_of_every_message(fields: dict[str, Any]) -> None:
    """Evidence for later that an ambiguous send went out."""
    assert "snd_1" in str(read(made(**fields))["content-type"])


def test_the_size_is_known_without_reading_any_attachment() -> None:
    def unreadable() -> Iterator[bytes]:
        raise AssertionError("read while composing")

    content = b"x" * 1000
    mime = made(attachments=(replace(file(content), source=unreadable),))
    assert mime.size == len(b"".join(made(attachments=(file(content),)).blocks()))


@pytest.mark.parametrize("size", [*range(120), 57 * 1024 - 1, 57 * 1024, 57 * 1024 + 1, 200_000])
def test_the_size_is_exact_whatever_the_size_of_the_attachment_and_of_its_blocks(size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    for block in (7, 1000, 70_000):
        blocks = [content[start : start + block] for start in range(0, size, block)]
        if size < 1000 or block > 7:
            encoded = b"".join(base64_blocks(blocks))
            assert len(encoded) == base64_size(size)
            assert all(len(line) == 76 for line in encoded.split(b"\r\n")[:-1])
    mime = made(attachments=(file(content),))
    assert len(b"".join(mime.blocks())) == mime.size
    (attached,) = read(mime).iter_attachments()
    assert attached.get_payload(decode=True) == content


def test_blocks_come_afresh_at_each_call() -> None:
    mime = made(attachments=(file(b"x" * 100_000),))
    assert b"".join(mime.blocks()) == b"".join(mime.blocks())


def test_a_message_over_gmails_limit_is_refused_with_its_size_and_the_limit() -> None:
    def sized(size: int) -> Attachment:
        return replace(file(), size=size)

    overhead = made(attachments=(sized(0),)).size
    largest = next(size for size in range(26_900_000, 0, -1) if overhead + base64_size(size) <= MIME_LIMIT)
    assert made(attachments=(sized(largest),)).size <= MIME_LIMIT
    with pytest.raises(InvalidMessage) as raised:
        made(attachments=(sized(largest + 3),))
    (problem,) = raised.value.errors
    assert problem.pointer == "/attachments"
    assert f"{MIME_LIMIT}" in problem.detail
    assert f"{overhead + base64_size(largest + 3)}" in problem.detail


def test_an_attachment_of_25_mb_is_streamed_in_less_than_1_mib() -> None:
    block, count = bytes(range(256)) * 1024, 100
    digest = sha256()
    for _ in range(count):
        digest.update(block)

    def source() -> Iterator[bytes]:
        for _ in range(count):
            yield block

    attachment = Attachment("a.bin", "a/b", len(block) * count, digest.hexdigest(), source=source)
    mime = made(attachments=(attachment,))
    tracemalloc.start()
    try:
        size = sum(map(len, mime.blocks()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == mime.size
    assert peak < 1024 * 1024


@pytest.mark.parametrize("content", [b"", b"abc", b"abcd" * 100_000, b"abd"])
def test_an_attachment_that_is_not_the_promised_file_never_goes_out_whole(content: bytes) -> None:
    attachment = replace(file(b"abcd"), source=lambda: iter((content,)))
    sent = bytearray()
    mime = made(attachments=(attachment,))
    with pytest.raises(IntegrationError, match="not the file"):
        sent.extend(chain.from_iterable(mime.blocks()))
    assert len(sent) < mime.size


def test_a_text_attachment_is_attached_even_if_the_html_names_it() -> None:
    """Inline text would be shown as a part of the body."""
    mime = made(html="<p>", attachments=(file(filename="a.txt", content_type="text/plain", content_id="a"),))
    (_, part) = read(mime).iter_parts()
    assert part.get_content_disposition() == "attachment"


def test_the_headers_are_those_that_were_asked_for_and_no_more() -> None:
    mime = made(
        bcc=(Address("b@example.com"),),
        reply_to=(Address("r@example.com"),),
        headers=(("X-Order", "1"),),
        in_reply_to="<a@b>",
        references=("<c@d>", "<a@b>"),
    )
    names = """From To Bcc Reply-To Subject Date Message-ID In-Reply-To References X-Order MIME-Version Content-Type
    Content-Transfer-Encoding"""
    assert list(mime.header_names) == names.split()
    found = read(mime)
    assert found.keys() == names.split()
    assert found["message-id"] == "<1@example.com>"
    assert found["references"] == "<c@d> <a@b>"


def test_the_date_is_written_in_utc_whatever_zone_it_comes_in() -> None:
    east = datetime(2026, 1, 1, 3, 4, 5, tzinfo=timezone(timedelta(hours=5)))
    mime = compose(SMALL, date=east, message_id="<1@example.com>", boundary_seed="snd_1")
    assert b"\r\nDate: Wed, 31 Dec 2025 22:04:05 +0000\r\n" in mime.head


@pytest.mark.parametrize(
    "fields",
    [
        {"message_id": "1@example.com"},
        {"message_id": "<1@example.com>\r\nX: y"},
        {"boundary_seed": "a b"},
        {"boundary_seed": ""},
        {"boundary_seed": "x" * 49},
    ],
)
def test_a_wrong_id_is_a_mistake_of_the_program(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="boundary_seed"):
        compose(SMALL, date=NOW, **{"message_id": "<1@example.com>", "boundary_seed": "snd_1", **fields})


def test_a_message_id_that_could_not_be_written_is_refused() -> None:
    for bad in ("<a b@c>", "<a@b>\r\nX: y", "a@b", "<ä@b>"):
        with pytest.raises(InvalidMessage) as raised:
            made(in_reply_to=bad)
        assert [error.pointer for error in raised.value.errors] == ["/in_reply_to_send"]


def test_bodies_are_quoted_printable_or_base64_whichever_is_shorter() -> None:
    assert body("Kind regards, Jörg\n") == ("quoted-printable", b"Kind regards, J=C3=B6rg\r\n")
    transfer, encoded = body("こんにちは世界" * 10)
    assert transfer == "base64"
    assert max(map(len, encoded.split(b"\r\n"))) <= 76


def test_white_space_at_the_end_of_a_long_line_stays_within_the_line() -> None:
    """binascii.b2a_qp escapes it after it counted the line, and makes lines of 77 or 78 characters."""
    for width in range(70, 160):
        for end in (" ", "\t", "= ", "é "):
            transfer, encoded = body("x" * width + end + "\nnext\n")
            assert transfer == "quoted-printable"
            assert max(map(len, encoded.split(b"\r\n"))) <= 76


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb\r\n", "a\rb\n"])
def test_every_line_ending_becomes_crlf_and_the_last_line_has_one(text: str) -> None:
    assert body(text) == ("quoted-printable", b"a\r\nb\r\n")


def test_a_long_subject_is_folded_at_spaces_and_unfolds_to_the_same() -> None:
    subject = " ".join(["word"] * 100)
    header = unstructured("Subject", subject)
    assert all(len(line) <= 76 for line in header.split("\r\n"))
    assert header.replace("\r\n ", " ") == f"Subject: {subject}\r\n"


@pytest.mark.parametrize("subject", ["a  b", " a", "a ", "a\tb", "=?utf-8?q?a?=", "ä", "x" * 998])
def test_what_would_not_read_back_as_it_stands_is_written_in_encoded_words(subject: str) -> None:
    assert unstructured("Subject", subject).startswith("Subject: =?utf-8?")


def test_encoded_words_are_split_between_characters() -> None:
    for word in encoded_words("é€😀" * 50):
        assert len(word) <= 75
        ((decoded, charset),) = decode_header(word)
        assert decoded.decode(charset)


def test_nothing_is_folded_directly_after_the_name() -> None:
    """Some readers lose a header whose first line is empty."""
    assert fold("References", [f"<{'x' * 90}@b>", "<c@d>"]).startswith("References: <x")


@pytest.mark.parametrize(
    ("original", "reply"),
    [
        ("Hi", "Re: Hi"),
        ("Re: Hi", "Re: Hi"),
        ("RE: Hi", "RE: Hi"),
        ("re:Hi", "re:Hi"),
        ("", "Re: "),
        ("Regards", "Re: Regards"),
    ],
)
def test_a_reply_has_the_subject_of_the_original_with_one_re(original: str, reply: str) -> None:
    assert reply_subject(original) == reply


def test_a_reply_refers_to_the_thread_and_to_the_message_it_answers() -> None:
    assert reply_references("<a@b> <c@d>", "<e@f>") == ("<a@b>", "<c@d>", "<e@f>")
    assert reply_references("", "<e@f>") == ("<e@f>",)
    assert reply_references("<a@b> junk\r\n <e@f>", "<e@f>") == ("<a@b>", "<e@f>")
    many = " ".join(f"<{index}@b>" for index in range(100))
    kept = reply_references(many, "<e@f>")
    assert len(kept) == 21
    assert (kept[0], kept[1], kept[-1]) == ("<0@b>", "<81@b>", "<e@f>")
    assert message_ids("(comment) <a@b>, <c d> <é@f>") == ("<a@b>",)
