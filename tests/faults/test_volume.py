"""Thousands of queued sends over twenty accounts, while Gmail fails in every way it has."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from functions.domain.sends import Status
from tests.faults.conftest import SENDS
from tests.faults.ledger import Report, check, settled
from tests.faults.world import FAST, World, request
from tests.sandbox import client

ACCOUNTS = 20
FAILING = 0.05


def slow_down(reason: str, message: str) -> dict[str, Any]:
    """As the presets, but with a time, and a short one: without, Gmail means an hour."""
    return {"action": {"status": 403, "reason": reason, "message": message, "headers": {"Retry-After": "1"}}}


# Certainly not sent, and never will be.
PERMANENT: list[dict[str, Any]] = [
    {"preset": "400-invalidArgument"},
    {"preset": "400-failedPrecondition"},
    {"preset": "403-insufficientPermissions"},
    {"preset": "403-domainPolicy"},
]
# Certainly not sent; later it is.
WAITING: list[dict[str, Any]] = [
    {"preset": "401-authError"},
    slow_down("rateLimitExceeded", "Rate Limit Exceeded"),
    slow_down("dailyLimitExceeded", "Daily Limit Exceeded"),
    slow_down("quotaExceeded", "Quota exceeded"),
    {"preset": "403-userRateLimitExceeded", "retry_after": 1},
    {"preset": "429", "retry_after": 1},
    {"preset": "429-message", "retry_after": 1},
]
# Sent, but nobody was told.
ACCEPTED: list[dict[str, Any]] = [
    {"preset": "500", "after_accept": True},
    {"preset": "502", "after_accept": True},
    {"preset": "503", "after_accept": True},
    {"action": {"close": "after_accept"}},
    {"action": {"reset": "after_accept"}},
    {"action": {"half_answer": True}},
    {"action": {"garbage": True}},
]
# Not sent, and nobody can tell from the answer.
REFUSED: list[dict[str, Any]] = [
    {"preset": "500"},
    {"preset": "502"},
    {"preset": "503"},
    {"action": {"close": "before_body"}},
    {"action": {"close": "after_body"}},
    {"action": {"reset": "before_body"}},
    {"action": {"reset": "mid_body"}},
    {"action": {"reset": "after_body"}},
]
GROUPS = {"permanent": PERMANENT, "waiting": WAITING, "accepted": ACCEPTED, "refused": REFUSED}
WAYS = [(name, way) for name, group in GROUPS.items() for way in group]


@pytest.mark.timeout(1500)
def test_volume_with_every_failure(make_world: Callable[..., World], report: Report) -> None:
    with client.running() as google:
        world = make_world("sqlite", of=google)
        # The looks are spread over 13 s here, and over 19 minutes in production.
        constants = {**FAST, "functions.domain.sends.LEASE": 30, "functions.domain.retries._LOOKS": [1.0, 4.0, 8.0]}
        server = world.start(constants=constants)
        accounts = [world.connect(server) for _ in range(ACCOUNTS)]
        google.faults(*({"match": "send", "probability": FAILING / len(WAYS), **way} for _, way in WAYS))
        wanted = [
            request(
                "many",
                account=accounts[i % ACCOUNTS]["id"],
                to=[f"reader{i}@elsewhere.example"],
                wait=False,
                if_unknown=("hold", "resend")[i // ACCOUNTS % 2],
            )
            for i in range(SENDS)
        ]
        began = time.monotonic()
        world.send_all(server, wanted, threads=12)
        asked = time.monotonic() - began
        # An account whose token was refused twice in a row waits for its person.
        end = time.monotonic() + 900
        while time.monotonic() < end:
            sends = world.wait_until_settled(seconds=5, pause=2)
            held = {send.account for send in sends if send.waits_for == "reauth_required"}
            for account in accounts:
                if account["id"] in held:
                    world.connect(server, account["email"])
            if not held and all(map(settled, sends)):
                break
        took = time.monotonic() - began
        hits = {r["number"]: r["hits"] for r in google.http.get(f"{google.url}/sandbox/faults").json()["faults"]}
        groups = Counter[str]()
        for number, (name, _) in enumerate(WAYS, 1):
            groups[name] += hits[number]
        figures, wrong = check(wanted, sends, world.deliveries(), resends=True)
        report.add(f"{SENDS} sends over {ACCOUNTS} accounts", figures)
        replaced = sum(send.resent_as is not None for send in sends)
        report.notes.append(
            f"{SENDS} sends over {ACCOUNTS} accounts: accepted in {asked:.0f} s ({SENDS / asked:.0f}/s), all settled"
            f" after {took:.0f} s; {sum(groups.values())} calls failed ({dict(groups)}); {replaced} were resent."
        )
        world.close()
    assert wrong == []
    assert all(len(one.accepted) == 1 for one in wanted)
    failed = [send for send in sends if send.status is Status.FAILED]
    assert len(failed) == groups["permanent"]
    assert {send.attempts[-1].code for send in failed} <= {"gmail_rejected", "insufficient_permissions"}
    unknown = [send for send in sends if send.status is Status.UNKNOWN]
    assert len(unknown) == groups["refused"], "what was accepted is found, what was refused is not"
    assert all(bool(send.resent_as) == (send.if_unknown == "resend") for send in unknown)
