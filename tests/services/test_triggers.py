"""Triggers: made and changed by their owners, their health, their log; tests and replays."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain import triggers
from functions.domain.callers import Caller
from functions.domain.errors import Conflict, InvalidRequest, NotFound, RateLimited, Unauthenticated
from functions.domain.hook_deliveries import Verdict
from functions.domain.ports import Update
from functions.domain.sends import Status
from functions.domain.triggers import FAILING_AT, MAX_SECRETS, Mapping, Rate, RecipientRule
from functions.services import contents, unmade
from functions.services.trigger_tests import Trial
from tests.services.fakes import CALLER, OWNER
from tests.services.trigger_world import MAPPING, PAYLOAD, Hook, HookWorld, fields, signed


@pytest.fixture
def world(tmp_path: Path) -> HookWorld:
    made = HookWorld(SqliteDocuments(tmp_path / "gmail.db", declared()), tmp_path)
    made.connect()
    return made


@pytest.fixture
def hook(world: HookWorld) -> Hook:
    return world.trigger()


def pointers(error: InvalidRequest) -> list[str]:
    return [found.pointer for found in error.errors]


def told(world: HookWorld) -> list[dict[str, Any]]:
    """The events `trigger.failing` that were posted."""
    world.deliver()
    found = [json.loads(got.body) for got in world.hooks.got]
    return [one["data"] for one in found if one["type"] == "trigger.failing"]


def fail(hook: Hook, times: int) -> None:
    for _ in range(times):
        hook.post({"customer": {}})


# Made and changed


def test_a_secret_is_sealed_to_its_trigger_and_shown_once(world: HookWorld, hook: Hook) -> None:
    document = world.documents.get(f"triggers/{hook.id}")
    assert document
    assert hook.secret.startswith("whsec_")
    assert hook.secret not in str(document.data)
    other = world.trigger()
    moved = replace(other.made, secrets=hook.made.secrets)
    with pytest.raises(AssertionError):  # as the fake sealer says that it was sealed for another place
        world.trigger_keys.opened(moved)


def test_one_that_the_sender_made_is_taken_and_not_shown(world: HookWorld) -> None:
    made, shown = world.triggers.create(CALLER, fields(scheme="github"), ["their own secret, long enough"])

    assert shown == ""
    assert world.trigger_keys.opened(made).signing(world.clock()) == [b"their own secret, long enough"]


def test_at_most_so_many_secrets_count_and_the_oldest_goes(world: HookWorld, hook: Hook) -> None:
    for _ in range(MAX_SECRETS + 1):
        changed, newest = world.triggers.rotate(CALLER, hook.id, None, timedelta(hours=1))

    assert len(changed.secrets) == MAX_SECRETS
    assert hook.post(secret=newest).send
    with pytest.raises(Unauthenticated):
        hook.post()


def test_a_rotation_without_overlap_ends_the_old_one_at_once(world: HookWorld, hook: Hook) -> None:
    changed, _ = world.triggers.rotate(CALLER, hook.id, None, timedelta())

    assert len(changed.secrets) == 1
    with pytest.raises(Unauthenticated):
        hook.post()


def test_all_that_is_wrong_is_said_at_once(world: HookWorld) -> None:
    mapping = Mapping({"number": "order.(", "name": "foo()"}, to=(RecipientRule(path="["),))
    with pytest.raises(InvalidRequest) as error:
        world.triggers.create(CALLER, fields(filter="a ==", mapping=mapping, html="{{ other }}"), ())

    wrong = ["/filter", "/mapping/variables/number", "/mapping/variables/name", "/mapping/to/0/path", "/html"]
    assert pointers(error.value) == wrong


def test_a_templates_variables_must_be_mapped_and_no_others(world: HookWorld) -> None:
    template = world.template()
    mapping = replace(MAPPING, variables={"nummer": "order.number"})
    with pytest.raises(InvalidRequest) as error:
        world.triggers.create(CALLER, fields(template=template, mapping=mapping), ())
    assert pointers(error.value) == ["/mapping/variables/nummer", "/mapping/variables"]

    with pytest.raises(InvalidRequest) as error:
        world.triggers.create(CALLER, fields(template="tpl_0"), ())
    assert pointers(error.value) == ["/template/id"]


def test_a_template_gives_the_message_and_can_not_be_deleted_while_it_does(world: HookWorld) -> None:
    template = world.template()
    hook = world.trigger(template=template)
    answer = hook.post()
    world.deliver()
    send = world.record(answer.send or "")
    assert (send.status, send.template, send.template_version) == (Status.SENT, template, 1)

    with pytest.raises(Conflict, match=hook.id):
        world.templates.delete(OWNER, template)
    world.triggers.delete(CALLER, hook.id)
    world.templates.delete(OWNER, template)


def test_a_key_for_some_accounts_has_their_triggers_alone(world: HookWorld, hook: Hook) -> None:
    world.connect("acc_bob", "bob@example.com")
    other = Hook(world, *world.triggers.create(CALLER, fields(account="acc_bob"), ()))
    key = Caller(OWNER, "key", accounts=frozenset({"acc_bob"}))

    assert [t.id for t in world.triggers.page(key, 10, None).triggers] == [other.id]
    assert {t.id for t in world.triggers.page(CALLER, 10, None).triggers} == {other.id, hook.id}
    for call in (
        lambda: world.triggers.get(key, hook.id),
        lambda: world.triggers.put(key, hook.id, fields(account="acc_bob")),
        lambda: world.triggers.put(key, other.id, fields(account="acc_ann")),
        lambda: world.triggers.create(key, fields(account="acc_ann"), ()),
        lambda: world.triggers.delete(key, hook.id),
    ):
        with pytest.raises(NotFound):
            call()


def test_there_are_only_so_many(world: HookWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.services.triggers.MAX_TRIGGERS", 2)
    for _ in range(2):
        world.trigger()
    with pytest.raises(Conflict):
        world.trigger()
    assert triggers.MAX_TRIGGERS == 100


def test_a_trigger_of_a_disconnected_account_can_still_be_disabled(world: HookWorld, hook: Hook) -> None:
    world.disconnect()

    assert hook.put(account="acc_ann", enabled=False).fields.enabled is False
    with pytest.raises(NotFound):
        hook.put(account="acc_gone")


def test_another_scheme_needs_secrets_that_are_ones_there(world: HookWorld) -> None:
    hook = world.trigger(scheme="github")
    with pytest.raises(InvalidRequest) as error:
        hook.put(scheme="standard-webhooks")
    assert pointers(error.value) == ["/scheme"]
    assert hook.put(scheme="stripe").fields.scheme == "stripe"


# Health


def test_five_failures_in_a_row_are_told_once_until_something_succeeds(world: HookWorld, hook: Hook) -> None:
    world.endpoints.create(CALLER, url="https://x.example/", events=("trigger.failing",), enabled=True, secret=None)
    fail(hook, FAILING_AT - 1)
    assert told(world) == []
    fail(hook, FAILING_AT)
    (event,) = told(world)
    assert (event["id"], event["failures"], event["reason"]) == (hook.id, FAILING_AT, "no_recipient")
    assert event["delivery"] in [d.id for d in hook.log("failed")]

    hook.post()
    world.deliver()
    assert hook.now().failures == 0
    world.clock.now += timedelta(seconds=10)
    fail(hook, FAILING_AT)
    assert len(told(world)) == 2


def test_a_success_between_them_starts_anew(world: HookWorld, hook: Hook) -> None:
    fail(hook, FAILING_AT - 1)
    hook.post()
    world.deliver()
    fail(hook, 1)

    assert hook.now().failures == 1


def test_wrong_signatures_and_messages_that_can_not_be_made_count_too(world: HookWorld, hook: Hook) -> None:
    world.endpoints.create(CALLER, url="https://x.example/", events=("*",), enabled=True, secret=None)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            hook.post(webhook_signature="v1,AAAA")
    for _ in range(3):
        hook.post({**PAYLOAD, "order": {}})
        world.deliver()

    (event,) = told(world)
    assert event["reason"] == "missing_variable"
    assert event["send"]


def test_a_change_by_its_owner_forgets_the_failures(world: HookWorld, hook: Hook) -> None:
    fail(hook, 3)
    assert hook.now().failing_since == world.clock()

    assert (hook.put().failures, hook.now().failing_since) == (0, None)


def test_a_trigger_that_is_deleted_leaves_only_its_log(world: HookWorld) -> None:
    hook = world.trigger(rate=Rate(per_minute=1))
    hook.post()
    assert len(world.documents.below(f"owners/{OWNER}/pacing", 10)) == 1

    world.triggers.delete(CALLER, hook.id)
    assert world.documents.below(f"owners/{OWNER}/pacing", 10) == []
    assert world.documents.below("triggers", 10) == []
    assert len(hook.log()) == 1


# The log, replays, tests


def test_the_log_is_newest_first_and_by_verdict(world: HookWorld, hook: Hook) -> None:
    for name, payload in (("one", PAYLOAD), ("two", {}), ("three", PAYLOAD)):
        hook.post(payload, name)
        world.clock.pass_(seconds=1)

    assert [d.name for d in hook.log()] == ["three", "two", "one"]
    assert [d.name for d in hook.log("failed")] == ["two"]
    first = world.hook_log.page(CALLER, hook.made, "", 2, None)
    assert [d.name for d in world.hook_log.page(CALLER, hook.made, "", 2, first.next).deliveries] == ["one"]


def test_a_body_is_kept_sealed_for_a_week(world: HookWorld, hook: Hook) -> None:
    hook.post()
    (logged,) = hook.log()
    assert json.loads(world.hook_log.body(logged) or b"") == PAYLOAD
    (stored,) = world.documents.below(f"owners/{OWNER}/payloads", 10)
    assert b"grace@example.com" not in stored.data["body"]

    world.clock.pass_(days=7, seconds=1)
    assert world.hook_log.body(logged) is None  # even before the store has removed it
    world.documents.expire(world.clock())
    assert world.documents.below(f"owners/{OWNER}/payloads", 10) == []
    assert len(hook.log()) == 1


def test_a_body_of_a_megabyte_that_can_not_be_compressed_is_kept_too(world: HookWorld, hook: Hook) -> None:
    import base64
    import random

    noise = base64.b64encode(random.Random(1).randbytes(780_000)).decode()
    hook.post({**PAYLOAD, "noise": noise})

    assert json.loads(world.hook_log.body(hook.log()[0]) or b"")["noise"] == noise
    assert len(world.documents.below(f"owners/{OWNER}/payloads", 10)) > 1


def test_another_triggers_delivery_is_none_of_this_one(world: HookWorld, hook: Hook) -> None:
    delivery = hook.post().delivery
    other = world.trigger()

    with pytest.raises(NotFound):
        world.hook_log.get(CALLER, other.made, delivery)
    with pytest.raises(NotFound):
        world.replaying.replay(CALLER, other.made, delivery)


def test_a_key_for_some_accounts_sees_what_came_while_the_trigger_was_of_one_of_them(world: HookWorld) -> None:
    """The trigger's account may change; what came before, and what it said, is still the other account's."""
    world.connect("acc_bob", "bob@example.com")
    hook = world.trigger(rate=Rate(per_minute=1), filter="order.number != 'x'")
    for payload, name in ((PAYLOAD, "accepted"), ({**PAYLOAD, "order": {"number": "x"}}, "filtered"), ({}, "failed")):
        hook.post(payload, name)
        world.clock.pass_(seconds=1)
    with pytest.raises(RateLimited):
        hook.post(name="rate_limited")
    with pytest.raises(Unauthenticated):
        hook.post(name="refused", secret="whsec_" + "A" * 32)
    before = hook.log()
    assert {d.verdict for d in before} == set(Verdict)
    world.clock.pass_(minutes=2)
    now = hook.put(account="acc_bob")
    after = hook.post(name="after").delivery
    key = Caller(OWNER, "key", accounts=frozenset({"acc_bob"}))

    for verdict in ("", "accepted"):
        page = world.hook_log.page(key, now, verdict, 1, None)
        assert ([d.id for d in page.deliveries], page.next) == ([after], None)
    assert world.hook_log.get(key, now, after).name == "after"
    assert world.trigger_tests.test(key, now, Trial(delivery=after)).passes
    for one in before:
        for call in (
            lambda one=one: world.hook_log.get(key, now, one.id),
            lambda one=one: world.replaying.replay(key, now, one.id),
            lambda one=one: world.trigger_tests.test(key, now, Trial(delivery=one.id)),
        ):
            with pytest.raises(NotFound):
                call()
    assert len(hook.log()) == len(before) + 1
    world.hook_log.get(CALLER, now, before[0].id)


def test_a_replay_goes_through_the_trigger_as_it_is_now_and_may_send_again(world: HookWorld) -> None:
    hook = world.trigger(allowed_domains=("example.org",))
    failed = hook.post()
    hook.put()
    made = [world.replaying.replay(CALLER, hook.now(), failed.delivery)[0] for _ in range(2)]
    world.deliver()

    assert [d.replay_of for d in made] == [failed.delivery] * 2
    assert {world.record(d.send or "").status for d in made} == {Status.SENT}
    assert len(world.mailbox.posts) == 2
    assert {d.verdict for d in hook.log()} == {Verdict.ACCEPTED, Verdict.FAILED}


def test_a_replay_that_is_asked_for_twice_under_one_key_is_made_once(world: HookWorld, hook: Hook) -> None:
    delivery, now = hook.post().delivery, hook.now()
    (one, new), (same, again) = (world.replaying.replay(CALLER, now, delivery, "mended") for _ in range(2))
    (elsewhere, _), (other, _) = (
        world.beside(world.documents).replaying.replay(CALLER, now, delivery, k) for k in "ab"
    )
    world.deliver()

    assert (new, again, same) == (True, False, one)
    assert len({one.send, elsewhere.send, other.send}) == 3
    assert len(world.mailbox.stored) == 4  # the webhook's own, and one for each key


def test_rivals_who_replay_under_one_key_make_one(world: HookWorld, hook: Hook) -> None:
    """The other one commits between our look and our commit."""
    delivery, now, other = hook.post().delivery, hook.now(), world.beside(world.documents)
    make = world.accepting.make

    def overtaken(*given: Any) -> Any:
        other.replaying.replay(CALLER, now, delivery, "mended")
        return make(*given)

    world.accepting.make = overtaken  # type: ignore[assignment,method-assign]
    made, new = world.replaying.replay(CALLER, now, delivery, "mended")
    world.deliver()

    assert not new
    assert made.send in {stored.send_id for stored in world.mailbox.stored}
    assert len(world.mailbox.stored) == 2


def test_what_is_no_longer_kept_can_not_be_replayed_or_tested(world: HookWorld, hook: Hook) -> None:
    delivery = hook.post().delivery
    world.clock.pass_(days=8)

    with pytest.raises(Conflict):
        world.replaying.replay(CALLER, hook.made, delivery)
    with pytest.raises(Conflict):
        world.trigger_tests.test(CALLER, hook.made, Trial(delivery=delivery))


def test_a_send_that_was_never_composed_can_not_be_sent_again_but_its_webhook_replayed(
    world: HookWorld, hook: Hook
) -> None:
    answer = hook.post({**PAYLOAD, "order": {}})
    world.deliver()
    send_id = answer.send or ""
    with pytest.raises(Conflict, match="No message was made") as refused:
        world.controlling.resend(CALLER, send_id)
    assert "replay" in refused.value.remedy
    with pytest.raises(NotFound, match="not composed"):
        world.history.mime(world.record(send_id))

    world.clock.pass_(minutes=1)
    sent = hook.post().send or ""
    world.deliver()
    assert world.controlling.resend(CALLER, sent)[1] is True


def test_what_is_sealed_again_in_the_moment_it_is_composed_goes_out_all_the_same(
    world: HookWorld, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of a large one is another one then, and the earlier one is gone."""
    monkeypatch.setattr(unmade, "INLINE_BODIES", 0)
    send_id = hook.post().send or ""
    read = world.blobs.read

    def resealed(name: str) -> Iterator[bytes]:
        monkeypatch.setattr(world.blobs, "read", read)
        moved = world.blobs.write(f"{name}-again", read(name)).name
        world.documents.commit([Update(contents.path(OWNER, send_id), {"bodies_blob": moved})])
        world.blobs.delete(name)
        return read(name)

    monkeypatch.setattr(world.blobs, "read", resealed)
    world.deliver()

    assert world.record(send_id).status is Status.SENT
    assert [path.name for path in (world.directory / "blobs").rglob("recipe*")] == []


def test_a_test_shows_what_would_go_out_and_writes_nothing(world: HookWorld, hook: Hook) -> None:
    before = world.documents.below("owners", 100)
    tried = world.trigger_tests.test(CALLER, hook.made, Trial(body=json.dumps(PAYLOAD).encode()))

    assert (tried.passes, tried.problems, tried.variables) == (True, (), {"number": "1042", "name": "Grace"})
    assert tried.mapped
    assert [a.email for a in tried.mapped.to] == ["grace@example.com"]
    assert tried.rendered
    assert tried.rendered.subject == "Order 1042"
    assert world.documents.below("owners", 100) == before
    assert world.tasks.all == []


def test_a_test_says_what_is_wrong_and_where(world: HookWorld) -> None:
    hook = world.trigger(filter="order.total")

    def tried(payload: Any) -> tuple[bool | None, list[str]]:
        found = world.trigger_tests.test(CALLER, hook.made, Trial(body=json.dumps(payload).encode()))
        return found.passes, [p.pointer for p in found.problems]

    assert tried(PAYLOAD) == (False, [])
    assert tried({**PAYLOAD, "order": {"total": 1}}) == (True, ["/mapping/variables/number"])
    assert tried({"order": {"total": 1}}) == (True, ["/mapping/to"])
    world.disconnect()
    assert tried(PAYLOAD) == (False, ["/account"])


def test_a_test_says_that_no_day_has_room_for_so_many_recipients(world: HookWorld) -> None:
    rules = {"to": (RecipientRule(email="a@example.com"),), "bcc": (RecipientRule(email="b@example.com"),)}
    hook = world.trigger(mapping=replace(MAPPING, **rules))
    trial = Trial(body=json.dumps(PAYLOAD).encode())
    assert world.trigger_tests.test(CALLER, hook.made, trial).problems == ()
    world.change_account(daily_limit=1)
    (problem,) = world.trigger_tests.test(CALLER, hook.made, trial).problems
    assert problem.pointer == "/mapping"
    assert "2 recipients does not fit into the daily limit" in problem.detail


def test_a_test_with_headers_looks_at_the_signature(world: HookWorld, hook: Hook) -> None:
    body = json.dumps(PAYLOAD).encode()
    right = signed(hook.secret, "msg_1", int(world.clock().timestamp()), body)

    assert world.trigger_tests.test(CALLER, hook.made, Trial(body=body, headers=right)).signature == ""
    wrong = world.trigger_tests.test(CALLER, hook.made, Trial(body=body + b" ", headers=right))
    assert wrong.signature == "wrong_signature"
    assert [p.pointer for p in wrong.problems] == ["/headers"]
    assert wrong.rendered
    assert world.trigger_tests.test(CALLER, hook.made, Trial(body=body, headers=Headers())).signature == "no_signature"


def test_a_logged_delivery_can_be_tested(world: HookWorld, hook: Hook) -> None:
    delivery = hook.post().delivery
    tried = world.trigger_tests.test(CALLER, hook.made, Trial(delivery=delivery))

    assert tried.rendered
    assert tried.rendered.subject == "Order 1042"
