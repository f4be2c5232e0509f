"""What came into the mailbox, on record: each thing once, whatever is lost, repeated or cut off on the way."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from functions.domain import records
from functions.domain.errors import RateLimited, ReauthRequired, Unavailable
from functions.domain.events import Event
from functions.domain.mailboxes import Mailbox
from functions.domain.messages import Address
from functions.domain.ports import Delete, Query, Update
from functions.domain.scopes import SEND
from functions.domain.sends import Status
from functions.services import mailbox as mailbox_module
from functions.services import standing
from functions.services import timeline as timeline_module
from functions.services.watching import path
from tests.services import mailbox
from tests.services.fakes import ACCOUNT, OWNER, FlakyDocuments, World, breaks, says
from tests.services.fakes import meanwhile as during
from tests.services.mailbox import ALAN, CASES, GRACE, answers, arrives, events, look, shown


@pytest.fixture
def watched(world: World) -> World:
    """Its mailbox is looked into, and nothing has come yet."""
    mailbox.prepare(world)
    return world


def state(world: World) -> Mailbox:
    document = world.documents.get(path(OWNER, ACCOUNT))
    assert document
    return records.from_data(Mailbox, document.data)


def counts(world: World, send_id: str) -> tuple[int, int]:
    send = world.record(send_id)
    return send.replies, send.bounces


def suppressed(world: World, address: str = GRACE) -> bool:
    return world.documents.get(standing.path(OWNER, address)) is not None


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.minutes > 0])
def test_each_message_of_the_corpus_is_noted_as_it_counts(watched: World, name: str) -> None:
    case = CASES[name]
    send_id, thread_id = mailbox.send(watched)
    watched.clock.pass_(minutes=5)
    arrived = arrives(watched, thread_id, case)
    look(watched)

    found = events(watched, send_id)
    assert sorted(shown(found)) == sorted(case.expect)
    replied = sum(text.startswith("replied") for text in case.expect)
    bounced = sum(text.startswith("bounced") for text in case.expect)
    assert counts(watched, send_id) == (replied, bounced)
    assert suppressed(watched) == any(text.startswith("bounced hard") for text in case.expect)
    for event in found:
        assert event.reason
        assert event.at == arrived.at
        assert event.evidence["gmail_message_id"] == arrived.id


@pytest.mark.parametrize("shape", ["headers", "mixed", "text", "fetched"])
def test_a_report_is_found_however_gmail_shows_it(watched: World, shape: str) -> None:
    send_id, thread_id = mailbox.send(watched)
    arrives(watched, thread_id, "bounce-two-recipients", shape)
    look(watched)
    assert sorted(shown(events(watched, send_id))) == [
        f"bounced hard no_such_mailbox suppress {GRACE}",
        f"delayed {ALAN}",
    ]
    assert (suppressed(watched, GRACE), suppressed(watched, ALAN)) == (True, False)


def test_of_other_peoples_mail_nothing_is_read(watched: World) -> None:
    """Nor of drafts, and of what the owner wrote."""
    _, thread_id = mailbox.send(watched)
    answers(watched, "their-own-thread")
    for label in ("DRAFT", "SENT"):
        watched.mailbox.arrives(thread_id, [("From", "ada@example.com")], labels=(label,))
    look(watched)
    assert not [tail for tail in watched.mailbox.asked if tail.startswith(("messages/", "threads/"))]


def test_what_is_stored_of_a_message_is_short(watched: World) -> None:
    send_id, thread_id = mailbox.send(watched)
    arrived = answers(watched, thread_id, ("Subject", "a private matter"), ("X-Secret", "x"), ("Auto-Submitted", "no"))
    look(watched)
    (event,) = events(watched, send_id)
    assert event.evidence == {
        "from": GRACE,
        "gmail_message_id": arrived.id,
        "headers": {"auto-submitted": "no"},
    }
    stored = watched.documents.get(timeline_module.path(OWNER, event.id))
    assert stored
    assert "private" not in json.dumps(stored.data, default=str)


def test_a_second_look_changes_nothing(watched: World) -> None:
    send_id, thread_id = mailbox.send(watched)
    answers(watched, thread_id)
    arrives(watched, thread_id, "bounce-no-such-user-gmail")
    look(watched)
    document = watched.documents.get(path(OWNER, ACCOUNT))
    assert document
    watched.documents.commit([Update(document.path, {"history_id": "0"})])
    look(watched)
    assert counts(watched, send_id) == (1, 1)
    assert len(events(watched, send_id)) == 2


def test_two_looks_at_once_note_everything_once(watched: World) -> None:
    send_id, thread_id = mailbox.send(watched)
    for _ in range(5):
        answers(watched, thread_id)
    other = watched.beside(watched.documents)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda w: w.watching.visit(OWNER, ACCOUNT), [watched, other] * 2))
    assert counts(watched, send_id) == (5, 0)
    assert state(watched).history_id == str(watched.mailbox.newest_history)


def test_how_far_was_looked_never_goes_back(watched: World) -> None:
    """Another instance came further meanwhile."""
    _, thread_id = mailbox.send(watched)
    answers(watched, thread_id)

    def overtake(*_: object) -> str:
        watched.documents.commit([Update(path(OWNER, ACCOUNT), {"history_id": "9999"})])
        raise Unavailable

    watched.mailbox.reads = [overtake]  # type: ignore[list-item]
    assert isinstance(watched.watching.visit(OWNER, ACCOUNT), Unavailable)
    assert state(watched).history_id == "9999"


@pytest.mark.parametrize("failing", range(6))
def test_a_look_that_breaks_off_anywhere_is_taken_up_again(watched: World, failing: int) -> None:
    """Whichever of its calls of Gmail fails, nothing is lost and nothing counts twice."""
    send_id, thread_id = mailbox.send(watched)
    other_id, other_thread = mailbox.send(watched)
    answers(watched, thread_id)
    arrives(watched, other_thread, "bounce-no-such-user-gmail")
    answers(watched, thread_id)
    real = watched.mailbox._read
    calls = 0

    def flaky(url: str) -> object:
        nonlocal calls
        calls += 1
        return breaks(begun=False)(watched.mailbox, lambda: None) if calls == failing + 1 else real(url)  # type: ignore[arg-type,return-value]

    watched.mailbox._read = flaky  # type: ignore[method-assign,assignment]
    watched.watching.visit(OWNER, ACCOUNT)
    watched.mailbox._read = real  # type: ignore[method-assign]
    look(watched)
    assert counts(watched, send_id) == (2, 0)
    assert counts(watched, other_id) == (0, 1)
    assert calls == 5 or failing < 5  # the history, three messages and a report


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("failing", range(6))
def test_a_store_that_goes_away_in_between_loses_nothing(watched: World, failing: int, written: bool) -> None:
    send_id, thread_id = mailbox.send(watched)
    arrives(watched, thread_id, "bounce-no-such-user-gmail")
    answers(watched, thread_id)
    documents = FlakyDocuments(watched.documents, written=written)
    documents.fail = {failing}
    other = watched.beside(documents)
    for _ in range(2):
        try:
            other.watching.visit(OWNER, ACCOUNT)
        except Unavailable:
            continue
    look(watched)
    assert counts(watched, send_id) == (1, 1)
    assert suppressed(watched)


def test_what_the_owner_took_off_the_suppression_list_stays_off(watched: World) -> None:
    _, thread_id = mailbox.send(watched)
    arrives(watched, thread_id, "bounce-no-such-user-gmail")
    look(watched)
    watched.documents.commit([Delete(standing.path(OWNER, GRACE))])
    watched.documents.commit([Update(path(OWNER, ACCOUNT), {"history_id": "0"})])
    look(watched)
    assert not suppressed(watched)


def test_a_message_that_is_deleted_meanwhile_stops_nothing(watched: World) -> None:
    send_id, thread_id = mailbox.send(watched)
    gone = answers(watched, thread_id)
    answers(watched, thread_id)
    real = watched.mailbox._read
    watched.mailbox._read = lambda url: (  # type: ignore[method-assign]
        says(404, "notFound")(watched.mailbox, lambda: None) if f"messages/{gone.id}?" in url else real(url)  # type: ignore[arg-type,return-value]
    )
    look(watched)
    assert counts(watched, send_id) == (1, 0)


def test_a_long_history_is_read_page_by_page(watched: World) -> None:
    send_id, thread_id = mailbox.send(watched)
    watched.mailbox.page_size = 3
    for number in range(40):
        answers(watched, thread_id if number % 10 == 9 else f"other-{number}")
    visits = 0
    while state(watched).history_id != str(watched.mailbox.newest_history):
        look(watched)
        visits += 1
    assert counts(watched, send_id) == (4, 0)
    assert visits == 4  # of four pages each


def test_a_look_has_a_limit_of_time_and_goes_on_where_it_stopped(
    watched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_id, thread_id = mailbox.send(watched)
    for _ in range(6):
        answers(watched, thread_id)
    real = watched.mailbox._read

    def slow(url: str) -> object:
        watched.clock.pass_(seconds=10)
        return real(url)

    monkeypatch.setattr(mailbox_module, "TIME_LIMIT", timedelta(seconds=35))
    watched.mailbox._read = slow  # type: ignore[method-assign,assignment]
    look(watched)
    assert counts(watched, send_id) == (3, 0)
    assert state(watched).due_at == watched.clock()
    look(watched)
    assert counts(watched, send_id) == (6, 0)


# History that Gmail does not have any more


def test_where_history_is_lost_the_threads_of_recent_sends_are_looked_into(
    watched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_module, "PAGE", 2)
    made = [mailbox.send(watched) for _ in range(5)]
    for _, thread_id in made[::2]:
        answers(watched, thread_id)
    arrives(watched, made[1][1], "bounce-no-such-user-gmail")
    answers(watched, "somebody-elses")
    watched.mailbox.oldest_history = watched.mailbox.newest_history
    look(watched)
    assert [counts(watched, send_id) for send_id, _ in made] == [(1, 0), (0, 1), (1, 0), (0, 0), (1, 0)]
    found = state(watched)
    assert (found.history_id, found.catch_up_since) == (str(watched.mailbox.newest_history), None)
    answers(watched, made[3][1])
    look(watched)
    assert counts(watched, made[3][0]) == (1, 0)


def test_catching_up_is_taken_up_again_where_it_was_cut_off(watched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_module, "PAGE", 1)
    made = [mailbox.send(watched) for _ in range(3)]
    for _, thread_id in made:
        answers(watched, thread_id)
    watched.mailbox.oldest_history = watched.mailbox.newest_history
    real, asked = watched.mailbox._read, 0

    def flaky(url: str) -> object:
        nonlocal asked
        asked += "/threads/" in url
        if "/threads/" in url and asked == 2:
            return says(429, "userRateLimitExceeded", "", retry_after="300")(watched.mailbox, lambda: None)  # type: ignore[arg-type,return-value]
        return real(url)

    watched.mailbox._read = flaky  # type: ignore[method-assign,assignment]
    assert isinstance(watched.watching.visit(OWNER, ACCOUNT), RateLimited)
    assert state(watched).due_at == watched.clock() + timedelta(seconds=300)
    look(watched)
    assert [counts(watched, send_id) for send_id, _ in made] == [(1, 0)] * 3
    assert asked == 4  # the first one is not looked into again


def test_a_quiet_mailbox_whose_history_is_too_old_is_left_alone(watched: World) -> None:
    """Its newest id is the one we have: nothing has happened, so nothing is looked for, again and again."""
    mailbox.send(watched)
    look(watched)
    watched.mailbox.oldest_history = watched.mailbox.newest_history + 1
    watched.mailbox.asked.clear()
    look(watched)
    assert watched.mailbox.asked == ["history", "profile"]


def test_what_was_sent_before_the_mailbox_was_looked_into_is_caught_up_with(world: World) -> None:
    """An account that was connected by an earlier release."""
    world.connect()
    send_id, thread_id = mailbox.send(world)
    answers(world, thread_id)
    world.watching.start(world.account())
    assert counts(world, send_id) == (1, 0)


def test_what_came_before_our_own_part_in_a_thread_is_no_answer(watched: World) -> None:
    """Caught up with, the whole thread is read."""
    answers(watched, "tm1")
    watched.clock.pass_(minutes=10)
    send_id, thread_id = mailbox.send(watched)
    assert thread_id == "tm1"
    watched.mailbox.oldest_history = watched.mailbox.newest_history
    look(watched)
    assert counts(watched, send_id) == (0, 0)


# Several sends in one thread


def test_the_message_ids_that_gmail_gave_tell_which_send_was_answered(watched: World) -> None:
    first, thread_id = mailbox.send(watched)
    watched.clock.pass_(days=1)
    second, _ = mailbox.send(watched)
    watched.set(second, gmail_thread_id=thread_id)
    named = {watched.record(first).gmail_message_id: "<one@mail.gmail.com>"}
    real = watched.mailbox._read

    def read(url: str) -> object:
        answer = real(url)
        for stored, message_id in named.items():
            if f"messages/{stored}?" in url:
                found = json.loads(answer.body)
                found["payload"]["headers"].append({"name": "Message-ID", "value": message_id})
                return answer._replace(body=json.dumps(found).encode())
        return answer

    watched.mailbox._read = read  # type: ignore[method-assign,assignment]
    watched.clock.pass_(days=1)
    answers(watched, thread_id, ("In-Reply-To", "<one@mail.gmail.com>"))
    answers(watched, thread_id)
    look(watched)
    assert (counts(watched, first), counts(watched, second)) == ((1, 0), (1, 0))
    assert watched.record(first).rfc822_message_id == "<one@mail.gmail.com>"  # kept for the next time


def test_a_thread_id_of_another_mailbox_is_not_ours(watched: World) -> None:
    send_id, thread_id = mailbox.send(watched)
    watched.set(send_id, account="acc_other")
    answers(watched, thread_id)
    look(watched)
    assert counts(watched, send_id) == (0, 0)


def test_what_came_back_of_a_send_that_is_found_only_later_is_caught_up_with(watched: World) -> None:
    """Gmail's answer was lost; the bounce came, and was nobody's, before the message was found in the Sent folder."""
    watched.mailbox.script = [breaks(begun=True, delivered=True)]
    send_id = watched.queue(to=(Address(GRACE),))
    watched.delivering.deliver(OWNER, send_id)
    assert watched.record(send_id).status is Status.UNKNOWN
    arrives(watched, "tm1", "bounce-no-such-user-gmail")
    look(watched)
    assert counts(watched, send_id) == (0, 0)

    watched.run(hours=2)
    watched.watching.tend()

    assert watched.record(send_id).status is Status.SENT
    assert counts(watched, send_id) == (0, 1)


def test_what_comes_back_before_its_message_is_noted_as_sent_is_found_later(watched: World) -> None:
    """The store is away for some seconds after Gmail's answer, and a look passes over what it can't place."""
    flaky = FlakyDocuments(watched.documents)
    sender = watched.beside(flaky)

    def sleep(seconds: float) -> None:
        watched.clock.pass_(seconds=seconds)
        answers(watched, f"t{watched.mailbox.stored[-1].id}")
        look(watched)
        flaky.down = False

    sender.delivering._settling._sleep = sleep
    watched.mailbox.script = [during(lambda: setattr(flaky, "down", True))]
    send_id = watched.queue(to=(Address(GRACE),))
    sender.deliver()
    assert watched.record(send_id).status is Status.SENT
    assert counts(watched, send_id) == (0, 0)

    watched.watching.tend()

    assert counts(watched, send_id) == (1, 0)


def test_a_need_to_catch_up_that_arises_during_a_look_stands(watched: World) -> None:
    send_id, _ = mailbox.send(watched)
    answers(watched, "somebody-elses")
    real = watched.mailbox._read

    def meanwhile(url: str) -> object:
        watched.watching.missed(watched.record(send_id))
        return real(url)

    watched.mailbox._read = meanwhile  # type: ignore[method-assign,assignment]
    look(watched)
    watched.mailbox._read = real  # type: ignore[method-assign]
    found = state(watched)
    assert found.catch_up_since == watched.record(send_id).created_at
    assert found.due_at == watched.clock()
    assert found.history_id == str(watched.mailbox.newest_history)


# Grants


def test_a_grant_that_is_found_dead_is_marked_and_its_mailbox_rests(watched: World) -> None:
    watched.mailbox.reads = [says(401, "authError")]
    watched.oauth.fails = [ReauthRequired("gone")]
    watched.watching.visit(OWNER, ACCOUNT)
    assert watched.dead()
    watched.clock.pass_(hours=2)
    watched.watching.tend()
    assert state(watched).due_at is None


def test_without_the_right_to_read_nothing_is_asked(world: World) -> None:
    world.oauth.scopes = (SEND,)
    world.connect(scopes=(SEND,))
    world.watching.start(world.account())
    world.send()
    world.watching.tend()
    assert world.documents.get(path(OWNER, ACCOUNT)) is None
    assert world.mailbox.asked == []


def test_every_event_of_a_message_belongs_to_the_owner_of_its_account(watched: World) -> None:
    _, thread_id = mailbox.send(watched)
    answers(watched, thread_id)
    look(watched)
    page = watched.documents.query(Query(f"owners/{OWNER}/events", equals={"account": ACCOUNT}, order=("at", "asc")))
    (event,) = [records.from_data(Event, document.data) for document in page.documents]
    assert (event.owner, event.account, event.rules) == (OWNER, ACCOUNT, 1)
