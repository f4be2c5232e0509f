"""The states of a send: every step there is, and that there are no others."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain import search
from functions.domain.messages import Address
from functions.domain.sends import (
    LEASE,
    Attempt,
    NotAllowed,
    Send,
    Status,
    cancel,
    claim,
    settle_failed,
    settle_sent,
    settle_unknown,
)
from tests.services.builders import NOW, send

LATER = NOW + timedelta(minutes=1)
STEPS: dict[str, Callable[[Send], Send]] = {
    "claim": lambda s: claim(s, "atm_2", LATER),
    "sent": lambda s: settle_sent(s, "atm_1", LATER, "g1", "t1"),
    "failed": lambda s: settle_failed(s, "atm_1", "gmail_rejected", "No."),
    "unknown": lambda s: settle_unknown(s, "atm_1", "Lost."),
    "cancel": cancel,
}
ALLOWED = {
    (Status.SCHEDULED, "claim"): Status.SENDING,
    (Status.SCHEDULED, "cancel"): Status.CANCELLED,
    (Status.QUEUED, "claim"): Status.SENDING,
    (Status.QUEUED, "cancel"): Status.CANCELLED,
    (Status.SENDING, "sent"): Status.SENT,
    (Status.SENDING, "failed"): Status.FAILED,
    (Status.SENDING, "unknown"): Status.UNKNOWN,
    (Status.UNKNOWN, "sent"): Status.SENT,
}


def at(status: Status) -> Send:
    """A send in this state, with the attempt that brought it there."""
    if status in (Status.SCHEDULED, Status.QUEUED, Status.CANCELLED):
        return send(status=status)
    return send(status=status, attempt_id="atm_1", attempts=(Attempt("atm_1", NOW),), lease_until=NOW + LEASE)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_leads_where_the_table_says_or_nowhere(status: Status, step: str) -> None:
    before = at(status)
    if (status, step) in ALLOWED:
        assert STEPS[step](before).status is ALLOWED[status, step]
    else:
        with pytest.raises(NotAllowed):
            STEPS[step](before)


@pytest.mark.parametrize("step", ["sent", "failed", "unknown"])
def test_another_attempt_cannot_settle_it(step: str) -> None:
    """One whose lease ran out, and that comes back."""
    with pytest.raises(NotAllowed):
        STEPS[step](replace(at(Status.SENDING), attempt_id="atm_9"))


def test_a_claim_has_an_attempt_and_a_lease() -> None:
    claimed = claim(send(), "atm_1", NOW)

    assert (claimed.status, claimed.attempt_id, claimed.lease_until) == (Status.SENDING, "atm_1", NOW + LEASE)
    assert claimed.due_at == NOW + LEASE  # so that somebody looks after it
    assert claimed.attempts == (Attempt("atm_1", NOW, "running"),)


@pytest.mark.parametrize(
    ("after", "expired"), [(timedelta(), False), (LEASE - timedelta(seconds=1), False), (LEASE, True)]
)
def test_a_claim_is_given_up_when_its_lease_has_run_out(after: timedelta, expired: bool) -> None:
    assert claim(send(), "atm_1", NOW).expired(NOW + after) is expired


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.SENDING])
def test_only_a_running_attempt_can_expire(status: Status) -> None:
    assert not replace(at(status), lease_until=NOW).expired(NOW + timedelta(days=1))


def test_a_settled_send_has_nothing_left_to_do_and_says_what_became_of_it() -> None:
    claimed = claim(send(), "atm_1", NOW)
    sent = settle_sent(claimed, "atm_1", LATER, "g1", "t1")
    failed = settle_failed(claimed, "atm_1", "gmail_rejected", "No.")
    unknown = settle_unknown(claimed, "atm_1", "Lost.")

    for settled in (sent, failed, unknown):
        assert settled.lease_until is None
        assert settled.due_at is None
    assert (sent.sent_at, sent.gmail_message_id, sent.gmail_thread_id) == (LATER, "g1", "t1")
    assert [a.outcome for s in (sent, failed, unknown) for a in s.attempts] == ["sent", "failed", "unknown"]
    assert (failed.attempts[0].code, failed.attempts[0].detail) == ("gmail_rejected", "No.")


def test_a_late_success_beats_unknown_and_leaves_one_attempt() -> None:
    lost = settle_unknown(claim(send(), "atm_1", NOW), "atm_1", "Lost.")

    found = settle_sent(lost, "atm_1", LATER, "g1", "t1")

    assert found.status is Status.SENT
    assert [a.outcome for a in found.attempts] == ["sent"]


def test_earlier_attempts_stay_as_they_were() -> None:
    earlier = Attempt("atm_0", NOW, "deferred", "rate_limited", "Slow down.")
    claimed = claim(send(attempts=(earlier,)), "atm_1", LATER)

    assert settle_sent(claimed, "atm_1", LATER, "g", "t").attempts[0] == earlier


def test_the_labels_find_recipients_without_case_and_once() -> None:
    found = search.labels("", (Address("Bo@X.example"), Address("bo@x.example", "Bo")), ("Spring",))

    assert found[:2] == ("to:bo@x.example", "tag:Spring")


def test_the_labels_find_words_without_case_and_accents() -> None:
    found = search.labels("Ihre Rechnung für März, n° 42!", (Address("bo@x.example", "Bo Öst"),), ())
    words = "ihre rechnung fur marz n 42 bo x example ost"
    assert set(found[1:]) == {f"word:{word}" for word in words.split(" ")}
    assert search.asked("MÄRZ rechnung") == ["word:marz", "word:rechnung"]
