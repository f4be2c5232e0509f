"""Large JSON bodies take turns: an instance that reads too many at once would be killed with all of its sends."""

from collections.abc import Callable

import pytest

from functions.domain.errors import Unavailable
from functions.edge import memory, send_bodies
from functions.edge.memory import Memory
from tests.e2e.client import Caller, letter
from tests.e2e.google import Person
from tests.e2e.hosts import Inside
from tests.e2e.issuer import Issuer


def test_small_bodies_are_not_counted_and_large_ones_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "FREE", 10)
    monkeypatch.setattr(memory, "TOGETHER", 100)
    shared = Memory()
    for _ in range(2):
        with shared.held() as large, shared.held() as small, shared.held() as other:
            for _ in range(9):
                large.add(10)
            small.add(10)
            with pytest.raises(Unavailable) as refused:
                other.add(11)
            assert refused.value.retry_after
            large.add(10)
            with pytest.raises(Unavailable):
                large.add(1)


def test_a_large_message_waits_its_turn_and_the_others_go_out(
    make_inside: Callable[..., Inside], issuer: Issuer, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = make_inside()
    caller = Caller(host, issuer.token())
    caller.connect(ada)
    monkeypatch.setattr(memory, "TOGETHER", 3 << 20)
    large = letter(text="x" * (2 << 20))
    with send_bodies._MEMORY.held() as somebody_elses:
        somebody_elses.add(2 << 20)
        refused = caller.post("send/", large)
        refused.problem(503, "unavailable")
        assert refused.headers["Retry-After"] == "2"
        caller.send().ok()
    caller.post("send/", large).ok()
    assert [send["status"] for send in caller.history()] == ["sent", "sent"]
