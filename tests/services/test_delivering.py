"""What becomes of a queued send: for every answer of Gmail's, for every failure around it, and never two posts."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from functions.domain import retries
from functions.domain.errors import Conflict, IdempotencyInProgress, InvalidCredentials, ReauthRequired, Unavailable
from functions.domain.explaining import explanation
from functions.domain.messages import Address
from functions.domain.ports import Delete, Update
from functions.domain.sends import LEASE, Status
from functions.services import contents
from tests.services.fakes import (
    ACCOUNT,
    CALLER,
    OWNER,
    START,
    Answering,
    FlakyDocuments,
    World,
    breaks,
    meanwhile,
    says,
)


def test_a_queued_send_goes_out_once_and_says_so(world: World) -> None:
    send_id = world.queue()
    world.run(minutes=1)

    send = world.record(send_id)
    assert (send.status, send.due_at, send.gmail_message_id) == (Status.SENT, None, "m1")
    assert [a.outcome for a in send.attempts] == ["sent"]
    assert len(world.mailbox.posts) == 1
    assert world.account().last_sent_at is not None


PERMANENT = [
    (says(400, "invalidArgument", "Invalid To header"), "gmail_rejected", "Invalid To header", "recipients"),
    (says(400, "failedPrecondition", "Mail service not enabled"), "gmail_rejected", "Mail service", "switched on"),
    (says(403, "insufficientPermissions"), "insufficient_permissions", "permission", "Reconnect"),
    (says(403, "domainPolicy"), "gmail_rejected", "domainPolicy", "administrator"),
    (says(413, "uploadTooLarge"), "gmail_rejected", "uploadTooLarge", "detail"),
    (says(404, "notFound"), "not_found", "thread", "id"),
]


@pytest.mark.parametrize(("answer", "code", "detail", "remedy"), PERMANENT)
def test_what_gmail_refuses_for_good_fails_at_once_with_a_remedy(
    world: World, answer: Answering, code: str, detail: str, remedy: str
) -> None:
    world.mailbox.script = [answer]
    send_id = world.queue()
    world.run(hours=3)

    send = world.record(send_id)
    assert (send.status, send.due_at) == (Status.FAILED, None)
    last = send.attempts[-1]
    assert last.code == code
    assert detail in last.detail
    assert remedy in last.remedy
    assert remedy in explanation(send)
    assert len(world.mailbox.posts) == 1
    assert not world.dead()


THROTTLED = [
    (says(403, "rateLimitExceeded"), 60.0),
    (says(403, "userRateLimitExceeded", "Retry after 2027-03-01T14:30:01.000Z"), 9000.0),
    (says(429), 60.0),
    (says(429, "", "", retry_after="1234"), 1234.0),
    (says(429, "", "", retry_after="Mon, 01 Mar 2027 13:00:01 GMT"), 3600.0),
    (says(403, "dailyLimitExceeded"), 3600.0),
    (says(403, "quotaExceeded"), 3600.0),
    (says(429, "userRateLimitExceeded", "x", retry_after="nonsense"), 60.0),
]


@pytest.mark.parametrize(("answer", "wait"), THROTTLED)
def test_throttling_defers_to_the_time_gmail_names_and_burns_no_try(
    world: World, answer: Answering, wait: float
) -> None:
    world.mailbox.script = [answer]
    send_id = world.queue()
    world.deliver()

    waiting = world.record(send_id)
    assert waiting.status is Status.QUEUED
    assert waiting.due_at == START + timedelta(seconds=wait)
    assert (waiting.waits_for, waiting.tries) == ("rate_limited", 0)
    assert "It goes out at" in explanation(waiting)

    world.run(seconds=wait - 1)
    assert len(world.mailbox.posts) == 1
    world.run(seconds=70)
    assert world.record(send_id).status is Status.SENT


def test_throttling_may_go_on_for_days_without_the_send_failing(world: World) -> None:
    world.mailbox.always = says(403, "dailyLimitExceeded")
    send_id = world.queue()
    world.run(hours=26)
    assert world.record(send_id).status is Status.QUEUED
    assert len(world.mailbox.posts) <= 27

    world.mailbox.script, world.mailbox.always = [], meanwhile(lambda: None)
    world.run(hours=2)
    assert world.record(send_id).status is Status.SENT


def test_throttling_pauses_the_whole_account_also_sends_that_had_their_slot(world: World) -> None:
    world.connect("acc_eve", "eve@example.com")
    early = [world.queue() for _ in range(100)]
    world.deliver()  # 60 go at once, 40 get a slot in the next minute
    assert len(world.mailbox.posts) == 60
    world.mailbox.always = says(429, "", "", retry_after="1800")
    throttled = world.queue()
    world.run(minutes=2)
    refused = len(world.mailbox.posts) - 60
    assert refused == 1

    world.mailbox.always = meanwhile(lambda: None)
    other = world.queue(account="acc_eve")
    world.deliver()
    assert world.record(other).status is Status.SENT  # nobody else waits
    world.run(minutes=25)
    assert world.record(throttled).status is Status.QUEUED
    world.run(minutes=10)
    assert {world.record(i).status for i in (*early, throttled)} == {Status.SENT}


def test_a_401_is_answered_with_one_refresh(world: World) -> None:
    world.mailbox.script = [says(401, "authError")]
    send_id = world.queue()
    world.deliver()

    assert world.record(send_id).status is Status.SENT
    assert [p.token for p in world.mailbox.posts] == ["access-1", "access-2"]


def test_a_401_for_a_fresh_token_means_that_the_account_must_be_reconnected(world: World) -> None:
    world.mailbox.script = [says(401, "authError")] * 2
    send_id = world.queue()
    world.deliver()

    send = world.record(send_id)
    assert world.dead()
    assert (send.status, send.waits_for) == (Status.QUEUED, "reauth_required")
    assert "reconnect" in explanation(send)
    assert len(world.mailbox.posts) == 2


def test_a_401_after_a_broken_connection_still_has_its_refresh(world: World) -> None:
    """The second post is not the second refusal."""
    world.mailbox.script = [breaks(begun=False), says(401, "authError")]
    send_id = world.queue()
    world.deliver()

    assert world.record(send_id).status is Status.SENT
    assert not world.dead()


def test_a_dead_grant_marks_the_account_holds_its_queue_and_reconnecting_releases_it(world: World) -> None:
    world.oauth.fails = [ReauthRequired("invalid_grant")]
    sends = [world.queue() for _ in range(5)]
    later = world.queue(send_at=START + timedelta(days=2))
    world.run(hours=5)

    assert world.dead()
    assert {world.record(i).waits_for for i in sends} == {"reauth_required"}
    assert {world.record(i).tries for i in sends} == {0}
    assert world.mailbox.posts == []
    assert "reconnect" in explanation(world.record(sends[0]))

    world.connect()
    world.run(minutes=2)
    assert {world.record(i).status for i in sends} == {Status.SENT}
    assert world.record(later).status is Status.SCHEDULED


def test_a_send_that_is_being_held_while_the_account_is_reconnected_is_not_left_behind(world: World) -> None:
    """Releasing sees only what is held by then."""
    send_id = world.queue()
    world.change_account(status="reauth_required")
    original = world.outbox.save

    def save(found, after, *also):  # type: ignore[no-untyped-def]
        if after.waits_for == "reauth_required":
            world.outbox.save = original  # type: ignore[method-assign]
            world.connect()
        return original(found, after, *also)

    world.outbox.save = save  # type: ignore[method-assign]
    world.deliver()
    world.run(minutes=1)
    assert world.record(send_id).status is Status.SENT


def test_a_token_endpoint_that_is_away_changes_no_account_and_backs_off(world: World) -> None:
    world.oauth.fails = [Unavailable("5xx")] * 3
    send_id = world.queue()
    world.deliver()

    send = world.record(send_id)
    assert (send.status, send.tries, send.waits_for) == (Status.QUEUED, 1, "unavailable")
    assert not world.dead()
    world.run(minutes=5)
    assert world.record(send_id).status is Status.SENT


def test_a_refused_oauth_client_is_the_operators_to_mend_and_fails_no_send_at_once(world: World) -> None:
    world.oauth.fails = [InvalidCredentials()] * 2
    world.mailbox.script = [says(401, "authError")]
    send_id = world.queue()
    world.run(minutes=10)
    assert world.record(send_id).status is Status.SENT


def test_a_connection_that_fails_before_a_byte_is_tried_again_with_full_jitter_and_fails_in_the_end(
    world: World,
) -> None:
    world.mailbox.always = breaks(begun=False)
    send_id = world.queue()
    waits = []
    for tries in range(1, retries.MAX_TRIES):
        world.run(seconds=0)
        send = world.record(send_id)
        assert (send.status, send.tries) == (Status.QUEUED, tries)
        assert send.due_at
        wait = send.due_at - world.clock()
        assert timedelta(seconds=1) <= wait <= retries.backoff(tries, 1.0)
        waits.append(wait)
        world.clock.now = send.due_at
    world.run(seconds=0)

    send = world.record(send_id)
    assert (send.status, send.attempts[-1].code) == (Status.FAILED, "unavailable")
    assert f"tried {retries.MAX_TRIES} times" in explanation(send)
    assert len({w.total_seconds() for w in waits}) == len(waits)
    assert world.mailbox.stored == []


AMBIGUOUS = [says(500, "backendError"), says(502), says(503, "backendError"), says(408), says(302), breaks(begun=True)]


@pytest.mark.parametrize("answer", AMBIGUOUS)
def test_an_ambiguous_answer_is_never_followed_by_another_post(world: World, answer: Answering) -> None:
    world.mailbox.script = [answer]
    send_id = world.queue()
    world.deliver()

    send = world.record(send_id)
    assert (send.status, send.due_at) == (Status.UNKNOWN, START + timedelta(seconds=10))
    world.run(hours=3)
    send = world.record(send_id)
    assert (send.status, send.due_at) == (Status.UNKNOWN, None)
    assert "resend" in explanation(send)
    assert len(world.mailbox.posts) == 1


@pytest.mark.parametrize(
    ("answer", "status"),
    [(says(429, "", "", retry_after="900"), "queued"), (breaks(begun=True), "unknown")],
)
def test_a_caller_who_waits_is_told_what_happens_next(world: World, answer: Answering, status: str) -> None:
    world.mailbox.script = [answer]
    receipt = world.send()
    assert receipt.status == status
    assert world.record(receipt.id).answered == status
    if status == "queued":
        assert receipt.next_attempt_at == START + timedelta(seconds=900)


def moved(world: World, send_id: str) -> None:
    world.controlling.reschedule(CALLER, send_id, START + timedelta(days=3))


def cancelled(world: World, send_id: str) -> None:
    world.controlling.cancel(CALLER, send_id)


def sent(world: World, send_id: str) -> None:
    world.run(days=2)
    assert world.record(send_id).status is Status.SENT


@pytest.mark.parametrize("then", [moved, cancelled, sent])
@pytest.mark.parametrize("why", ["queued", "scheduled", "paced", "deferred"])
def test_a_repeated_call_is_told_what_the_first_was_whatever_has_come_since(
    world: World, why: str, then: Callable[[World, str], None]
) -> None:
    asked: dict[str, Any] = {"queued": {"wait": False}, "scheduled": {"send_at": START + timedelta(days=1)}}
    if why == "paced":
        world.change_account(daily_limit=1)
        world.send()
    if why == "deferred":
        world.mailbox.script = [says(429, "", "", retry_after="900")]
    first = world.send(key="k", fingerprint="f", **asked.get(why, {}))

    at_once = world.repeat("k", "f")
    then(world, first.id)
    later = world.repeat("k", "f")

    assert first.next_attempt_at
    assert at_once == later == replace(first, repeated=True)


def test_what_an_earlier_release_told_of_a_scheduled_send_is_when_it_goes_out(world: World) -> None:
    """That one did not note the time."""
    first = world.send(key="k", fingerprint="f", send_at=START + timedelta(days=1))
    world.set(first.id, answered_due=None)
    at_once = world.repeat("k", "f")
    world.run(days=2)

    assert world.record(first.id).status is Status.SENT
    assert at_once == world.repeat("k", "f") == replace(first, repeated=True)


def test_two_deliveries_of_one_task_at_once_make_one_post(shared: World, open_store) -> None:  # type: ignore[no-untyped-def]
    instances = [shared, *(shared.beside(open_store()) for _ in range(3))]
    ids = [shared.queue() for _ in range(5)]
    with ThreadPoolExecutor(8) as pool:
        work = [
            pool.submit(instance.delivering.deliver, OWNER, send_id)
            for send_id in ids
            for instance in instances
            for _ in range(2)
        ]
        for done in work:
            done.result()
    assert {shared.record(i).status for i in ids} == {Status.SENT}
    assert sorted(p.send_id for p in shared.mailbox.posts) == sorted(ids)
    capacity = shared.pacing.capacity(shared.account())
    assert capacity.recipients_left_today >= 2000 - len(ids) - 5 * len(instances)


def test_a_task_that_comes_early_waits_for_its_time(world: World) -> None:
    send_id = world.queue(send_at=START + timedelta(minutes=10))
    world.tasks.all.clear()
    world.delivering.deliver(OWNER, send_id)
    assert world.record(send_id).status is Status.SCHEDULED
    assert [t.at for t in world.tasks.all] == [START + timedelta(minutes=10)]


def test_a_send_that_is_gone_or_has_ended_is_left_alone(world: World) -> None:
    send_id = world.queue()
    world.run(minutes=1)
    world.delivering.deliver(OWNER, send_id)
    world.delivering.deliver(OWNER, "snd_never")
    world.delivering.deliver("own_other", send_id)
    assert len(world.mailbox.posts) == 1


def test_disconnecting_cancels_what_waits(world: World) -> None:
    now, later = world.queue(), world.queue(send_at=START + timedelta(days=9))
    world.disconnect()
    world.run(hours=1)
    world.clock.pass_(days=10)
    world.run(minutes=2)
    assert {world.record(i).status for i in (now, later)} == {Status.CANCELLED}
    assert "disconnected" in explanation(world.record(now))
    assert world.mailbox.posts == []


def test_disconnecting_cancels_what_has_just_been_claimed_but_not_posted(world: World) -> None:
    send_id = world.queue()
    original = world.outbox.claim

    def claim(found, claimed):  # type: ignore[no-untyped-def]
        kept = original(found, claimed)
        world.disconnect()
        return kept

    world.outbox.claim = claim  # type: ignore[method-assign]
    world.deliver()
    send = world.record(send_id)
    assert (send.status, send.due_at) == (Status.CANCELLED, None)
    assert send.attempts[-1].outcome == "cancelled"
    assert world.mailbox.posts == []


def test_disconnecting_during_the_post_lets_it_settle(world: World) -> None:
    """The write of the account's last_sent_at fails, the send's own does not."""
    world.mailbox.script = [meanwhile(world.disconnect)]
    send_id = world.queue()
    world.deliver()
    assert world.record(send_id).status is Status.SENT


def test_no_token_of_a_disconnected_account_stays_in_memory(world: World) -> None:
    world.send()
    world.disconnect()
    assert world.tokens._cache == {}
    assert world.oauth.revoked == [f"refresh-{ACCOUNT}"]


@pytest.mark.parametrize("written", [False, True])
def test_google_is_told_of_a_disconnected_account_though_the_stores_answer_was_lost(
    world: World, written: bool
) -> None:
    """With its record, nobody could revoke the grant any more."""
    flaky = FlakyDocuments(world.documents, written=written)
    flaky.fail = {0}
    waiting = world.queue()
    if written:
        world.beside(flaky).disconnect()
    else:
        with pytest.raises(Unavailable):
            world.beside(flaky).disconnect()
        world.disconnect()
    assert world.oauth.revoked == [f"refresh-{ACCOUNT}"]
    assert world.record(waiting).status is Status.CANCELLED


@pytest.mark.parametrize(
    ("cancel_if", "counts", "status"),
    [
        (("replied",), {"replies": 1}, Status.CANCELLED),
        (("replied",), {"bounces": 1}, Status.SENT),
        (("bounced",), {"bounces": 2}, Status.CANCELLED),
        (("replied", "bounced"), {"bounces": 1}, Status.CANCELLED),
        (("replied", "bounced"), {"opens": 3}, Status.SENT),
        ((), {"replies": 1}, Status.SENT),
    ],
)
def test_cancel_if_is_looked_at_when_the_send_is_due(
    world: World, cancel_if: tuple[str, ...], counts: dict[str, int], status: Status
) -> None:
    first = world.send().id
    follow_up = world.queue(send_at=START + timedelta(days=3))
    world.set(follow_up, in_reply_to_send=first, cancel_if=cancel_if)
    world.clock.pass_(days=1)
    world.set(first, **counts)
    world.clock.pass_(days=2)
    world.run(minutes=1)
    send = world.record(follow_up)
    assert send.status is status
    if status is Status.CANCELLED:
        assert "follows up" in explanation(send)


def follow_up(world: World) -> str:
    """Due a day after a message that may have been answered: Gmail is asked."""
    first = world.send().id
    send_id = world.queue(send_at=START + timedelta(days=1))
    world.set(send_id, in_reply_to_send=first, cancel_if=("replied",))
    world.clock.pass_(days=1)
    return send_id


@pytest.mark.parametrize(("answer", "wait"), [(says(429, "", "", retry_after="1234"), 1234.0), (says(429), 60.0)])
def test_a_follow_up_waits_as_long_as_gmail_asks_to_and_so_does_its_account(
    world: World, answer: Answering, wait: float
) -> None:
    send_id = follow_up(world)
    world.mailbox.reads = [answer]
    world.deliver()

    until = START + timedelta(days=1, seconds=wait)
    waiting = world.record(send_id)
    assert (waiting.status, waiting.due_at) == (Status.QUEUED, until)
    assert (waiting.waits_for, waiting.tries) == ("rate_limited", 0)
    assert "slow down" in explanation(waiting)
    assert world.send().next_attempt_at == until
    world.run(seconds=wait + 60)
    assert world.record(send_id).status is Status.SENT


def test_while_gmail_wants_the_account_to_wait_it_is_not_asked_about_follow_ups(world: World) -> None:
    send_id = follow_up(world)
    world.mailbox.script = [says(429, "", "", retry_after="600")]
    until = world.send().next_attempt_at
    asked = len(world.mailbox.asked)
    world.deliver()

    waiting = world.record(send_id)
    assert (waiting.due_at, waiting.waits_for, waiting.tries) == (until, "rate_limited", 0)
    assert len(world.mailbox.asked) == asked
    world.run(minutes=12)
    assert world.record(send_id).status is Status.SENT


def test_a_follow_up_may_be_put_off_for_days_without_failing(world: World) -> None:
    send_id = follow_up(world)
    world.mailbox.reads = [says(403, "dailyLimitExceeded")] * 50
    world.run(hours=49)
    assert world.record(send_id).status is Status.QUEUED
    world.run(hours=2)
    assert world.record(send_id).status is Status.SENT


def test_a_send_whose_content_is_gone_or_broken_fails_for_good(world: World) -> None:
    gone, broken = world.queue(), world.queue()
    place = contents.path(OWNER, broken)
    world.documents.commit([Delete(contents.path(OWNER, gone)), Update(place, {"bodies": b"no zlib"})])
    world.run(hours=1)
    for send_id in (gone, broken):
        send = world.record(send_id)
        assert (send.status, send.due_at) == (Status.FAILED, None)
        assert "content" in explanation(send)
    assert world.sweeping.sweep().overdue == 0


def test_a_slow_send_outlives_its_lease_and_its_late_success_beats_unknown(world: World) -> None:
    def slow() -> None:
        world.clock.pass_(seconds=LEASE.total_seconds() + 60)
        world.sweeping.sweep()
        world.deliver()
        assert world.record(send_id).status is Status.UNKNOWN

    world.mailbox.script = [meanwhile(slow)]
    send_id = world.queue()
    world.deliver()
    send = world.record(send_id)
    assert (send.status, send.due_at, send.gmail_message_id) == (Status.SENT, None, "m1")
    world.run(hours=1)
    assert len(world.mailbox.posts) == 1


def test_a_slow_refusal_after_the_lease_leaves_the_send_unknown(world: World) -> None:
    def slow() -> None:
        world.clock.pass_(minutes=6)
        world.delivering.deliver(OWNER, send_id)

    world.mailbox.script = [meanwhile(slow, says(429))]
    send_id = world.queue()
    world.deliver()
    world.run(hours=2)
    assert world.record(send_id).status is Status.UNKNOWN
    assert len(world.mailbox.posts) == 1


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("commit", range(8))
def test_a_store_that_fails_at_any_commit_causes_no_second_post_and_the_state_ends_right(
    world: World, commit: int, written: bool
) -> None:
    """`written`: the commit landed, and only its answer was lost."""
    send_id = world.queue()
    flaky = FlakyDocuments(world.documents, written=written)
    other = world.beside(flaky)
    flaky.fail = {commit}
    other.run(hours=1)
    assert world.mailbox.deliveries(send_id) == 1
    assert world.record(send_id).status is Status.SENT


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("commit", range(6))
def test_a_caller_who_waits_while_the_store_fails_gets_no_second_delivery(
    world: World, commit: int, written: bool
) -> None:
    flaky = FlakyDocuments(world.documents, written=written)
    other = world.beside(flaky)
    flaky.fail = {commit}
    for _ in range(3):
        try:
            receipt = other.send(key="k", fingerprint="f")
            break
        except (Unavailable, IdempotencyInProgress):
            other.run(minutes=30)
    other.run(hours=1)
    assert len(world.mailbox.stored) <= 1
    assert len(world.mailbox.posts) <= 1
    final = world.record(world.sending.send_id(OWNER, "k"))
    assert final.status is (Status.SENT if world.mailbox.stored else Status.UNKNOWN)
    assert receipt.status in ("sent", "unknown")


def test_a_store_that_is_away_for_half_a_minute_after_gmails_answer_is_waited_for(world: World) -> None:
    flaky = FlakyDocuments(world.documents)
    other = world.beside(flaky)
    back = world.clock() + timedelta(seconds=30)

    def sleep(seconds: float) -> None:
        world.clock.pass_(seconds=seconds)
        flaky.down = world.clock() < back

    other.delivering._settling._sleep = sleep
    world.mailbox.script = [meanwhile(lambda: setattr(flaky, "down", True), says(429, "", "", retry_after="600"))]
    send_id = world.queue()
    task = world.tasks.take()[0]
    other.delivering.deliver(task.owner, task.send_id)
    assert world.record(send_id).waits_for == "rate_limited"  # certainly not sent, and known to be


def test_a_store_that_stays_away_leaves_a_send_that_evidence_settles(world: World) -> None:
    flaky = FlakyDocuments(world.documents)
    other = world.beside(flaky)
    world.mailbox.script = [meanwhile(lambda: setattr(flaky, "down", True))]
    send_id = world.queue()
    other.deliver()
    assert world.record(send_id).status is Status.SENDING
    world.run(minutes=10)
    assert world.record(send_id).status is Status.SENT
    assert len(world.mailbox.posts) == 1


def test_a_queue_that_is_away_loses_no_send(world: World) -> None:
    world.tasks.down = True
    send_id = world.queue()
    world.tasks.down = False
    assert world.tasks.all == []
    world.run(minutes=2)
    assert world.record(send_id).status is Status.SENT


def test_cancelling_and_claiming_at_once_is_never_both(shared: World, open_store) -> None:  # type: ignore[no-untyped-def]
    other = shared.beside(open_store())
    ids = [shared.queue() for _ in range(12)]
    outcomes: dict[str, str] = {}

    def cancel(send_id: str) -> None:
        try:
            other.controlling.cancel(CALLER, send_id)
            outcomes[send_id] = "cancelled"
        except Conflict:
            outcomes[send_id] = "too late"

    with ThreadPoolExecutor(8) as pool:
        work: list[Future[None]] = []
        for number, send_id in enumerate(ids):
            calls: list[Callable[[], None]] = [
                partial(cancel, send_id),
                partial(shared.delivering.deliver, OWNER, send_id),
            ]
            work += [pool.submit(call) for call in (calls if number % 2 else calls[::-1])]
        for done in work:
            done.result()
    for send_id in ids:
        status, posts = shared.record(send_id).status, shared.mailbox.deliveries(send_id)
        assert (outcomes[send_id], status, posts) in {
            ("cancelled", Status.CANCELLED, 0),
            ("too late", Status.SENT, 1),
        }


def test_fifty_callers_with_one_idempotency_key_make_one_send(shared: World, open_store) -> None:  # type: ignore[no-untyped-def]
    instances = [shared, *(shared.beside(open_store()) for _ in range(2))]
    barrier = threading.Barrier(50)
    answers: list[str] = []

    def call(number: int) -> None:
        world = instances[number % len(instances)]
        barrier.wait()
        try:
            repeated = world.repeat("one key", "f")
            answers.append((repeated or world.send(key="one key", fingerprint="f")).id)
        except IdempotencyInProgress:
            answers.append("in progress")

    threads = [threading.Thread(target=call, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send_id = shared.sending.send_id(OWNER, "one key")
    assert len(answers) == 50
    assert set(answers) <= {send_id, "in progress"}
    assert send_id in answers
    assert len(shared.mailbox.posts) == 1
    left = [i.pacing.capacity(i.account()).recipients_left_today for i in (*instances, shared)]
    assert left[-1] == 1999  # what the other calls had reserved is free again


def test_a_message_to_many_counts_every_recipient(world: World) -> None:
    to = tuple(Address(f"p{n}@example.org") for n in range(300))
    first = world.send(to=to)
    world.change_account(daily_limit=500)
    second = world.send(to=to)
    assert first.status == "sent"
    assert second.status == "queued"
    assert second.next_attempt_at
    assert second.next_attempt_at > START + timedelta(hours=23)
    assert "daily limit" in explanation(world.record(second.id))
