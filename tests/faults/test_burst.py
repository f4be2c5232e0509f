"""A burst to one account is spread over its budget, and delays nobody else."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from tests.faults.ledger import Report, check
from tests.faults.world import FAST, World, request
from tests.full import FULL

BURST = 300 if FULL else 90
WINDOW = 6  # seconds; Gmail's is a minute
BUDGET = 30  # sends in a window
EARLY = 0.2  # seconds
# Time runs ten times as fast: a window of six seconds instead of sixty.
TENFOLD: dict[str, Any] = {
    **FAST,
    "functions.services.delivering.EARLY": EARLY,
    "functions.domain.pacing._BUCKET": 2,
    "functions.domain.pacing._MINUTE": WINDOW // 2,
    "functions.domain.pacing._HOUR": 1800,
    "functions.domain.pacing._HORIZON": 30 * 24 * 1800,
}


def times(deliveries: list[dict[str, Any]], email: str) -> list[float]:
    return sorted(datetime.fromisoformat(one["at"]).timestamp() for one in deliveries if one["account"] == email)


def busiest(moments: list[float]) -> int:
    """The most that there are within one window."""
    return max(sum(start <= at < start + WINDOW for at in moments) for start in moments)


@pytest.mark.timeout(600)
def test_a_burst_is_spread_and_delays_nobody_else(make_world: Callable[..., World], report: Report) -> None:
    world = make_world("sqlite")
    server = world.start(constants=TENFOLD, GMAIL_UNITS_PER_MINUTE=str(BUDGET * 100))
    busy, other = (world.connect(server) for _ in range(2))
    burst = [request("burst", account=busy["id"], wait=False) for _ in range(BURST)]
    single: list[Any] = []
    reasons: set[str | None] = set()  # for which the other account would have to wait

    def capacity(account: dict[str, Any]) -> dict[str, Any]:
        return dict(world.call(server, "GET", f"accounts/{account['id']}/").json()["capacity"])

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(world.send_all, server, burst)
        while len(single) < 12:
            one = request("single", account=other["id"], wait=len(single) % 2 == 0)
            single.append(one)
            world.send(server, one)
            reasons.add(capacity(other)["reason"])
            time.sleep(0.5)
        asking.result()
    reason = capacity(busy)["reason"]
    sends = world.wait_until_settled(seconds=BURST / BUDGET * (WINDOW + 2) * 2 + 120)
    deliveries = world.deliveries()
    figures, wrong = check([*burst, *single], sends, deliveries)
    slots = sorted(s.slot_at.timestamp() for s in sends if s.account == busy["id"] and s.slot_at)
    arrived = times(deliveries, busy["email"])
    late = max(at - slot for at, slot in zip(arrived, slots, strict=True))
    report.add(f"a burst of {BURST}, {BUDGET} a window", figures)
    report.notes.append(
        f"a burst of {BURST} to an account that may send {BUDGET} in {WINDOW} s took {arrived[-1] - arrived[0]:.0f} s,"
        f" at most {busiest(arrived)} in any {WINDOW} s, none later than {late:.2f} s after its slot."
    )
    world.close()
    assert wrong == []
    assert figures.sent == BURST + len(single)
    # What is promised is the calendar: no window has more slots than the budget, and nobody goes before their slot.
    assert len(slots) == BURST
    assert busiest(slots) <= BUDGET
    assert slots[-1] - slots[0] >= (BURST / BUDGET - 1) * WINDOW
    assert all(at >= slot - EARLY - 0.01 for at, slot in zip(arrived, slots, strict=True))
    # Nobody waits for another account's window: what was asked for one before the burst's last was due overtook that.
    early = {s.subject for s in sends if s.account == other["id"] and s.created_at.timestamp() < slots[-1] - WINDOW}
    assert early
    last = max(n for n, one in enumerate(deliveries) if one["account"] == busy["email"])
    assert early <= {one["subject"] for one in deliveries[:last]}
    assert reasons == {None}
    assert "quota units" in reason, "the account says why it waits"
