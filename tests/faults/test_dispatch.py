"""Tasks that come twice, attempts that outlive their lease, two servers on one store: each send goes out once."""

import time
from concurrent.futures import ThreadPoolExecutor

from functions.domain.sends import Status
from tests.faults.ledger import Report, check
from tests.faults.world import FAST, World, request
from tests.sandbox.client import Google


def test_a_task_that_comes_three_times_at_once_delivers_once(world: World, report: Report, kind: str) -> None:
    server = world.start("--copies", "3")
    world.connect(server)
    wanted = [request("tripled", wait=False) for _ in range(40)]
    world.send_all(server, wanted)
    sends = world.wait_until_settled()
    figures, wrong = check(wanted, sends, world.deliveries())
    report.add(f"each task three times, {kind}", figures)
    assert wrong == []
    assert figures.sent == len(wanted)


def test_a_late_success_beats_unknown(world: World, quiet: Google, report: Report, kind: str) -> None:
    """Gmail takes longer than the lease: given up, looked for, not found; and then it was sent after all, once."""
    server = world.start(constants={**FAST, "functions.domain.sends.LEASE": 1.5})
    account = world.connect(server)
    slow = {"match": "send", "account": account["email"]}
    quiet.faults(
        {**slow, "times": 4, "action": {"delay": 6}},
        {**slow, "times": 4, "action": {"delay": 6, "after_accept": True, "index_lag": 6}},
    )
    wanted = [request("slow", wait=wait) for wait in (True, False) for _ in range(4)]
    seen: set[Status] = set()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(world.send, server, one) for one in wanted]
        end = time.monotonic() + 60
        while time.monotonic() < end:
            sends = world.sends()
            seen |= {send.status for send in sends}
            if len(sends) == len(wanted) and all(send.status is Status.SENT for send in sends):
                break
            time.sleep(0.1)
        assert all(one.result() for one in asked)
    figures, wrong = check(wanted, sends, world.deliveries())
    report.add(f"slower than the lease, {kind}", figures)
    assert wrong == []
    assert Status.UNKNOWN in seen
    assert figures.sent == len(wanted)
    assert [one.answers[0][1]["status"] for one in wanted if one.body["wait"]] == ["sent"] * 4


def test_a_frozen_server_that_wakes_up_sends_nothing_again(world: World, report: Report, kind: str) -> None:
    """Between its claim and its call of Gmail it stands still, for so long that the send was given up and resent."""
    armed = world.directory / "armed"
    frozen = world.start("--kill-at", "after the claim", "--armed", str(armed), "--freeze")
    world.connect(frozen)
    wanted = [request("frozen", wait=i % 2 == 0, if_unknown="resend") for i in range(6)]
    armed.write_text("1")
    with ThreadPoolExecutor(1) as pool:  # alone: another one could hold SQLite's lock when everything stands still
        pool.submit(world.send, frozen, wanted[0])
        assert frozen.stopped(30)
        armed.unlink()
        awake = world.start()
        world.send_all(awake, wanted[1:])
        world.wait_until_settled()
        frozen.go_on()
    time.sleep(2)
    sends = world.wait_until_settled()
    figures, wrong = check(wanted, sends, world.deliveries(), resends=True)
    report.add(f"frozen and woken up, {kind}", figures)
    assert wrong == []
    assert any(send.resend_of for send in sends)


def test_two_servers_on_one_store_and_one_dies(world: World, report: Report, kind: str) -> None:
    """Two queues, two sweepers that find everything at once, the same keys at both: and in the middle one is killed."""
    constants = {**FAST, "functions.services.sweeping.GRACE": -60, "functions.adapters.local_queue.SWEEP_EVERY": 0.2}
    servers = [world.start("--copies", "2", constants=constants) for _ in range(2)]
    world.connect(servers[0])
    wanted = [request("twins", key=i % 2 == 0, wait=i % 3 == 0) for i in range(60)]
    with ThreadPoolExecutor(16) as pool:
        for number, one in enumerate(wanted):
            if one.key:
                pool.submit(world.send, servers[0], one)
            pool.submit(world.send, servers[1], one)
            if number == 40:
                servers[0].kill()
    world.insist_all(servers[1], wanted)
    sends = world.wait_until_settled()
    figures, wrong = check(wanted, sends, world.deliveries())
    report.add(f"two servers, one killed, {kind}", figures)
    assert wrong == []
    assert figures.recorded >= len(wanted) - 1
