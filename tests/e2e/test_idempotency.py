"""Idempotency-Key: the same call again is the same answer, and one message."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.client import Caller, File, letter, multipart
from tests.e2e.google import Gate, Google, Person


def test_the_same_call_again_gives_the_first_answer_and_sends_nothing(
    caller: Caller, ada: Person, google: Google
) -> None:
    caller.connect(ada)

    first, again = caller.send_as("k-1"), caller.send_as("k-1")

    assert again.ok() == first.ok()
    assert "Idempotent-Response" not in first.headers
    assert again.headers["Idempotent-Response"] == "true"
    assert len(google.deliveries(ada)) == 1
    assert len(caller.history()) == 1


def test_the_first_answer_says_when_the_message_goes_out_though_it_has_been_moved(caller: Caller, ada: Person) -> None:
    caller.connect(ada)
    soon, later = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (2, 9))
    first = caller.send_as("moved", send_at=soon).ok(202)

    caller.call("PATCH", f"history/{first['id']}/", {"send_at": later}).ok()

    assert caller.send_as("moved", send_at=soon).ok(202) == first
    assert first["next_attempt_at"] == soon.replace("Z", ".000Z")


def test_another_body_under_the_same_key_is_refused(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    caller.send_as("k-1").ok()

    caller.send_as("k-1", subject="Another").problem(422, "idempotency_mismatch")

    assert len(google.deliveries(ada)) == 1


def test_a_key_belongs_to_its_owner(
    caller: Caller, stranger: Caller, ada: Person, grace: Person, google: Google
) -> None:
    caller.connect(ada)
    stranger.connect(grace)

    caller.send_as("k-1").ok()
    theirs = stranger.send_as("k-1")

    theirs.ok()
    assert "Idempotent-Response" not in theirs.headers
    assert len(google.deliveries(ada)) == len(google.deliveries(grace)) == 1


def test_a_form_sent_again_under_another_boundary_is_the_same_body(
    caller: Caller, ada: Person, google: Google, hosting: Any
) -> None:
    caller.connect(ada)
    files = [File("a.bin", bytes(200_000)), File("b.txt", b"text")]

    def post(boundary: str, *given: File) -> Any:
        body, kind = multipart(letter(), *given, boundary=boundary)
        return caller.post("send/", body, Content_Type=kind, Idempotency_Key="form")

    first = post("one", *files)
    stored = sorted(hosting.blobs)
    again = post("another", *files)

    assert again.ok() == first.ok()
    assert again.headers["Idempotent-Response"] == "true"
    assert sorted(hosting.blobs) == stored  # the files of the second call are dropped
    for other in (
        [File("a.bin", bytes(200_001)), files[1]],
        [files[0], File("c.txt", b"text")],
        [files[0], File("b.txt", b"text", "text/markdown")],
        [files[0], File("b.txt", b"text", content_id="b")],
        files[:1],
    ):
        post("another", *other).problem(422, "idempotency_mismatch")
    assert len(google.deliveries(ada)) == 1


def test_twenty_calls_at_once_with_one_key_send_one_message(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    caller.accounts()
    begin = Gate(20)

    def call(_: int) -> Any:
        begin()
        return caller.send_as("together")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(call, range(20)))

    done = [a for a in answers if a.status == 200]
    assert len(google.deliveries(ada)) == 1
    assert len({a.body for a in done}) == 1
    assert len([a for a in done if "Idempotent-Response" not in a.headers]) == 1
    for answer in answers:
        if answer.status != 200:
            answer.problem(409, "idempotency_in_progress")
            assert answer.headers["Retry-After"]
    assert caller.send_as("together").body == done[0].body


def test_a_call_while_the_first_one_runs_is_told_so(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    google.fault("send", account=ada.email, action={"delay": 2.0}, times=1)
    first: list[Any] = []
    running = threading.Thread(target=lambda: first.append(caller.send_as("slow")))
    running.start()
    while not google.fault_hits():
        assert running.is_alive()

    second = caller.send_as("slow")
    other = caller.send_as("slow", subject="Another")

    second.problem(409, "idempotency_in_progress")
    assert second.headers["Retry-After"]
    other.problem(422, "idempotency_mismatch")
    running.join()
    assert caller.send_as("slow").ok() == first[0].ok()
    assert len(google.deliveries(ada)) == 1


def test_a_refusal_by_gmail_is_given_again_without_asking_gmail(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    google.fault("send", account=ada.email, preset="400-invalidArgument", times=1)
    first = caller.send_as("refused").problem(502, "gmail_rejected")
    asked = google.requests("sends_received", ada)

    again = caller.send_as("refused").problem(502, "gmail_rejected")

    assert again["detail"] == first["detail"]
    assert google.requests("sends_received", ada) == asked


def test_a_send_that_waits_for_gmail_is_not_sent_a_second_time_under_its_key(
    caller: Caller, ada: Person, google: Google
) -> None:
    caller.connect(ada)
    google.fault("send", account=ada.email, preset="429", retry_after=3600, times=1)
    first = caller.send_as("later").ok(202)

    again = caller.send_as("later")

    assert again.ok(202)["id"] == first["id"]
    assert again.headers["Idempotent-Response"] == "true"
    assert google.deliveries(ada) == []


def test_a_key_for_other_accounts_learns_nothing_by_repeating_a_call(
    caller: Caller, ada: Person, grace: Person
) -> None:
    caller.connect(ada)
    other = caller.connect(grace)
    caller.send_as("once", account=ada.email).ok()

    restricted = caller.key("send", accounts=[other["id"]])

    restricted.send_as("once", account=ada.email).problem(422, "idempotency_mismatch")


def test_a_mistake_in_the_message_does_not_use_the_key_up(caller: Caller, ada: Person) -> None:
    caller.connect(ada)
    caller.send_as("typo", to=["nobody"]).problem(422, "invalid_message")

    caller.send_as("typo").ok()


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "k" * 256])
def test_a_key_that_is_none_is_refused(caller: Caller, key: str) -> None:
    caller.send_as(key).problem(400, "invalid_request")


def test_the_longest_key_works(caller: Caller, ada: Person) -> None:
    caller.connect(ada)

    caller.send_as("~" * 255).ok()
