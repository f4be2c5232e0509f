"""When a transient failure is tried again, and when an ambiguous attempt is looked for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from functions.domain import retries

NOW = datetime(2027, 3, 1, tzinfo=UTC)


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_a_wait_lies_anywhere_up_to_a_bound_that_doubles_and_is_capped(tries: int, random: float) -> None:
    wait = retries.backoff(tries, random).total_seconds()
    assert 1 <= wait <= 1 + min(900, 2 ** (tries + 1))


@given(st.integers(1, 200))
def test_the_jitter_is_full(tries: int) -> None:
    assert retries.backoff(tries, 0.0) == timedelta(seconds=1)
    assert retries.backoff(tries, 0.999999) >= retries.backoff(tries, 0.5) > retries.backoff(tries, 0.1)


def test_all_tries_together_outlast_an_outage_of_an_hour_and_end_within_half_a_day() -> None:
    mean = sum((retries.backoff(n, 0.5) for n in range(1, retries.MAX_TRIES)), timedelta())
    longest = sum((retries.backoff(n, 1.0) for n in range(1, retries.MAX_TRIES)), timedelta())
    assert timedelta(hours=1) < mean < timedelta(hours=3)
    assert longest < timedelta(hours=12)


def test_there_are_several_looks_spread_over_minutes_and_then_no_more() -> None:
    at = NOW
    looks: list[datetime] = []
    while (following := retries.next_look(len(looks), at)) is not None:
        looks.append(following)
        at = following
    assert len(looks) == retries.LOOKS
    assert looks == sorted(looks)
    assert looks[-1] - NOW >= timedelta(minutes=10)  # Gmail's search index lags by minutes
    assert retries.next_look(99, NOW) is None
