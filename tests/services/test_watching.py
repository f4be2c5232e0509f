"""When mailboxes are looked into: at a push, and by themselves; and that Gmail goes on pushing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from functions.domain import records
from functions.domain.errors import ReauthRequired, Unavailable
from functions.domain.mailboxes import Mailbox
from functions.domain.ports import Delete, Documents, Put, Update, Write
from functions.services import watching as module
from functions.services.watching import path
from tests.services import mailbox
from tests.services.fakes import ACCOUNT, CALLER, OWNER, START, FlakyDocuments, SlowDocuments, World, breaks, says
from tests.services.mailbox import answers

TOPIC = "projects/p/topics/gmail"
ADA = "ada@example.com"


@pytest.fixture
def watched(world: World) -> World:
    world.topic = TOPIC
    world.wire()
    mailbox.prepare(world)
    return world


def state(world: World, account_id: str = ACCOUNT) -> Mailbox:
    document = world.documents.get(path(OWNER, account_id))
    assert document
    return records.from_data(Mailbox, document.data)


def due(world: World) -> datetime:
    found = state(world).due_at
    assert found
    return found


def newest(world: World) -> str:
    return str(world.mailbox.newest_history)


def replies(world: World, send_id: str) -> int:
    return world.record(send_id).replies


# Pushes


def test_a_push_makes_the_mailbox_be_looked_into(watched: World) -> None:
    send_id, thread_id = mailbox.send(watched)
    answers(watched, thread_id)
    watched.watching.notify("Ada@Example.com", newest(watched))
    assert replies(watched, send_id) == 1


def test_a_repeated_push_and_one_that_comes_too_late_ask_nothing(watched: World) -> None:
    _, thread_id = mailbox.send(watched)
    answers(watched, thread_id)
    earlier = newest(watched)
    answers(watched, thread_id)
    watched.watching.notify(ADA, newest(watched))
    watched.mailbox.asked.clear()
    watched.watching.notify(ADA, newest(watched))
    watched.watching.notify(ADA, earlier)
    assert watched.mailbox.asked == []


def test_a_push_for_an_address_that_nobody_connected_is_no_error(watched: World) -> None:
    watched.mailbox.asked.clear()
    watched.watching.notify("nobody@example.com", "5")
    assert watched.mailbox.asked == []


def test_every_owner_who_connected_the_mailbox_hears_of_it(watched: World) -> None:
    watched.connect("acc_second", ADA)
    watched.watching.start(watched.account("acc_second"))
    first, thread_id = mailbox.send(watched)
    second, other_thread = mailbox.send(watched, account="acc_second")
    answers(watched, thread_id)
    answers(watched, other_thread)
    watched.watching.notify(ADA, newest(watched))
    assert (replies(watched, first), replies(watched, second)) == (1, 1)


def test_where_gmail_is_away_the_push_has_to_come_again(watched: World) -> None:
    send_id, thread_id = mailbox.send(watched)
    answers(watched, thread_id)
    watched.mailbox.reads = [breaks(begun=False)]
    with pytest.raises(Unavailable):
        watched.watching.notify(ADA, newest(watched))
    assert due(watched) == watched.clock() + timedelta(minutes=1)
    watched.watching.notify(ADA, newest(watched))
    assert replies(watched, send_id) == 1


def test_where_the_store_is_away_the_push_has_to_come_again(watched: World) -> None:
    documents = FlakyDocuments(watched.documents)
    documents.down = True
    with pytest.raises(Unavailable):
        watched.beside(documents).watching.notify(ADA, "99")


@pytest.mark.parametrize("status", [(429, "userRateLimitExceeded"), (403, "accessNotConfigured"), (400, "failed")])
def test_what_a_repeated_push_would_not_mend_is_left_to_the_sweep(watched: World, status: tuple[int, str]) -> None:
    watched.mailbox.reads = [says(*status)]
    watched.mailbox.newest_history += 1
    watched.watching.notify(ADA, newest(watched))
    assert state(watched).failures == 1
    assert due(watched) > watched.clock()


def test_a_burst_of_pushes_is_one_look(watched: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    _, thread_id = mailbox.send(watched)
    for _ in range(3):
        answers(watched, thread_id)
    watched.mailbox.asked.clear()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: watched.watching.notify(ADA, newest(watched)), range(20)))
    assert watched.mailbox.asked.count("history") == 1


# Looking without a push


def test_a_lost_push_is_made_up_for(watched: World) -> None:
    send_id, thread_id = mailbox.send(watched)
    watched.watching.notify(ADA, newest(watched))
    answers(watched, thread_id)
    watched.clock.pass_(minutes=9)
    watched.watching.tend()
    assert replies(watched, send_id) == 0  # nothing is due
    watched.clock.pass_(minutes=1)
    watched.watching.tend()
    assert replies(watched, send_id) == 1


def test_a_push_puts_the_next_look_off(watched: World) -> None:
    mailbox.send(watched)
    watched.clock.pass_(minutes=9)
    watched.mailbox.newest_history += 1
    watched.watching.notify(ADA, newest(watched))
    assert due(watched) == watched.clock() + timedelta(minutes=10)


def test_one_mailbox_that_fails_keeps_no_other_from_being_looked_into(watched: World) -> None:
    watched.connect("acc_eve", "eve@example.com")
    watched.watching.start(watched.account("acc_eve"))
    send_id, thread_id = mailbox.send(watched, account="acc_eve")
    answers(watched, thread_id)
    watched.change_account(refresh_token="nothing that can be opened")
    watched.clock.pass_(hours=2)
    with pytest.raises(ValueError, match="unpack"):  # even where it fails in a way that nobody thought of
        watched.watching.tend()
    assert replies(watched, send_id) == 1


MORE = [f"acc_{name}" for name in "bcde"]


def connect_more(watched: World) -> None:
    for account_id in MORE:
        watched.connect(account_id, f"{account_id}@example.com")
        watched.watching.start(watched.account(account_id))
        watched.clock.pass_(seconds=1)


def looked_into(watched: World) -> list[str]:
    before = {account_id: state(watched, account_id).synced_at for account_id in (ACCOUNT, *MORE)}
    watched.watching.tend()
    return [account_id for account_id, at in before.items() if state(watched, account_id).synced_at != at]


def test_one_sweep_looks_into_as_many_as_it_has_time_for_the_longest_due_first(
    watched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    connect_more(watched)
    watched.clock.pass_(hours=2)
    seconds = module.LOOKING.total_seconds() / 2 + 1
    watched.documents = SlowDocuments(watched.documents, watched.clock, mailboxes=seconds)
    watched.wire()
    order = [looked_into(watched) for _ in range(3)]
    assert order == [[ACCOUNT, "acc_b"], ["acc_c", "acc_d"], ["acc_e"]]


def test_one_sweep_looks_into_all_that_are_due_where_it_has_the_time(
    watched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    connect_more(watched)
    watched.clock.pass_(hours=2)
    assert looked_into(watched) == [ACCOUNT, *MORE]
    assert looked_into(watched) == []


def forget_mailboxes(world: World) -> None:
    world.documents.commit([Delete(path(OWNER, account_id)) for account_id in (ACCOUNT, *MORE)])


def known(world: World) -> list[str]:
    """The accounts whose mailboxes are looked into."""
    return [account_id for account_id in (ACCOUNT, *MORE) if world.documents.get(path(OWNER, account_id))]


def test_everybody_who_sent_lately_is_seen_to_however_many_they_are(
    watched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    connect_more(watched)
    for account_id in (ACCOUNT, *MORE):
        watched.send(account=account_id)
    forget_mailboxes(watched)
    watched.watching.tend()
    assert known(watched) == [ACCOUNT, *MORE]


def test_whom_a_sweep_had_no_time_to_see_to_the_next_one_sees_to(
    watched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    monkeypatch.setattr(module, "SETTLING", timedelta(0))
    connect_more(watched)
    for account_id in (ACCOUNT, *MORE):
        watched.send(account=account_id)
        watched.clock.pass_(seconds=1)
    forget_mailboxes(watched)
    watched.documents = SlowDocuments(watched.documents, watched.clock, accounts=module.SEEING.total_seconds())
    watched.wire()
    seen = []
    for _ in range(4):
        watched.watching.tend()
        seen.append(len(known(watched)))
    assert seen == [2, 3, 4, 5]  # each begins with the last one of the one before


def test_a_sweep_asks_only_for_those_who_sent_since_the_one_before(watched: World) -> None:
    watched.send()
    for _ in range(2):
        watched.watching.tend()
        watched.clock.pass_(minutes=2)
    forget_mailboxes(watched)
    watched.watching.tend()
    assert known(watched) == []


def test_an_account_that_sends_nothing_for_a_month_rests_until_it_sends_again(watched: World) -> None:
    watched.clock.pass_(days=31)
    watched.watching.tend()
    assert state(watched).due_at is None
    watched.mailbox.asked.clear()
    watched.clock.pass_(days=30)
    watched.watching.tend()
    assert watched.mailbox.asked == []

    send_id, thread_id = mailbox.send(watched)
    assert due(watched) == watched.clock()  # by the send itself: nobody has to look who sent
    answers(watched, thread_id)
    watched.watching.tend()
    assert replies(watched, send_id) == 1
    assert len(watched.mailbox.watches) == 2  # Gmail pushes again


def test_a_send_wakes_no_mailbox_that_is_looked_into(watched: World) -> None:
    mailbox.send(watched)
    watched.watching.tend()
    before = due(watched)
    watched.clock.pass_(days=1)
    mailbox.send(watched)
    assert due(watched) == before


def test_an_account_of_an_earlier_release_is_looked_into_once_it_sends(world: World) -> None:
    send_id, thread_id = mailbox.send(world)
    answers(world, thread_id)
    assert world.documents.get(path(OWNER, ACCOUNT)) is None
    world.watching.tend()
    assert replies(world, send_id) == 1


# The watch


def test_connecting_begins_a_watch_that_leaves_out_what_the_owner_writes(watched: World) -> None:
    (asked,) = watched.mailbox.watches
    assert asked == {"topicName": TOPIC, "labelIds": ["SENT", "DRAFT"], "labelFilterBehavior": "exclude"}
    found = state(watched)
    assert (found.watched_at, found.watch_expires_at) == (START, START + timedelta(days=7))


def test_a_watch_is_renewed_each_day_as_long_as_it_is_wanted(watched: World) -> None:
    mailbox.send(watched)
    for _ in range(6 * 40):
        watched.clock.pass_(hours=4)
        watched.watching.tend()
    assert len(watched.mailbox.watches) == 1 + 30
    expires = state(watched).watch_expires_at
    assert expires
    assert expires > START + timedelta(days=30)


def test_where_gmail_may_not_push_looking_has_to_do(watched: World) -> None:
    """Google's own service account was not allowed to publish to the topic."""
    send_id, thread_id = mailbox.send(watched)
    watched.clock.pass_(days=1)
    answers(watched, thread_id)
    watched.mailbox.reads = [says(403, "forbidden", "User not authorized to perform this action.")]
    watched.watching.tend()
    assert replies(watched, send_id) == 1
    assert state(watched).watch_problem == "gmail_rejected"
    watched.clock.pass_(hours=1)
    watched.watching.tend()
    assert state(watched).watch_problem == ""


def test_who_runs_it_hears_once_that_gmail_does_not_push(watched: World) -> None:
    """As where the topic is in another project than the OAuth client: mailboxes are tried again and again."""
    told: list[tuple[str, str]] = []
    watched.watching._refused = lambda account, code: told.append((account.id, code))
    wrong = "Invalid topicName does not match projects/other/topics/*"

    for _ in range(3):
        watched.clock.pass_(days=1)
        watched.mailbox.reads = [says(400, "invalidArgument", wrong)]
        watched.watching.tend()
    assert told == [(ACCOUNT, "gmail_rejected")]

    for refuses in (False, True):
        watched.clock.pass_(days=2)
        watched.mailbox.reads = [says(400, "invalidArgument", wrong)] if refuses else []
        watched.watching.tend()
    assert told == [(ACCOUNT, "gmail_rejected")] * 2


def test_without_a_topic_gmail_is_not_asked_to_push(world: World) -> None:
    mailbox.prepare(world)
    assert world.mailbox.watches == []
    assert state(world).history_id == newest(world)


def test_connecting_works_though_gmail_is_away(world: World) -> None:
    world.topic = TOPIC
    world.wire()
    world.connect(email=ADA)
    world.mailbox.reads = [breaks(begun=False)] * 5
    world.watching.start(world.account())
    world.mailbox.reads = []
    send_id, thread_id = mailbox.send(world)
    answers(world, thread_id)
    world.clock.pass_(minutes=2)
    world.watching.tend()
    assert replies(world, send_id) == 1
    assert len(world.mailbox.watches) == 1


def test_reconnecting_begins_a_watch_of_its_own_and_misses_nothing(watched: World) -> None:
    send_id, thread_id = mailbox.send(watched)
    watched.oauth.fails = [ReauthRequired("gone")]
    watched.tokens._cache.clear()
    watched.change_account(access_token="")
    watched.watching.visit(OWNER, ACCOUNT)
    assert watched.dead()
    answers(watched, thread_id)
    watched.connect(email=ADA)
    watched.watching.start(watched.account())
    assert replies(watched, send_id) == 1
    assert len(watched.mailbox.watches) == 2


def test_disconnecting_ends_the_watch_unless_somebody_else_has_the_mailbox_too(watched: World) -> None:
    watched.connect("acc_second", ADA)
    same = replace(watched.account("acc_second"), sub=f"sub-{ACCOUNT}")
    watched.change_account(
        "acc_second", sub=same.sub, refresh_token=watched.tokens.seal(same, "refresh_token", "x"), access_token=""
    )
    watched.disconnecting.disconnect(CALLER, "acc_second")
    assert watched.mailbox.stops == 0
    watched.disconnecting.disconnect(CALLER, ACCOUNT)
    assert watched.mailbox.stops == 1
    assert watched.documents.get(path(OWNER, ACCOUNT)) is None


def test_a_watch_ends_too_where_the_record_of_its_account_goes_only_next(watched: World) -> None:
    """As when everything of an owner is deleted."""
    watched.watching.stop(watched.account())
    assert watched.mailbox.stops == 1
    assert watched.documents.get(path(OWNER, ACCOUNT)) is None


def test_disconnecting_works_though_gmail_is_away(watched: World) -> None:
    watched.mailbox.reads = [breaks(begun=False)] * 3
    watched.disconnecting.disconnect(CALLER, ACCOUNT)
    assert watched.documents.get(path(OWNER, ACCOUNT)) is None


def test_a_mailbox_whose_account_is_gone_is_forgotten(watched: World) -> None:
    watched.documents.commit([Delete(f"owners/{OWNER}/accounts/{ACCOUNT}")])
    watched.clock.pass_(hours=2)
    watched.watching.tend()
    assert watched.documents.get(path(OWNER, ACCOUNT)) is None


class BeforeCommit(FlakyDocuments):
    """Something happens, once, in the very moment before the next commit."""

    def __init__(self, inner: Documents, happens: Callable[[], object]) -> None:
        super().__init__(inner)
        self.happens: Callable[[], object] | None = happens

    def commit(self, writes: Sequence[Write]) -> list[str]:
        happens, self.happens = self.happens, None
        if happens:
            happens()
        return super().commit(writes)


def test_an_account_that_is_connected_again_while_its_mailbox_is_forgotten_goes_on_being_watched(
    watched: World,
) -> None:
    account = f"owners/{OWNER}/accounts/{ACCOUNT}"
    before = watched.documents.get(account)
    assert before
    watched.documents.commit([Delete(account)])

    def reconnect() -> None:
        watched.documents.commit([Put(account, before.data)])
        watched.watching.start(watched.account())

    beside = watched.beside(BeforeCommit(watched.documents, reconnect))
    beside.watching.visit(OWNER, ACCOUNT)
    assert due(watched)


def test_an_account_that_is_connected_again_before_google_was_told_of_the_disconnecting_goes_on_being_watched(
    watched: World,
) -> None:
    """To cancel what waited takes a while, and an owner may think better of it meanwhile."""
    gone = watched.account()
    watched.change_account(connected_at=watched.clock() + timedelta(seconds=5))
    watched.watching.start(watched.account())
    watched.watching.stop(gone)
    assert due(watched)
    assert watched.mailbox.stops == 0


def test_an_account_that_is_connected_again_is_watched_though_its_mailbox_is_forgotten_only_now(
    watched: World,
) -> None:
    """Somebody had read that the account was gone."""
    forgotten = Delete(path(OWNER, ACCOUNT))
    beside = watched.beside(BeforeCommit(watched.documents, lambda: watched.documents.commit([forgotten])))
    beside.watching.start(watched.account())
    assert due(watched)
    assert state(watched).watched_at


def test_what_may_have_been_missed_is_noted_though_the_mailbox_is_looked_into_at_the_same_moment(
    watched: World,
) -> None:
    send_id, _ = mailbox.send(watched)
    looked = Update(path(OWNER, ACCOUNT), {"synced_at": watched.clock()})
    beside = watched.beside(BeforeCommit(watched.documents, lambda: watched.documents.commit([looked])))
    beside.watching.missed(watched.record(send_id))
    assert state(watched).catch_up_since == watched.record(send_id).created_at


# Both stores


def test_the_queries_of_a_sweep_and_of_a_push_are_served_by_both_stores(shared: World) -> None:
    mailbox.prepare(shared)
    send_id, thread_id = mailbox.send(shared)
    answers(shared, thread_id)
    shared.watching.notify(ADA, newest(shared))
    answers(shared, thread_id)
    shared.clock.pass_(minutes=10)
    shared.watching.tend()
    assert replies(shared, send_id) == 2
