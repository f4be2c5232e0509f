"""Whatever becomes of the connection to Gmail: never more than one delivery of a send, and a record that is right."""

import base64
import os
from typing import Any

import pytest

from functions.adapters import gmail, http
from functions.domain import records
from functions.domain.accounts import GmailAccount
from functions.domain.ids import LOCAL_OWNER
from tests.e2e.client import Answer, Caller, letter
from tests.e2e.hosts import Inside
from tests.faults.stub import ACCEPT, SENT, Act, Stub, refusal
from tests.faults.stub import http as answer_with

PLACES = ("first_byte", "after_headers", "mid_body", "after_body")
ENDINGS = [(how, place) for how in ("close", "reset") for place in PLACES]
SIZES = {"small": 10, "large": 6_000_000}  # bytes of the attachment: within the sockets' buffers, and beyond them


def send(caller: Caller, size: str = "small", key: str = "once", **message: Any) -> Answer:
    content = base64.b64encode(b"x" * SIZES[size]).decode()
    body = letter(attachments=[{"filename": "a.txt", "content": content}], **message)
    return caller.post("send/", body, Idempotency_Key=key)


def unknown(caller: Caller, answer: Answer) -> None:
    """The caller is told so, the record says so, and asking again changes nothing."""
    told = answer.ok(202)
    assert told["status"] == "unknown"
    (record,) = caller.history()
    assert (record["id"], record["status"]) == (told["id"], "unknown")
    assert [a["outcome"] for a in record["attempts"]] == ["unknown"]
    assert record["gmail_message_id"] is None


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_that_ends_at_once_is_tried_again_only_if_nothing_left(
    caller: Caller, stub: Stub, how: Any, size: str
) -> None:
    """Which of the two it is, the first byte or the end, is a race that both may win."""
    stub.script.append(Act("before_reading", how=how))

    answer = send(caller, size)

    if answer.status == 200:
        assert (stub.deliveries, stub.connections) == (1, 2)
    else:
        unknown(caller, answer)
        assert (stub.deliveries, stub.connections) == (0, 1)
    assert send(caller, size).body == answer.body
    assert stub.deliveries <= 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("how", "place"), ENDINGS, ids=lambda value: value)
def test_a_connection_that_ends_anywhere_leaves_one_delivery_at_most(
    caller: Caller, stub: Stub, how: Any, place: Any, size: str
) -> None:
    stub.script.append(Act(place, how=how))

    answer = send(caller, size)

    unknown(caller, answer)
    assert stub.deliveries == (1 if place == "after_body" else 0)
    assert len(stub.heads) <= 1
    assert stub.connections == 1
    again = send(caller, size)
    assert again.body == answer.body
    assert again.headers["Idempotent-Response"] == "true"
    assert stub.connections == 1  # nothing has left again


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("act", "deliveries"),
    [
        (Act(how="silent"), 1),
        (Act("after_headers", how="silent"), 0),
        (Act(answer=answer_with(200, SENT[:20], length=len(SENT)), how="close"), 1),
        (Act(answer=answer_with(200, SENT)[:30], how="close"), 1),
        (Act(answer=b"\x00\xff not http at all\r\n\r\n", how="close"), 1),
        (Act(answer=answer_with(200, b"<!doctype html>"), how="close"), 1),
        (Act(answer=answer_with(200, b'{"id": 1}')), 1),
        (Act(answer=answer_with(200, b"")), 1),
        (Act(answer=answer_with(200, b"null")), 1),
        (Act(answer=refusal(500, "backendError")), 1),
        (Act(answer=refusal(502, "backendError")), 1),
        (Act(answer=refusal(503, "backendError")), 1),
        (Act("after_headers", refusal(503, "backendError"), "close"), 0),
        (Act("mid_body", refusal(503, "backendError"), "close"), 0),
        (Act(answer=answer_with(302, b"", "Location: http://127.0.0.1:9/")), 1),
        (Act(answer=answer_with(408, b"")), 0),
        (Act(answer=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"", how="close"), 1),
    ],
    ids=[
        "late", "stalled", "half a body", "half a head", "garbage", "a web page", "no id", "nothing", "null", "500",
        "502", "503", "early 503", "503 in the middle", "redirect", "408", "half a chunk",
    ],
)  # fmt: skip
def test_an_answer_that_does_not_say_leaves_the_send_unknown(
    caller: Caller, stub: Stub, act: Act, deliveries: int, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.script.append(act)
    if act.how == "silent":
        monkeypatch.setattr(gmail, "SEND_TIMEOUT", 0.5)

    answer = send(caller, size)

    unknown(caller, answer)
    assert stub.deliveries == deliveries
    assert send(caller, size).body == answer.body
    assert stub.connections == 1
    assert len(stub.heads) == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("place", ["after_headers", "mid_body", "after_body"])
def test_a_refusal_is_one_whenever_it_comes(caller: Caller, stub: Stub, place: Any, size: str) -> None:
    """A server that refuses may answer before it has read everything."""
    stub.script.append(Act(place, refusal(400, "invalidArgument", "Invalid To header"), "close"))

    problem = send(caller, size).problem(502, "gmail_rejected")

    assert "Invalid To header" in problem["detail"]
    assert stub.deliveries == 0
    (record,) = caller.history()
    assert record["status"] == "failed"
    send(caller, size).problem(502, "gmail_rejected")
    assert len(stub.heads) == 1


@pytest.mark.parametrize("place", ["after_headers", "after_body"])
def test_when_gmail_asks_to_wait_the_send_waits(caller: Caller, stub: Stub, place: Any) -> None:
    stub.script.append(Act(place, refusal(429, "rateLimitExceeded", "Slow", "Retry-After: 3600"), "close"))

    answer = send(caller).ok(202)

    assert answer["status"] == "queued"
    (record,) = caller.history()
    assert (record["status"], record["next_attempt_at"]) == ("queued", answer["next_attempt_at"])
    assert send(caller).ok(202)["id"] == answer["id"]  # its key does not send it a second time
    assert stub.deliveries == 0


@pytest.mark.parametrize("place", ["after_headers", "after_body"])
@pytest.mark.parametrize("size", SIZES)
def test_a_refused_token_is_refreshed_and_the_message_sent_once(
    caller: Caller, stub: Stub, size: str, place: Any
) -> None:
    stub.script.append(Act(place, refusal(401, "authError"), "close"))

    send(caller, size).ok()

    assert stub.deliveries == 1
    assert [b"ya29.first" in head for head in stub.heads] == [True, False]
    assert b"Bearer ya29.fresh" in stub.heads[1]


def test_a_token_that_is_refused_twice_is_a_dead_grant(caller: Caller, inside: Inside, stub: Stub) -> None:
    stub.script.extend([Act(answer=refusal(401, "authError"))] * 2)

    send(caller).problem(409, "reauth_required")

    assert stub.deliveries == 0
    found = inside.app.documents.get(f"owners/{LOCAL_OWNER}/accounts/acc_1")
    assert found is not None
    assert records.from_data(GmailAccount, found.data).status == "reauth_required"


@pytest.mark.parametrize("act", [Act(how="reset"), Act(answer=refusal(503, "backendError"))])
def test_after_a_refresh_the_second_post_is_the_last_one(caller: Caller, stub: Stub, act: Act) -> None:
    stub.script.extend([Act(answer=refusal(401, "authError")), act])

    unknown(caller, send(caller))

    assert stub.deliveries == 1


def test_a_gmail_that_cannot_be_reached_is_tried_again_later(caller: Caller, stub: Stub) -> None:
    stub.close()

    answer = send(caller).ok(202)

    assert answer["status"] == "queued"
    assert answer["next_attempt_at"]
    assert stub.deliveries == 0


def test_one_connection_serves_many_sends(caller: Caller, stub: Stub) -> None:
    for number in range(5):
        send(caller, key=f"k-{number}").ok()

    assert stub.deliveries == 5
    assert stub.connections == 1


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_that_was_closed_while_idle_is_not_used(caller: Caller, stub: Stub, how: Any) -> None:
    # Announced as kept open, and then ended all the same.
    stub.script.append(Act(answer=ACCEPT.answer, how=how))
    send(caller, key="first").ok()
    assert stub.ended.acquire(timeout=10)

    send(caller, key="second").ok()

    assert stub.deliveries == 2
    assert stub.connections == 2


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("how", "place"), ENDINGS, ids=lambda value: value)
def test_a_kept_connection_that_ends_under_a_send_leaves_one_delivery_at_most(
    caller: Caller, stub: Stub, how: Any, place: Any, size: str
) -> None:
    """The race that clients with hidden retries lose: the server closes just when it is used again."""
    send(caller, key="first").ok()
    stub.script.append(Act(place, how=how))

    assert send(caller, size, key="second").ok(202)["status"] == "unknown"

    assert stub.connections == 1
    assert stub.deliveries == 1 + (place == "after_body")
    send(caller, key="third").ok()  # on a connection of its own
    assert stub.connections == 2


def test_an_old_connection_is_not_trusted(caller: Caller, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    send(caller, key="first").ok()
    monkeypatch.setattr(http, "MAX_IDLE", 0.0)

    send(caller, key="second").ok()

    assert stub.connections == 2


def test_what_arrives_is_what_was_promised(caller: Caller, stub: Stub) -> None:
    """The length is known before the first byte, also of a message with a file."""
    send(caller, "large").ok()

    (head,), (body,) = stub.heads, stub.bodies
    assert head.startswith(b"POST /upload/gmail/v1/users/me/messages/send?uploadType=media HTTP/1.1\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Content-Type: message/rfc822" in head
    assert base64.b64encode(b"x" * 57) in body


def test_a_message_for_a_thread_is_one_upload_with_the_threads_id(caller: Caller, stub: Stub) -> None:
    send(caller, thread_id="18c2f0").ok()

    (head,), (body,) = stub.heads, stub.bodies
    assert b"uploadType=multipart" in head
    boundary = body.partition(b"\r\n")[0]
    assert boundary.startswith(b"--upload_")
    assert body.count(boundary) == 3
    assert b'{"threadId": "18c2f0"}' in body


def test_a_file_that_changed_on_the_way_never_goes_out(inside: Inside, caller: Caller, stub: Stub) -> None:
    """The last block is held back until the whole is known to be right: what was promised is not completed."""
    from tests.e2e.client import File, multipart

    write = inside.app.blobs.write

    def damaged(name: str, blocks: Any) -> Any:
        info = write(name, blocks)
        path = next(p for p in inside.blobs if p.stat().st_size == info.size)
        path.write_bytes(os.urandom(info.size))
        return info

    inside.app.blobs.write = damaged  # type: ignore[method-assign]
    body, kind = multipart(letter(), File("a.bin", bytes(400_000)))

    caller.post("send/", body, Content_Type=kind).problem(500, "internal")

    assert stub.deliveries == 0
    assert caller.history()[0]["status"] == "failed"
