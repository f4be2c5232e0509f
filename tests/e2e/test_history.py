"""The history: what was sent, found again by whatever is known of it."""

import json
from datetime import UTC, datetime, timedelta
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
    assert [event["type"] for event in found["events"]] == ["queued", "sent"]
    assert caller.history()[0] == {**found, "events": []}


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
    assert found(account=grace.email) == ["two"]
    assert found(q="THREE") == ["three"]
    assert found(q=" ") == ["three", "two", "one"]
    caller.get("history/", account="nobody@elsewhere.example").problem(404, "not_found")
    assert found(account="acc_0") == []
    caller.send(subject="four", to=["bo@bücher.example"]).ok()
    assert found(to="Bo@xn--bcher-kva.example") == ["four"]


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


NAMES = [
    ('=1+1 Invoice, "März"', ["ada+x@ex-ample.com"]),
    ("請求書のお知らせ 🎉", ["bo@elsewhere.example"]),
    ("İstanbul'da Straße", [{"email": "di@elsewhere.example", "name": "Di Øresund"}, "bo@elsewhere.example"]),
]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("invoice", [0]),
        ("MARZ 1", [0]),
        ("ada+x@ex-ample.com", [0]),
        ("ADA+X@ex-ample.COM invoice", [0]),
        ("ex-ample", [0]),
        ("請求書", [1]),
        ("知らせ bo@elsewhere.example", [1]),
        ("🎉", [1]),
        ("strasse", [2]),
        ("istanbul oresund", [2]),
        ("elsewhere", [2, 1]),
        ("bo@elsewhere.example", [2, 1]),
        ("invoice strasse", []),
        ("!?", []),
    ],
)
def test_free_text_finds_subjects_and_recipients(user: Caller, ada: Person, q: str, expected: list[int]) -> None:
    user.connect(ada)
    for subject, to in NAMES:
        user.send(subject=subject, to=to).ok()
    assert subjects(user.history(q=q)) == [NAMES[number][0] for number in expected]


def test_free_text_is_found_page_by_page_with_other_filters(caller: Caller, ada: Person) -> None:
    """In every hosting, on every store."""
    caller.connect(ada)
    for number in range(6):
        tags = ["red"] if number % 2 else []
        caller.send(subject=f"Große Nachricht {number}", tags=tags, to=["ada+x@ex-ample.com"]).ok()
    wanted = {"q": "grosse ada+x@ex-ample.com", "tag": "red", "page_size": 2}
    first = caller.get("history/", **wanted).ok()
    second = caller.get("history/", **wanted, page_token=first["next_page_token"]).ok()
    found = subjects(first["sends"]) + subjects(second["sends"])
    assert found == ["Große Nachricht 5", "Große Nachricht 3", "Große Nachricht 1"]
    assert second["next_page_token"] is None
    assert caller.history(q="nachricht 4 ada", tag="red") == []


def test_the_exact_message_of_a_template_is_the_one_that_was_rendered(
    caller: Caller, ada: Person, google: Google
) -> None:
    caller.connect(ada)
    fields = {"name": "T", "subject": "Für {{ who }}", "html": "<p>Dear {{ who }}</p>", "variables": [{"key": "who"}]}
    made = caller.post("templates/", fields).ok(201)
    caller.post(f"templates/{made['id']}/publish/", {}).ok()
    use = {"id": made["id"], "variables": {"who": "Grace Ø"}}
    sent = caller.send(template=use, subject=None, text=None).ok()

    found = caller.get(f"history/{sent['id']}/", include="mime").ok()
    assert (found["template"], found["template_version"], found["subject"]) == (made["id"], 1, "Für Grace Ø")
    message = message_from_string(found["mime"], policy=policy.default)
    assert message["Subject"] == "Für Grace Ø"
    html = message.get_body(("html",))
    assert html
    assert "Dear Grace Ø" in html.get_content()
    assert found["mime"].encode() == google.call("GET", f"/inbox/{ada.email}/{sent['gmail_message_id']}/original")
    assert [s["id"] for s in caller.history(template=made["id"])] == [sent["id"]]
    assert caller.get("history/stats/", by="template").ok()["stats"][0]["key"] == made["id"]


def test_an_owner_chooses_how_long_contents_and_events_are_kept(
    caller: Caller, stranger: Caller, ada: Person, grace: Person
) -> None:
    account = caller.connect(ada)
    caller.connect(grace)
    assert caller.get("history/settings/").ok() == {"content_days": 90, "event_days": 400}
    chosen = caller.call("PUT", "history/settings/", {"content_days": 30}).ok()
    assert chosen == caller.get("history/settings/").ok() == {"content_days": 30, "event_days": 400}
    assert stranger.get("history/settings/").ok()["content_days"] == 90
    for body, pointer in (
        ({"content_days": 0}, "/content_days"),
        ({"event_days": "9"}, "/event_days"),
        ({"x": 1}, "/x"),
    ):
        assert caller.call("PUT", "history/settings/", body).pointers(400, "invalid_request") == [pointer]
    caller.key("read").call("PUT", "history/settings/", {}).problem(403, "forbidden")
    limited = caller.key("manage", "read", accounts=[account["id"]])
    limited.call("PUT", "history/settings/", {"content_days": 1}).problem(403, "forbidden")
    assert limited.get("history/settings/").ok() == chosen


def test_a_key_for_some_accounts_has_a_history_of_theirs_alone(caller: Caller, ada: Person, grace: Person) -> None:
    """In every hosting, on every store: lists, files, batches and what can be done with them."""
    first, second = caller.connect(ada), caller.connect(grace)
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    batches = {}
    for account in (first, second):
        caller.send(account=account["id"], subject=f"from {account['id']}", tags=["x"]).ok()
        recipients = [{"to": "a@elsewhere.example"}, {"to": "b@elsewhere.example"}]
        merged = caller.send(account=account["id"], to=None, recipients=recipients, send_at=later).ok(202)
        batches[account["id"]] = merged["batch"]
    key = caller.key("read", "send", accounts=[second["id"]])
    both = caller.key("read", "send", accounts=[second["id"], first["id"]])

    for query in ({}, {"tag": "x"}, {"q": "elsewhere"}, {"q": "from", "tag": "x"}, {"account": grace.email}):
        expected = [s["id"] for s in caller.history(**query) if s["account"] == second["id"]]
        assert [s["id"] for s in key.history(**query)] == expected
        lines = key.get("history/export/", format="ndjson", **query).text.splitlines()
        assert [json.loads(line)["id"] for line in lines] == expected
        page = key.get("history/", **query, page_size=len(expected)).ok()
        assert (len(page["sends"]), page["next_page_token"]) == (len(expected), None)
        assert both.history(**query) == caller.history(**query)
    assert key.history(account=first["id"]) == []
    key.get("history/", account=ada.email).problem(404, "not_found")
    for path in (f"history/{batches[first['id']]}/", f"history/{caller.history(account=first['id'])[0]['id']}/"):
        key.get(path).problem(404, "not_found")
        key.post(f"{path}cancel/", {}).problem(404, "not_found")
    assert key.get(f"history/{batches[second['id']]}/").ok()["counts"] == {"scheduled": 2}
    assert key.post(f"history/{batches[second['id']]}/cancel/", {}).ok()["cancelled"] == 2
    assert caller.get(f"history/{batches[first['id']]}/").ok()["counts"] == {"scheduled": 2}


def test_a_batch_is_looked_at_without_other_words(user: Caller, ada: Person) -> None:
    user.connect(ada)
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    made = user.send(to=None, recipients=[{"to": "a@elsewhere.example"}], send_at=later).ok(202)
    user.get(f"history/{made['batch']}/", include="mime").problem(400, "invalid_request")
    user.get(f"history/{made['sends'][0]['id']}/", colour="red").problem(400, "invalid_request")
