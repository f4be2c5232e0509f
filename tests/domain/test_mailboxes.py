"""When a mailbox is looked into, and how far it was."""

from datetime import timedelta
from typing import Any

import pytest

from functions.domain import mailboxes
from functions.domain.accounts import AccountStatus
from functions.domain.scopes import READ, SEND
from tests.services.builders import NOW, account


@pytest.mark.parametrize(
    ("changed", "worth"),
    [
        ({}, True),
        ({"connected_at": NOW - timedelta(days=31)}, False),
        ({"connected_at": NOW - timedelta(days=400), "last_sent_at": NOW - timedelta(days=29)}, True),
        ({"last_sent_at": NOW - timedelta(days=400)}, True),  # reconnected today
        ({"scopes": (SEND,)}, False),
        ({"status": AccountStatus.REAUTH_REQUIRED}, False),
    ],
)
def test_a_mailbox_is_worth_watching_while_answers_may_come_and_be_read(changed: dict[str, Any], worth: bool) -> None:
    given = account(**{"scopes": (SEND, READ), "connected_at": NOW, **changed})
    assert mailboxes.worth_watching(given, NOW) is worth


def test_the_first_days_after_a_send_are_looked_into_more_often() -> None:
    def wait(**changed: Any) -> timedelta:
        return mailboxes.next_look(account(**changed), NOW, local=False) - NOW

    assert wait(last_sent_at=NOW) == timedelta(minutes=10)
    assert wait(last_sent_at=NOW - timedelta(days=3)) == timedelta(hours=1)
    assert wait() == timedelta(hours=1)
    assert mailboxes.next_look(account(), NOW, local=True) == NOW + timedelta(seconds=30)


def test_a_watch_is_renewed_daily() -> None:
    fresh = mailboxes.new(account(), NOW)
    watched = mailboxes.Mailbox("acc_1", "own_1", watched_at=NOW)
    assert mailboxes.needs_watch(fresh, NOW)
    assert not mailboxes.needs_watch(watched, NOW + timedelta(hours=23))
    assert mailboxes.needs_watch(watched, NOW + timedelta(hours=24))


def test_failures_wait_longer_each_time_but_not_for_ever_and_as_long_as_gmail_asks() -> None:
    waits = [(mailboxes.pause(n, None, NOW) - NOW).total_seconds() for n in (0, 1, 2, 5, 6, 10_000)]
    assert waits == [60, 120, 240, 1920, 3600, 3600]
    assert mailboxes.pause(0, 900.0, NOW) == NOW + timedelta(minutes=15)


def test_history_ids_compare_as_numbers() -> None:
    assert mailboxes.later("999", "1000") == "1000"
    assert mailboxes.later("18446744073709551615", "9") == "18446744073709551615"
    assert mailboxes.later("", "1") == mailboxes.later("1", "") == "1"
