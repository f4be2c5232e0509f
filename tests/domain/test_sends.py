"""The state machine of a send: each step alone, and any sequence of them by attempts that compete."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from functions.domain import sends
from functions.domain.messages import Address
from functions.domain.sends import LEASE, WAITING, NotAllowed, Send, Status
from tests.full import examples

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ME, OTHER = "atm_me", "atm_other"


def fresh(**fields: object) -> Send:
    made = Send(
        id="snd_a",
        owner="own_a",
        status=Status.QUEUED,
        account="acc_a",
        sender=Address("a@example.com", ""),
        to=(Address("b@example.com", ""),),
        cc=(),
        bcc=(),
        subject="",
        created_at=NOW,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def states() -> dict[Status, Send]:
    """A send in each state, come there as sends do."""
    sending = sends.claim(sends.accept(fresh(), NOW), ME, NOW)
    return {
        Status.SCHEDULED: sends.accept(fresh(send_at=LATER), NOW),
        Status.QUEUED: sends.accept(fresh(), NOW),
        Status.SENDING: sending,
        Status.SENT: sends.settle_sent(sending, ME, NOW, "m", "t"),
        Status.FAILED: sends.settle_failed(sending, ME, "c", "d"),
        Status.CANCELLED: sends.cancel(sends.accept(fresh(), NOW)),
        Status.UNKNOWN: sends.settle_unknown(sending, ME, "d", LATER),
    }


Step = Callable[[Send], Send]
WAIT, CLAIMED = set(WAITING), {Status.SENDING}
STEPS: dict[str, tuple[Step, set[Status], set[Status]]] = {
    # name: the step, the states it is allowed from, the states it leads to
    "claim": (lambda s: sends.claim(s, ME, NOW), WAIT, {Status.SENDING}),
    "postpone": (lambda s: sends.postpone(s, LATER, "paced", "d"), WAIT, {Status.QUEUED}),
    "release": (lambda s: sends.release(s, NOW), WAIT, WAIT),
    "reschedule": (lambda s: sends.reschedule(s, LATER, NOW), WAIT, {Status.SCHEDULED}),
    "reschedule to now": (lambda s: sends.reschedule(s, NOW, NOW), WAIT, {Status.QUEUED}),
    "cancel": (lambda s: sends.cancel(s), WAIT, {Status.CANCELLED}),
    "fail": (lambda s: sends.fail(s, OTHER, NOW, "c", "d"), WAIT, {Status.FAILED}),
    "defer": (lambda s: sends.defer(s, ME, LATER, "c", "d", counts=True), CLAIMED, {Status.QUEUED}),
    "settle failed": (lambda s: sends.settle_failed(s, ME, "c", "d"), CLAIMED, {Status.FAILED}),
    "settle unknown": (lambda s: sends.settle_unknown(s, ME, "d"), CLAIMED, {Status.UNKNOWN}),
    "abandon": (lambda s: sends.abandon(s, "d"), CLAIMED, {Status.CANCELLED}),
    "settle sent": (
        lambda s: sends.settle_sent(s, ME, NOW, "m", "t"),
        {Status.SENDING, Status.UNKNOWN},
        {Status.SENT},
    ),
    "looked": (lambda s: sends.looked(s, LATER), {Status.UNKNOWN}, {Status.UNKNOWN}),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("status", Status)
def test_a_step_is_taken_from_its_states_and_refused_from_all_others(name: str, status: Status) -> None:
    step, allowed, leads_to = STEPS[name]
    before = states()[status]
    if status in allowed:
        assert step(before).status in leads_to
    else:
        with pytest.raises(NotAllowed):
            step(before)


@pytest.mark.parametrize(
    "settle",
    [
        lambda s: sends.settle_sent(s, OTHER, NOW, "m", "t"),
        lambda s: sends.settle_failed(s, OTHER, "c", "d"),
        lambda s: sends.settle_unknown(s, OTHER, "d"),
        lambda s: sends.defer(s, OTHER, LATER, "c", "d", counts=False),
    ],
)
@pytest.mark.parametrize("status", [Status.SENDING, Status.UNKNOWN])
def test_only_the_attempt_that_holds_the_claim_settles(settle: Step, status: Status) -> None:
    with pytest.raises(NotAllowed):
        settle(states()[status])


def test_a_claim_lasts_as_long_as_its_lease() -> None:
    claimed = states()[Status.SENDING]
    assert (claimed.due_at, claimed.lease_until) == (NOW + LEASE, NOW + LEASE)
    assert not claimed.expired(NOW + LEASE - timedelta(microseconds=1))
    assert claimed.expired(NOW + LEASE)
    assert not any(send.expired(LATER) for status, send in states().items() if status is not Status.SENDING)


def test_a_request_to_wait_burns_no_try_and_a_failure_does() -> None:
    claimed = states()[Status.SENDING]
    assert sends.defer(claimed, ME, LATER, "rate_limited", "", counts=False).tries == 0
    assert sends.defer(claimed, ME, LATER, "unavailable", "", counts=True).tries == 1


def test_a_past_time_means_now() -> None:
    assert sends.accept(fresh(send_at=NOW - LEASE), NOW).status is Status.QUEUED
    assert sends.reschedule(states()[Status.SCHEDULED], NOW - LEASE, NOW).due_at == NOW


def test_a_held_send_that_is_scheduled_is_released_to_its_time() -> None:
    held = sends.postpone(sends.accept(fresh(send_at=LATER), NOW), LATER + LEASE, "reauth_required", "")
    assert sends.release(held, NOW).due_at == LATER
    assert sends.release(held, LATER + LEASE).due_at == LATER + LEASE


def test_a_resend_says_the_same_and_names_the_old_one() -> None:
    old = replace(states()[Status.UNKNOWN], if_unknown="resend", tags=("a",), labels=("tag:a",))
    new = sends.accept(sends.again(old, "snd_b", LATER), LATER)
    assert (new.resend_of, new.to, new.tags, new.labels) == ("snd_a", old.to, old.tags, old.labels)
    assert (new.attempts, new.looks, new.if_unknown, new.due_at) == ((), 0, "hold", LATER)  # no chain of resends


attempts = st.integers(0, 3)  # which of the attempts so far acts; the last one may hold the claim
delays = st.timedeltas(timedelta(), timedelta(hours=1))


class Competing(RuleBasedStateMachine):
    """Attempts, a sweeper, an owner and Gmail act in any order; each step is a write that the store accepted."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.send = sends.accept(fresh(), NOW)
        self.began: list[str] = []
        self.posted_by: set[str] = set()

    def do(self, step: Step) -> bool:
        before = self.send
        try:
            self.send = step(before)
        except NotAllowed:
            return False
        self.check(before, self.send)
        return True

    def check(self, before: Send, after: Send) -> None:
        if before.status in (Status.SENT, Status.FAILED, Status.CANCELLED):
            raise AssertionError(f"{before.status} was left")
        if before.status is Status.UNKNOWN:
            assert after.status in (Status.UNKNOWN, Status.SENT)
        assert len(after.attempts) >= len(before.attempts)
        assert [a.id for a in after.attempts[: len(before.attempts)]] == [a.id for a in before.attempts]
        assert after.attempts[: len(before.attempts) - 1] == before.attempts[:-1]
        assert after.tries - before.tries in (0, 1)

    def attempt(self, which: int) -> str:
        return self.began[-1 - which % len(self.began)] if self.began else "atm_none"

    @rule(by=delays)
    def time_passes(self, by: timedelta) -> None:
        self.now += by

    @rule()
    def claim(self) -> None:
        name = f"atm_{len(self.began)}"
        if self.do(lambda s: sends.claim(s, name, self.now)):
            self.began.append(name)

    @rule(which=attempts)
    def gmail_takes_it(self, which: int) -> None:
        name = self.attempt(which)
        if self.do(lambda s: sends.settle_sent(s, name, self.now, "m", "t")):
            assert name == self.began[-1]

    @rule(which=attempts, counts=st.booleans(), by=delays)
    def gmail_defers_it(self, which: int, counts: bool, by: timedelta) -> None:
        name, before = self.attempt(which), self.send
        if self.do(lambda s: sends.defer(s, name, self.now + by, "c", "d", counts=counts)):
            assert (before.status, name) == (Status.SENDING, self.began[-1])

    @rule(which=attempts)
    def gmail_refuses_it(self, which: int) -> None:
        name, before = self.attempt(which), self.send
        if self.do(lambda s: sends.settle_failed(s, name, "c", "d")):
            assert (before.status, name) == (Status.SENDING, self.began[-1])

    @rule(which=attempts, look=st.booleans())
    def the_answer_is_lost(self, which: int, look: bool) -> None:
        name = self.attempt(which)
        self.do(lambda s: sends.settle_unknown(s, name, "d", self.now if look else None))

    @rule()
    def the_lease_runs_out(self) -> None:
        if self.send.expired(self.now):
            assert self.do(lambda s: sends.settle_unknown(s, s.attempt_id, "d", self.now))

    @rule(more=st.booleans())
    def it_is_looked_for(self, more: bool) -> None:
        self.do(lambda s: sends.looked(s, self.now if more else None))

    @rule()
    def the_owner_cancels(self) -> None:
        self.do(sends.cancel)

    @rule(by=delays)
    def the_owner_moves_it(self, by: timedelta) -> None:
        self.do(lambda s: sends.reschedule(s, self.now + by, self.now))

    @rule(by=delays)
    def it_is_paced(self, by: timedelta) -> None:
        self.do(lambda s: sends.postpone(s, self.now + by, "paced", "d"))

    @rule()
    def it_is_released(self) -> None:
        self.do(lambda s: sends.release(s, self.now))

    @rule()
    def the_account_goes(self) -> None:
        self.do(lambda s: sends.abandon(s, "d"))

    @rule()
    def its_content_goes(self) -> None:
        self.do(lambda s: sends.fail(s, "atm_fail", self.now, "c", "d"))

    @invariant()
    def what_waits_or_runs_is_due_and_what_has_ended_is_not(self) -> None:
        if self.send.status in (Status.SENT, Status.FAILED, Status.CANCELLED):
            assert self.send.due_at is None
        elif self.send.status is not Status.UNKNOWN:
            assert self.send.due_at is not None

    @invariant()
    def a_lease_is_held_exactly_while_sending(self) -> None:
        assert (self.send.lease_until is not None) is (self.send.status is Status.SENDING)
        running = [a for a in self.send.attempts if a.outcome == "running"]
        assert len(running) == (self.send.status is Status.SENDING)

    @invariant()
    def sent_means_that_one_attempt_was(self) -> None:
        succeeded = [a for a in self.send.attempts if a.outcome == "sent"]
        assert len(succeeded) == (self.send.status is Status.SENT)
        assert (self.send.gmail_message_id is not None) is (self.send.status is Status.SENT)


TestCompeting = Competing.TestCase
TestCompeting.settings = settings(max_examples=examples(150), stateful_step_count=30)
