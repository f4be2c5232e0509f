"""The server's clock is set ten minutes ahead and back, in the middle of everything."""

import time
from concurrent.futures import ThreadPoolExecutor

from tests.faults.ledger import Report, Request, check
from tests.faults.world import World, request
from tests.sandbox.client import Google

STEPS = (0, 600, 0, -600, 600, -600, 0)  # seconds


def test_clock_steps_lose_and_double_nothing(world: World, quiet: Google, report: Report, kind: str) -> None:
    step = world.directory / "step"
    step.write_text("0")
    server = world.start("--step", str(step))
    account = world.connect(server)
    quiet.faults({"match": "send", "account": account["email"], "action": {"delay": 0.5}})
    wanted: list[Request] = []
    with ThreadPoolExecutor(16) as pool:
        for seconds in STEPS:
            step.write_text(str(seconds))
            some = [request(f"step {seconds}", key=i % 2 == 0, wait=i % 4 < 2) for i in range(8)]
            wanted += some
            for one in some:
                pool.submit(world.send, server, one)
            time.sleep(0.8)
    step.write_text("1300")  # what was made due ten minutes ahead is due now
    world.insist_all(server, wanted)
    sends = world.wait_until_settled()
    figures, wrong = check(wanted, sends, world.deliveries())
    report.add(f"clock steps of ten minutes, {kind}", figures)
    assert wrong == []
    assert figures.recorded == len(wanted)
    assert figures.sent == len(wanted)
