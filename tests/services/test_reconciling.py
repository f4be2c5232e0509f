"""Evidence for an attempt whose outcome was lost. Gmail has replaced the Message-ID and dropped our headers."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.adapters.http import Answer
from functions.domain import retries
from functions.domain.errors import ReauthRequired
from functions.domain.explaining import explanation
from functions.domain.messages import Address
from functions.domain.ports import Delete
from functions.domain.scopes import SEND
from functions.domain.sends import Status
from functions.services import contents
from tests.services.fakes import (
    CALLER,
    OWNER,
    Answering,
    FlakyDocuments,
    Mailbox,
    Stored,
    World,
    breaks,
    meanwhile,
    says,
)

LOST = breaks(begun=True, delivered=True)
NEVER = breaks(begun=True)
BODIES = [{"text": "plain"}, {"text": None, "html": "<p>x</p>"}, {"text": "both", "html": "<p>x</p>"}]


@pytest.mark.parametrize("body", BODIES)
def test_the_history_finds_a_message_by_its_mark_though_the_search_index_lags(
    world: World, body: dict[str, str]
) -> None:
    world.mailbox.search_lag = timedelta(hours=1)
    for _ in range(3):
        world.send()  # others are in the folder too
    world.mailbox.script = [LOST]
    send_id = world.queue(**body)
    world.run(minutes=1)

    send = world.record(send_id)
    assert (send.status, send.gmail_message_id, send.gmail_thread_id) == (Status.SENT, "m4", "tm4")
    assert world.mailbox.deliveries(send_id) == 1


def test_the_search_finds_it_where_the_history_id_is_too_old_once_the_index_has_caught_up(world: World) -> None:
    world.mailbox.oldest_history, world.mailbox.search_lag = 1000, timedelta(seconds=60)
    world.mailbox.script = [LOST]
    send_id = world.queue()
    world.run(seconds=50)
    assert world.record(send_id).status is Status.UNKNOWN
    assert "looked for" in explanation(world.record(send_id))
    world.run(minutes=3)
    assert world.record(send_id).status is Status.SENT


class Searching(Mailbox):
    """Whose search goes by `to:` as it stands in the message, and in which messages can be deleted for good."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.deleted: set[str] = set()
        world.mailbox = self
        world.wire()

    def _read(self, url: str) -> Answer:
        parts = urlsplit(url)
        if parts.path.rpartition("/")[2] in self.deleted:
            return says(404, "notFound")(self, lambda: self.stored[-1])
        if not parts.path.endswith("/messages"):
            return super()._read(url)
        _, _, to = parse_qs(parts.query)["q"][0].partition(" to:")
        everything = self.stored
        self.stored = [s for s in everything if to in s.to]
        try:
            return super()._read(url)
        finally:
            self.stored = everything


def test_the_search_goes_by_the_address_as_it_stands_in_the_message(world: World) -> None:
    """Where the history can't tell, a name with letters of its own must be searched for as it was written out."""
    mailbox = Searching(world)
    mailbox.oldest_history, mailbox.script = 1000, [LOST]
    send_id = world.queue(to=(Address("bob@bücher.example"),))
    world.run(minutes=1)
    assert "xn--" in mailbox.stored[0].to
    assert world.record(send_id).status is Status.SENT


@pytest.mark.parametrize("first", [True, False])
def test_a_message_that_was_deleted_hides_no_other(world: World, first: bool) -> None:
    mailbox = Searching(world)
    if first:
        world.send()
    mailbox.script = [LOST]
    send_id = world.queue()
    world.deliver()
    if not first:
        world.send()
    mailbox.deleted = {s.id for s in mailbox.stored if s.send_id != send_id}
    world.run(minutes=1)
    assert world.record(send_id).status is Status.SENT


def test_where_a_message_was_deleted_not_found_is_not_believed(world: World) -> None:
    """It may have been the one that is looked for."""
    mailbox = Searching(world)
    mailbox.script = [LOST]
    send_id = world.queue(if_unknown="resend")
    world.deliver()
    mailbox.deleted = {"m1"}
    world.run(hours=5)
    send = world.record(send_id)
    assert (send.status, send.due_at, send.looks, send.resent_as) == (Status.UNKNOWN, None, retries.LOOKS, None)
    assert len(mailbox.posts) == 1


class Crowded(Searching):
    """Others went to the same person. The search gives the newest hundred of what it is asked for."""

    def crowd(self, before: int, after: int) -> None:
        """One each second."""
        own = self.stored[-1]
        around = [*range(-before, 0), *range(1, after + 1)]
        others = [
            replace(own, id=f"other{n}", send_id="", content_type="text/plain", at=own.at + timedelta(seconds=n))
            for n in around
        ]
        self.stored = sorted([*self.stored, *others], key=lambda stored: stored.at)

    def _read(self, url: str) -> Answer:
        if not urlsplit(url).path.endswith("/messages"):
            return super()._read(url)
        self.asked.append("messages")
        asked = dict(part.split(":") for part in parse_qs(urlsplit(url).query)["q"][0].split())
        after, before = int(asked["after"]), int(asked.get("before", sys.maxsize))
        found = [s.id for s in self.stored if asked["to"] in s.to and after < s.at.timestamp() < before][::-1]
        more = {"nextPageToken": "more"} if len(found) > 100 else {}
        return Answer(200, {}, json.dumps({"messages": [{"id": i} for i in found[:100]], **more}).encode())


def test_a_message_is_found_among_hundreds_to_the_same_person(world: World) -> None:
    """Alarms, say. The history is too old to help, and what the search gives first came later."""
    mailbox = Crowded(world)
    mailbox.oldest_history, mailbox.script = 1000, [LOST]
    send_id = world.queue()
    world.deliver()
    mailbox.crowd(before=600, after=600)
    world.run(minutes=1)
    assert world.record(send_id).status is Status.SENT


def test_a_message_that_is_found_ends_the_look(world: World) -> None:
    """Each message that a look reads costs as much of Gmail's quota as a fifth of a send."""
    mailbox = Crowded(world)
    mailbox.script = [LOST]
    send_id = world.queue()
    world.deliver()
    mailbox.crowd(before=50, after=5)
    world.run(minutes=1)
    assert world.record(send_id).status is Status.SENT
    assert sum(tail.startswith("messages/") for tail in mailbox.asked) == 6


def test_a_message_of_another_send_to_the_same_person_is_no_evidence(world: World) -> None:
    world.mailbox.script = [NEVER]
    send_id = world.queue()
    world.deliver()
    for _ in range(3):
        world.send()
    world.run(hours=1)
    assert world.record(send_id).status is Status.UNKNOWN


def test_not_found_after_all_looks_stays_unknown_and_is_looked_for_no_more(world: World) -> None:
    world.mailbox.script = [NEVER]
    send_id = world.queue()
    world.run(hours=1)
    send = world.record(send_id)
    assert (send.status, send.due_at, send.looks) == (Status.UNKNOWN, None, retries.LOOKS)
    asked = len(world.mailbox.asked)
    world.run(hours=5)
    assert len(world.mailbox.asked) == asked


def test_not_found_is_sent_again_only_after_all_looks_where_the_sender_chose_so(world: World) -> None:
    world.mailbox.script = [NEVER]
    send_id = world.queue(if_unknown="resend")
    world.run(minutes=8)
    assert world.record(send_id).resent_as is None

    world.run(minutes=30)
    old = world.record(send_id)
    assert (old.status, old.due_at) == (Status.UNKNOWN, None)
    assert old.resent_as
    assert old.resent_as in explanation(old)
    new = world.record(old.resent_as)
    assert (new.status, new.resend_of) == (Status.SENT, send_id)
    assert [p.send_id for p in world.mailbox.posts] == [send_id, new.id]


def test_what_is_sent_again_by_itself_is_called_off_like_the_first(world: World) -> None:
    """It was answered while the follow-up, whose outcome was lost, was looked for."""
    first = world.send().id
    world.mailbox.script = [NEVER]
    follow_up = world.queue(if_unknown="resend")
    world.set(follow_up, in_reply_to_send=first, cancel_if=("replied",))
    world.run(minutes=1)
    world.set(first, replies=1)
    world.run(hours=1)
    again = world.record(world.record(follow_up).resent_as or "")
    assert (again.status, again.cancel_if) == (Status.CANCELLED, ("replied",))
    assert "follows up" in explanation(again)


def test_what_its_owner_sends_again_goes_out_whatever_was_answered(world: World) -> None:
    first = world.send().id
    world.mailbox.script = [NEVER]
    follow_up = world.queue()
    world.set(follow_up, in_reply_to_send=first, cancel_if=("replied",))
    world.run(minutes=1)
    world.set(first, replies=1)
    made, _ = world.controlling.resend(CALLER, follow_up)
    world.run(minutes=1)
    assert world.record(made.id).status is Status.SENT


def test_a_resend_that_is_lost_too_is_not_sent_a_third_time(world: World) -> None:
    world.mailbox.script = [NEVER, NEVER]
    send_id = world.queue(if_unknown="resend")
    world.run(hours=3)
    new = world.record(world.record(send_id).resent_as or "")
    assert (new.status, new.due_at) == (Status.UNKNOWN, None)
    assert len(world.mailbox.posts) == 2


def test_without_the_readonly_grant_nothing_is_sent_again(world: World) -> None:
    world.oauth.scopes = (SEND,)
    world.mailbox.script = [LOST]
    send_id = world.queue(if_unknown="resend")
    world.run(hours=5)
    send = world.record(send_id)
    assert (send.status, send.due_at, send.resent_as) == (Status.UNKNOWN, None, None)
    assert "resend" in explanation(send)
    assert world.mailbox.asked == []


def test_where_there_is_more_than_a_look_reads_not_found_is_not_believed(world: World) -> None:
    world.mailbox.search_is_cut_off = True
    world.mailbox.script = [NEVER]
    send_id = world.queue(if_unknown="resend")
    world.run(hours=5)
    send = world.record(send_id)
    assert (send.status, send.due_at, send.resent_as) == (Status.UNKNOWN, None, None)
    assert len(world.mailbox.posts) == 1


def test_a_readonly_grant_that_goes_before_the_last_look_leaves_the_send_held(world: World) -> None:
    world.mailbox.script = [NEVER]
    send_id = world.queue(if_unknown="resend")
    world.run(minutes=10)
    looks = world.record(send_id).looks
    assert looks == retries.LOOKS - 1
    world.change_account(scopes=(SEND,))
    world.run(hours=2)
    send = world.record(send_id)
    assert (send.looks, send.due_at, send.resent_as) == (looks, None, None)


@pytest.mark.parametrize(
    ("answer", "within"),
    [
        (says(503), timedelta(minutes=5)),
        (says(429, "", "", retry_after="1800"), timedelta(minutes=40)),
        (breaks(begun=False), timedelta(minutes=5)),
    ],
)
def test_a_look_that_fails_is_no_look(world: World, answer: Answering, within: timedelta) -> None:
    world.mailbox.script, world.mailbox.reads = [LOST], [answer]
    send_id = world.queue()
    world.run(seconds=30)
    assert (world.record(send_id).status, world.record(send_id).looks) == (Status.UNKNOWN, 0)
    world.run(seconds=within.total_seconds())
    assert world.record(send_id).status is Status.SENT


def test_a_look_that_gmail_refuses_for_good_is_not_repeated_for_ever(world: World) -> None:
    world.mailbox.script, world.mailbox.reads = [LOST], [says(403, "domainPolicy")] * 100
    send_id = world.queue(if_unknown="resend")
    world.run(hours=3)
    assert (world.record(send_id).due_at, world.record(send_id).resent_as) == (None, None)
    assert len(world.mailbox.reads) >= 98


def test_while_gmail_is_away_for_long_looks_become_rare(world: World) -> None:
    world.mailbox.script, world.mailbox.reads = [LOST], [says(503)] * 1000
    send_id = world.queue()
    world.run(hours=24)
    assert 1000 - len(world.mailbox.reads) < 100
    world.mailbox.reads = []
    world.run(hours=2)
    assert world.record(send_id).status is Status.SENT


def test_an_account_that_must_be_reconnected_is_looked_into_afterwards(world: World) -> None:
    world.mailbox.script = [LOST]
    send_id = world.queue()
    world.deliver()
    world.change_account(status="reauth_required")
    world.run(hours=3)
    assert world.record(send_id).status is Status.UNKNOWN
    assert world.record(send_id).due_at
    world.change_account(status="connected")
    world.run(hours=2)
    assert world.record(send_id).status is Status.SENT


def test_a_grant_that_dies_while_looking_is_no_end(world: World) -> None:
    world.mailbox.script = [LOST]
    send_id = world.queue()
    world.deliver()
    world.mailbox.reads = [says(401, "authError")]
    world.oauth.fails = [ReauthRequired("invalid_grant")]
    world.run(minutes=5)
    assert world.dead()
    world.connect()
    world.run(hours=2)
    assert world.record(send_id).status is Status.SENT


def test_a_disconnected_accounts_unknown_sends_are_looked_for_no_more(world: World) -> None:
    world.mailbox.script = [LOST]
    send_id = world.queue(if_unknown="resend")
    world.deliver()
    world.disconnect()
    world.run(hours=1)
    send = world.record(send_id)
    assert (send.status, send.due_at, send.resent_as) == (Status.UNKNOWN, None, None)


def test_a_dead_process_is_noticed_when_its_lease_ends_and_the_send_found(world: World) -> None:
    def killed_after_gmail_took_it(_box: Mailbox, deliver: Callable[[], Stored]) -> Answer:
        deliver()
        raise KeyboardInterrupt

    world.mailbox.script = [killed_after_gmail_took_it]
    send_id = world.queue()
    with pytest.raises(KeyboardInterrupt):
        world.deliver()
    assert world.record(send_id).status is Status.SENDING
    world.run(minutes=4)
    assert world.record(send_id).status is Status.SENDING
    world.run(minutes=3)
    assert world.record(send_id).status is Status.SENT
    assert len(world.mailbox.posts) == 1


def test_a_repeated_call_settles_what_a_dead_process_left(world: World) -> None:
    world.mailbox.script = [meanwhile(lambda: (_ for _ in ()).throw(KeyboardInterrupt()), NEVER)]
    with pytest.raises(KeyboardInterrupt):
        world.send(key="k", fingerprint="f")
    world.clock.pass_(minutes=6)
    repeated = world.repeat("k", "f")
    assert repeated
    assert (repeated.status, repeated.repeated) == ("unknown", True)


def test_a_resend_by_hand_while_it_is_being_looked_for_ends_the_looking_quietly(world: World) -> None:
    """The automatic resend finds that there is one already."""
    world.mailbox.script = [NEVER]
    send_id = world.queue(if_unknown="resend")
    world.run(minutes=1)
    made, _ = world.controlling.resend(CALLER, send_id)
    world.run(hours=2)
    old = world.record(send_id)
    assert (old.due_at, old.resent_as) == (None, made.id)
    assert [p.send_id for p in world.mailbox.posts] == [send_id, made.id]


def test_without_its_content_nothing_is_sent_again_and_the_looking_ends(world: World) -> None:
    world.mailbox.script = [NEVER]
    send_id = world.queue(if_unknown="resend")
    world.deliver()
    world.documents.commit([Delete(contents.path(OWNER, send_id))])
    world.run(hours=1)
    assert (world.record(send_id).due_at, world.record(send_id).resent_as) == (None, None)


def test_a_bcc_only_message_is_looked_for_too(world: World) -> None:
    world.mailbox.script = [LOST]
    send_id = world.queue(to=(), bcc=(Address("z@example.org"),))
    world.run(minutes=1)
    assert world.record(send_id).status is Status.SENT


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("commit", range(12))
def test_a_store_that_fails_while_looking_makes_one_resend_at_most(world: World, commit: int, written: bool) -> None:
    world.mailbox.script = [NEVER]
    send_id = world.queue(if_unknown="resend")
    world.deliver()
    flaky = FlakyDocuments(world.documents, written=written)
    flaky.fail = {commit}
    world.beside(flaky).run(hours=2)
    assert len(world.mailbox.stored) == 1
    assert world.record(world.record(send_id).resent_as or "").status is Status.SENT
