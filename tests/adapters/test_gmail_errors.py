"""What Gmail's answers mean: by their reason, not by their status alone."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from functions.adapters.gmail import GmailService
from functions.adapters.http import Http
from functions.domain.errors import (
    GmailRejected,
    InsufficientPermissions,
    IntegrationError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    ReauthRequired,
    Unavailable,
)
from functions.domain.google_ports import SentMessage
from tests.faults.stub import SENT, Act, Stub, refusal
from tests.faults.stub import http as answer_with
from tests.services.builders import NOW, Clock

MINUTE, HOUR = 60.0, 3600.0


class Mail:
    size = 5

    def blocks(self) -> Iterator[bytes]:
        yield b"hello"


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    yield made
    made.close()


@pytest.fixture
def gmail(stub: Stub) -> GmailService:
    return GmailService(Http(), stub.url, Clock())


def fails(call: Callable[[], object]) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        call()
    return caught.value


# Every row of the table of Gmail's errors; `wait` in seconds.
TABLE: list[tuple[int, str, str, type[IntegrationError], float | None]] = [
    (400, "invalidArgument", "Invalid To header", GmailRejected, None),
    (400, "failedPrecondition", "Mail service not enabled", GmailRejected, None),
    (401, "authError", "Invalid Credentials", ReauthRequired, None),
    (403, "rateLimitExceeded", "Rate Limit Exceeded", RateLimited, MINUTE),
    (403, "userRateLimitExceeded", "User Rate Limit Exceeded", RateLimited, MINUTE),
    (403, "dailyLimitExceeded", "Daily Limit Exceeded", RateLimited, HOUR),
    (403, "quotaExceeded", "Quota exceeded", RateLimited, HOUR),
    (403, "insufficientPermissions", "Insufficient Permission", InsufficientPermissions, None),
    (403, "domainPolicy", "The domain administrators have disabled Gmail apps.", GmailRejected, None),
    (403, "accessNotConfigured", "Gmail API has not been used in project 1 before", GmailRejected, None),
    (404, "notFound", "Requested entity was not found.", NotFound, None),
    (413, "uploadTooLarge", "Too large", GmailRejected, None),
    (429, "rateLimitExceeded", "Too many concurrent requests for user", RateLimited, MINUTE),
    (429, "userRateLimitExceeded", "User-rate limit exceeded.", RateLimited, MINUTE),
    (429, "somethingNew", "Whatever", RateLimited, MINUTE),
    (500, "backendError", "Backend Error", OutcomeUnknown, None),
    (502, "backendError", "Bad Gateway", OutcomeUnknown, None),
    (503, "backendError", "The service is currently unavailable.", OutcomeUnknown, None),
    (503, "rateLimitExceeded", "Slow down", OutcomeUnknown, None),
]


@pytest.mark.parametrize(("status", "reason", "message", "kind", "wait"), TABLE, ids=[f"{r[0]} {r[1]}" for r in TABLE])
def test_a_send_ends_as_the_table_says(
    gmail: GmailService,
    stub: Stub,
    status: int,
    reason: str,
    message: str,
    kind: type[IntegrationError],
    wait: float | None,
) -> None:
    stub.script.append(Act(answer=refusal(status, reason, message)))

    error = fails(lambda: gmail.send("token", Mail()))

    assert type(error) is kind
    assert error.retry_after == wait
    assert error.remedy
    assert len(stub.heads) == 1
    if kind is GmailRejected:
        assert message in error.detail
        assert isinstance(error, GmailRejected)
        assert error.reason == reason


@pytest.mark.parametrize("read", [lambda g: g.profile("token"), lambda g: g.raw("token", "g1")], ids=["own", "library"])
@pytest.mark.parametrize(
    ("status", "reason", "message", "kind"), [r[:4] for r in TABLE], ids=[f"{r[0]} {r[1]}" for r in TABLE]
)
def test_a_read_ends_alike_but_for_what_cannot_be_unknown(
    gmail: GmailService,
    stub: Stub,
    read: Callable[[GmailService], object],
    status: int,
    reason: str,
    message: str,
    kind: type[IntegrationError],
) -> None:
    stub.script.append(Act(answer=refusal(status, reason, message)))

    error = fails(lambda: read(gmail))

    assert type(error) is (Unavailable if kind is OutcomeUnknown else kind)
    assert len(stub.heads) == 1


@pytest.mark.parametrize(
    ("headers", "message", "wait"),
    [
        (["Retry-After: 42"], "Slow", 42.0),
        (["Retry-After:  7 "], "Slow", 7.0),
        (["Retry-After: 0"], "Slow", MINUTE),
        (["Retry-After: 999999999"], "Slow", 86_400.0),
        ([f"Retry-After: {format_datetime(NOW + timedelta(seconds=90), usegmt=True)}"], "Slow", 90.0),
        ([f"Retry-After: {format_datetime(NOW - timedelta(hours=1), usegmt=True)}"], "Slow", 1.0),
        ([f"Retry-After: {format_datetime(NOW + timedelta(days=9), usegmt=True)}"], "Slow", 86_400.0),
        (["Retry-After: soon"], "Slow", MINUTE),
        (["Retry-After: -5"], "Slow", MINUTE),
        (["Retry-After: ²"], "Slow", MINUTE),
        ([f"Retry-After: {'9' * 5000}"], "Slow", 86_400.0),
        ([f"Retry-After: Mon, 01 Jan {'9' * 20} 00:00:00 GMT"], "Slow", MINUTE),
        ([f"Retry-After: 1 Jan 2026 {'9' * 20}:00:00 GMT"], "Slow", MINUTE),
        ([f"Retry-After: 1 Jan 2026 00:00:00 +{'9' * 22}"], "Slow", MINUTE),
        ([], "User-rate limit exceeded.  Retry after 2031-05-01T12:15:00.000Z", 900.0),
        ([], "User-rate limit exceeded.  Retry after 2031-05-01T12:00:30Z (Mail sending)", 30.0),
        ([], "User-rate limit exceeded.  Retry after 2031-05-01T11:00:00.000Z", 1.0),
        ([], "Retry after 2031-99-99T12:00:00Z", MINUTE),
        ([], "Retry after some time", MINUTE),
        (["Retry-After: 5"], "Retry after 2031-05-01T12:15:00.000Z", 5.0),
    ],
)
def test_how_long_to_wait_is_read_from_the_header_or_the_message(
    gmail: GmailService, stub: Stub, headers: list[str], message: str, wait: float
) -> None:
    stub.script.append(Act(answer=refusal(429, "userRateLimitExceeded", message, *headers)))

    assert fails(lambda: gmail.send("token", Mail())).retry_after == wait


def test_the_newer_form_of_googles_errors_is_read_too(gmail: GmailService, stub: Stub) -> None:
    error = {
        "code": 403,
        "status": "PERMISSION_DENIED",
        "message": "Request had insufficient authentication scopes.",
        "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}],
    }
    stub.script.append(Act(answer=answer_with(403, json.dumps({"error": error}).encode())))

    assert type(fails(lambda: gmail.send("token", Mail()))) is InsufficientPermissions


def test_an_exhausted_quota_without_a_reason_is_known_by_its_status(gmail: GmailService, stub: Stub) -> None:
    body = b'{"error": {"code": 403, "status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded"}}'
    stub.script.append(Act(answer=answer_with(403, body)))

    assert type(fails(lambda: gmail.send("token", Mail()))) is RateLimited


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>403</html>", b"null", b"[]", b'{"error": "x"}', b'{"error": {}}', b'{"error": {"errors": 7}}',
     b'{"error": {"errors": ["x"], "details": ["y"]}}', b'{"error": {"errors": [{"reason": 7}]}}', b"\xff"],
)  # fmt: skip
def test_an_error_in_no_known_form_is_still_an_error(gmail: GmailService, stub: Stub, body: bytes) -> None:
    stub.script.append(Act(answer=answer_with(403, body)))

    assert type(fails(lambda: gmail.send("token", Mail()))) is GmailRejected


@pytest.mark.parametrize("status", [200, 201])
def test_a_success_names_message_and_thread(gmail: GmailService, stub: Stub, status: int) -> None:
    stub.script.append(Act(answer=answer_with(status, SENT)))

    assert gmail.send("token", Mail()) == SentMessage("g1", "t1")
    assert b"Authorization: Bearer token" in stub.heads[0]


@pytest.mark.parametrize("status", [204, 206, 301, 304, 408])
def test_an_answer_that_is_neither_success_nor_refusal_says_nothing(
    gmail: GmailService, stub: Stub, status: int
) -> None:
    stub.script.append(Act(answer=answer_with(status, b"")))

    assert type(fails(lambda: gmail.send("token", Mail()))) is OutcomeUnknown


def test_a_token_never_stands_in_an_error(gmail: GmailService, stub: Stub) -> None:
    acts: list[Any] = [Act(how="reset"), *(Act(answer=refusal(status, reason)) for status, reason, *_ in TABLE)]
    for act in acts:
        stub.script.append(act)
        error = fails(lambda: gmail.send("ya29.secret", Mail()))
        chain = []
        cause: BaseException | None = error
        while cause:
            chain.append(f"{cause!r} {vars(cause)}")
            cause = cause.__cause__
        assert "ya29" not in " ".join(chain)


def test_aliases_are_usable_if_verified_or_without_a_status(gmail: GmailService, stub: Stub) -> None:
    found = {
        "sendAs": [
            {"sendAsEmail": "ada@example.com", "displayName": "Ada", "isPrimary": True, "isDefault": True},
            {"sendAsEmail": "same-domain@example.com"},
            {"sendAsEmail": "yes@other.example", "verificationStatus": "accepted", "replyToAddress": "r@x.example"},
            {"sendAsEmail": "no@other.example", "verificationStatus": "pending"},
            {"sendAsEmail": "odd@other.example", "verificationStatus": "verificationStatusUnspecified"},
        ]
    }
    stub.script.append(Act(answer=answer_with(200, json.dumps(found).encode())))

    aliases = gmail.aliases("token")

    assert [(a.email.partition("@")[0], a.verified) for a in aliases] == [
        ("ada", True), ("same-domain", True), ("yes", True), ("no", False), ("odd", False),
    ]  # fmt: skip
    assert (aliases[0].is_primary, aliases[0].is_default, aliases[0].name) == (True, True, "Ada")
    assert aliases[2].reply_to == "r@x.example"


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"7", b'{"sendAs": [{}]}', b'{"sendAs": 7}', b'{"sendAs": [7]}', b"null"]
)
def test_a_read_that_cannot_be_understood_is_unavailable(gmail: GmailService, stub: Stub, body: bytes) -> None:
    stub.script.append(Act(answer=answer_with(200, body)))

    assert type(fails(lambda: gmail.aliases("token"))) is Unavailable


def test_headers_are_found_whatever_their_case(gmail: GmailService, stub: Stub) -> None:
    found = {
        "payload": {"headers": [{"name": "Message-Id", "value": "<a@b>"}, {"name": "References", "value": "<c@d>"}]}
    }
    stub.script.append(Act(answer=answer_with(200, json.dumps(found).encode())))

    assert gmail.headers("token", "g1", ("Message-ID", "References")) == {"message-id": "<a@b>", "references": "<c@d>"}


def test_a_message_comes_back_byte_by_byte(gmail: GmailService, stub: Stub) -> None:
    stub.script.append(Act(answer=answer_with(200, b'{"raw": "SGk_IP_-AA"}')))

    assert gmail.raw("token", "g1") == b"Hi? \xff\xfe\x00"
