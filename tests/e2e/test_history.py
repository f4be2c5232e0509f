"""The history: what was sent, found again by whatever is known of it."""

from email import message_from_string, policy
from typing import Any

import pytest

from tests.e2e.client import Caller
from tests.e2e.google import Google, Person

RECORD = {
    "id", "status", "account", "from", "to", "cc", "bcc", "subject", "template", "trigger", "tags", "metadata",
    "attachments", "created_at", "send_at", "sent_at", "attempts", "gmail_message_id", "gmail_thread_id", "counts",
    "events", "explanation",
}  # fmt: skip


def subjects(found: list[dict[str, Any]]) -> list[str]:
    return [one["subject"] for one in found]


def test_the_newest_send_comes_first(caller: Caller, ada: Person) -> None:
    caller.connect(ada)
    for subject in ("one", "two", "three"):
        caller.send(subject=subject).ok()

    assert subjects(caller.history()) == ["three", "two", "one"]


def test_a_record_has_all_that_the_contract_names(caller: Caller, ada: Person) -> None:
    account = caller.connect(ada)
    sent = caller.send(
        to=[{"email": "Bo@Elsewhere.example", "name": "Bo"}],
        cc=["cc@elsewhere.example"],
        bcc=["bcc@elsewhere.example"],
        tags=["spring"],
        metadata={"order": "42"},
    ).ok()

    found = caller.get(f"history/{sent['id']}/").ok()

    assert found.keys() >= RECORD
    assert found["status"] == "sent"
    assert found["account"] == account["id"]
    assert found["from"] == {"email": ada.email, "name": "ada"}
    assert found["to"] == [{"email": "Bo@Elsewhere.example", "name": "Bo"}]
    assert found["bcc"] == [{"email": "bcc@elsewhere.example"}]
    assert found["tags"] == ["spring"]
    assert found["metadata"] == {"order": "42"}
    assert [a["outcome"] for a in found["attempts"]] == ["sent"]
    assert found["gmail_message_id"] == sent["gmail_message_id"]
    assert found["sent_at"] == sent["sent_at"]
    assert found["created_at"] <= found["sent_at"]
    assert found["counts"] == {"opens": 0, "clicks": 0, "replies": 0, "bounces": 0}
    assert found["explanation"]
    assert caller.history()[0] == found


def test_every_filter_finds_what_it_says(caller: Caller, ada: Person, grace: Person, google: Google) -> None:
    caller.connect(ada)
    second = caller.connect(grace)
    caller.send(subject="one", tags=["spring"]).ok()
    caller.send(subject="two", account=grace.email, cc=["Di@elsewhere.example"], tags=["spring", "vip"]).ok()
    google.fault("send", account=ada.email, preset="400-invalidArgument", times=1)
    caller.send(subject="three", bcc=["di@elsewhere.example"]).problem(502, "gmail_rejected")
    moment = caller.history()[1]["created_at"]

    def found(**query: str) -> list[str]:
        return subjects(caller.history(**query))

    assert found(account=second["id"]) == ["two"]
    assert found(status="failed") == ["three"]
    assert found(status="sent") == ["two", "one"]
    assert found(to="di@ELSEWHERE.example") == ["three", "two"]
    assert found(to="bo@elsewhere.example") == ["three", "two", "one"]
    assert found(tag="spring") == ["two", "one"]
    assert found(tag="vip", to="di@elsewhere.example") == ["two"]
    assert found(tag="spring", account=second["id"], status="sent") == ["two"]
    assert found(since=moment) == ["three", "two"]
    assert found(until=moment) == ["one"]
    assert found(since=moment.replace("Z", "+00:00")) == ["three", "two"]
    assert found(template="tpl_0") == []
    assert found(trigger="trg_0") == []
    assert found(tag="SPRING") == []


def test_the_history_comes_in_pages_that_miss_and_repeat_nothing(caller: Caller, ada: Person) -> None:
    caller.connect(ada)
    for number in range(5):
        caller.send(subject=str(number), tags=["even" if number % 2 == 0 else "odd"]).ok()

    def pages(**query: Any) -> list[list[str]]:
        found, token = [], ""
        while token is not None:
            page = caller.get("history/", **query, **({"page_token": token} if token else {})).ok()
            found.append(subjects(page["sends"]))
            token = page["next_page_token"]
        return found

    assert pages(page_size=2) == [["4", "3"], ["2", "1"], ["0"]]
    assert pages(page_size=2, tag="even") == [["4", "2"], ["0"]]
    assert pages(page_size=1, tag="even", to="bo@elsewhere.example")[:3] == [["4"], ["2"], ["0"]]
    assert pages(page_size=500) == [["4", "3", "2", "1", "0"]]


def test_a_page_token_of_another_query_is_refused(caller: Caller, ada: Person) -> None:
    caller.connect(ada)
    caller.send().ok()
    caller.send().ok()
    token = caller.get("history/", page_size=1).ok()["next_page_token"]

    caller.get("history/", status="sent", page_size=1, page_token=token).problem(400, "invalid_request")


@pytest.mark.parametrize(
    "query",
    [{"status": "lost"}, {"since": "yesterday"}, {"until": "2031-01-01T00:00:00"}, {"colour": "red"}, {"page_size": 0}],
)
def test_a_filter_that_means_nothing_is_refused(caller: Caller, query: dict[str, Any]) -> None:
    caller.get("history/", **query).problem(400, "invalid_request")


def test_the_exact_message_can_be_had(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    sent = caller.send(subject="Grüße").ok()

    found = caller.get(f"history/{sent['id']}/", include="mime").ok()["mime"]

    stored = google.message(ada.email, sent["gmail_message_id"])
    assert found.encode() == google.call("GET", f"/inbox/{ada.email}/{sent['gmail_message_id']}/original")
    assert message_from_string(found, policy=policy.default)["Message-ID"] == stored["Message-ID"]
    assert "mime" not in caller.get(f"history/{sent['id']}/").ok()
    caller.get(f"history/{sent['id']}/", include="everything").problem(400, "invalid_request")


def test_the_exact_message_can_be_had_after_the_account_is_gone(caller: Caller, ada: Person) -> None:
    account = caller.connect(ada)
    sent = caller.send(subject="Farewell").ok()
    caller.delete(f"accounts/{account['id']}/").ok(204)

    found = caller.get(f"history/{sent['id']}/", include="mime").ok()

    assert "Subject: Farewell" in found["mime"]
    assert found["account"] == account["id"]


@pytest.mark.parametrize("send_id", ["snd_0", "snd_" + "0" * 26, "acc_0", "x", "..", "%2e%2e", "snd_%00"])
def test_an_id_of_nothing_is_not_found(caller: Caller, send_id: str) -> None:
    caller.get(f"history/{send_id}/").problem(404, "not_found")
