"""What became of an attempt whose answer was lost: evidence from the mailbox, with everything against it."""

import time
from typing import Any

import pytest

from functions.domain.sends import Send, Status
from tests.faults.ledger import Report, check, marks
from tests.faults.world import FAST, World, request
from tests.full import FULL
from tests.sandbox.client import Google, message

LAG = 60.0 if FULL else 3.0  # seconds
LOOKS = [10.0, 30.0, 60.0, 120.0, 300.0, 600.0] if FULL else [0.5, 1.5, 3.0, 6.0, 15.0, 30.0]
SLOW_LOOKS: dict[str, Any] = {
    **FAST,
    "functions.domain.retries._LOOKS": LOOKS,
    "functions.domain.retries.LOOKS": len(LOOKS),
}


@pytest.fixture(params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    """Of store: what is told apart here is Gmail's doing."""
    return str(request.param)


def one_send(world: World, send_id: str) -> Send:
    return next(send for send in world.sends() if send.id == send_id)


def explained(world: World, send_id: str) -> str:
    return str(world.call(world.servers[-1], "GET", f"history/{send_id}/").json()["explanation"])


def test_what_went_out_is_found_though_the_index_lags_and_headers_are_gone(
    world: World, quiet: Google, report: Report
) -> None:
    """Gmail has replaced the Message-ID, dropped the X- headers, and shows the message only after a while."""
    server = world.start(constants=SLOW_LOOKS)
    account = world.connect(server)
    lagging = {"drop_headers": ["X-*"], "index_lag": LAG}
    ways: list[dict[str, Any]] = [
        {"close": "after_accept"},
        {"reset": "after_accept"},
        {"half_answer": True},
        {"garbage": True},
        {"status": 503, "after_accept": True},
    ]
    quiet.faults(
        *({"match": "send", "account": account["email"], "times": 2, "action": {**w, **lagging}} for w in ways)
    )
    wanted = [request("lagging", wait=i % 2 == 0, headers={"X-Campaign": "spring"}) for i in range(2 * len(ways))]
    world.send_all(server, wanted)
    assert {one.answers[0][1]["status"] for one in wanted if one.body["wait"]} == {"unknown"}
    began = time.monotonic()
    sends = world.wait_until_settled(seconds=LAG * 4)
    took = time.monotonic() - began
    deliveries = world.deliveries()
    figures, wrong = check(wanted, sends, deliveries)
    report.add(f"answers lost, index lags {LAG:g} s", figures)
    report.notes.append(f"with an index that lags {LAG:g} s, the last lost answer was settled after {took:.0f} s.")
    assert wrong == []
    assert figures.sent == len(wanted)
    ids = {mark: one["gmail_message_id"] for one in deliveries for mark in marks(one)}
    assert {send.id: send.gmail_message_id for send in sends} == ids
    assert all(one["message_id_header"] != one["original_message_id"] for one in deliveries)


def test_it_is_found_behind_more_messages_than_a_look_reads(world: World, quiet: Google) -> None:
    """A busy account sends hundreds of messages before the look."""
    constants = {**FAST, "functions.domain.retries._LOOKS": [4.0, 4.0], "functions.domain.retries.LOOKS": 2}
    server = world.start(constants=constants)
    account = world.connect(server)
    world.call(server, "GET", f"accounts/{account['id']}/")  # from here on it has a history id
    rule = {"match": "send", "account": account["email"], "times": 1}
    quiet.faults({**rule, "action": {"close": "after_accept", "index_lag": 1}})
    wanted = [request("behind", if_unknown="resend")]
    world.send(server, wanted[0])
    person = quiet.account(account["email"])
    for number in range(130):
        person.sent(message(f"newer {number}", to="elsewhere@elsewhere.example"))
    sends = world.wait_until_settled()
    deliveries = [one for one in world.deliveries() if marks(one)]
    _, wrong = check(wanted, sends, deliveries)
    assert wrong == []
    assert [send.status for send in sends] == [Status.SENT]


def test_what_was_lost_stays_unknown_until_its_owner_asks(world: World, quiet: Google, report: Report) -> None:
    server = world.start()
    account = world.connect(server)
    quiet.faults({"match": "send", "account": account["email"], "times": 3, "action": {"reset": "after_body"}})
    wanted = [request("held", wait=i == 0) for i in range(3)]
    world.send_all(server, wanted)
    sends = world.wait_until_settled()
    figures, wrong = check(wanted, sends, world.deliveries())
    report.add("truly lost, hold", figures)
    assert wrong == []
    assert figures.unknown == len(wanted)
    assert figures.delivered == 0
    first = sends[0]
    assert "resend" in explained(world, first.id)
    again = world.call(server, "POST", f"history/{first.id}/resend/")
    assert again.status_code == 202, again.text
    repeated = world.call(server, "POST", f"history/{first.id}/resend/")
    assert repeated.json()["id"] == again.json()["id"]
    sends = world.wait_until_settled()
    assert one_send(world, again.json()["id"]).status is Status.SENT
    _, wrong = check(wanted, sends, world.deliveries(), resends=True)
    assert wrong == []
    assert len(world.deliveries()) == 1


def test_what_was_lost_is_resent_once_where_the_sender_chose_so(world: World, quiet: Google, report: Report) -> None:
    server = world.start("--copies", "2")
    account = world.connect(server)
    quiet.faults({"match": "send", "account": account["email"], "times": 4, "action": {"reset": "after_body"}})
    wanted = [request("resent", wait=i % 2 == 0, if_unknown="resend") for i in range(4)]
    world.send_all(server, wanted)
    time.sleep(1)
    sends = world.wait_until_settled()
    figures, wrong = check(wanted, sends, world.deliveries(), resends=True)
    report.add("truly lost, resend", figures)
    assert wrong == []
    assert (figures.unknown, figures.sent, figures.delivered) == (4, 4, 4)
    assert {send.resent_as for send in sends if send.status is Status.UNKNOWN} == {
        send.id for send in sends if send.resend_of
    }


def test_without_the_right_to_read_nothing_is_known_and_nothing_is_repeated(
    world: World, quiet: Google, report: Report
) -> None:
    server = world.start()
    account = world.connect(server, untick="gmail.readonly")
    assert account["capabilities"] == {"send": True, "read": False}
    rule = {"match": "send", "account": account["email"], "times": 2}
    quiet.faults({**rule, "action": {"close": "after_accept"}}, {**rule, "action": {"reset": "after_body"}})
    wanted = [request("unread", wait=i % 2 == 0, if_unknown="resend") for i in range(4)]
    world.send_all(server, wanted)
    sends = world.wait_until_settled()
    time.sleep(3)
    assert world.sends() == sends
    figures, wrong = check(wanted, sends, world.deliveries(), readable=False)
    report.add("answers lost, no right to read", figures)
    assert wrong == []
    assert (figures.unknown, figures.delivered) == (4, 2)
    lost = next(send for send in sends if not any(send.id in marks(one) for one in world.deliveries()))
    assert "resend" in explained(world, lost.id)
    assert world.call(server, "POST", f"history/{lost.id}/resend/").status_code == 202
    sends = world.wait_until_settled()
    _, wrong = check(wanted, sends, world.deliveries(), readable=False, resends=True)
    assert wrong == []
    assert len(world.deliveries()) == 3
