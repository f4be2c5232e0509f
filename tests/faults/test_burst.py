"""A burst to one account is spread over its budget, and delays nobody else."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from statistics import median
from typing import Any

import pytest

from tests.faults.conftest import FULL
from tests.faults.ledger import Report, check
from tests.faults.world import FAST, World, request

BURST = 300 if FULL else 60
WINDOW = 6  # seconds; Gmail's is a minute
BUDGET = 30  # sends in a window
# Time runs ten times as fast: a window of six seconds instead of sixty.
TENFOLD: dict[str, Any] = {
    **FAST,
    "functions.services.delivering.EARLY": 0.2,
    "functions.domain.pacing._BUCKET": 2,
    "functions.domain.pacing._MINUTE": WINDOW // 2,
    "functions.domain.pacing._HOUR": 1800,
    "functions.domain.pacing._HORIZON": 30 * 24 * 1800,
}


def times(deliveries: list[dict[str, Any]], email: str) -> list[float]:
    return sorted(datetime.fromisoformat(one["at"]).timestamp() for one in deliveries if one["account"] == email)


def busiest(moments: list[float]) -> int:
    """The most that went out within one window."""
    return max(sum(start <= at < start + WINDOW for at in moments) for start in moments)


@pytest.mark.timeout(400)
def test_a_burst_is_spread_and_delays_nobody_else(make_world: Callable[..., World], report: Report) -> None:
    world = make_world("sqlite")
    server = world.start(constants=TENFOLD, GMAIL_UNITS_PER_MINUTE=str(BUDGET * 100))
    busy, other = (world.connect(server) for _ in range(2))
    burst = [request("burst", account=busy["id"], wait=False) for _ in range(BURST)]
    single: list[Any] = []
    waited: list[float] = []
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(world.send_all, server, burst)
        while len(single) < 12:
            one = request("single", account=other["id"], wait=len(single) % 2 == 0)
            single.append(one)
            started = time.monotonic()
            world.send(server, one)
            end = started + 20
            while time.monotonic() < end and one.subject not in {d["subject"] for d in world.deliveries()}:
                time.sleep(0.02)
            waited.append(time.monotonic() - started)
            time.sleep(0.7)
        asking.result()
    capacity = world.call(server, "GET", f"accounts/{busy['id']}/").json()["capacity"]
    sends = world.wait_until_settled(seconds=BURST / BUDGET * (WINDOW + 2) * 2 + 30)
    took = time.monotonic() - began
    deliveries = world.deliveries()
    figures, wrong = check([*burst, *single], sends, deliveries)
    most = busiest(times(deliveries, busy["email"]))
    report.add(f"a burst of {BURST}, {BUDGET} a window", figures)
    report.notes.append(
        f"a burst of {BURST} to an account that may send {BUDGET} in {WINDOW} s took {took:.0f} s, at most {most} in"
        f" any {WINDOW} s; meanwhile another account's sends went out within {max(waited):.2f} s."
    )
    world.close()
    assert wrong == []
    assert figures.sent == BURST + len(single)
    assert most <= BUDGET
    assert took >= (BURST / BUDGET - 1) * WINDOW
    assert median(waited) < 2
    assert max(waited) < WINDOW, "nobody waits for another account's window"
    assert "quota units" in capacity["reason"], "the account says why it waits"
