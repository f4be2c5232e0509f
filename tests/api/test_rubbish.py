"""Whatever is thrown at the functions gets a problem document that says what is wrong, and leaves nothing behind."""

import contextlib
import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from functions.edge import multipart, problems, send_bodies
from tests.api.service import KEY, Answer, Service

SEND, KEYS, CONFIRM, HISTORY, SUPPRESSIONS, TEMPLATES = (
    "/api/gmail/send/",
    "/api/gmail/keys/",
    "/api/gmail/oauth2callback/",
    "/api/gmail/history/",
    "/api/gmail/suppressions/",
    "/api/gmail/templates/",
)
JSON = {"Content-Type": "application/json"}
MESSAGE = {"to": ["grace@example.com"], "subject": "Hello", "text": "Hello!"}


@pytest.fixture
def untouched(service: Service) -> Iterator[Service]:
    """The service; afterwards it has exactly the records, files and secrets that it had before, and it still works."""
    before = service.traces()
    yield service
    assert service.traces() == before
    assert service.call("GET", "/api/gmail/accounts/").status == 200


def refused(answer: Answer, code: str, *pointers: str) -> dict[str, Any]:
    """The problem document that `answer` has to be, with these among its pointers."""
    assert answer.is_problem, (answer.status, answer.body[:500])
    found: dict[str, Any] = answer.json()
    assert (found["code"], answer.status, found["status"]) == (code, problems.STATUS[code], problems.STATUS[code])
    assert found["request_id"] == answer.headers["X-Request-Id"]
    assert found["detail"]
    assert found["remedy"]
    assert "Traceback" not in answer.body.decode()
    given = [error["pointer"] for error in found.get("errors", ())]
    assert set(pointers) <= set(given), found
    return found


def message(**fields: Any) -> dict[str, Any]:
    return MESSAGE | fields


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"to": [}',
        b"[]",
        b'"text"',
        b"null",
        b"12",
        b'{"a": 1} {"b": 2}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 100_000 + b"}",
        b'{"subject": "a", "subject": "b"}',
        b'{"tracking": {"opens": false, "opens": true}}',
        b'{"subject": "\xff\xfe"}',
        b'\xef\xbb\xbf{"subject": "a"}',
        '{"subject": "a"}'.encode("utf-16"),
        b"{'to': []}",
        b"\0" * 1000,
        b"[" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"to=grace@example.com&text=hello",
    ],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize("path", [SEND, KEYS, CONFIRM])
def test_a_body_that_is_no_json_object_is_refused(untouched: Service, path: str, body: bytes) -> None:
    answer = untouched.call("POST", path, body, JSON)
    limit = {SEND: send_bodies.JSON_LIMIT, KEYS: 64 << 10, CONFIRM: 4096}[path]
    refused(answer, "payload_too_large" if len(body) > limit else "invalid_json")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"to": "grace@example.com"}, "/to"),
        ({"to": {"email": "grace@example.com"}}, "/to"),
        ({"to": [None]}, "/to/0"),
        ({"to": [["grace@example.com"]]}, "/to/0"),
        ({"to": [{"email": 7}]}, "/to/0/email"),
        ({"to": [{"name": "Grace"}]}, "/to/0/email"),
        ({"to": [{"email": "grace@example.com", "mail": "x"}]}, "/to/0/mail"),
        ({"to": ["grace@example.com", "not an address"]}, "/to/1"),
        ({"to": ["a@example.com, b@example.com"]}, "/to/0"),
        ({"to": ["a@example.com\r\nBcc: b@example.com"]}, "/to/0"),
        ({"to": [{"email": "a@example.com", "name": "A\r\nBcc: b@example.com"}]}, "/to/0/name"),
        ({"to": ["grace@example.com"] * 10_000}, "/to"),
        ({"to": [f"p{n}@example.com" for n in range(300)], "cc": [f"q{n}@example.com" for n in range(300)]}, "/to"),
        ({"to": [], "cc": [], "bcc": []}, "/to"),
        ({"reply_to": ["grace@example.com"] * 26}, "/reply_to"),
        ({"from": ["ada@example.com"]}, "/from"),
        ({"from": {"email": "=?utf-8?q?=41=42?=@example.com"}}, "/from/email"),
        ({"account": 7}, "/account"),
        ({"account": "acc_../../../etc/passwd"}, "/account"),
        ({"subject": ["a"]}, "/subject"),
        ({"subject": "a\r\nBcc: b@example.com"}, "/subject"),
        ({"subject": "a" * 999}, "/subject"),
        ({"subject": "nul \0 inside"}, "/subject"),
        ({"subject": "surrogate \ud800"}, "/subject"),
        ({"text": {"a": 1}}, "/text"),
        ({"text": "nul \0"}, "/text"),
        ({"text": "surrogate \udfff"}, "/text"),
        ({"text": "x" * 5_000_001}, "/text"),
        ({"text": None}, "/text"),
        ({"html": 1.5}, "/html"),
        ({"subject": None}, "/subject"),
        ({"thread_id": "../x"}, "/thread_id"),
        ({"in_reply_to_send": "snd_"}, "/in_reply_to_send"),
        ({"in_reply_to_send": "snd_unknown"}, "/in_reply_to_send"),
        ({"headers": ["X-A: b"]}, "/headers"),
        ({"headers": {"Bcc": "b@example.com"}}, "/headers/Bcc"),
        ({"headers": {"X-A\r\nBcc": "b"}}, "/headers/X-A\\u000d\\u000aBcc"),
        ({"headers": {"X-A": "b\nBcc: c@example.com"}}, "/headers/X-A"),
        ({"headers": {"X-A": None}}, "/headers/X-A"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "/headers/x-a"),
        ({"headers": {f"X-{n}": "v" for n in range(51)}}, "/headers"),
        ({"tags": ["a", "a"]}, "/tags/1"),
        ({"tags": ["a" * 65]}, "/tags/0"),
        ({"tags": [{}]}, "/tags/0"),
        ({"tags": [str(n) for n in range(21)]}, "/tags"),
        ({"metadata": {"a": {"b": {"c": {}}}}}, "/metadata/a"),
        ({"metadata": {"a/b~c": 1}}, "/metadata/a~1b~0c"),
        ({"metadata": {"a": "x" * 501}}, "/metadata/a"),
        ({"metadata": {str(n): "v" for n in range(51)}}, "/metadata"),
        ({"dry_run": "true"}, "/dry_run"),
        ({"wait": 0}, "/wait"),
        ({"attachments": "a.pdf"}, "/attachments"),
        ({"attachments": [{"filename": "a.txt"}]}, "/attachments/0/content"),
        ({"attachments": [{"content": "YQ=="}]}, "/attachments/0/filename"),
        ({"attachments": [{"filename": "a.txt", "content": "YQ"}]}, "/attachments/0/content"),
        ({"attachments": [{"filename": "a.txt", "content": "*!*"}]}, "/attachments/0/content"),
        ({"attachments": [{"filename": "a.txt", "content": "YQ==YQ=="}]}, "/attachments/0/content"),
        ({"attachments": [{"filename": "a.txt", "content": "ä"}]}, "/attachments/0/content"),
        ({"attachments": [{"filename": "a.txt", "content": 7}]}, "/attachments/0/content"),
        ({"attachments": [{"filename": "../../a.txt", "content": "YQ=="}]}, "/attachments/0/filename"),
        ({"attachments": [{"filename": "a\0.txt", "content": "YQ=="}]}, "/attachments/0/filename"),
        ({"attachments": [{"filename": "\u202etxt.exe", "content": "YQ=="}]}, "/attachments/0/filename"),
        ({"attachments": [{"filename": "a.exe", "content": "YQ=="}]}, "/attachments/0/filename"),
        (
            {"attachments": [{"filename": "a.txt", "content": "YQ==", "content_type": "text"}]},
            "/attachments/0/content_type",
        ),
        ({"attachments": [{"filename": "a.txt", "content": "YQ==", "content_id": "<a>"}]}, "/attachments/0/content_id"),
        ({"attachments": [{"filename": "a.txt", "content": ""}] * 101}, "/attachments"),
        ({"unknown": 1}, "/unknown"),
        ({"Subject": "a"}, "/Subject"),
        ({"\ud800": 1}, "/\\ud800"),
        ({"\0": 1}, "/\\u0000"),
        ({"x" * 100_000: 1}, "/" + "x" * 99 + "…"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_wrong_field_is_named(untouched: Service, fields: dict[str, Any], pointer: str) -> None:
    refused(untouched.call("POST", SEND, message(**fields)), "invalid_message", pointer)


def test_a_sender_that_is_no_alias_is_named(service: Service) -> None:
    """To know it, the account's aliases are read again, and kept: that is the one trace."""
    before = service.traces()
    answer = service.call("POST", SEND, message(**{"from": "somebody@else.example.com"}))
    refused(answer, "invalid_message", "/from/email")
    after = service.traces()
    assert [path for path, _ in after["records"]] == [path for path, _ in before["records"]]


def test_of_many_wrong_fields_fifty_are_named(untouched: Service) -> None:
    found = refused(untouched.call("POST", SEND, {f"field{n}": n for n in range(10_000)}), "invalid_message")
    assert len(found["errors"]) == 50


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": " "}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"name": "\ud800"}, "/name"),
        ({"name": "a" * 101}, "/name"),
        ({"name": ["a"]}, "/name"),
        ({"name": "a"}, "/scopes"),
        ({"name": "a", "scopes": None}, "/scopes"),
        ({"name": "a", "scopes": []}, "/scopes"),
        ({"name": "a", "scopes": "send"}, "/scopes"),
        ({"name": "a", "scopes": ["admin"]}, "/scopes/0"),
        ({"name": "a", "scopes": [["send"]]}, "/scopes/0"),
        ({"name": "a", "scopes": ["send", "send"]}, "/scopes/1"),
        ({"name": "a", "scopes": ["send"], "accounts": ["ada@example.com"]}, "/accounts/0"),
        ({"name": "a", "scopes": ["send"], "accounts": ["acc_a"] * 201}, "/accounts"),
        ({"name": "a", "scopes": ["send"], "expires_at": "tomorrow"}, "/expires_at"),
        ({"name": "a", "scopes": ["send"], "expires_at": "2099-01-01T00:00:00"}, "/expires_at"),
        ({"name": "a", "scopes": ["send"], "expires_at": "9999-12-31T23:59:59-23:00"}, "/expires_at"),
        ({"name": "a", "scopes": ["send"], "expires_at": 4102444800}, "/expires_at"),
        ({"name": "a", "scopes": ["send"], "owner": "own_other"}, "/owner"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_wrong_field_of_a_key_is_named(untouched: Service, fields: dict[str, Any], pointer: str) -> None:
    refused(untouched.call("POST", KEYS, fields), "invalid_request", pointer)


@pytest.mark.parametrize("pending", ["", "pnd_", "pnd_unknown", "../states/x", "snd_1", "\ud800", "\0"])
def test_an_unknown_pending_connection_is_refused(untouched: Service, pending: str) -> None:
    answer = untouched.call("POST", CONFIRM, {"pending": pending})
    refused(answer, "invalid_state")


@pytest.mark.parametrize("body", [{}, {"pending": 1}, {"pending": "a" * 101}, {"pending": "pnd_a", "owner": "own_b"}])
def test_a_wrong_confirmation_is_refused(untouched: Service, body: dict[str, Any]) -> None:
    refused(untouched.call("POST", CONFIRM, body), "invalid_request")


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/mixed; boundary=b",
        "application/jsonp",
        "*/*",
        ";;;",
    ],
)
@pytest.mark.parametrize("path", [SEND, KEYS, CONFIRM])
def test_another_content_type_is_refused(untouched: Service, path: str, kind: str) -> None:
    body = json.dumps(MESSAGE).encode()
    refused(untouched.call("POST", path, body, {"Content-Type": kind} if kind else {}), "unsupported_media_type")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "x"])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=b"])
def test_a_compressed_body_is_refused(untouched: Service, kind: str, coding: str) -> None:
    body = gzip.compress(json.dumps(MESSAGE).encode())
    answer = untouched.call("POST", SEND, body, {"Content-Type": kind, "Content-Encoding": coding})
    refused(answer, "unsupported_media_type")


def blocks(size: int, start: bytes = b"") -> Iterator[bytes]:
    yield start
    for _ in range(size >> 20):
        yield b"x" * (1 << 20)


@pytest.mark.parametrize("path", [SEND, KEYS, CONFIRM])
def test_a_body_of_40_mb_is_refused(untouched: Service, path: str) -> None:
    refused(untouched.call("POST", path, b'{"text": "' + b"x" * 40_000_000 + b'"}', JSON), "payload_too_large")


def test_a_body_of_40_mb_that_does_not_say_how_long_it_is_is_refused(untouched: Service) -> None:
    refused(untouched.call("POST", SEND, blocks(40 << 20, b'{"text": "'), JSON), "payload_too_large")


# multipart


FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def part(name: str, content: bytes = b"x", filename: str | None = None, extra: bytes = b"") -> bytes:
    given = f'; filename="{filename}"' if filename is not None else ""
    return (
        f'--b\r\nContent-Disposition: form-data; name="{name}"{given}\r\n'.encode()
        + extra
        + b"\r\n"
        + content
        + b"\r\n"
    )


GOOD = part("message", json.dumps(MESSAGE).encode(), extra=b"Content-Type: application/json\r\n")
END = b"--b--\r\n"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_request"),
        (b"x", "invalid_request"),
        (END, "invalid_request"),
        (part("attachments", filename="a.txt") + END, "invalid_request"),  # no message
        (GOOD + GOOD + END, "invalid_request"),  # two messages
        (GOOD, "invalid_request"),  # no end
        (GOOD[:-20], "invalid_request"),
        (GOOD[:30], "invalid_request"),
        (GOOD + part("attachments", b"x" * 200_000, "a.txt")[:100_000], "invalid_request"),
        (GOOD.replace(b"--b", b"--c") + b"--c--\r\n", "invalid_request"),  # another boundary
        (b"--b\r\n\r\nno headers\r\n" + END, "invalid_request"),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\nno name\r\n" + END, "invalid_request"),
        (b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n' + END, "invalid_request"),
        (b"--b\r\nX-Long: " + b"x" * 3_000_000 + b"\r\n\r\nx\r\n" + END, "invalid_request"),
        (b"x" * 3_000_000 + GOOD + END, "invalid_request"),
        (GOOD + END + b"x" * 3_000_000, "invalid_request"),
        (GOOD + part("files", filename="a.txt") + END, "invalid_request"),  # a part with another name
        (GOOD + part("to") + END, "invalid_request"),
        (GOOD + part("", filename="a.txt") + END, "invalid_request"),
        (part("message", b"{") + END, "invalid_json"),
        (part("message", b"") + END, "invalid_json"),
        (part("message", b"[]") + END, "invalid_json"),
        (part("message", b"\xff") + END, "invalid_json"),
        (part("message", b"[" * 100_000) + END, "invalid_json"),
        (part("message", b'{"a": 1, "a": 2}') + END, "invalid_json"),
        (part("message", b"{}") + END, "invalid_message"),
        (GOOD + part("attachments") + END, "invalid_message"),  # no file name
        (GOOD + part("attachments", filename="") + END, "invalid_message"),
        (GOOD + part("attachments", filename="a.exe") + END, "invalid_message"),
        (GOOD + part("attachments", filename="../a.txt") + END, "invalid_message"),
        (
            GOOD + part("attachments", b"x" * 200_000, "a.txt") + part("attachments", filename="b.exe") + END,
            "invalid_message",
        ),
        (GOOD + part("attachments", filename="a.txt", extra=b"Content-Type: nonsense\r\n") + END, "invalid_message"),
        (GOOD + part("attachments", filename="a.txt", extra=b"Content-ID: <a b>\r\n") + END, "invalid_message"),
        (GOOD + part("attachments", filename="a.txt") * 101 + END, "invalid_message"),
        (GOOD + part("attachments", filename="a.txt") * 10_000 + END, "payload_too_large"),
        (part("message", b" " * ((16 << 20) + 1)) + END, "payload_too_large"),
    ],
    ids=lambda value: repr(value)[:70],
)
def test_a_wrong_form_is_refused(untouched: Service, body: bytes, code: str) -> None:
    refused(untouched.call("POST", SEND, body, FORM), code)


def test_a_wrong_file_is_named(untouched: Service) -> None:
    body = GOOD + part("attachments", filename="a.txt") + part("attachments", filename="b.exe") + END
    refused(untouched.call("POST", SEND, body, FORM), "invalid_message", "/attachments/1/filename")


@pytest.mark.parametrize("kind", ["", "; boundary=", "; boundary=ä", "; boundary=" + "b" * 71])
def test_a_form_without_a_valid_boundary_is_refused(untouched: Service, kind: str) -> None:
    given = {"Content-Type": f"multipart/form-data{kind}".encode("latin-1")}
    refused(untouched.call("POST", SEND, GOOD + END, given), "invalid_request")


def test_a_form_of_40_mb_is_refused(untouched: Service) -> None:
    body = GOOD + part("attachments", b"x" * 40_000_000, "a.bin") + END
    refused(untouched.call("POST", SEND, body, FORM), "payload_too_large")


def test_a_form_of_40_mb_that_does_not_say_how_long_it_is_is_refused(untouched: Service) -> None:
    start = GOOD + part("attachments", b"", "a.bin")[:-2]
    refused(untouched.call("POST", SEND, blocks(40 << 20, start), FORM), "payload_too_large")


@pytest.mark.parametrize("size", [27_000_000, 36_000_000])
def test_files_that_make_more_than_gmail_takes_are_refused(untouched: Service, size: int) -> None:
    body = GOOD + part("attachments", b"x" * size, "a.bin") + END
    assert len(body) < multipart.BODY_LIMIT
    answer = untouched.call("POST", SEND, body, FORM)
    assert answer.json()["code"] in ("invalid_message", "payload_too_large")
    refused(answer, answer.json()["code"])


def test_a_base64_file_that_makes_more_than_gmail_takes_is_refused(untouched: Service) -> None:
    body = message(attachments=[{"filename": "a.bin", "content": "AAAA" * 9_400_000}])
    assert len(json.dumps(body)) < send_bodies.JSON_LIMIT
    answer = untouched.call("POST", SEND, body)
    assert answer.json()["code"] in ("invalid_message", "payload_too_large")
    refused(answer, answer.json()["code"])


# headers, queries and paths


@pytest.mark.parametrize("key", [" ", "a b", "a\tb", "ä", "k" * 256, ""])
def test_a_wrong_idempotency_key_is_refused(untouched: Service, key: str) -> None:
    given = {"Idempotency-Key": key.encode("utf-8")}
    refused(untouched.call("POST", SEND, MESSAGE, given), "invalid_request", "/Idempotency-Key")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        f"Basic {KEY}",
        KEY,
        f"Bearer {KEY}x",
        f"Bearer {KEY} {KEY}",
        "Bearer gmk_",
        "Bearer gmk_a_b",
        "Bearer gmk_local_" + "0" * 40,
        "Bearer gmk_../../x_0123456789012345678901",
        "Bearer \u00e4",
        "Bearer a.b.c",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmdvb2dsZS5jb20ifQ.x",
        "Bearer " + "x" * 8000,
        "Bearer ,",
        "Bearer %00",
    ],
)
def test_a_wrong_token_is_refused(untouched: Service, value: str) -> None:
    given = {"Authorization": value.encode("utf-8")}
    for method, path in (("GET", "/api/gmail/accounts/"), ("POST", SEND), ("GET", "/api/gmail/authorize/")):
        answer = untouched.call(method, path, headers=given, key=None)
        refused(answer, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("size", ["", "0", "-1", "501", "1.5", "ten", "1e2", "٣", "00001", "9" * 1000, "%00", " "])
@pytest.mark.parametrize("path", ["/api/gmail/accounts/", HISTORY, KEYS, SUPPRESSIONS, TEMPLATES])
def test_a_wrong_page_size_is_refused(untouched: Service, path: str, size: str) -> None:
    from urllib.parse import quote

    target = f"{path}?page_size={quote(size, safe='%')}"
    refused(untouched.call("GET", target), "invalid_request", "/page_size")


@pytest.mark.parametrize(
    "token",
    ["x", "%00", "a" * 2000, "bnVsbA", "W10", "WzEsMiwzXQ", "../..", "%F0%9F%92%A9", "-", "=", "W1tbW1tb" * 200],
)
@pytest.mark.parametrize("path", ["/api/gmail/accounts/", HISTORY, KEYS, SUPPRESSIONS, TEMPLATES])
def test_a_wrong_page_token_is_refused(untouched: Service, path: str, token: str) -> None:
    refused(untouched.call("GET", f"{path}?page_token={token}"), "invalid_request")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("status=done", "/status"),
        ("since=yesterday", "/since"),
        ("until=2026-13-01T00:00:00Z", "/until"),
        ("since=2026-01-01", "/since"),
        ("since=2026-01-01T00:00:00", "/since"),
        ("until=0001-01-01T00:00:00%2B23:00", "/until"),
        ("to=a&to=b", "/to"),
        ("to=%00", "/to"),
        ("to=a%0d%0ab", "/to"),
        ("tag=" + "x" * 2001, "/tag"),
        ("form=x", "/form"),
        ("%00=x", "/\0"),
        ("owner=own_other", "/owner"),
    ],
)
def test_a_wrong_filter_is_named(untouched: Service, query: str, pointer: str) -> None:
    refused(untouched.call("GET", f"{HISTORY}?{query}"), "invalid_request", pointer)


def test_another_lists_page_token_is_refused(service: Service) -> None:
    for _ in range(2):
        assert service.call("POST", SEND, MESSAGE | {"tags": ["paged"]}).status == 200
    token = service.call("GET", f"{HISTORY}?tag=paged&page_size=1").json()["next_page_token"]
    assert service.call("GET", f"{HISTORY}?tag=paged&page_size=1&page_token={token}").status == 200
    refused(service.call("GET", f"{HISTORY}?page_token={token}"), "invalid_request")
    refused(service.call("GET", f"/api/gmail/accounts/?page_token={token}"), "invalid_request")


@pytest.mark.parametrize("include", ["html", "mime,html", "MIME", "mime&include=mime"])
def test_a_wrong_include_is_refused(service: Service, include: str) -> None:
    send = service.call("POST", SEND, MESSAGE).json()["id"]
    refused(service.call("GET", f"{HISTORY}{send}/?include={include}"), "invalid_request", "/include")


def test_a_batch_has_no_message_to_include(service: Service) -> None:
    batch = f"{HISTORY}bat_00000000000000000000000000/"
    refused(service.call("GET", f"{batch}?include=mime"), "invalid_request", "/include")
    assert service.call("GET", f"{batch}?include=").status == 404


@pytest.mark.parametrize(
    "value", ["https://evil.example/", "javascript:alert(1)", "//evil.example", "http://localhost@evil.example/", "%00"]
)
def test_an_open_redirect_is_refused(untouched: Service, value: str) -> None:
    refused(untouched.call("GET", f"/api/gmail/authorize/?return_to={value}"), "invalid_request", "/return_to")


@pytest.mark.parametrize(
    "query",
    ["", "state=", "state=x", "state=v1.1.AAAA", "state=v1.9.x&code=y", "error=access_denied", "state=%00", "code=x"],
)
def test_a_forged_callback_is_refused(untouched: Service, query: str) -> None:
    answer = untouched.call("GET", f"{CONFIRM}?{query}", headers={"Accept": "application/json"}, key=None)
    refused(answer, "invalid_state")


@pytest.mark.parametrize(
    "id_", ["x", "acc_unknown", "acc_", "ACC_1", "snd_1", "%00", "..", "%2e%2e", "%F0%9F%92%A9", "acc_" + "a" * 2000]
)
def test_an_id_that_cannot_be_one_is_not_found(untouched: Service, id_: str) -> None:
    for method, path in (
        ("GET", "/api/gmail/accounts"),
        ("DELETE", "/api/gmail/accounts"),
        ("GET", "/api/gmail/history"),
        ("DELETE", "/api/gmail/keys"),
    ):
        refused(untouched.call(method, f"{path}/{id_}/"), "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/nothing.css",
        "/assets/../index.html",
        "/assets/../../main.py",
        "/assets/..%2f..%2fmain.py",
        "/assets/%2e%2e/%2e%2e/main.py",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/..",
        "/assets/.",
        "/assets/openapi.json",
        "/assets/console.css%00",
        "/assets/%00.css",
        "/assets/" + "a" * 4000 + ".css",
        "/assets/..\\..\\main.py",
        "/assets/console.css/x",
        "/main.py",
        "/.env",
        "/.data/gmail.db",
        "/api/gmail/",
        "/api/gmail/nothing/",
        "/api/gmail/sendx/",
        "/api//gmail/send/",
        "/API/GMAIL/SEND/",
        "/api/gmail/send/extra/",
        "/api/gmail/accounts/acc_a/extra/",
        "/healthz/x",
        "/%ff",
        "/{id}/",
    ],
)
def test_what_is_not_there_is_not_found(untouched: Service, path: str) -> None:
    for key in (KEY, None):
        refused(untouched.call("GET", path, key=key), "not_found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "CONNECT", "PROPFIND", "LINK", "GETX"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/gmail/authorize/", "GET"),
        (CONFIRM, "GET, POST"),
        (SEND, "POST"),
        ("/api/gmail/accounts/", "GET"),
        ("/api/gmail/accounts/acc_a/", "DELETE, GET, PATCH"),
        (HISTORY, "GET"),
        ("/api/gmail/history/snd_a/", "GET, PATCH"),
        (KEYS, "GET, POST"),
        ("/api/gmail/keys/key_a/", "DELETE"),
        (TEMPLATES, "GET, POST"),
        (f"{TEMPLATES}tpl_a/", "DELETE, GET, PUT"),
        (f"{TEMPLATES}tpl_a/publish/", "POST"),
        (f"{TEMPLATES}tpl_a/versions/1/", "GET"),
        (SUPPRESSIONS, "GET, POST"),
        (f"{SUPPRESSIONS}bo@elsewhere.example/", "DELETE"),
        (f"{SUPPRESSIONS}export/", "GET"),
        ("/", "GET"),
        ("/assets/console.css", "GET"),
        ("/api/gmail/openapi.json", "GET"),
        ("/healthz", "GET"),
        ("/health", "GET"),
    ],
)
def test_another_method_is_refused(untouched: Service, method: str, path: str, allowed: str) -> None:
    if method in allowed.split(", "):
        pytest.skip("this path takes it")
    answer = untouched.call(method, path)
    refused(answer, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/gmail/accounts/", HISTORY, "/assets/console.css"])
def test_head_answers_like_get_without_a_body(untouched: Service, path: str) -> None:
    found = untouched.call("HEAD", path)
    assert (found.status, found.body) == (200, b"")
    assert found.headers["Content-Type"] == untouched.call("GET", path).headers["Content-Type"]


@pytest.mark.parametrize("path", [SEND, "/api/gmail/accounts/acc_a/", "/"])
def test_options_says_what_a_path_takes_to_anybody(untouched: Service, path: str) -> None:
    found = untouched.call("OPTIONS", path, key=None)
    assert (found.status, found.body) == (204, b"")
    assert found.headers["Allow"].endswith("OPTIONS")


def test_options_of_what_is_not_there_is_not_found(untouched: Service) -> None:
    refused(untouched.call("OPTIONS", "/api/gmail/nothing/"), "not_found")


@pytest.mark.parametrize("path", ["/api/gmail/accounts", "/api/gmail/accounts//", "/api/gmail/history", "/healthz/"])
def test_the_last_slash_may_be_missing_or_doubled(untouched: Service, path: str) -> None:
    assert untouched.call("GET", path).status == 200


def test_a_bare_tail_means_nothing_at_the_shared_address(untouched: Service) -> None:
    refused(untouched.call("POST", "/"), "method_not_allowed")
    refused(untouched.call("GET", "/acc_a/"), "not_found")


# below HTTP


def exchange(service: Service, *pieces: bytes) -> bytes:
    """What comes back for these bytes, after which the connection is closed."""
    with socket.create_connection(("localhost", service.port), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        with contextlib.suppress(OSError):  # it may have hung up already
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while block := connection.recv(65536):
                received += block
        return received


def start(length: int | str, kind: bytes = b"application/json") -> bytes:
    return (
        b"POST /api/gmail/send/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Authorization: Bearer "
        + KEY.encode()
        + b"\r\nContent-Type: "
        + kind
        + f"\r\nContent-Length: {length}\r\n\r\n".encode()
    )


@pytest.mark.parametrize(
    "pieces",
    [
        (b"\0\1\2\3\r\n\r\n",),
        (b"GET\r\n\r\n",),
        (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n",),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"b" * 100_000 + b"\r\n\r\n",),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX A: b\r\n\r\n",),
        (start("-1"), b"{}"),
        (start("many"), b"{}"),
        (start("2\r\nContent-Length: 3"), b"{}"),
        (start("2\r\nTransfer-Encoding: chunked"), b"{}"),
        (start("2\r\nTransfer-Encoding: gzip"), b"{}"),
    ],
    ids=lambda pieces: repr(pieces[0])[:60],
)
def test_what_is_no_http_gets_no_5xx(untouched: Service, pieces: tuple[bytes, ...]) -> None:
    """The HTTP server refuses these before any function sees them."""
    answer = exchange(untouched, *pieces)
    assert not answer.startswith(b"HTTP/1.1 5"), answer[:300]
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"application/json", json.dumps(MESSAGE).encode()),
        (b"application/json", json.dumps(MESSAGE).encode()[:-1]),
        (b"multipart/form-data; boundary=b", GOOD + END),
        (b"multipart/form-data; boundary=b", GOOD + part("attachments", b"x" * 300_000, "a.bin")),
    ],
    ids=["JSON that looks whole", "JSON", "a form that looks whole", "a form"],
)
def test_a_body_that_ends_too_early_sends_nothing(untouched: Service, kind: bytes, body: bytes) -> None:
    answer = exchange(untouched, start(len(body) + 1000, kind), body)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"code":"invalid_request"' in answer


def test_bad_chunks_send_nothing(untouched: Service) -> None:
    head = start(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    answer = exchange(untouched, head, b"zz\r\n" + json.dumps(MESSAGE).encode() + b"\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"code":"invalid_request"' in answer
