"""A send fetches what it needs in one read, and is never fooled by what it remembers of earlier ones.

Two instances on one store: what one changes, the other must see at its very next call.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from functions.domain.ports import Write
from tests.e2e.client import Caller, letter
from tests.e2e.google import Person
from tests.e2e.hosts import Inside
from tests.e2e.issuer import Issuer


class Counting:
    """A store whose calls are listed."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def called(*given: Any, **named: Any) -> Any:
            self.calls.append(name)
            return getattr(self._store, name)(*given, **named)

        return called


@contextmanager
def counted(host: Inside) -> Iterator[list[str]]:
    ahead = host.app.documents
    counting = Counting(ahead._documents)
    ahead._documents = counting
    try:
        yield counting.calls
    finally:
        ahead._documents = counting._store


@pytest.fixture
def host(make_inside: Callable[..., Inside]) -> Inside:
    return make_inside()


@pytest.fixture
def other(make_inside: Callable[..., Inside]) -> Inside:
    """Another instance on the same store."""
    return make_inside()


@pytest.fixture
def caller(host: Inside, issuer: Issuer) -> Caller:
    return Caller(host, issuer.token())


def elsewhere(caller: Caller, other: Inside) -> Caller:
    return Caller(other, caller.token)


@pytest.mark.parametrize("named", ["by id", "by address", "the default"])
@pytest.mark.parametrize("as_user", [True, False], ids=["a user", "a key"])
@pytest.mark.parametrize("repeatable", [True, False], ids=["with a key to repeat it", "without"])
def test_a_warm_send_reads_once_and_commits_twice(
    host: Inside, caller: Caller, ada: Person, named: str, as_user: bool, repeatable: bool
) -> None:
    account = caller.connect(ada)
    sender = caller if as_user else caller.key("send")
    message = letter(account={"by id": account["id"], "by address": account["email"], "the default": None}[named])
    for number in range(3):
        with counted(host) as calls:
            key = {"Idempotency_Key": f"key-{named[-2:]}-{number}"} if repeatable else {}
            sender.post("send/", message, **key).ok()

    assert calls == ["get_many", "commit", "commit"]


def test_a_key_that_was_revoked_elsewhere_sends_nothing_more(caller: Caller, other: Inside, ada: Person) -> None:
    caller.connect(ada)
    key = caller.key("send")
    key.send().ok()
    (listed,) = elsewhere(caller, other).get("keys/").ok()["keys"]
    elsewhere(caller, other).delete(f"keys/{listed['id']}/").ok(204)

    key.send().problem(401, "unauthenticated")


def test_a_token_that_is_not_the_keys_is_refused_whatever_was_sent_before(caller: Caller, ada: Person) -> None:
    caller.connect(ada)
    key = caller.key("send")
    key.send().ok()

    Caller(key.host, key.token[:-1] + ("a" if key.token[-1] != "a" else "b")).send().problem(401, "unauthenticated")


def test_an_account_that_was_disconnected_elsewhere_sends_nothing_more(
    caller: Caller, other: Inside, ada: Person
) -> None:
    account = caller.connect(ada)
    for named in (account["id"], account["email"], None):
        caller.send(account=named).ok()
    elsewhere(caller, other).delete(f"accounts/{account['id']}/").ok(204)

    for named in (account["id"], account["email"], None):
        caller.send(account=named).problem(404, "not_found")


def test_a_recipient_who_was_suppressed_elsewhere_gets_nothing_more(caller: Caller, other: Inside, ada: Person) -> None:
    caller.connect(ada)
    caller.send(to=["grace@example.com"]).ok()
    elsewhere(caller, other).post("suppressions/", {"address": "grace@example.com"}).ok(201)

    caller.send(to=["grace@example.com"]).problem(422, "invalid_message")


def test_the_default_follows_a_change_elsewhere(caller: Caller, other: Inside, ada: Person, grace: Person) -> None:
    first, second = caller.connect(ada), caller.connect(grace)
    assert caller.send(account=None).ok()["account"] == first["id"]
    elsewhere(caller, other).call("PATCH", f"accounts/{second['id']}/", {"is_default": True}).ok()
    assert caller.send(account=None).ok()["account"] == second["id"]


def test_an_account_that_is_connected_anew_is_no_longer_the_first(
    caller: Caller, other: Inside, ada: Person, grace: Person
) -> None:
    first, second = caller.connect(ada), caller.connect(grace)
    assert caller.send(account=None).ok()["account"] == first["id"]
    elsewhere(caller, other).delete(f"accounts/{first['id']}/").ok(204)
    elsewhere(caller, other).connect(ada)
    assert caller.send(account=None).ok()["account"] == second["id"]


def test_another_owners_account_is_not_found_however_well_it_is_known(
    host: Inside, caller: Caller, issuer: Issuer, ada: Person, grace: Person
) -> None:
    account = caller.connect(ada)
    caller.send(account=account["id"]).ok()
    stranger = Caller(host, issuer.token())
    stranger.connect(grace)
    stranger.send().ok()

    for named in (account["id"], account["email"]):
        stranger.send(account=named).problem(404, "not_found")


@pytest.mark.parametrize(
    "changed",
    [
        {"to": "no list"},
        {"to": [5]},
        {"to": [{"name": "no address"}]},
        {"to": ["not an address"]},
        {"to": ["a" * 400 + "@example.com"]},
        {"to": ["\ud800@example.com"]},
        {"account": 5},
        {"account": "acc_/../../keys"},
        {"account": "../keys/key_1"},
    ],
)
def test_what_can_not_be_foreseen_is_answered_as_ever(caller: Caller, ada: Person, changed: dict[str, Any]) -> None:
    caller.connect(ada)
    first = caller.send(**changed)
    caller.send().ok()
    again = caller.send(**changed)

    assert (again.status, again.json()["code"]) == (first.status, first.json()["code"])
    assert again.status in (404, 422)
    assert again.json().get("errors") == first.json().get("errors")


def test_nothing_is_remembered_once_something_was_written(host: Inside) -> None:
    from functions.domain.ports import Create, Update

    documents = host.app.documents
    (version,) = documents.commit([Create("owners/one", {"n": 1})])
    writes: Sequence[Write] = [Update("owners/one", {"n": 2}, version=version)]
    with documents.ahead(["owners/one", "owners/none"]):
        with counted(host) as calls:
            found = documents.get_many(["owners/none", "owners/one"])
            assert found[0] is None
            assert found[1] is not None
            assert found[1].data == {"n": 1}
            assert calls == []
        documents.commit(writes)
        again = documents.get("owners/one")
        assert again is not None
        assert again.data == {"n": 2}
