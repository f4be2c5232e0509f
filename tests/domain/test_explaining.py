"""What is said of a send, in words for people."""

from datetime import timedelta
from typing import Any

import pytest

from functions.domain import sends
from functions.domain.explaining import explanation
from functions.domain.messages import Address
from functions.domain.sends import Attempt, Status
from tests.services.builders import NOW, send

PEOPLE = tuple(Address(f"p{n}@elsewhere.example") for n in range(3))
FAILED = (Attempt("atm_1", NOW, "failed", "gmail_rejected", "Gmail refused it.", "Mend it."),)
LOST = (Attempt("atm_1", NOW, "unknown", "unknown", "The connection broke."),)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Gmail accepted the message."),
        ({"opens": 1, "all_opens": 4}, "Gmail accepted the message; it was opened once."),
        ({"opens": 2, "clicks": 1}, "Gmail accepted the message; it was opened twice and had its links clicked once."),
        (
            {"opens": 1200, "clicks": 3, "replies": 1},
            "Gmail accepted the message; it was opened 1,200 times, had its links clicked 3 times and was answered "
            "once.",
        ),
        (
            {"all_opens": 2},
            "Gmail accepted the message; it was fetched by programs, though by no person that we know of.",
        ),
        ({"bounces": 1}, "Gmail accepted the message; it came back, since it could not be delivered there."),
        (
            {"bounces": 2, "to": PEOPLE, "replies": 1},
            "Gmail accepted the message; it was answered once and came back from 2 of its 3 recipients, since it could "
            "not be delivered there.",
        ),
    ],
)
def test_of_a_message_that_went_out_it_says_what_came_of_it(fields: dict[str, Any], words: str) -> None:
    assert explanation(send(status=Status.SENT, **fields)) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": Status.QUEUED}, "It waits for its turn."),
        ({"status": Status.QUEUED, "batch": "bat_1"}, "It waits for its turn among the messages of its batch."),
        (
            {
                "status": Status.QUEUED,
                "batch": "bat_1",
                "waits_for": "batch",
                "waits_detail": "its batch is not complete",
            },
            "It waits: its batch is not complete.",
        ),
        (
            {"status": Status.QUEUED, "waits_for": "paced", "waits_detail": "The minute is full.", "due_at": NOW},
            "It waits: The minute is full. It goes out at 2031-05-01 12:00:00 UTC.",
        ),
        ({"status": Status.SCHEDULED, "due_at": NOW}, "It is scheduled. It goes out at 2031-05-01 12:00:00 UTC."),
        ({"status": Status.SENDING}, "It is being handed to Gmail right now."),
        (
            {"status": Status.CANCELLED, "waits_detail": "bo@elsewhere.example unsubscribed"},
            "It was cancelled before it went out: bo@elsewhere.example unsubscribed.",
        ),
        ({"status": Status.CANCELLED}, "It was cancelled before it went out: its owner cancelled it."),
        ({"status": Status.FAILED, "attempts": FAILED}, "It was not sent: Gmail refused it. Mend it."),
        ({"status": Status.FAILED}, "It was not sent."),
        (
            {"status": Status.UNKNOWN, "attempts": LOST, "due_at": NOW},
            "Whether it went out is not known yet: The connection broke. It is being looked for in the account's Sent "
            "folder.",
        ),
        (
            {"status": Status.UNKNOWN, "attempts": LOST, "resent_as": "snd_2"},
            "It was not found in the Sent folder, and sent again as snd_2.",
        ),
    ],
    ids=lambda value: value["status"].value if isinstance(value, dict) else "",
)
def test_of_any_other_it_says_why_it_is_where_it_is(fields: dict[str, Any], words: str) -> None:
    assert explanation(send(**fields)) == words


@pytest.mark.parametrize("status", Status)
def test_there_is_something_to_say_whatever_is_known(status: Status) -> None:
    said = explanation(sends.replace(send(), status=status, due_at=NOW + timedelta(1)))
    assert said.endswith((".", "/."))
    assert "None" not in said
