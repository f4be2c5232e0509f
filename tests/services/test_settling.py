"""What became of an attempt is written down, whoever counts something on the same send at that moment."""

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest

from functions.domain.errors import Unavailable
from functions.domain.events import Counting, Event
from functions.domain.ids import derived_id
from functions.domain.ports import Create, Update, Write
from functions.domain.sends import LEASE, Send, Status
from functions.domain.track_tokens import Tracked
from functions.services.hits import Hits, Seen
from functions.services.mailbox import COUNTS
from tests.services.fakes import ACCOUNT, OWNER, FlakyDocuments, World, meanwhile

BURST = 12  # of each kind, which is more than the readers of one message do within a second
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


class Life:
    """What happens to a message: opens, replies and bounces, as those who note them do it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.hits = Hits(world.documents, world.timeline, os.urandom)

    def open(self, send_id: str, number: int) -> None:
        headers: dict[str, str] = {}
        at = self.world.clock() + timedelta(milliseconds=number)
        tracked = Tracked("open", OWNER, send_id, at.date())
        self.hits.record(tracked, Seen(at, BROWSER, f"81.2.69.{number}", "10.0.0.1", headers, secure=True))

    def comes_back(self, send_id: str, kind: str, number: int) -> None:
        event = Event(
            id=derived_id("evt", kind, send_id, str(number)),
            owner=OWNER,
            send=send_id,
            account=ACCOUNT,
            type=kind,  # type: ignore[arg-type]
            at=self.world.clock(),
            verdict="human" if kind == "replied" else "soft",
        )
        self.world.timeline.add(event, COUNTS[event.type])

    def happens(self, send_id: str, number: int) -> None:
        self.open(send_id, number)
        self.comes_back(send_id, "replied", number)
        self.comes_back(send_id, "bounced", number)

    def adds_up(self, send_id: str) -> bool:
        """The counters say what the events say."""
        events, send = self.world.timeline.of(OWNER, send_id), self.world.record(send_id)
        found = Counter(event.type for event in events)
        people = sum(event.type == "opened" and event.verdict in ("human", "proxy") for event in events)
        counted = Counting(people, 0, found["opened"], 0, found["replied"], found["bounced"])
        return counted._asdict() == {name: getattr(send, name) for name in counted._fields}


def test_a_burst_while_gmail_answers_and_after_changes_no_outcome_and_loses_no_count(shared: World) -> None:
    life = Life(shared)
    send_id = shared.queue()
    running: list[Future[None]] = []
    with ThreadPoolExecutor(4) as pool:

        def burst() -> None:
            assert shared.record(send_id).status is Status.SENDING
            running.extend(pool.submit(life.happens, send_id, number) for number in range(BURST))

        shared.mailbox.script = [meanwhile(burst)]
        shared.deliver()
        for one in running:
            one.result()
    send = shared.record(send_id)
    assert (send.status, [a.outcome for a in send.attempts], send.gmail_message_id) == (Status.SENT, ["sent"], "m1")
    assert (send.all_opens, send.replies, send.bounces) == (BURST, BURST, BURST)
    assert life.adds_up(send_id)
    assert len(shared.mailbox.posts) == 1


class Faster(FlakyDocuments):
    """Somebody counts something right before each of the first commits that settle a send."""

    def __init__(self, world: World, life: Life, times: int) -> None:
        super().__init__(world.documents)
        self.life, self.times = life, times

    def commit(self, writes: Sequence[Write]) -> list[str]:
        write = next((w for w in writes if isinstance(w, Update) and "gmail_message_id" in w.data), None)
        if write and self.times:
            self.times -= 1
            self.life.happens(write.path.rpartition("/")[2], self.times)
        return super().commit(writes)


def test_who_settles_is_beaten_by_readers_time_and_again_and_settles_all_the_same(shared: World) -> None:
    life = Life(shared)
    faster = Faster(shared, life, BURST)
    send_id = shared.queue()
    shared.beside(faster).deliver()
    assert faster.times == 0
    send = shared.record(send_id)
    assert (send.status, send.due_at, send.lease_until) == (Status.SENT, None, None)
    assert (send.all_opens, send.replies, send.bounces) == (BURST, BURST, BURST)
    assert life.adds_up(send_id)


def test_a_claim_whose_answer_was_lost_and_which_was_given_up_meanwhile_is_not_used(world: World) -> None:
    """Its answer came so late that somebody else looked for the message, and may have sent it again."""

    class Frozen(FlakyDocuments):
        def commit(self, writes: Sequence[Write]) -> list[str]:
            claims = any(isinstance(w, Update) and w.data.get("status") == "sending" for w in writes)
            versions = super().commit(writes)
            if claims:
                world.clock.pass_(seconds=LEASE.total_seconds() + 1)
                world.delivering.deliver(OWNER, send_id)
                raise Unavailable("The answer was lost.")
            return versions

    send_id = world.queue(if_unknown="resend")
    frozen = world.beside(Frozen(world.documents))
    frozen.deliver()
    assert world.record(send_id).status is Status.UNKNOWN
    assert world.mailbox.posts == []
    world.run(hours=1)
    fresh: Send = world.record(world.record(send_id).resent_as or "")
    assert fresh.status is Status.SENT
    assert len(world.mailbox.posts) == 1


class Unanswered(FlakyDocuments):
    """The commit that accepts a send gets no answer."""

    def commit(self, writes: Sequence[Write]) -> list[str]:
        if any(isinstance(w, Create) and "/sends/" in w.path for w in writes):
            self.fail = {self.commits}
        return super().commit(writes)


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize("written", [True, False])
def test_an_accepting_commit_without_an_answer_is_looked_for(world: World, written: bool, wait: bool) -> None:
    """What is on record goes out, and says so; after an error nothing does, even where it might be sent again."""
    other = world.beside(Unanswered(world.documents, written=written))
    if written:
        assert other.send(wait=wait, if_unknown="resend").status == ("sent" if wait else "queued")
    else:
        with pytest.raises(Unavailable):
            other.send(wait=wait, if_unknown="resend")
    world.run(hours=1)
    assert len(world.mailbox.posts) == (1 if written else 0)


def test_a_rival_with_the_same_key_is_not_taken_for_oneself(world: World) -> None:
    """Our commit came to nothing and its answer was lost, while another call with the key was accepted."""

    class Overtaken(Unanswered):
        def commit(self, writes: Sequence[Write]) -> list[str]:
            if any(isinstance(w, Create) and "/sends/" in w.path for w in writes):
                world.clock.pass_(seconds=1)
                world.send(key="k", fingerprint="f")
            return super().commit(writes)

    with pytest.raises(Unavailable):
        world.beside(Overtaken(world.documents)).send(key="k", fingerprint="f")
    world.run(hours=1)
    assert len(world.mailbox.posts) == 1
