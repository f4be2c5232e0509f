"""The calendar of slots: whatever is reserved, Gmail's limits are kept, and a burst is spread instead of refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain import pacing
from functions.domain.pacing import SEND_UNITS, Calendar, Limits, Slot
from tests.full import examples

NOW = datetime(2027, 3, 1, 12, 0, 3, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def reserved(calendar: Calendar, now: datetime, recipients: int, limit: Limits) -> tuple[Calendar, Slot]:
    slot = pacing.reserve(calendar.current(now), now, recipients, limit)
    return calendar.plus(slot.taken), slot


def most(taken: list[tuple[datetime, int]], window: timedelta) -> int:
    """The most in any window that begins with one of them; windows are half open."""
    return max((sum(n for at, n in taken if start <= at < start + window) for start, _ in taken), default=0)


steps = st.lists(
    st.tuples(
        st.one_of(st.just(0.0), st.floats(0, 90), st.floats(0, 40_000)),  # seconds that pass before it
        st.integers(1, 14),  # recipients
        st.sampled_from([0, 0, 0, 0, 1, 4000]),  # a pause that Gmail asks for, in seconds
    ),
    max_size=40,
)


@settings(max_examples=examples(150))
@given(steps, st.integers(1, 5), st.integers(14, 30))
def test_no_minute_has_more_units_and_no_day_more_recipients_than_allowed(
    sequence: list[tuple[float, int, int]], sends: int, daily: int
) -> None:
    limit = Limits(sends * SEND_UNITS, daily)
    calendar, now, slots = Calendar(), NOW, []
    for passed, recipients, pause in sequence:
        now += timedelta(seconds=passed)
        if pause:
            calendar = calendar.plus(Calendar(paused_until=now + timedelta(seconds=pause), pause_reason="asked"))
        # Pauses are asked for after slots beyond them were given out, and not every instance knows of one.
        asked = calendar if recipients % 3 else Calendar(calendar.units, calendar.recipients)
        slot = pacing.reserve(asked.current(now), now, recipients, limit)
        assert slot.at >= now
        assert (slot.reason == "") is (slot.at == now)
        if asked.paused_until:
            assert slot.at >= asked.paused_until
        calendar = calendar.plus(slot.taken)
        slots.append((slot.at, recipients))
    assert most([(at, SEND_UNITS) for at, _ in slots], MINUTE) <= limit.units_per_minute
    assert most(slots, timedelta(days=1)) <= daily


@settings(max_examples=examples(50))
@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 20), st.integers(1, 4)), max_size=60))
def test_the_calendars_of_several_instances_merge_to_one(sequence: list[tuple[int, float, int]]) -> None:
    """Each instance writes what it added and reads what the others wrote: nothing is lost or counted twice."""
    stored, added = Calendar(), [Calendar()] * 3
    now, total, limit = NOW, 0, Limits(1000, 100_000)
    for which, passed, recipients in sequence:
        now += timedelta(seconds=passed)
        slot = pacing.reserve(stored.plus(added[which]).current(now), now, recipients, limit)
        added[which] = added[which].plus(slot.taken)
        total += recipients
        if which == 0:
            stored, added[0] = stored.plus(added[0]), Calendar()
    for rest in added:
        stored = stored.plus(rest)
    assert sum(stored.recipients.values()) == total
    assert sum(stored.units.values()) == len(sequence) * SEND_UNITS


@pytest.mark.parametrize(
    ("limit", "least", "most"),
    [(Limits(SEND_UNITS), MINUTE, timedelta(seconds=65)), (Limits(recipients_per_day=1), timedelta(days=1), 25 * HOUR)],
)
def test_a_window_lasts_up_to_one_step_longer_than_it_is_called(
    limit: Limits, least: timedelta, most: timedelta
) -> None:
    begins = NOW.replace(second=0)  # of a step of both kinds
    for at, waits in ((begins, most), (begins + most - least - timedelta(milliseconds=1), least)):
        calendar, _ = reserved(Calendar(), at, 1, limit)
        _, following = reserved(calendar, at, 1, limit)
        assert waits <= following.at - at <= most


def test_a_burst_of_a_thousand_is_spread_over_the_minutes_it_needs() -> None:
    limit, calendar, slots = Limits(6000, 2000), Calendar(), []
    for _ in range(1000):
        calendar, slot = reserved(calendar, NOW, 1, limit)
        slots.append(slot)
    assert slots[0].at == NOW
    assert most([(s.at, 1) for s in slots], MINUTE) <= 60
    assert timedelta(minutes=16) <= max(s.at for s in slots) - NOW <= timedelta(minutes=19)
    assert "6000 quota units a minute" in slots[-1].reason


def test_the_day_is_full_after_its_recipients() -> None:
    calendar, limit = Calendar(), Limits(6000, 500)
    calendar, first = reserved(calendar, NOW, 450, limit)
    calendar, second = reserved(calendar, NOW, 100, limit)
    calendar, third = reserved(calendar, NOW, 50, limit)
    assert (first.at, third.at) == (NOW, NOW)
    assert second.at - NOW >= timedelta(days=1)
    assert "daily limit of 500" in second.reason


def test_a_slot_before_one_that_is_taken_ahead_counts_with_it() -> None:
    """The window that ends tomorrow holds both."""
    limit = Limits(6000, 10)
    calendar, _ = reserved(Calendar(), NOW, 6, limit)
    calendar, ahead = reserved(calendar, NOW, 10, limit)
    calendar, small = reserved(calendar, NOW + 2 * HOUR, 4, limit)
    assert not ahead.at - timedelta(days=1) < small.at < ahead.at + timedelta(days=1)


def test_a_message_to_more_people_than_a_day_allows_goes_when_the_day_is_empty() -> None:
    calendar, first = reserved(Calendar(), NOW, 700, Limits(6000, 500))
    _, second = reserved(calendar, NOW, 1, Limits(6000, 500))
    assert first.at == NOW
    assert second.at - NOW >= timedelta(days=1)


def test_nothing_goes_before_a_pause_is_over_and_the_reason_says_so() -> None:
    paused = Calendar(paused_until=NOW + HOUR, pause_reason="Gmail asks to slow down")
    slot = pacing.reserve(paused, NOW, 1, Limits())
    assert (slot.at, slot.reason) == (NOW + HOUR, "Gmail asks to slow down")
    assert pacing.reserve(paused.current(NOW + HOUR), NOW + HOUR, 1, Limits()).reason == ""


def test_of_two_pauses_the_longer_one_holds() -> None:
    short, long = Calendar(paused_until=NOW + MINUTE, pause_reason="a"), Calendar({}, {}, NOW + HOUR, "b")
    assert short.plus(long).paused_until == long.plus(short).paused_until == NOW + HOUR
    assert short.plus(long).pause_reason == "b"


def test_a_slot_that_is_given_back_is_free_again() -> None:
    limit = Limits(SEND_UNITS, 5)
    calendar, slot = reserved(Calendar(), NOW, 5, limit)
    assert pacing.left(calendar, NOW, limit) == (0, 0)
    calendar = calendar.plus(pacing.given_back(slot.at, 5))
    assert pacing.left(calendar, NOW, limit) == (1, 5)


@settings(max_examples=examples(60))
@given(st.integers(0, 70), st.integers(1, 5), st.integers(10, 300))
def test_capacity_is_what_would_go_at_once(sent: int, recipients: int, daily: int) -> None:
    limit, calendar = Limits(1000, daily), Calendar()
    for _ in range(sent):
        calendar, _ = reserved(calendar, NOW, recipients, limit)
    sends_left, recipients_left = pacing.left(calendar, NOW, limit)
    gone = 0
    while gone < 20:
        calendar, slot = reserved(calendar, NOW, 1, limit)
        if slot.at > NOW:
            break
        gone += 1
    assert gone == min(sends_left, recipients_left, 20)


def test_a_paused_account_has_nothing_left_in_this_minute() -> None:
    assert pacing.left(Calendar(paused_until=NOW + HOUR), NOW, Limits())[0] == 0


def test_what_has_left_both_windows_is_forgotten() -> None:
    calendar, _ = reserved(Calendar(), NOW, 3, Limits())
    assert calendar.current(NOW + timedelta(minutes=2)).units == {}
    assert calendar.current(NOW + timedelta(hours=26)) == Calendar()


@pytest.mark.parametrize(
    ("email", "daily", "allowed"),
    [
        ("a@gmail.com", None, 500),
        ("a@googlemail.com", None, 500),
        ("a@example.com", None, 2000),
        ("a@notgmail.com", None, 2000),
        ("a@gmail.com", 7, 7),
    ],
)
def test_the_daily_limit_is_gmails_unless_the_account_has_one(email: str, daily: int | None, allowed: int) -> None:
    assert pacing.limits(email, 6000, daily) == Limits(6000, allowed)


def test_what_was_given_back_before_it_was_taken_makes_no_room_for_others() -> None:
    """Of two instances, one has not written down yet what the other one gave back."""
    limit = Limits(SEND_UNITS, 10)
    calendar = pacing.taken(NOW, 10).plus(pacing.given_back(NOW + HOUR, 5))
    assert pacing.left(calendar, NOW, limit) == (0, 0)
    assert pacing.reserve(calendar, NOW, 1, limit).at > NOW + 24 * HOUR
