"""What connecting and pushes ask Gmail for: what is called, and what is made of the answers."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from functions.adapters.gmail import GmailService
from functions.adapters.gmail_settings import MAX_PAGES
from functions.adapters.http import Http
from functions.domain.errors import NotFound, Unavailable
from functions.domain.google_ports import Added, Changes, Watch
from tests.faults.stub import Act, Stub, http, refusal
from tests.services.builders import Clock

CALLS: dict[str, Callable[[GmailService], object]] = {
    "aliases": lambda gmail: gmail.aliases("token"),
    "profile": lambda gmail: gmail.profile("token"),
    "watch": lambda gmail: gmail.watch("token", "projects/p/topics/t"),
    "stop": lambda gmail: gmail.stop("token"),
    "history": lambda gmail: gmail.history_since("token", "7"),
}


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    yield made
    made.close()


@pytest.fixture
def gmail(stub: Stub) -> GmailService:
    return GmailService(Http(), stub.url, Clock())


def says(stub: Stub, found: Any) -> None:
    stub.script.append(Act(answer=http(200, json.dumps(found).encode())))


def targets(stub: Stub) -> list[str]:
    return [head.decode().partition(" HTTP/")[0] for head in stub.heads]


def page(*ids: int, following: str = "", newest: int = 99) -> dict[str, Any]:
    message = {"threadId": "t", "labelIds": ["INBOX"]}
    found = [{"id": str(i), "messagesAdded": [{"message": {"id": f"m{i}", **message}}]} for i in ids]
    return {"history": found, "historyId": str(newest), **({"nextPageToken": following} if following else {})}


def added(*ids: int) -> tuple[Added, ...]:
    return tuple(Added(f"m{i}", "t", frozenset({"INBOX"}), str(i)) for i in ids)


def test_a_watch_leaves_out_what_the_owner_writes(gmail: GmailService, stub: Stub) -> None:
    says(stub, {"historyId": "42", "expiration": "1924992000000"})

    assert gmail.watch("token", "projects/p/topics/t") == Watch("42", datetime(2031, 1, 1, tzinfo=UTC))

    assert targets(stub) == ["POST /gmail/v1/users/me/watch"]
    assert json.loads(stub.bodies[0]) == {
        "topicName": "projects/p/topics/t",
        "labelIds": ["SENT", "DRAFT"],
        "labelFilterBehavior": "exclude",
    }
    assert b"Authorization: Bearer token" in stub.heads[0]


def test_a_watch_is_stopped_by_an_empty_post(gmail: GmailService, stub: Stub) -> None:
    stub.script.append(Act(answer=http(204)))

    gmail.stop("token")

    assert targets(stub) == ["POST /gmail/v1/users/me/stop"]
    assert stub.bodies == [b""]


def test_the_settings_and_the_profile_are_read_where_gmail_has_them(gmail: GmailService, stub: Stub) -> None:
    says(stub, {})
    says(stub, {"historyId": "42", "emailAddress": "ada@example.com"})

    assert gmail.aliases("token") == []
    assert gmail.profile("token")["historyId"] == "42"

    assert targets(stub) == ["GET /gmail/v1/users/me/settings/sendAs", "GET /gmail/v1/users/me/profile"]


def test_history_is_read_page_by_page(gmail: GmailService, stub: Stub) -> None:
    says(stub, page(8, 9, following="a+b/c=", newest=11))
    says(stub, page(10, newest=12))

    assert gmail.history_since("token", "7") == Changes(added(8, 9, 10), "12", complete=True)

    first, second = (parse_qs(target.partition("?")[2]) for target in targets(stub))
    assert first.pop("fields")
    assert first == {"startHistoryId": ["7"], "historyTypes": ["messageAdded"], "maxResults": ["500"]}
    assert second["pageToken"] == ["a+b/c="]
    assert second["startHistoryId"] == ["7"]


def test_a_history_that_goes_on_is_left_for_another_look(gmail: GmailService, stub: Stub) -> None:
    for number in range(MAX_PAGES):
        says(stub, page(10 + number, following="more"))

    found = gmail.history_since("token", "7")

    assert (found.messages[-1].id, found.history_id, found.complete) == (f"m{9 + MAX_PAGES}", str(9 + MAX_PAGES), False)
    assert len(stub.heads) == MAX_PAGES


def test_where_nothing_came_there_is_nothing_but_where_to_go_on(gmail: GmailService, stub: Stub) -> None:
    says(stub, {"historyId": "7"})
    says(stub, {})

    assert gmail.history_since("token", "7") == Changes((), "7", complete=True)
    assert gmail.history_since("token", "7") == Changes((), "7", complete=True)


def test_a_history_that_gmail_no_longer_keeps_is_not_found(gmail: GmailService, stub: Stub) -> None:
    stub.script.append(Act(answer=refusal(404, "notFound")))

    with pytest.raises(NotFound):
        gmail.history_since("token", "7")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    "act",
    [
        Act(how="close"),
        Act(how="reset"),
        Act(answer=b"HTTP/1.1 200 OK\r\nContent-Le", how="close"),
        Act(answer=http(200, b"{", length=99), how="close"),
        Act(answer=http(500, b"<html>")),
        Act(answer=refusal(503, "backendError")),
    ],
    ids=["closed", "reset", "half a head", "half a body", "500", "503"],
)
def test_without_an_answer_gmail_is_unavailable_and_was_asked_once(
    gmail: GmailService, stub: Stub, call: Callable[[GmailService], object], act: Act
) -> None:
    stub.script.append(act)

    with pytest.raises(Unavailable):
        call(gmail)

    assert len(stub.heads) == 1


@pytest.mark.parametrize("call", [call for name, call in CALLS.items() if name != "stop"])
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"7", b"null", b'"x"', b"\xff"],
)
def test_an_answer_that_cannot_be_read_is_no_answer(
    gmail: GmailService, stub: Stub, call: Callable[[GmailService], object], body: bytes
) -> None:
    stub.script.append(Act(answer=http(200, body)))

    with pytest.raises(Unavailable):
        call(gmail)


@pytest.mark.parametrize(
    "found",
    [
        {"historyId": "1"},
        {"expiration": "1924992000000"},
        {"historyId": "1", "expiration": "soon"},
        {"historyId": "1", "expiration": "9" * 30},
    ],
)
def test_a_watch_without_an_end_is_none(gmail: GmailService, stub: Stub, found: Any) -> None:
    says(stub, found)

    with pytest.raises(Unavailable):
        gmail.watch("token", "projects/p/topics/t")
