"""A webhook is taken once, whoever brings it how often, and its message is made and sent in the queue."""

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain.errors import (
    InvalidJson,
    RateLimited,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from functions.domain.hook_deliveries import NOTES, Verdict
from functions.domain.sends import Status
from functions.domain.triggers import BODY_KEPT_FOR, DELIVERY_KEPT_FOR, FAILING_AT, Mapping, Rate, RecipientRule
from functions.services import contents, trigger_keys
from tests.services.fakes import CALLER, OWNER, FlakyDocuments
from tests.services.trigger_world import MAPPING, PAYLOAD, Hook, HookWorld, signed


@pytest.fixture
def world(tmp_path: Path) -> HookWorld:
    made = HookWorld(SqliteDocuments(tmp_path / "gmail.db", declared()), tmp_path)
    made.connect()
    return made


@pytest.fixture
def hook(world: HookWorld) -> Hook:
    return world.trigger()


def with_email(email: Any) -> dict[str, Any]:
    return {**PAYLOAD, "customer": {"name": "Grace", "email": email}}


# On record, then out


def test_the_answer_comes_when_the_send_is_on_record_and_before_anything_is_composed(
    world: HookWorld, hook: Hook
) -> None:
    answer = hook.post()

    send = world.record(answer.send or "")
    assert (send.status, send.composed, send.subject) == (Status.QUEUED, False, "")
    assert (send.trigger, send.sender.email, send.to[0].email) == (hook.id, "ann@example.com", "grace@example.com")
    assert send.metadata == {"delivery": answer.delivery}
    assert world.mailbox.posts == []


def test_the_queue_composes_the_message_and_sends_it_once(world: HookWorld, hook: Hook) -> None:
    send_id = hook.post().send or ""
    world.deliver()
    world.deliver(sweeping=True)

    send = world.record(send_id)
    assert (send.status, send.composed, send.subject) == (Status.SENT, True, "Order 1042")
    assert send.size > 0
    assert "word:1042" in send.labels
    assert b"Dear Grace" in world.history.mime(replace(send, gmail_message_id=None))
    assert world.mailbox.deliveries(send_id) == 1


def test_what_never_got_into_the_queue_is_found_by_the_sweep(world: HookWorld, hook: Hook) -> None:
    world.tasks.down = True
    send_id = hook.post().send or ""
    world.tasks.down = False
    world.run(minutes=3)

    assert world.record(send_id).status is Status.SENT


def test_a_process_that_dies_before_or_after_composing_leaves_it_to_the_next_one(tmp_path: Path) -> None:
    """The commit that saves the message fails, unwritten and then written: one message goes out, composed anew."""
    for written in (False, True):
        directory = tmp_path / str(written)
        directory.mkdir()
        documents = FlakyDocuments(SqliteDocuments(directory / "gmail.db", declared()), written=written)
        world = HookWorld(documents, directory)
        world.connect()
        send_id = world.trigger().post().send or ""
        documents.fail = {documents.commits}
        world.run(minutes=10)

        assert world.record(send_id).status is Status.SENT
        assert world.mailbox.deliveries(send_id) == 1


def test_a_delay_schedules_the_send(world: HookWorld) -> None:
    send_id = world.trigger(delay_seconds=3600).post().send or ""
    assert world.record(send_id).status is Status.SCHEDULED
    world.run(minutes=59)
    assert world.mailbox.posts == []

    world.run(minutes=2)
    assert world.record(send_id).status is Status.SENT


def test_what_was_accepted_goes_out_as_the_trigger_was_then(world: HookWorld, hook: Hook) -> None:
    send_id = hook.post().send or ""
    hook.put(subject="Another")
    world.triggers.delete(CALLER, hook.id)
    world.deliver()

    assert world.record(send_id).subject == "Order 1042"


def test_a_large_payload_goes_through_the_blob_store_and_leaves_nothing_there(world: HookWorld, tmp_path: Path) -> None:
    import random

    noise = random.Random(1)
    words = ["".join(noise.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=20_000)) for _ in range(14)]
    mapping = Mapping({f"w{n}": f"words[{n}]" for n in range(14)}, to=MAPPING.to)
    html = "".join(f"<p>{{{{ w{n} }}}}</p>" for n in range(14))
    hook = world.trigger(mapping=mapping, subject="Long", html=html)
    answer = hook.post({**PAYLOAD, "words": words})
    recipes = [p for p in (tmp_path / "blobs").rglob("*") if "recipe" in p.name]
    assert recipes
    world.deliver()

    assert world.record(answer.send or "").status is Status.SENT
    assert [p for p in (tmp_path / "blobs").rglob("*") if "recipe" in p.name] == []
    assert json.loads(world.hook_log.body(hook.log()[0]) or b"")["words"] == words


# Once


def test_a_repeated_webhook_is_answered_with_the_first_send(world: HookWorld, hook: Hook) -> None:
    first = hook.post(name="msg_1")
    again = hook.post(name="msg_1")
    world.deliver()
    late = hook.post({"another": "body"}, "msg_1")

    assert again == late == replace(first, repeated=True)
    assert len(hook.log()) == 1
    assert len(world.mailbox.posts) == 1


def test_another_instance_knows_it_too(world: HookWorld, hook: Hook) -> None:
    first = hook.post(name="msg_1")
    other = world.beside(world.documents)

    assert hook.post(name="msg_1", at=other) == replace(first, repeated=True)


def test_many_at_once_to_two_instances_make_one_send_each(world: HookWorld, hook: Hook) -> None:
    both = (world, world.beside(world.documents))
    plan = [(f"msg_{n % 10}", both[n // 10 % 2]) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: hook.post(name=one[0], at=one[1]), plan))

    assert sum(not a.repeated for a in answers) == 10
    for name in {n for n, _ in plan}:
        assert len({a.send for a, (n, _) in zip(answers, plan, strict=True) if n == name}) == 1
    world.deliver()
    assert len(world.mailbox.posts) == 10


def test_a_webhook_that_the_log_has_forgotten_is_still_known_by_its_send(world: HookWorld, hook: Hook) -> None:
    first = hook.post(name="msg_1")
    world.run(days=DELIVERY_KEPT_FOR.days + 1)
    world.documents.expire(world.clock())
    assert hook.log() == []
    other = world.beside(world.documents)

    assert hook.post(name="msg_1", at=other) == replace(first, repeated=True)
    assert len(world.mailbox.posts) == 1


def test_deliveries_are_remembered_for_thirty_days_at_least() -> None:
    assert DELIVERY_KEPT_FOR.days >= 30
    assert BODY_KEPT_FOR.days == 7


def test_a_recorded_github_webhook_under_another_id_is_the_same_one(world: HookWorld) -> None:
    """The id stands in a header that nobody signs."""
    hook = world.trigger(scheme="github")
    body = json.dumps(PAYLOAD).encode()
    signature = "sha256=" + hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()

    def post(at: HookWorld, delivery: str, body: bytes, signature: str) -> Any:
        headers = Headers(
            {"X-Hub-Signature-256": signature, "X-GitHub-Delivery": delivery, "X-GitHub-Event": "release"}
        )
        return at.receiving.receive(hook.id, headers, body, "application/json")

    first = post(world, "one", body, signature)
    other = world.beside(world.documents)
    assert post(other, "two", body, signature) == replace(first, repeated=True)
    changed = json.dumps({**PAYLOAD, "more": 1}).encode()
    resigned = "sha256=" + hmac.new(hook.secret.encode(), changed, hashlib.sha256).hexdigest()
    assert post(world.beside(world.documents), "one", changed, resigned) == replace(first, repeated=True)
    assert [(d.name, d.event) for d in hook.log()] == [("one", "release")]


def test_a_store_that_is_away_asks_for_another_delivery_which_then_counts(tmp_path: Path) -> None:
    """Whether or not the commit was written before its answer was lost."""
    for written in (False, True):
        directory = tmp_path / str(written)
        directory.mkdir()
        documents = FlakyDocuments(SqliteDocuments(directory / "gmail.db", declared()), written=written)
        world = HookWorld(documents, directory)
        world.connect()
        hook = world.trigger()
        hook.post({}, "msg_0")  # what is remembered is read
        documents.down = True
        with pytest.raises(Unavailable):
            hook.post(name="msg_1")
        documents.down = False
        documents.fail = {documents.commits}
        first = None if not written else hook.post(name="msg_1")
        if not written:
            with pytest.raises(Unavailable):
                hook.post(name="msg_1")
        again = hook.post(name="msg_1")

        assert first is None or again.send == first.send
        world.run(minutes=3)
        assert len(world.mailbox.posts) == 1


# Who gets in


def test_all_refusals_are_the_same_answer(world: HookWorld, hook: Hook) -> None:
    off, gone = world.trigger(enabled=False), world.trigger()
    world.triggers.delete(CALLER, gone.id)
    unknown = replace(hook, made=replace(hook.made, id="trg_0"))
    strange = replace(hook, made=replace(hook.made, id="../x"))
    told = []
    for attempt in (
        off.post,
        gone.post,
        unknown.post,
        strange.post,
        lambda: hook.post(secret=off.secret),
        lambda: hook.post(webhook_signature="v1,AAAA"),
        lambda: hook.post(webhook_timestamp="0"),
    ):
        with pytest.raises(Unauthenticated) as refused:
            attempt()
        told.append((refused.value.detail, refused.value.remedy, refused.value.errors))

    assert len(set(told)) == 1
    assert [d.reason for d in off.log()] == ["disabled"]
    assert {d.reason for d in hook.log()} == {"wrong_signature"}


def test_strangers_can_not_fill_the_log(world: HookWorld, hook: Hook) -> None:
    """Not through several instances either."""
    instances = [world, world.beside(world.documents)]
    for n in range(40):
        with pytest.raises(Unauthenticated):
            hook.post(webhook_signature="v1,AAAA", at=instances[n % 2])
    assert 1 <= len(hook.log("refused")) <= NOTES

    world.clock.pass_(minutes=1)
    with pytest.raises(Unauthenticated):
        hook.post(webhook_signature="v1,AAAA")
    assert len(hook.log("refused")) <= NOTES + 1


def test_what_strangers_ask_for_is_not_kept_in_memory(world: HookWorld, hook: Hook) -> None:
    """Neither names that can be no trigger's, however long, nor a trigger for longer than it is believed."""
    headers = signed(hook.secret, "msg_1", int(world.clock().timestamp()), b"{}")
    known, noted = world.trigger_keys._known, world.hook_log._noted
    for name in ("x" * 4_000, "trg_" + "y" * 4_000, "trg_A", ""):
        with pytest.raises(Unauthenticated):
            world.receiving.receive(name, headers, b"{}", "application/json")
    assert (len(known), len(noted)) == (0, 0)

    hook.post()
    world.clock.pass_(seconds=trigger_keys.FRESH.seconds)
    with pytest.raises(Unauthenticated):
        world.receiving.receive("trg_0", headers, b"{}", "application/json")
    assert list(known) == ["trg_0"]


def test_a_disabled_trigger_does_not_fail(world: HookWorld, hook: Hook) -> None:
    """Its owner knows why nothing comes through, and asked for no news."""
    hook.put(enabled=False)
    for number in range(FAILING_AT + 1):
        with pytest.raises(Unauthenticated):
            hook.post(name=f"msg_{number}", webhook_signature="v1,c2lnbmVk")
        world.clock.pass_(minutes=1)
    assert hook.now().failures == 0
    assert {logged.reason for logged in hook.log("refused")} == {"wrong_signature"}


def test_asking_for_triggers_that_are_none_writes_nothing(world: HookWorld) -> None:
    with pytest.raises(Unauthenticated):
        world.receiving.receive("trg_0", Headers(), b"{}", "application/json")

    assert world.documents.below("owners/own_0", 10) == []


def test_a_refusal_is_the_same_answer_while_the_store_is_away(tmp_path: Path) -> None:
    documents = FlakyDocuments(SqliteDocuments(tmp_path / "gmail.db", declared()))
    world = HookWorld(documents, tmp_path)
    world.connect()
    hook = world.trigger()
    hook.post()
    documents.down = True

    with pytest.raises(Unauthenticated):
        hook.post(webhook_signature="v1,AAAA")


def test_old_and_new_secrets_count_while_they_overlap(world: HookWorld, hook: Hook) -> None:
    _, fresh = world.triggers.rotate(CALLER, hook.id, None, timedelta(hours=1))
    assert hook.post().send
    assert hook.post(secret=fresh).send

    world.clock.pass_(hours=1, seconds=1)
    assert hook.post(secret=fresh).send
    with pytest.raises(Unauthenticated):
        hook.post()


def test_a_change_made_elsewhere_counts_after_a_few_seconds(world: HookWorld, hook: Hook) -> None:
    other = world.beside(world.documents)
    hook.post(at=other)
    hook.put(enabled=False)

    with pytest.raises(Unauthenticated):
        hook.post()  # here at once
    hook.post(at=other)
    world.clock.now += trigger_keys.FRESH
    with pytest.raises(Unauthenticated):
        hook.post(at=other)


# What makes no message


def test_what_the_filter_does_not_want_is_on_record_and_sends_nothing(world: HookWorld) -> None:
    hook = world.trigger(filter="order.total > `100`")
    answer = hook.post(name="msg_1")

    assert (answer.send, answer.repeated) == (None, False)
    assert hook.post(name="msg_1") == replace(answer, repeated=True)
    assert [d.verdict for d in hook.log()] == [Verdict.FILTERED]


@pytest.mark.parametrize(
    "email", ["eve@evil.example", "grace@example.com, eve@evil.example", "a@example.com\nBcc: x", 7]
)
def test_a_recipient_outside_the_rules_fails_the_webhook_for_good(hook: Hook, email: Any) -> None:
    answer = hook.post(with_email(email), "msg_1")

    assert answer.send is None
    (logged,) = hook.log("failed")
    assert (logged.reason in ("recipient_not_allowed", "invalid_recipient"), bool(logged.remedy)) == (True, True)
    assert hook.post(with_email("grace@example.com"), "msg_1") == replace(answer, repeated=True)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 10_000])
def test_a_signed_body_that_is_no_payload_is_its_senders_error_each_time(
    world: HookWorld, hook: Hook, body: bytes
) -> None:
    for at in (world, world.beside(world.documents), world):
        with pytest.raises(InvalidJson):
            hook.post(body, "msg_1", at=at)
    assert [d.reason for d in hook.log("failed")] == ["invalid_payload"]


def test_a_body_of_another_type_is_refused_as_such(world: HookWorld, hook: Hook) -> None:
    body = b"<order/>"
    headers = signed(hook.secret, "msg_1", int(world.clock().timestamp()), body)

    with pytest.raises(UnsupportedMediaType):
        world.receiving.receive(hook.id, headers, body, "application/xml")


def test_what_can_not_be_composed_fails_the_send_and_its_delivery(world: HookWorld, hook: Hook) -> None:
    """Here a value that would break the subject's line, and one that is missing."""
    for payload in ({**PAYLOAD, "order": {"number": "1\r\nBcc: eve@evil.example"}}, {**PAYLOAD, "order": {}}):
        answer = hook.post(payload)
        world.deliver()

        send, (logged, *_) = world.record(answer.send or ""), hook.log("failed")
        assert send.status is Status.FAILED
        assert (logged.id, logged.send, logged.reason) == (answer.delivery, send.id, send.attempts[-1].code)
        assert "number" in logged.detail
        assert logged.remedy
        world.clock.pass_(seconds=1)  # the log is by time
    assert world.mailbox.posts == []


def suppress(world: HookWorld, *addresses: str) -> None:
    from functions.domain.suppressions import Reason, Suppression
    from functions.services.suppressions import Suppressions

    on_list = [Suppression(address, (Reason.MANUAL,), world.clock()) for address in addresses]
    Suppressions(world.documents, world.timeline, world.clock).add(OWNER, on_list)


def test_whose_address_is_suppressed_gets_nothing_and_log_and_trigger_say_so(world: HookWorld, hook: Hook) -> None:
    suppress(world, "grace@example.com")
    answer = hook.post()
    world.deliver()

    assert world.record(answer.send or "").status is Status.CANCELLED
    (logged,) = hook.log()
    why = "It is not to go out: grace@example.com was put on the suppression list."
    assert (logged.verdict, logged.reason, logged.detail) == (Verdict.FAILED, "invalid_message", why)
    assert hook.now().failures == 1


def test_a_message_that_no_day_of_its_account_has_room_for_fails_and_the_log_says_so(world: HookWorld) -> None:
    rules = {"to": (RecipientRule(email="a@example.com"),), "cc": (RecipientRule(email="b@example.com"),)}
    hook = world.trigger(mapping=replace(MAPPING, **rules))
    world.change_account(daily_limit=1)
    answer = hook.post()
    world.deliver()

    assert world.record(answer.send or "").status is Status.FAILED
    (logged,) = hook.log()
    assert (logged.verdict, logged.reason) == (Verdict.FAILED, "invalid_message")
    assert "2 recipients does not fit into the daily limit" in logged.detail
    assert world.mailbox.posts == []


def test_who_is_suppressed_is_left_out_and_the_others_get_the_message(world: HookWorld) -> None:
    """And the history says whom it went to."""
    rules = {
        "to": (RecipientRule(path="customer.email"), RecipientRule(email="alan@example.com")),
        "cc": (RecipientRule(email="kay@example.com"), RecipientRule(email="Left@example.com")),
        "bcc": (RecipientRule(email="gone@example.com"),),
    }
    hook = world.trigger(mapping=replace(MAPPING, **rules))
    suppress(world, "grace@example.com", "left@example.com", "gone@example.com")
    answer = hook.post()
    world.deliver()

    send = world.record(answer.send or "")
    assert send.status is Status.SENT
    assert [[a.email for a in some] for some in (send.to, send.cc, send.bcc)] == [
        ["alan@example.com"], ["kay@example.com"], []
    ]  # fmt: skip
    assert [label for label in send.labels if label.startswith("to:")] == ["to:alan@example.com", "to:kay@example.com"]
    mime, _ = contents.mime(world.documents, world.blobs, send, world.clock())
    posted = b"".join(mime.blocks())
    assert b"alan@example.com" in posted
    assert not [name for name in (b"grace@", b"Left@", b"gone@") if name in posted]
    assert hook.log()[0].verdict is Verdict.ACCEPTED
    assert hook.now().failures == 0


@pytest.mark.parametrize(
    ("to", "cc", "status"),
    [("grace@example.com", "kay@example.com", Status.CANCELLED), ("", "kay@example.com", Status.SENT)],
)
def test_copies_go_out_only_with_what_is_to_somebody_or_was_to_nobody(
    world: HookWorld, to: str, cc: str, status: Status
) -> None:
    of_to = (RecipientRule(email=to),) if to else ()
    copies = (RecipientRule(email=cc), RecipientRule(email="left@example.com"))
    hook = world.trigger(mapping=replace(MAPPING, to=of_to, cc=copies))
    suppress(world, "grace@example.com", "left@example.com")
    answer = hook.post()
    world.deliver()

    assert world.record(answer.send or "").status is status
    assert hook.log()[0].verdict is (Verdict.ACCEPTED if status is Status.SENT else Verdict.FAILED)


def test_a_disconnected_account_sends_nothing_until_it_is_there_again(world: HookWorld, hook: Hook) -> None:
    world.disconnect()
    answer = hook.post()
    world.deliver()
    assert world.record(answer.send or "").status is Status.CANCELLED
    assert hook.log()[0].verdict is Verdict.FAILED
    assert world.triggers.problems([hook.now()])[hook.id]["code"] == "not_found"

    world.connect()
    assert world.triggers.problems([hook.now()]) == {}
    again = hook.post()
    world.deliver()
    assert world.record(again.send or "").status is Status.SENT


def test_gmail_may_put_off_what_it_is_asked_while_the_message_is_composed(
    world: HookWorld, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise RateLimited("Gmail asks to slow down.", retry_after=7200)

    send_id = hook.post().send or ""
    with monkeypatch.context() as patched:
        patched.setattr(world.completing, "complete", refused)
        world.run(hours=60)  # 30 times; a failure would be its last one after 24
        waiting = world.record(send_id)
        assert (waiting.status, waiting.waits_for, waiting.tries) == (Status.QUEUED, "rate_limited", 0)
        assert world.pacing.capacity(world.account()).next_slot == waiting.due_at
    world.run(hours=3)
    assert world.record(send_id).status is Status.SENT


def test_a_dead_grant_holds_it_until_the_account_is_reconnected(world: HookWorld, hook: Hook) -> None:
    from functions.domain.accounts import AccountStatus

    world.change_account(status=AccountStatus.REAUTH_REQUIRED)
    send_id = hook.post().send or ""
    world.deliver()
    assert world.record(send_id).waits_for == "reauth_required"

    world.connect()
    world.run(minutes=2)
    assert world.record(send_id).status is Status.SENT


# Rates


def test_more_than_a_minute_may_have_is_asked_to_come_later(world: HookWorld) -> None:
    hook = world.trigger(rate=Rate(per_minute=3))
    first = [hook.post(name=f"msg_{n}") for n in range(3)]
    with pytest.raises(RateLimited) as limited:
        hook.post(name="msg_3")

    assert 0 < (limited.value.retry_after or 0) <= 70
    assert [d.name for d in hook.log("rate_limited")] == ["msg_3"]
    other = world.beside(world.documents)
    assert hook.post(name="msg_0", at=other) == replace(first[0], repeated=True)
    world.clock.pass_(seconds=(limited.value.retry_after or 0) + 1)
    assert hook.post(name="msg_3").send


def test_the_days_limit_holds_across_instances_but_for_a_tenth(world: HookWorld) -> None:
    hook = world.trigger(rate=Rate(per_day=20))
    instances = [world.beside(world.documents) for _ in range(2)]
    made, asked_to_wait = 0, []
    for n in range(60):
        try:
            made += hook.post(at=instances[n % 2]).send is not None
        except RateLimited as limited:
            asked_to_wait.append(limited.retry_after or 0)
    assert 18 <= made <= 22
    assert min(asked_to_wait) > 3600


def test_what_makes_no_send_does_not_count(world: HookWorld) -> None:
    hook = world.trigger(rate=Rate(per_minute=1), filter="order")
    for _ in range(5):
        assert hook.post({"no": "order"}).send is None
    assert hook.post().send
    for _ in range(3):
        with pytest.raises(RateLimited):
            hook.post()


def test_recipients_may_be_fixed(world: HookWorld) -> None:
    hook = world.trigger(mapping=replace(MAPPING, to=(RecipientRule("team@other.example"),)), allowed_domains=())
    send_id = hook.post(with_email("eve@evil.example")).send or ""

    assert [a.email for a in world.record(send_id).to] == ["team@other.example"]
