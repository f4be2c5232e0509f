"""What comes back: readers answer, servers bounce, and the history shows it, by push and without."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.client import Caller
from tests.e2e.google import Google, Person
from tests.e2e.hosts import Inside
from tests.e2e.issuer import Issuer

WITHIN = 25  # seconds; after 30 the mailbox is looked at anyway, whether it was pushed or not


@pytest.fixture(params=["local-sqlite", "local-firestore"])
def host(request: pytest.FixtureRequest, hostings: Callable[[str], Any], google: Google) -> Iterator[Any]:
    """Gmail pushes to it."""
    chosen = hostings(request.param)
    google.post("/sandbox/push", {"url": f"{chosen.public_url}/tasks/notify"})
    yield chosen
    google.post("/sandbox/push", {"url": "", "drop": False, "duplicate": False})


@pytest.fixture
def caller(host: Any, issuer: Issuer) -> Caller:
    return Caller(host, issuer.token())


def sent(caller: Caller, person: Person, **message: Any) -> dict[str, Any]:
    return dict(caller.send(account=person.email, **message).ok())


def plays(google: Google, send: dict[str, Any], what: str, **how: Any) -> dict[str, Any]:
    """The reader, or the server of the reader."""
    return dict(google.post(f"/sandbox/messages/{send['gmail_message_id']}/{what}", how))


def history(caller: Caller, send: dict[str, Any]) -> dict[str, Any]:
    return dict(caller.get(f"history/{send['id']}/").ok())


def events(caller: Caller, send: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    """What came back: how it went out is left aside."""
    found = [e for e in history(caller, send)["events"] if e["type"] not in ("queued", "sent")]
    assert all(e["reason"] for e in found)
    return [(e["type"], e["verdict"], e["recipient"]) for e in found]


def until(check: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not check():
        assert time.monotonic() - began < WITHIN, "nobody was told of it"
        time.sleep(0.05)


def seen(caller: Caller, send: dict[str, Any], kind: str) -> bool:
    return any(event[0] == kind for event in events(caller, send))


def test_an_answer_is_in_the_history_soon(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    send = sent(caller, ada)
    plays(google, send, "reply", text="Good morning to you")

    until(lambda: history(caller, send)["counts"]["replies"] == 1)

    assert events(caller, send) == [("replied", "human", "bo@elsewhere.example")]
    again = plays(google, send, "reply", text="And another thing")
    assert again["thread_id"] == send["gmail_thread_id"]
    until(lambda: history(caller, send)["counts"]["replies"] == 2)


def test_an_out_of_office_notice_is_shown_and_is_no_answer(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    send = sent(caller, ada)
    plays(google, send, "reply", auto=True)

    until(lambda: seen(caller, send, "autoreplied"))

    assert history(caller, send)["counts"]["replies"] == 0
    assert events(caller, send) == [("autoreplied", "out_of_office", "bo@elsewhere.example")]


@pytest.mark.parametrize(("kind", "verdict"), [("hard", "hard"), ("full", "soft"), ("blocked", "soft")])
def test_a_bounce_counts_and_only_a_hard_one_suppresses(
    caller: Caller, ada: Person, google: Google, kind: str, verdict: str
) -> None:
    caller.connect(ada)
    send = sent(caller, ada)
    plays(google, send, "bounce", kind=kind)

    until(lambda: history(caller, send)["counts"]["bounces"] == 1)

    assert events(caller, send) == [("bounced", verdict, "bo@elsewhere.example")]
    listed = [entry["address"] for entry in caller.get("suppressions/").ok()["suppressions"]]
    assert listed == (["bo@elsewhere.example"] if verdict == "hard" else [])


def test_a_warning_is_no_bounce(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    send = sent(caller, ada)
    plays(google, send, "bounce", kind="delayed")

    until(lambda: seen(caller, send, "delayed"))

    assert history(caller, send)["counts"]["bounces"] == 0


def test_a_forged_bounce_never_counts(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    send = sent(caller, ada)
    plays(google, send, "bounce", kind="forged")
    plays(google, send, "reply")

    until(lambda: seen(caller, send, "replied"))  # by then it has been looked at

    found = history(caller, send)
    assert (found["counts"]["bounces"], found["counts"]["replies"]) == (0, 1)
    assert events(caller, send) == [("replied", "human", "bo@elsewhere.example")]
    assert caller.get("suppressions/").ok()["suppressions"] == []


def test_addresses_that_bounce_by_themselves_are_noticed_though_it_goes_fast(caller: Caller, ada: Person) -> None:
    """The report is there a moment after Gmail took the message."""
    caller.connect(ada)
    send = sent(caller, ada, to=["nosuchuser@elsewhere.example", "away@elsewhere.example", "echo@elsewhere.example"])

    until(lambda: len(events(caller, send)) == 3)

    counts = history(caller, send)["counts"]
    assert (counts["bounces"], counts["replies"]) == (1, 1)
    assert sorted(event[0] for event in events(caller, send)) == ["autoreplied", "bounced", "replied"]


def test_a_push_that_comes_twice_counts_once(caller: Caller, ada: Person, google: Google) -> None:
    google.post("/sandbox/push", {"duplicate": True})
    caller.connect(ada)
    send = sent(caller, ada)
    for _ in range(3):
        plays(google, send, "reply")

    until(lambda: history(caller, send)["counts"]["replies"] == 3)

    time.sleep(1.5)  # for the second copies
    assert history(caller, send)["counts"]["replies"] == 3
    assert len(events(caller, send)) == 3


def test_two_owners_of_one_mailbox_see_their_own_sends_only(
    host: Any, issuer: Issuer, ada: Person, google: Google
) -> None:
    first, second = Caller(host, issuer.token()), Caller(host, issuer.token())
    for owner in (first, second):
        owner.connect(ada)
    one, other = sent(first, ada), sent(second, ada)
    plays(google, one, "reply")
    plays(google, other, "reply", auto=True)

    until(lambda: seen(first, one, "replied") and seen(second, other, "autoreplied"))

    assert (len(events(first, one)), len(events(second, other))) == (1, 1)
    second.get(f"history/{one['id']}/").problem(404, "not_found")


def test_nobody_but_pubsub_may_push(caller: Caller, host: Any) -> None:
    body = {"message": {"data": "e30="}}
    caller.call("POST", "/tasks/notify", body).problem(401, "unauthenticated")
    Caller(host, "").call("POST", "/tasks/notify", body).problem(401, "unauthenticated")


def watches(google: Google) -> list[str]:
    import json

    return [watch["account"] for watch in json.loads(google.call("GET", "/sandbox/push"))["watches"]]


def test_disconnecting_ends_the_watch(caller: Caller, ada: Person, google: Google) -> None:
    account = caller.connect(ada)
    assert ada.email in watches(google)

    caller.delete(f"accounts/{account['id']}/").ok(204)

    assert ada.email not in watches(google)


# Without pushes, and with a clock that can be moved


@pytest.fixture
def inside(make_inside: Callable[..., Inside]) -> Inside:
    """Nobody pushes to it."""
    return make_inside()


@pytest.fixture
def user(inside: Inside, issuer: Issuer) -> Caller:
    return Caller(inside, issuer.token())


def test_where_a_push_is_lost_the_next_look_finds_it(inside: Inside, user: Caller, ada: Person, google: Google) -> None:
    user.connect(ada)
    send = sent(user, ada)
    plays(google, send, "reply")
    inside.app.sweeping.sweep()
    assert history(user, send)["counts"]["replies"] == 0  # looked into seconds ago

    inside.time.jump(seconds=31)
    inside.app.sweeping.sweep()

    assert history(user, send)["counts"]["replies"] == 1


def test_where_history_is_too_old_nothing_is_lost(inside: Inside, user: Caller, ada: Person, google: Google) -> None:
    user.connect(ada)
    answered, bounced, quiet = (sent(user, ada, subject=subject) for subject in ("One", "Two", "Three"))
    plays(google, answered, "reply")
    plays(google, bounced, "bounce")
    google.post(f"/sandbox/people/{quote(ada.email)}/expire-history", None)

    inside.time.jump(seconds=31)
    inside.app.sweeping.sweep()

    counted = [history(user, send)["counts"] for send in (answered, bounced, quiet)]
    assert [(c["replies"], c["bounces"]) for c in counted] == [(1, 0), (0, 1), (0, 0)]

    plays(google, quiet, "reply")
    inside.time.jump(seconds=31)
    inside.app.sweeping.sweep()
    assert history(user, quiet)["counts"]["replies"] == 1


def test_the_watch_is_renewed_each_day(inside: Inside, user: Caller, ada: Person, google: Google) -> None:
    user.connect(ada)
    sent(user, ada)
    before = google.requests("watch", ada)

    for _ in range(9):
        inside.time.jump(hours=8)
        inside.app.sweeping.sweep()

    assert google.requests("watch", ada) - before == 3
    assert ada.email in watches(google)


def test_a_grant_that_died_is_noticed_and_the_mailbox_left_alone(
    inside: Inside, user: Caller, ada: Person, google: Google
) -> None:
    account = user.connect(ada)
    sent(user, ada)
    google.revoke(ada)
    inside.time.jump(minutes=2)
    inside.app.sweeping.sweep()

    found = user.get(f"accounts/{account['id']}/").ok()
    assert (found["status"], found["problem"]["code"]) == ("reauth_required", "reauth_required")
    inside.time.jump(minutes=2)
    inside.app.sweeping.sweep()
    asked = google.requests("history.list", ada)
    inside.time.jump(minutes=2)
    inside.app.sweeping.sweep()
    assert google.requests("history.list", ada) == asked


def test_answers_that_came_while_the_grant_was_dead_are_found_after_reconnecting(
    inside: Inside, user: Caller, ada: Person, google: Google
) -> None:
    user.connect(ada)
    send = sent(user, ada)
    google.revoke(ada)
    inside.time.jump(minutes=2)
    inside.app.sweeping.sweep()
    plays(google, send, "reply")

    user.connect(ada)

    assert history(user, send)["counts"]["replies"] == 1
