"""The body of `POST /api/gmail/send/`: what is taken, and where exactly the rest is wrong."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.addresses import Address
from functions.domain.errors import InvalidMessage
from functions.domain.messages import Attachment
from functions.domain.send_parsing import parse_send
from functions.domain.send_requests import AttachmentRef, SendRequest, TemplateUse, Tracking, UploadedFile

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SMALLEST: dict[str, Any] = {"to": ["ana@example.com"], "subject": "Hello", "text": "Hi"}


def parse(**fields: Any) -> SendRequest:
    return parse_send({**SMALLEST, **fields}, now=NOW)


def problems(body: object, **options: Any) -> dict[str, str]:
    """Pointer to detail; fails if the body is taken or a pointer names more than one problem."""
    with pytest.raises(InvalidMessage) as raised:
        parse_send(body, now=NOW, **options)
    found = {error.pointer: error.detail for error in raised.value.errors}
    assert len(found) == len(raised.value.errors)
    return found


def wrong(**fields: Any) -> dict[str, str]:
    return problems({**SMALLEST, **fields})


def without(*names: str, **fields: Any) -> dict[str, Any]:
    return {name: value for name, value in {**SMALLEST, **fields}.items() if name not in names}


def test_every_field_of_the_contract_is_read() -> None:
    content = b"%PDF-1.7"
    request = parse(
        account="acc_1a2b",
        **{"from": {"email": "me@example.com", "name": "Me"}},
        to=["a@b.co", {"email": "d@e.fr", "name": "D"}],
        cc=[{"email": "c@example.com"}],
        bcc=["b@example.com"],
        reply_to=["r@example.com"],
        html="<p>Hi</p>",
        attachments=[
            {"filename": "a.pdf", "content_type": "application/pdf", "content": b64encode(content).decode()},
            {"id": "att_1", "content_id": "logo"},
        ],
        in_reply_to_send="snd_1",
        thread_id="18c2f0",
        headers={"X-Order": "4711"},
        tags=["invoice"],
        metadata={"order": "4711"},
        tracking={"opens": True, "clicks": False},
        transactional=True,
        send_at="2026-02-01T09:00:00+02:00",
        cancel_if=["replied", "bounced"],
        if_unknown="resend",
        signature=True,
        wait=False,
        dry_run=True,
    )
    assert request == SendRequest(
        account="acc_1a2b",
        sender=Address("me@example.com", "Me"),
        to=(Address("a@b.co"), Address("d@e.fr", "D")),
        cc=(Address("c@example.com"),),
        bcc=(Address("b@example.com"),),
        reply_to=(Address("r@example.com"),),
        subject="Hello",
        text="Hi",
        html="<p>Hi</p>",
        attachments=(
            Attachment("a.pdf", "application/pdf", len(content), sha256(content).hexdigest()),
            AttachmentRef("att_1", content_id="logo"),
        ),
        in_reply_to_send="snd_1",
        thread_id="18c2f0",
        headers=(("X-Order", "4711"),),
        tags=("invoice",),
        metadata=(("order", "4711"),),
        tracking=Tracking(opens=True, clicks=False),
        transactional=True,
        send_at=datetime(2026, 2, 1, 7, tzinfo=UTC),
        cancel_if=("replied", "bounced"),
        if_unknown="resend",
        signature=True,
        wait=False,
        dry_run=True,
    )
    file = request.attachments[0]
    assert isinstance(file, Attachment)
    assert b"".join(file.source()) == b"".join(file.source()) == content


def test_a_template_stands_for_the_body_and_the_subject() -> None:
    request = parse_send(
        {"to": ["a@b.co"], "template": {"id": "tpl_1", "version": 3, "variables": {"n": [1, {"x": None}]}}}, now=NOW
    )
    assert request.template == TemplateUse("tpl_1", 3, {"n": [1, {"x": None}]})
    assert request.subject is None


def test_a_batch_gives_every_recipient_variables_and_a_time_of_their_own() -> None:
    request = parse_send(
        {
            "template": {"id": "tpl_1"},
            "recipients": [
                {"to": "a@b.co", "variables": {"n": 1}},
                {"to": {"email": "c@d.co", "name": "C"}, "send_at": "2026-01-02T00:00:00Z"},
            ],
        },
        now=NOW,
    )
    assert [recipient.to for recipient in request.recipients] == [Address("a@b.co"), Address("c@d.co", "C")]
    assert request.recipients[0].variables == {"n": 1}
    assert request.recipients[1].send_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert request.to == ()


def test_what_is_left_out_or_null_has_its_default() -> None:
    request = parse(cc=None, tracking=None, wait=None, send_at=None, template=None, attachments=None, headers=None)
    assert request == SendRequest(to=(Address("ana@example.com"),), subject="Hello", text="Hi")


@pytest.mark.parametrize(
    ("fields", "pointer", "says"),
    [
        ({"sujbect": "x"}, "/sujbect", "did you mean `subject`?"),
        ({"zzz": "x"}, "/zzz", "not known here."),
        ({"a/b~c": "x"}, "/a~1b~0c", "not known"),
        ({"\ud800": "x"}, "/\\ud800", "not known"),
        ({"account": "nobody"}, "/account", "no `@`"),
        ({"account": 7}, "/account", "string"),
        ({"from": "x"}, "/from", "no `@`"),
        ({"from": {"email": "x"}}, "/from/email", "no `@`"),
        ({"from": {"name": "x"}}, "/from/email", "required"),
        ({"from": []}, "/from", "address"),
        ({"from": {"email": "a@b.co", "nmae": "x"}}, "/from/nmae", "`name`"),
        ({"to": "ana@example.com"}, "/to", "list"),
        ({"to": ["a@b.co", "x"]}, "/to/1", "no `@`"),
        ({"to": ["Ana <ana@example.com>"]}, "/to/0", "bare address"),
        ({"to": [{"email": "x"}]}, "/to/0/email", "no `@`"),
        ({"to": [{"email": "a@b.co", "name": "a\nb"}]}, "/to/0/name", "U+000A"),
        ({"to": [{"email": "a@b.co", "name": 3}]}, "/to/0/name", "string"),
        ({"to": [True]}, "/to/0", "address"),
        ({"to": []}, "/to", "At least one recipient"),
        ({"cc": ["a@b.co"] * 501}, "/cc", "At most 500"),
        ({"cc": ["a@b.co"] * 250, "bcc": ["a@b.co"] * 250}, "/to", "at most 500 recipients"),
        ({"reply_to": ["a@b.co"] * 26}, "/reply_to", "At most 25"),
        ({"subject": "a\nb"}, "/subject", "U+000A"),
        ({"subject": "a\x00b"}, "/subject", "U+0000"),
        ({"subject": "a\x7f"}, "/subject", "U+007F"),
        ({"subject": "a\udfff"}, "/subject", "U+DFFF"),
        ({"subject": "x" * 999}, "/subject", "998"),
        ({"subject": ["x"]}, "/subject", "string"),
        ({"text": "a\x00"}, "/text", "U+0000"),
        ({"text": "a\x1b[31m"}, "/text", "U+001B"),
        ({"html": "\ud83d"}, "/html", "U+D83D"),
        ({"text": "x" * 5_000_001}, "/text", "5000000"),
        ({"attachments": {}}, "/attachments", "list"),
        ({"attachments": ["x"]}, "/attachments/0", "object"),
        ({"attachments": [{"filename": "a.pdf"}]}, "/attachments/0/content", "required"),
        ({"attachments": [{"content": ""}]}, "/attachments/0/filename", "required"),
        ({"attachments": [{"filename": "a.pdf", "content": "§"}]}, "/attachments/0/content", "base64"),
        ({"attachments": [{"filename": "a.pdf", "content": "QQ"}]}, "/attachments/0/content", "base64"),
        ({"attachments": [{"filename": "a.pdf", "content": "QQ==QQ=="}]}, "/attachments/0/content", "base64"),
        ({"attachments": [{"filename": "a.pdf", "content": "Q Q="}]}, "/attachments/0/content", "base64"),
        ({"attachments": [{"filename": "a.pdf", "content": 1}]}, "/attachments/0/content", "string"),
        ({"attachments": [{"filename": "../a.pdf", "content": ""}]}, "/attachments/0/filename", "path"),
        ({"attachments": [{"filename": "a\\b.pdf", "content": ""}]}, "/attachments/0/filename", "path"),
        ({"attachments": [{"filename": "a\u202efdp.txt", "content": ""}]}, "/attachments/0/filename", "U+202E"),
        ({"attachments": [{"filename": "a\r\nX: y", "content": ""}]}, "/attachments/0/filename", "U+000D"),
        ({"attachments": [{"filename": "ä" * 128, "content": ""}]}, "/attachments/0/filename", "255"),
        ({"attachments": [{"filename": "..", "content": ""}]}, "/attachments/0/filename", "required"),
        ({"attachments": [{"filename": "a.EXE", "content": ""}]}, "/attachments/0/filename", ".exe"),
        ({"attachments": [{"filename": "a.exe. ", "content": ""}]}, "/attachments/0/filename", "white space"),
        ({"attachments": [{"filename": "a.exe.", "content": ""}]}, "/attachments/0/filename", ".exe"),
        ({"attachments": [{"filename": "a.js.gz", "content": ""}]}, "/attachments/0/filename", ".js"),
        (
            {"attachments": [{"filename": "a", "content": "", "content_type": "message/rfc822"}]},
            "/attachments/0/content_type",
            "message/*",
        ),
        (
            {"attachments": [{"filename": "a", "content": "", "content_type": "Multipart/mixed"}]},
            "/attachments/0/content_type",
            "multipart/*",
        ),
        (
            {"attachments": [{"filename": "a", "content": "", "content_type": "text/plain; name=x"}]},
            "/attachments/0/content_type",
            "charset",
        ),
        (
            {"attachments": [{"filename": "a", "content": "", "content_type": "text/plain\r\nX: y"}]},
            "/attachments/0/content_type",
            "type/subtype",
        ),
        ({"attachments": [{"id": "snd_1"}]}, "/attachments/0/id", "att_"),
        ({"attachments": [{"id": "att_1", "content": "QQ=="}]}, "/attachments/0/content", "either"),
        ({"attachments": [{"id": "att_1", "content_id": "<logo>"}]}, "/attachments/0/content_id", "without `<`"),
        (
            {"attachments": [{"id": "att_1", "content_id": "a"}, {"id": "att_2", "content_id": "A"}]},
            "/attachments/1/content_id",
            "Another",
        ),
        ({"attachments": [{"id": f"att_{i}"} for i in range(101)]}, "/attachments", "At most 100"),
        ({"template": "tpl_1"}, "/template", "object"),
        ({"in_reply_to_send": "x"}, "/in_reply_to_send", "snd_"),
        ({"thread_id": "a b"}, "/thread_id", "thread"),
        ({"headers": []}, "/headers", "object"),
        ({"headers": {"X-Foo": 1}}, "/headers/X-Foo", "string"),
        ({"headers": {"X-Foo": "a\r\nBcc: x@y.zz"}}, "/headers/X-Foo", "U+000D"),
        ({"headers": {"X-Foo": " "}}, "/headers/X-Foo", "empty"),
        ({"headers": {"X-Foo\r\nBcc": "x"}}, "/headers/X-Foo\\u000d\\u000aBcc", "letters"),
        ({"headers": {"X-a/b~c": "x"}}, "/headers/X-a~1b~0c", "letters"),
        ({"headers": {"X-Foo": "1", "x-foo": "2"}}, "/headers/x-foo", "twice"),
        ({"headers": {"Bcc": "x@y.zz"}}, "/headers/Bcc", "`bcc`"),
        ({"headers": {f"X-{i}": "x" for i in range(51)}}, "/headers", "At most 50"),
        ({"tags": "x"}, "/tags", "list"),
        ({"tags": ["a", 1]}, "/tags/1", "string"),
        ({"tags": ["a", "a"]}, "/tags/1", "twice"),
        ({"tags": [""]}, "/tags/0", "1 to 64"),
        ({"tags": ["x" * 65]}, "/tags/0", "1 to 64"),
        ({"tags": [str(i) for i in range(21)]}, "/tags", "At most 20"),
        ({"metadata": {"k": 1}}, "/metadata/k", "string"),
        ({"metadata": {"k": "x" * 501}}, "/metadata/k", "500"),
        ({"metadata": {"": "x"}}, "/metadata/", "1 to 64"),
        ({"metadata": {str(i): "" for i in range(51)}}, "/metadata", "At most 50"),
        ({"tracking": True}, "/tracking", "object"),
        ({"tracking": []}, "/tracking", "object"),
        ({"tracking": {"opens": 1}}, "/tracking/opens", "true or false"),
        ({"tracking": {"open": True}}, "/tracking/open", "`opens`"),
        ({"unsubscribe": "yes"}, "/unsubscribe", "true or false"),
        ({"wait": 0}, "/wait", "true or false"),
        ({"send_at": "tomorrow"}, "/send_at", "RFC 3339"),
        ({"send_at": "2026-02-01T09:00:00"}, "/send_at", "RFC 3339"),
        ({"send_at": "2026-02-30T09:00:00Z"}, "/send_at", "RFC 3339"),
        ({"send_at": "0001-01-01T00:00:00+23:59"}, "/send_at", "RFC 3339"),
        ({"send_at": 1767225600}, "/send_at", "string"),
        ({"send_at": "2027-01-03T00:00:00Z"}, "/send_at", "a year"),
        ({"cancel_if": "replied"}, "/cancel_if", "list"),
        ({"cancel_if": ["opened"]}, "/cancel_if/0", "replied, bounced"),
        ({"cancel_if": [["replied"]]}, "/cancel_if/0", "replied, bounced"),
        ({"cancel_if": ["replied", "replied"]}, "/cancel_if/1", "twice"),
        ({"if_unknown": "drop"}, "/if_unknown", "hold, resend"),
    ],
)
def test_a_wrong_field_is_named_by_its_exact_pointer(fields: dict[str, Any], pointer: str, says: str) -> None:
    found = wrong(**fields)
    assert says in found[pointer]
    assert len(found) == 1 or "template" in fields


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        (without("to"), "/to", "At least one recipient"),
        (without("subject"), "/subject", "required"),
        (without("text"), "/text", "`text`, `html` or both"),
        (without("text", "subject", template={}), "/template/id", "required"),
        (without("text", "subject", template={"id": "acc_1"}), "/template/id", "tpl_"),
        (without("text", template={"id": "tpl_1", "version": True}), "/template/version", "whole number"),
        (without("text", template={"id": "tpl_1", "version": 0}), "/template/version", "whole number"),
        (without("text", template={"id": "tpl_1", "version": 10**400}), "/template/version", "whole number"),
        (without("text", template={"id": "tpl_1", "variables": []}), "/template/variables", "object"),
        (
            without("text", template={"id": "tpl_1", "variables": {"a/b": [float("inf")]}}),
            "/template/variables/a~1b/0",
            "number",
        ),
        (without("text", template={"id": "tpl_1", "variables": {"a": 10**400}}), "/template/variables/a", "number"),
        (without(template={"id": "tpl_1"}), "/text", "The template gives the body"),
        (without("to", recipients=[]), "/recipients", "At least one"),
        (without("to", recipients={}), "/recipients", "list"),
        (without("to", recipients=[{}]), "/recipients/0/to", "required"),
        (without("to", recipients=[{"to": {"email": "x"}}]), "/recipients/0/to/email", "no `@`"),
        (without("to", recipients=[{"to": "a@b.co", "variables": {}}]), "/recipients/0/variables", "`template`"),
        (without("to", recipients=[{"to": "a@b.co", "send_at": ""}]), "/recipients/0/send_at", "RFC 3339"),
        (without("to", recipients=[{"to": "a@b.co", "cc": []}]), "/recipients/0/cc", "not known"),
        (without("to", recipients=[{"to": "a@b.co"}] * 1001), "/recipients", "1000"),
        ({**SMALLEST, "recipients": [{"to": "a@b.co"}]}, "/to", "either"),
        (without("to", recipients=[{"to": "a@b.co"}], thread_id="18c2f0"), "/thread_id", "with each"),
        (without("to", recipients=[{"to": "a@b.co"}], in_reply_to_send="snd_1"), "/in_reply_to_send", "with each"),
        ([], "", "object"),
        (None, "", "object"),
        ("x", "", "object"),
        (7, "", "object"),
    ],
)
def test_what_belongs_together_is_checked_together(body: object, pointer: str, says: str) -> None:
    assert says in problems(body)[pointer]


def test_all_problems_are_told_at_once_but_no_more_than_50() -> None:
    assert set(wrong(to=["x"], subject="\n", html=3, tags=[1], zzz=0)) == {
        "/to/0",
        "/subject",
        "/html",
        "/tags/0",
        "/zzz",
    }
    assert len(wrong(to=["x"] * 400)) == 50


def test_one_wrong_value_is_one_problem() -> None:
    """A wrong subject is not also a missing one."""
    assert list(wrong(subject=7)) == ["/subject"]
    assert list(wrong(to=["x"])) == ["/to/0"]
    assert list(wrong(to="x")) == ["/to"]
    assert list(problems(without("text", html="\x00"))) == ["/html"]


def test_a_reply_needs_no_subject() -> None:
    assert parse_send(without("subject", in_reply_to_send="snd_1"), now=NOW).subject is None


def test_a_time_in_the_past_means_now_so_that_a_repeated_request_stays_valid() -> None:
    assert parse(send_at="2020-01-01T00:00:00Z").send_at == datetime(2020, 1, 1, tzinfo=UTC)


def test_the_time_is_relative_to_the_clock_that_is_given() -> None:
    body = {**SMALLEST, "send_at": "2030-01-01T00:00:00.123456789z"}
    parse_send(body, now=datetime(2029, 6, 1, tzinfo=UTC))
    with pytest.raises(InvalidMessage):
        parse_send(body, now=datetime(2028, 6, 1, tzinfo=UTC))


def test_base64_may_be_wrapped_into_lines() -> None:
    wrapped = "JVBE\r\nRi0x\n"
    (file,) = parse(attachments=[{"filename": "a.pdf", "content": wrapped}]).attachments
    assert isinstance(file, Attachment)
    assert b"".join(file.source()) == b"%PDF-1"


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("a.pdf", "application/pdf"),
        ("A.JPEG", "image/jpeg"),
        ("report.final.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("README", "application/octet-stream"),
        ("a.unheard-of", "application/octet-stream"),
    ],
)
def test_a_missing_content_type_follows_from_the_file_name(filename: str, content_type: str) -> None:
    (file,) = parse(attachments=[{"filename": filename, "content": "QQ=="}]).attachments
    assert file.content_type == content_type


def test_file_parts_come_after_the_attachments_and_are_checked_alike() -> None:
    def source() -> Iterator[bytes]:
        yield b"x"

    good = UploadedFile("b.txt", "", 1, sha256(b"x").hexdigest(), source)
    body = {**SMALLEST, "attachments": [{"id": "att_1"}]}
    request = parse_send(body, now=NOW, files=[good])
    assert request.attachments == (AttachmentRef("att_1"), Attachment("b.txt", "text/plain", 1, good.sha256))
    bad = UploadedFile("b.exe", "multipart/x", 1, good.sha256, source)
    assert set(problems(body, files=[good, bad])) == {"/attachments/2/filename", "/attachments/2/content_type"}


def test_more_than_gmail_takes_is_refused_before_anything_is_encoded() -> None:
    huge = UploadedFile("b.bin", "", 36_700_161, "00", lambda: iter(()))
    assert "36700160" in problems(SMALLEST, files=[huge])["/attachments"]


@pytest.mark.parametrize(
    "name",
    [
        "From",
        "To",
        "Cc",
        "BCC",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Content-Foo",
        "Received",
        "DKIM-Signature",
        "Return-Path",
        "Sender",
        "Reply-To",
        "In-Reply-To",
        "References",
        "X-Gm-Foo",
        "X-Google-Original-From",
        "X-Goog-Foo",
        "X-Received",
        "X-Failed-Recipients",
        "X-Original-To",
        "X-Forwarded-For",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "Resent-To",
        "Authentication-Results",
        "ARC-Seal",
        "Delivered-To",
        "Errors-To",
        "Disposition-Notification-To",
        "Autocrypt",
        "X-",
        "X",
    ],
)
def test_a_header_that_decides_who_sends_or_gets_a_message_is_refused(name: str) -> None:
    assert f"/headers/{name}" in wrong(headers={name: "x"})


@pytest.mark.parametrize("name", ["X-Order", "x-priority", "Importance", "Auto-Submitted", "List-Id", "Feedback-ID"])
def test_a_harmless_header_is_taken(name: str) -> None:
    assert parse(headers={name: "bulk"}).headers == ((name, "bulk"),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
NAMES = [*SendRequest.__dataclass_fields__, "from"]
INNER = ["email", "name", "id", "version", "variables", "filename", "content", "content_type", "content_id", "opens"]
SHAPED = st.dictionaries(st.sampled_from([*INNER, "to", "send_at", "clicks"]), JSON, max_size=4)


@given(JSON | st.dictionaries(st.sampled_from(NAMES), JSON | SHAPED | st.lists(SHAPED | JSON, max_size=3)))
def test_no_json_crashes_the_parser_and_every_problem_can_be_printed(body: Any) -> None:
    with suppress(InvalidMessage):
        parse_send(body, now=NOW)
        return
    for pointer, detail in sorted(problems(body).items()):
        assert pointer == "" or pointer.startswith("/")
        assert f"{pointer}{detail}".encode().decode().isprintable()


def test_deep_nesting_is_refused_without_recursion() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"x": deep}
    assert "nested" in problems(without("text", template={"id": "tpl_1", "variables": deep}))["/template/variables"]
    assert "not known" in wrong(zzz=deep)["/zzz"]
    assert "address" in wrong(cc=[[deep]])["/cc/0"]
    while deep:  # a dict this deep can't be freed recursively on every Python
        deep = deep.pop("x")


def test_a_year_ahead_is_the_limit() -> None:
    limit = NOW + timedelta(days=366)
    assert parse(send_at=limit.isoformat()).send_at == limit
