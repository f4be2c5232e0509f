"""The blob store is away: what needs none of it is answered all the same."""

import json
from typing import Any

import pytest

from functions.domain.errors import Unavailable
from tests.e2e.client import Answer, Caller, File, multipart
from tests.e2e.google import Person
from tests.e2e.hosts import Inside

SMALL, LARGE = File("a.txt", b"a note"), File("a.bin", b"x" * 300_000)
LETTER = {"to": ["a@b.example"], "subject": "s", "text": "t"}


def post(caller: Caller, key: str, file: File = SMALL, **message: Any) -> Answer:
    body, kind = multipart({**LETTER, **message}, file)
    return caller.post("send/", body, Content_Type=kind, Idempotency_Key=key)


def away(inside: Inside, monkeypatch: pytest.MonkeyPatch, *methods: str) -> None:
    def unavailable(*_: Any) -> Any:
        raise Unavailable("The bucket did not do what was asked.")

    for method in methods or ("write", "read", "delete", "delete_all"):
        monkeypatch.setattr(inside.app.blobs, method, unavailable)


def unseen(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call under a key that another one is just being accepted with: it does not find that one yet."""
    monkeypatch.setattr(inside.app.repeating, "first_answer", lambda *_: None)


def test_a_form_whose_files_are_small(
    inside: Inside, user: Caller, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.connect(ada)
    away(inside, monkeypatch)

    first = post(user, "k").ok(200)

    again = post(user, "k")
    assert (again.ok(200)["id"], again.headers["Idempotent-Response"]) == (first["id"], "true")
    post(user, "k", text="another").problem(422, "idempotency_mismatch")
    post(user, "l", to=["nobody"]).problem(422, "invalid_message")
    assert post(user, "m", dry_run=True).ok(200)["size"]
    assert post(user, "n", recipients=[{"to": "b@b.example"}], to=None, dry_run=True).ok(200)


def test_who_comes_second_under_a_key(
    inside: Inside, user: Caller, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.connect(ada)
    body = json.dumps(LETTER).encode()
    first = user.post("send/", body, Content_Type="application/json", Idempotency_Key="k").ok(200)
    unseen(inside, monkeypatch)
    away(inside, monkeypatch)

    again = user.post("send/", body, Content_Type="application/json", Idempotency_Key="k")

    assert (again.ok(200)["id"], again.headers["Idempotent-Response"]) == (first["id"], "true")


@pytest.mark.parametrize("gone", [False, True])
def test_who_comes_second_with_a_large_message(
    inside: Inside, user: Caller, ada: Person, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    user.connect(ada)
    first, there = post(user, "k", LARGE).ok(200), set(inside.blobs)
    unseen(inside, monkeypatch)
    if gone:
        away(inside, monkeypatch, "delete", "delete_all")

    again = post(user, "k", LARGE)

    assert (again.ok(200)["id"], again.headers["Idempotent-Response"]) == (first["id"], "true")
    assert (set(inside.blobs) == there) is not gone
