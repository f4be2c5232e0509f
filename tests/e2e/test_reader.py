"""What a reader does in the sandbox, as `make run` starts it, is in the sender's history soon."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.programs import LocalServer
from tests.e2e.journal import Journal

WITHIN = 25  # seconds; after 30 the mailbox is looked at anyway, whether it was pushed or not


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, journal: Journal) -> Iterator[LocalServer]:
    started = LocalServer(tmp_path_factory.mktemp("reader"), journal)
    started.connect(started.key, "ada@example.com")
    yield started
    started.stop()


def sent(server: LocalServer, to: str) -> dict[str, Any]:
    answer = server.send(
        to=[to],
        subject="News",
        html='<p>Read <a href="https://shop.example/x">more</a></p>',
        tracking={"opens": True, "clicks": True},
        unsubscribe=True,
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def events(server: LocalServer, send: dict[str, Any]) -> list[tuple[str, str]]:
    """Type and recipient, in the order of the history."""
    answer = server.call("GET", f"/api/gmail/history/{send['id']}/").json()
    return [(one["type"], one["recipient"]) for one in answer["events"]]


def seen(server: LocalServer, send: dict[str, Any], what: tuple[str, str], since: float) -> None:
    while what not in events(server, send):
        assert time.monotonic() - since < WITHIN, f"not in the history: {what}"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("action", "given", "event"),
    [
        ("open", {}, "opened"),
        ("click", {}, "clicked"),
        ("reply", {"text": "Thank you"}, "replied"),
        ("reply", {"auto": True}, "autoreplied"),
        ("bounce", {"kind": "hard"}, "bounced"),
        ("bounce", {"kind": "full"}, "bounced"),
        ("bounce", {"kind": "delayed"}, "delayed"),
        ("unsubscribe", {}, "unsubscribed"),
    ],
)
def test_what_the_reader_does_is_in_the_history(
    server: LocalServer, action: str, given: dict[str, Any], event: str
) -> None:
    # A reader of their own: who bounced or unsubscribed gets nothing more.
    reader = f"{action}-{'-'.join(map(str, given.values()))}@elsewhere.example".replace(" ", "").lower()
    send = sent(server, reader)
    began = time.monotonic()
    server.google.play(send["gmail_message_id"], action, **given)
    seen(server, send, (event, reader), began)


@pytest.mark.parametrize(
    ("reader", "event"),
    [("bounce@shop.example", "bounced"), ("away@shop.example", "autoreplied"), ("echo@shop.example", "replied")],
)
def test_what_answers_by_itself_is_in_the_history(server: LocalServer, reader: str, event: str) -> None:
    send = sent(server, reader)
    seen(server, send, (event, reader), time.monotonic())


def test_a_forged_bounce_never_counts(server: LocalServer) -> None:
    """A genuine report on another message, which comes later, shows that the forged one was looked at."""
    send, other = sent(server, "forged@elsewhere.example"), sent(server, "genuine@elsewhere.example")
    began = time.monotonic()
    server.google.play(send["gmail_message_id"], "bounce", kind="forged")
    server.google.play(other["gmail_message_id"], "bounce", kind="hard")
    seen(server, other, ("bounced", "genuine@elsewhere.example"), began)
    assert "bounced" not in [type_ for type_, _ in events(server, send)]
