"""Whatever is asked for is either refused, by the field's name, or read back exactly by three independent parsers.

`MIME_EXAMPLES` sets how many random messages are tried.
"""

import copy
import json
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from functions.domain.addresses import ascii_email
from functions.domain.errors import InvalidMessage
from functions.domain.messages import Attachment, Message
from functions.domain.mime import compose, verify
from functions.domain.send_parsing import parse_send
from tests.domain import python_reader
from tests.full import examples
from tests.mime_readers import Readers

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXAMPLES = int(os.environ.get("MIME_EXAMPLES") or examples(300))

ANY = st.characters(exclude_categories=())  # all of Unicode: controls, lone surrogates, unassigned
READABLE = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\ufeff")
ODD = st.sampled_from(
    ["?=", '"', "\\", '\\"', "<", ">", "@", ",", ";", ":", "(", ")", "[", "]", "'", "''", "%", "%41", "=", "=3D", "*",
     ".", "{", "`", "--", "--=_snd_1_a", "From ", " ", "  ", "utf-8''", "xn--", "e\u0301", "\u200d\U0001f4bb", "ﷺ",
     "\U0010ffff", "\ufffe", "\xad", "\u00a0", "\u3000", "a" * 70, "é" * 40, "z" * 90, "a@b.example", "<a@b.example>",
     "&amp;", "\u200b"]
)  # fmt: skip
NASTY = st.sampled_from(
    ["=?utf-8?q?=0A?=", "=?", "\r\n", "\n", "\r", "\r\nBcc: x@evil.example", "\n.\n", "\t", "\n\n", "\x00", "\x7f",
     "\x85", "\u2028", "\u202e", "\u200f", "\ufeff", "\ud800", "\udfff", "/", ".."]
)  # fmt: skip


def mostly(usual: st.SearchStrategy[Any], rare: st.SearchStrategy[Any], one_in: int) -> st.SearchStrategy[Any]:
    """`one_of` can't be weighted. Hypothesis likes 0 and the bounds, so another number stands for the rare."""
    return st.integers(0, one_in - 1).flatmap(lambda number: rare if number == one_in * 2 // 3 else usual)


def texts(limit: int) -> st.SearchStrategy[str]:
    """Mostly what people write, or what has broken email software before; rarely anything at all."""
    plain = st.text(READABLE, max_size=limit)
    words = st.lists(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), max_size=12), max_size=15)
    odd = st.lists(ODD | st.text(READABLE, max_size=4), max_size=8).map("".join)
    nasty = st.lists(NASTY | st.text(READABLE, max_size=4), max_size=8).map("".join)
    return mostly(plain | words.map(" ".join) | odd, nasty | st.text(ANY, max_size=limit), 25)


ATEXT = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+/=?^_`{|}~-"
LOCALS = st.lists(st.text(ATEXT, min_size=1, max_size=12), min_size=1, max_size=3).map(".".join)
DOMAINS = st.sampled_from(
    ["example.com", "mail.example.co.uk", "x.test", "bücher.example", "例え.テスト", "faß.de", "xn--bcher-kva.example"]
)
EMAILS = st.builds("{}@{}".format, LOCALS, DOMAINS)
WILD_EMAILS = st.builds("{}@{}".format, texts(8), DOMAINS) | texts(20)
ANY_EMAILS = mostly(EMAILS, WILD_EMAILS, 30)
ADDRESSES = mostly(st.fixed_dictionaries({"email": ANY_EMAILS}, optional={"name": texts(40)}), ANY_EMAILS, 3)
TYPES = mostly(
    st.sampled_from(
        ["application/pdf", "image/png", "text/plain", "text/html; charset=utf-8", 'text/csv; charset="utf-16"',
         "application/vnd.x-y+z", "application/octet-stream", "application/json", "IMAGE/GIF"]
    ),
    st.sampled_from(["message/rfc822", "multipart/mixed", "a b/c", "a/b\r\nX: y"]) | texts(20),
    20,
)  # fmt: skip
CONTENT_IDS = mostly(st.uuids().map(str) | st.sampled_from(["logo", "a.b@c", "x_1", "y+"]), texts(9), 20)
EXTENSIONS = st.sampled_from([".pdf", ".txt", ".png", "", ".tar.gz", ".docx"])
FILES = st.fixed_dictionaries(
    {
        "filename": mostly(st.builds("{}x{}".format, texts(30), EXTENSIONS), texts(30), 10),
        "content": st.binary(max_size=300).map(lambda raw: b64encode(raw).decode()),
    },
    optional={"content_type": TYPES, "content_id": CONTENT_IDS},
)
# Names that no reader gives a meaning to, so that their values come back as they are.
X_NAMES = mostly(st.from_regex(r"X-T-[A-Za-z0-9-]{0,30}[a-z]", fullmatch=True), texts(6), 20)
VALUES = mostly(st.builds("{}{}".format, st.sampled_from("aÄ=<?"), texts(60)), texts(60), 20)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "cc": st.lists(ADDRESSES, max_size=2),
    "bcc": st.lists(ADDRESSES, max_size=2),
    "reply_to": st.lists(ADDRESSES, max_size=2),
    "attachments": st.lists(FILES, max_size=3),
    "headers": st.dictionaries(X_NAMES, VALUES, max_size=2),
}
ALWAYS = {"from": ADDRESSES, "to": st.lists(ADDRESSES, min_size=1, max_size=3), "subject": texts(90)}
BODY = st.fixed_dictionaries({**ALWAYS, "text": texts(400)}, optional={**FIELDS, "html": texts(400)}) | (
    st.fixed_dictionaries({**ALWAYS, "html": texts(400)}, optional=FIELDS)
)
SAFE = {"name": "Ana", "subject": "Hi", "text": "Hi", "html": "Hi", "filename": "a.bin", "content_type": "a/b"}


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers() as found:
        yield found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=BODY)
def test_a_message_is_refused_by_the_field_or_reads_back_exactly_as_asked(readers: Readers, asked: Any) -> None:
    body = json.loads(json.dumps(asked))
    try:
        parse_send(body, now=NOW)
        event("taken as it was asked")
    except InvalidMessage as error:
        event("refused, then taken without the named fields")
        before = copy.deepcopy(body)
        for problem in error.errors:
            _mend(body, problem.pointer)
        assert body != before
    message = _message(body)  # a second refusal would mean that the first did not name the culprit
    mime = compose(message, date=NOW, message_id="<snd_1@example.com>", boundary_seed="snd_1")
    verify(mime, message)
    raw = b"".join(mime.blocks())
    assert len(raw) == mime.size
    _check_form(raw)
    for reader, found in {"Python": python_reader.read(raw), **readers.read(raw)}.items():
        try:
            _compare(reader, found, message, mime.header_names)
        except AssertionError as error:
            raise AssertionError(f"{reader}: {error}\n{raw[:4000]!r}") from error


def _mend(body: dict[str, Any], pointer: str) -> None:
    """Put something harmless where the pointer points."""
    *path, last = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    if path == ["headers"]:
        body["headers"] = {
            name: value
            for name, value in body["headers"].items()
            if not _shown_as(name, pointer.removeprefix("/headers/"))
        }
        return
    target: Any = body
    for token in path:
        target = target[int(token)] if isinstance(target, list) else target[token]
    if isinstance(target, list):
        target[int(last)] = "safe@example.com"
    elif last in ("to", "email", "from"):
        target[last] = ["safe@example.com"] if last == "to" else "safe@example.com"
    elif last == "content_id":
        del target[last]
    else:
        target[last] = SAFE[last]


def _shown_as(name: str, token: str) -> bool:
    from functions.domain.fields import pointer_to

    return pointer_to("", name) == f"/{token}"


def _message(body: dict[str, Any]) -> Message:
    request = parse_send(body, now=NOW)
    assert request.sender
    attachments = [attachment for attachment in request.attachments if isinstance(attachment, Attachment)]
    return Message(
        sender=request.sender,
        to=request.to,
        cc=request.cc,
        bcc=request.bcc,
        reply_to=request.reply_to,
        subject=request.subject or "",
        text=request.text,
        html=request.html,
        attachments=tuple(attachments),
        headers=request.headers,
        in_reply_to="<a@mail.gmail.com>",
        references=("<b@example.com>", "<a@mail.gmail.com>"),
    )


def _check_form(raw: bytes) -> None:
    """RFC 5322 §2.3, RFC 2045 §2.7: 7-bit, CRLF only, no line over 998, and no line that ends an SMTP message."""
    lines = raw.split(b"\r\n")
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    assert max(map(len, lines)) <= 998
    assert b"." not in lines
    head, _, content = raw.partition(b"\r\n\r\n")
    for line in content.split(b"\r\n"):
        assert len(line) <= 76 or line.startswith(b"Content-Type: "), line
    for line in head.split(b"\r\n"):
        assert line.strip()
        assert len(line) <= 76 or b"=?" not in line  # RFC 2047 §2


def _compare(reader: str, found: dict[str, Any], message: Message, names: tuple[str, ...]) -> None:
    assert Counter(found["names"]) == Counter(name.lower() for name in names)
    assert found["subject"] == message.subject
    assert found["message_id"] == "<snd_1@example.com>"
    assert found["in_reply_to"] == message.in_reply_to
    assert tuple(found["references"]) == message.references
    for name, asked in (
        ("from", (message.sender,)),
        ("to", message.to),
        ("cc", message.cc),
        ("bcc", message.bcc),
        ("reply_to", message.reply_to),
    ):
        # mailparser shows the domain in Unicode; both forms are the same name (RFC 5891 §5.5).
        read = [(_wire(address["email"]), address["name"]) for address in found[name]]
        assert read == [(ascii_email(address.email), address.name) for address in asked]
    _compare_bodies(reader, found, message)
    assert sorted(map(repr, found["attachments"])) == sorted(repr(_description(file)) for file in message.attachments)
    custom = found["custom"]
    assert {name: custom[name.lower()] for name, _ in message.headers} == dict(message.headers)


def _compare_bodies(reader: str, found: dict[str, Any], message: Message) -> None:
    """Equal up to line endings: see Message."""
    for kind, body in (("text", message.text), ("html", message.html)):
        if body is None:
            assert not found[kind]
            continue
        lines = body.replace("\r\n", "\n").replace("\r", "\n")
        asked = lines if lines.endswith("\n") else f"{lines}\n"
        read = found[kind].replace("\r\n", "\n")
        if reader == "postal-mime":
            # It drops a byte order mark at the start (WHATWG Encoding §6.1, which shows nothing anyway), and counts the
            # line ending before a boundary as content, against RFC 2046 §5.1.1.
            bare = asked.removeprefix("\ufeff")
            assert read in (asked, f"{asked}\n", bare, f"{bare}\n")
        else:
            assert read == asked


def _wire(email: str) -> str:
    return email if email.isascii() else ascii_email(email)


def _description(attachment: Attachment) -> dict[str, Any]:
    content = b"".join(attachment.source())
    return {
        "filename": attachment.filename,
        "content_type": attachment.content_type.split(";")[0].lower(),
        "content_id": attachment.content_id,
        "size": len(content),
        "sha256": sha256(content).hexdigest(),
    }
