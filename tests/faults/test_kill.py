"""SIGKILL at every point of a send's way: whatever dies, every accepted send ends in a state that is true."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest

from tests.faults.conftest import RUNS
from tests.faults.ledger import Figures, Report, Request, check
from tests.faults.server import POINTS
from tests.faults.world import World, request

Result = tuple[Figures, list[str]]
PARALLEL = 5
LARGE = {"filename": "large.bin", "content_type": "application/pdf", "content": "QUJD" * 250_000}


def traffic(name: str, large: bool) -> list[Request]:
    """Callers of every kind, at once."""
    more = {"attachments": [LARGE]} if large else {}
    kinds = [(wait, key) for wait in (True, False) for key in (True, False)]
    return [request(name, key=key, wait=wait, **more) for wait, key in kinds + kinds[:1] + kinds[2:]]


def chain(world: World, point: str, seed: int) -> Result:
    """RUNS times: a server is killed in the middle of traffic, and its successor brings everything to an end."""
    chance = random.Random(seed)
    armed = world.directory / "armed"
    everything: list[Request] = []
    wrong: list[str] = []

    start = partial(world.start, "--kill-at", point, "--armed", str(armed))
    server = start()
    world.connect(server)
    for run in range(RUNS):
        wanted = traffic(f"{point} {run}", large=point == "in the middle of the body" and run % 2 == 0)
        chance.shuffle(wanted)
        everything += wanted
        armed.write_text(str(chance.randint(1, 3)))
        world.send_all(server, wanted)
        if not server.died(20):
            wrong.append(f"{point}, run {run}: the server was not killed")
        armed.unlink()
        server.kill()
        server = start()
        world.insist_all(server, wanted)
        world.wait_until_settled()
    server.kill()
    figures, more = check(everything, world.sends(), world.deliveries())
    figures.runs = RUNS
    return figures, wrong + more


@pytest.fixture(scope="module")
def chains(
    request: pytest.FixtureRequest, make_world: Callable[..., World]
) -> Iterator[Callable[[str, str], "Future[Result]"]]:
    """All chains of a store begin when the first one is asked for: most of a run is waiting."""
    pool = ThreadPoolExecutor(PARALLEL)
    begun: dict[tuple[str, str], Future[Result]] = {}
    asked = [item.callspec.params for item in request.session.items if "point" in getattr(item, "fixturenames", ())]

    def get(kind: str, point: str) -> "Future[Result]":
        if (kind, point) not in begun:
            for seed, params in enumerate(asked):
                if params["kind"] == kind:
                    work = (make_world(kind), params["point"], seed)
                    begun[kind, params["point"]] = pool.submit(chain, *work)
        return begun[kind, point]

    yield get
    pool.shutdown(cancel_futures=True)


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_server_loses_nothing_and_doubles_nothing(
    kind: str, point: str, chains: Callable[[str, str], "Future[Result]"], report: Report
) -> None:
    figures, wrong = chains(kind, point).result()
    report.add(f"killed {point}, {kind}", figures)
    assert wrong == []
    if point in ("after the claim", "before the first byte", "in the middle of the body"):
        assert figures.unknown >= RUNS, "nobody can tell that the killed attempt sent nothing"
