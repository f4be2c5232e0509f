"""Opens and clicks are put on record with their evidence, judged, and counted; together they always add up."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain import records
from functions.domain.errors import Unavailable
from functions.domain.events import Counting, Event
from functions.domain.messages import Address
from functions.domain.ports import Create, Document, Documents, Page, Query, Update, Write
from functions.domain.sends import Send
from functions.domain.track_tokens import Tracked
from functions.services import owners
from functions.services.hits import LIMIT, Hits, Seen
from functions.services.timeline import Timeline
from tests.services.builders import NOW, send
from tests.services.fakes import FlakyDocuments

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
SENT = NOW + timedelta(seconds=10)


@pytest.fixture
def store(tmp_path: Path) -> SqliteDocuments:
    return SqliteDocuments(tmp_path / "gmail.db", declared())


class Tracking:
    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.timeline = Timeline(documents)
        self.hits = Hits(documents, self.timeline, os.urandom)
        self.sent = send(sent_at=SENT)

    def start(self, **changed: Any) -> None:
        self.sent = replace(self.sent, **changed)
        self.documents.commit([Create(self.path, records.to_data(self.sent))])

    @property
    def path(self) -> str:
        return f"owners/{self.sent.owner}/sends/{self.sent.id}"

    def hit(self, kind: str, after: float, link: int = 0, **seen: Any) -> None:
        click = {"index": link, "url": f"https://a.example/{link}"} if kind == "click" else {}
        tracked = Tracked(kind, self.sent.owner, self.sent.id, NOW.date(), **click)  # type: ignore[arg-type]
        given: dict[str, Any] = {
            "at": SENT + timedelta(seconds=after),
            "user_agent": CHROME,
            "forwarded": "81.2.69.160",
            "peer": "10.0.0.1",
            "headers": {},
            "secure": False,
        }
        self.hits.record(tracked, Seen(**{**given, **seen}))

    def counts(self) -> tuple[int, int, int, int]:
        """opens, all opens, clicks, all clicks"""
        document = self.documents.get(self.path)
        assert document
        found = records.from_data(Send, document.data)
        return found.opens, found.all_opens, found.clicks, found.all_clicks

    def events(self) -> list[Event]:
        return self.timeline.of(self.sent.owner, self.sent.id)

    def adds_up(self) -> bool:
        """The counters say what the events say."""
        found = {"opened": [0, 0], "clicked": [0, 0]}
        for event in self.events():
            found[event.type][0] += event.verdict in ("human", "proxy")
            found[event.type][1] += 1
        return self.counts() == (*found["opened"], *found["clicked"])


@pytest.fixture
def tracking(store: SqliteDocuments) -> Tracking:
    made = Tracking(store)
    made.start()
    return made


def test_an_open_is_on_record_with_its_evidence_and_counts(tracking: Tracking) -> None:
    tracking.hit("open", 95, headers={"accept": "image/*"})

    (event,) = tracking.events()
    assert (event.type, event.verdict, event.rules) == ("opened", "human", 1)
    assert event.reason == "A browser, 1 minute after the message went out."
    assert (event.recipient, event.url, event.account) == ("bo@elsewhere.example", "", "acc_1")
    assert event.at == SENT + timedelta(seconds=95)
    assert event.evidence == {
        "delay": 95.0,
        "order": 0,
        "user_agent": CHROME,
        "network": "other",
        "headers": {"accept": "image/*"},
        "link": -1,
        "mailboxes": ["unknown"],
        "secure": False,
    }
    assert tracking.counts() == (1, 1, 0, 0)


def test_a_click_is_on_record_with_where_it_led(tracking: Tracking) -> None:
    tracking.hit("open", 60)
    tracking.hit("click", 95, link=2)

    event = tracking.events()[1]
    assert (event.type, event.url, event.verdict) == ("clicked", "https://a.example/2", "human")
    assert (event.evidence["link"], event.evidence["order"]) == (2, 1)
    assert tracking.counts() == (1, 1, 1, 1)


def test_the_address_is_looked_up_and_not_kept(tracking: Tracking, tmp_path: Path) -> None:
    tracking.hit("click", 60, forwarded="198.51.100.7, 104.47.1.254", peer="169.254.8.1")

    (event,) = tracking.events()
    assert (event.evidence["network"], event.verdict) == ("microsoft-filter", "scanner")
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for address in (b"104.47.1.254", b"198.51.100.7", b"169.254.8.1"):
        assert address not in stored


def test_machines_count_in_the_total_only(tracking: Tracking) -> None:
    tracking.hit("open", 1)
    tracking.hit("click", 60, user_agent="curl/8.4.0")
    assert tracking.counts() == (0, 1, 0, 1)


def test_whose_it_is_cannot_be_told_with_several_recipients(store: SqliteDocuments) -> None:
    other = Tracking(store)
    other.start(id="snd_2", cc=(Address("cy@elsewhere.example"),))
    other.hit("open", 60)
    assert other.events()[0].recipient == ""


def test_a_hit_before_gmails_answer_is_noted_counts_from_the_attempt(store: SqliteDocuments) -> None:
    made = Tracking(store)
    made.start(sent_at=None)
    made.hit("open", 5)
    assert made.events()[0].evidence["delay"] == 15.0  # since it was created


def test_a_hit_on_a_send_that_is_gone_is_dropped(store: SqliteDocuments) -> None:
    made = Tracking(store)
    made.hit("open", 60)
    made.hit("click", 60)
    assert made.events() == []


def test_a_burst_takes_its_first_click_back(tracking: Tracking) -> None:
    tracking.hit("click", 60, link=0)
    assert tracking.counts() == (0, 0, 1, 1)
    tracking.hit("click", 60.4, link=1)
    tracking.hit("click", 60.8, link=2)

    assert [e.verdict for e in tracking.events()] == ["scanner"] * 3
    assert all("different links" in e.reason for e in tracking.events())
    assert tracking.counts() == (0, 0, 0, 3)
    tracking.hit("click", 600, link=1)  # the reader, later
    assert tracking.counts() == (0, 0, 1, 4)
    assert tracking.adds_up()


def test_a_burst_that_comes_all_at_once_is_seen_as_one(open_store: Callable[[], Documents]) -> None:
    """Each hit in an instance of its own: none of them sees the others before they are on record."""
    first = Tracking(open_store())
    first.start()
    instances = [Tracking(open_store()) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(t.hit, "click", 60 + n / 100, link=n) for n, t in enumerate(instances)]:
            done.result()

    assert [e.verdict for e in first.events()] == ["scanner"] * 6
    assert first.counts() == (0, 0, 0, 6)


class Watched(FlakyDocuments):
    """Tells what was asked, and lets something happen between the first read of a hit and what follows it."""

    def __init__(self, inner: Documents) -> None:
        super().__init__(inner)
        self.asked: list[str] = []
        self.meanwhile: Callable[[], None] | None = None

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        self.asked.append("get")
        found = super().get_many(paths)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return found

    def query(self, query: Query) -> Page:
        self.asked.append("query")
        return super().query(query)

    def commit(self, writes: Sequence[Write]) -> list[str]:
        self.asked.append("commit")
        return super().commit(writes)


def test_a_hit_asks_for_others_only_where_there_are_any(store: SqliteDocuments) -> None:
    watched = Watched(store)
    made = Tracking(watched)
    made.start()
    for after, asked in ((60, ["get", "commit"]), (600, ["get", "query", "commit"])):
        watched.asked = []
        made.hit("click", after)
        assert watched.asked == asked
    assert made.counts() == (0, 0, 2, 2)


def test_a_hit_that_another_one_overtakes_is_judged_with_it(store: SqliteDocuments) -> None:
    """The other is put on record after this one has read how many there are, and before it is on record itself."""
    watched = Watched(store)
    made, other = Tracking(watched), Tracking(store)
    made.start()
    watched.meanwhile = lambda: other.hit("click", 60, link=0)
    made.hit("click", 60.4, link=1)

    assert [e.verdict for e in made.events()] == ["scanner", "scanner"]
    assert made.counts() == (0, 0, 0, 2)


def test_other_events_of_the_send_stay_as_they_are(tracking: Tracking) -> None:
    reply = Event("evt_r", "own_1", "snd_1", "acc_1", "replied", SENT + timedelta(seconds=59), verdict="human")
    tracking.timeline.add(reply, Counting(replies=1))
    tracking.hit("click", 60, link=0)
    tracking.hit("click", 60.4, link=1)

    assert tracking.events()[0] == reply
    assert tracking.hits.regrade("own_1", "snd_1") == 0


def test_old_hits_can_be_judged_by_new_rules(tracking: Tracking) -> None:
    """Verdicts, reasons, rules and counters change together."""
    tracking.hit("open", 60)
    tracking.hit("click", 90)
    for event in tracking.events():  # as an older release had judged them
        place = f"owners/own_1/events/{event.id}"
        tracking.documents.commit([Update(place, {"verdict": "scanner", "reason": "Old.", "rules": 0})])
    tracking.documents.commit([Update(tracking.path, {"opens": 0, "clicks": 0})])

    assert tracking.hits.regrade("own_1", "snd_1") == 2
    assert [(e.verdict, e.rules) for e in tracking.events()] == [("human", 1), ("human", 1)]
    assert tracking.counts() == (1, 1, 1, 1)
    assert tracking.hits.regrade("own_1", "snd_1") == 0
    assert tracking.adds_up()


def test_a_flood_stops_at_a_limit(tracking: Tracking) -> None:
    """A program that comes again and again must not fill the store."""
    for n in range(LIMIT + 20):
        tracking.hit("open", 60 + 40 * n)
    assert len(tracking.events()) == LIMIT
    assert tracking.counts() == (LIMIT, LIMIT, 0, 0)


def test_what_is_long_is_cut(tracking: Tracking) -> None:
    tracking.hit("open", 60, user_agent="M" * 100_000, headers={"accept": "a" * 100_000})
    (event,) = tracking.events()
    assert len(event.evidence["user_agent"]) == 400
    assert len(event.evidence["headers"]["accept"]) == 100


def test_hits_are_kept_for_as_long_as_the_owner_says(tracking: Tracking) -> None:
    tracking.hit("open", 60)
    owners.Owners(tracking.documents).keep("own_1", 30, 7)
    tracking.hit("open", 600)

    first, second = tracking.events()
    assert first.expires_at == first.at + timedelta(days=400)
    assert second.expires_at == second.at + timedelta(days=7)


def test_another_owners_send_of_the_same_id_is_not_counted(tracking: Tracking, store: SqliteDocuments) -> None:
    other = Tracking(store)
    other.start(owner="own_2")
    tracking.hit("open", 60)
    assert other.counts() == (0, 0, 0, 0)
    assert other.events() == []


def test_a_store_that_is_away_is_an_error_here(store: SqliteDocuments) -> None:
    flaky = FlakyDocuments(store)
    made = Tracking(flaky)
    made.start()
    flaky.down = True
    with pytest.raises(Unavailable):
        made.hit("open", 60)
    flaky.down = False
    assert made.counts() == (0, 0, 0, 0)


def test_a_lost_answer_of_the_store_leaves_counters_that_add_up(store: SqliteDocuments) -> None:
    """The event and its count are one commit: both are there, or none."""
    flaky = FlakyDocuments(store, written=True)
    made = Tracking(flaky)
    made.start()
    flaky.fail = {1}
    with pytest.raises(Unavailable):
        made.hit("open", 60)
    assert made.counts() == (1, 1, 0, 0)
    assert made.adds_up()


def test_a_hit_is_on_the_message_that_was_sent_again_not_on_the_one_that_failed(tracking: Tracking) -> None:
    """The links are the same: they were made when the first one was composed."""
    again = Tracking(tracking.documents)
    again.start(id="snd_2", resend_of=tracking.sent.id)
    tracking.documents.commit([Update(tracking.path, {"status": "failed", "resent_as": "snd_2"})])
    tracking.hit("open", 60)
    assert (tracking.counts(), again.counts()) == ((0, 0, 0, 0), (1, 1, 0, 0))
