"""What waits: the queue, the calendar, and what an owner can still do to it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.client import Caller
from tests.e2e.google import Google, Person


def at(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def until(caller: Caller, send_id: str, status: str) -> dict[str, Any]:
    """The send, once the queue has brought it there: the queue runs by the wall clock."""
    deadline = time.monotonic() + 30
    while True:
        found: dict[str, Any] = caller.get(f"history/{send_id}/").ok()
        if found["status"] == status:
            return found
        assert time.monotonic() < deadline, found["explanation"]
        time.sleep(0.2)


def test_what_is_not_waited_for_goes_out_by_itself(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)

    accepted = caller.send(wait=False).ok(202)

    assert accepted["status"] == "queued"
    assert until(caller, accepted["id"], "sent")["gmail_message_id"]
    assert len(google.deliveries(ada)) == 1


def test_what_is_scheduled_goes_out_in_its_time(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)

    accepted = caller.send(send_at=at(seconds=2)).ok(202)

    assert accepted["status"] == "scheduled"
    assert google.deliveries(ada) == []
    found = until(caller, accepted["id"], "sent")
    assert found["sent_at"] >= found["send_at"]


def test_a_scheduled_send_is_moved_cancelled_and_sent_again(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    send_id = caller.send(send_at=at(days=300)).ok(202)["id"]

    moved = caller.call("PATCH", f"history/{send_id}/", {"send_at": at(days=1)}).ok()
    cancelled = caller.post(f"history/{send_id}/cancel/", {}).ok()
    too_late = caller.call("PATCH", f"history/{send_id}/", {"send_at": at(days=2)})
    again = caller.post(f"history/{send_id}/resend/", {}).ok(202)
    twice = caller.post(f"history/{send_id}/resend/", {})

    assert moved["status"] == "scheduled"
    assert (cancelled["status"], cancelled["next_attempt_at"]) == ("cancelled", None)
    too_late.problem(409, "conflict")
    assert (again["resend_of"], twice.ok(202)["id"]) == (send_id, again["id"])
    assert twice.headers["Idempotent-Response"] == "true"
    until(caller, again["id"], "sent")
    assert len(google.deliveries(ada)) == 1


@pytest.mark.parametrize("body", [{}, {"send_at": None}, {"send_at": "tomorrow"}, {"send_at": at(), "x": 1}])
def test_a_move_says_when(caller: Caller, ada: Person, body: dict[str, Any]) -> None:
    caller.connect(ada)
    send_id = caller.send(send_at=at(days=1)).ok(202)["id"]

    assert caller.call("PATCH", f"history/{send_id}/", body).pointers(400, "invalid_request")
    assert caller.get(f"history/{send_id}/").ok()["status"] == "scheduled"


def test_a_send_is_moved_no_further_ahead_than_a_new_one_may_be(caller: Caller, ada: Person) -> None:
    caller.connect(ada)
    send_id = caller.send(send_at=at(days=1)).ok(202)["id"]

    moved = caller.call("PATCH", f"history/{send_id}/", {"send_at": "9999-12-31T23:59:59Z"})

    new = caller.send(send_at=at(days=367)).problem(422, "invalid_message")["errors"]
    assert moved.problem(400, "invalid_request")["errors"] == new
    assert new == [{"pointer": "/send_at", "detail": "This is more than a year ahead."}]
    assert caller.call("PATCH", f"history/{send_id}/", {"send_at": at(days=365)}).ok()["status"] == "scheduled"


def test_what_was_sent_can_not_be_cancelled(caller: Caller, ada: Person) -> None:
    caller.connect(ada)
    send_id = caller.send().ok()["id"]

    caller.post(f"history/{send_id}/cancel/", {}).problem(409, "conflict")


def test_disconnecting_cancels_what_waits(caller: Caller, ada: Person) -> None:
    account = caller.connect(ada)
    send_id = caller.send(send_at=at(days=1)).ok(202)["id"]

    caller.delete(f"accounts/{account['id']}/").ok(204)

    found = until(caller, send_id, "cancelled")
    assert "disconnected" in found["explanation"]


def test_a_dead_grant_holds_the_queue_and_reconnecting_releases_it(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    send_id = caller.send(send_at=at(seconds=1.5)).ok(202)["id"]
    google.revoke(ada)
    held = until(caller, send_id, "queued")

    assert "reconnect" in held["explanation"] or held["next_attempt_at"]
    caller.connect(ada)

    until(caller, send_id, "sent")
    assert len(google.deliveries(ada)) == 1


@pytest.fixture
def thread(caller: Caller, ada: Person, grace: Person) -> Callable[..., dict[str, Any]]:
    """Ada wrote to Grace; asked to, Grace answers."""
    caller.connect(ada)
    caller.connect(grace)
    first: dict[str, Any] = caller.send(account=ada.email, to=[grace.email], subject="Lunch?").ok()

    def ask(*, answered: bool) -> dict[str, Any]:
        if answered:
            caller.send(account=grace.email, to=[ada.email], subject=None, in_reply_to_send=first["id"]).ok()
        return first

    return ask


@pytest.mark.parametrize(("answered", "status"), [(True, "cancelled"), (False, "sent")])
def test_a_follow_up_is_called_off_once_its_message_was_answered(
    caller: Caller, ada: Person, grace: Person, thread: Callable[..., dict[str, Any]], answered: bool, status: str
) -> None:
    first = thread(answered=answered)

    follow_up = caller.send(
        account=ada.email, to=[grace.email], subject=None, in_reply_to_send=first["id"], cancel_if=["replied"]
    ).ok(202)

    found = until(caller, follow_up["id"], status)
    assert ("was answered" in found["explanation"]) == answered


def test_cancel_if_needs_something_to_follow_up_on(caller: Caller, ada: Person) -> None:
    caller.connect(ada)

    assert caller.send(cancel_if=["replied"]).pointers(422, "invalid_message") == ["/cancel_if"]


def test_the_account_says_what_it_can_still_send(caller: Caller, ada: Person) -> None:
    account = caller.connect(ada)
    before = caller.get(f"accounts/{account['id']}/").ok()["capacity"]
    caller.send(cc=["a@b.example", "c@d.example"]).ok()

    after = caller.get(f"accounts/{account['id']}/").ok()["capacity"]

    assert before["sends_left_this_minute"] == 60
    assert before["recipients_left_today"] == before["recipients_per_day"] == 2000
    assert after["reason"] is None
    assert after["sends_left_this_minute"] <= 60
