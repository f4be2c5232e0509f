"""One at a time for each key, and nothing kept of those that are done."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.services.turns import Turns


def test_threads_that_want_one_key_come_one_after_the_other() -> None:
    turns, inside, most, together = Turns(), [0], [0], threading.Barrier(8)

    def work(_: int) -> None:
        together.wait(30)
        for _ in range(50):
            with turns.of("a"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                threading.Event().wait(0.0001)  # lets others run
                inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert (inside, most, len(turns)) == ([0], [1], 0)


def test_another_key_does_not_wait() -> None:
    turns = Turns()
    with turns.of("a"), ThreadPoolExecutor(1) as pool:

        def other() -> int:
            with turns.of("b"):
                return len(turns)

        assert pool.submit(other).result(30) == 2


def test_who_waits_keeps_the_lock_that_it_waits_for() -> None:
    """A third that comes when the first has left must not get a lock of its own."""
    turns, order = Turns(), []
    first, inside, second = turns.of("a"), threading.Event(), threading.Event()

    def wait() -> None:
        with turns.of("a"):
            inside.set()
            second.wait(60)
            order.append("second")

    def third() -> None:
        with turns.of("a"):
            order.append("third")

    with ThreadPoolExecutor(2) as pool:
        first.__enter__()
        waiting = pool.submit(wait)
        while turns._turns["a"].wanted_by < 2:
            assert not waiting.done()
            time.sleep(0.001)  # asking without a pause keeps the others from their locks
        first.__exit__(None, None, None)
        assert inside.wait(60)  # a lock is for whoever is quick, not for who has waited
        coming = pool.submit(third)
        while turns._turns["a"].wanted_by < 2:
            assert not coming.done()
            time.sleep(0.001)
        second.set()
    assert order == ["second", "third"]


def test_a_turn_ends_with_an_error_too() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="broken"), turns.of("a"):
        raise ValueError("broken")
    assert len(turns) == 0
