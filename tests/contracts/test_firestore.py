"""What only a store behind a network has to do: own up to a commit whose answer was lost, say soon that it is away."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_mock import MockerFixture

from functions.adapters.declared_indexes import declared
from functions.adapters.firestore import CallFailed, FirestoreDocuments
from functions.adapters.firestore_direct import DirectCalls
from functions.adapters.firestore_official import OfficialCalls
from functions.adapters.google_access import GoogleAccess
from functions.adapters.http import Http
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.ports import Create, Delete, Documents, Increment, Put, Query, Update
from tests.stores import direct_calls, firestore, official_calls

Lose = Callable[..., None]


@pytest.fixture(params=[False, True], ids=["direct", "official"])
def official(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def store(firestore_emulator: str, firestore_project: str, official: bool) -> Iterator[FirestoreDocuments]:
    store = firestore(firestore_project, firestore_emulator, official=official)
    yield store
    store.close()


@pytest.fixture
def lose(store: FirestoreDocuments, mocker: MockerFixture) -> Lose:
    """The next commits land, but we are told otherwise, by these answers; then all is well again."""
    real = store._calls.commit

    def lose(*answers: Exception, meanwhile: Callable[[], Any] = lambda: None) -> None:
        left = list(answers)

        def commit(*given: Any) -> Any:
            result = real(*given)
            if not left:
                return result
            answer = left.pop(0)
            if not left:
                meanwhile()
            raise answer

        mocker.patch.object(store._calls, "commit", commit)

    return lose


TOLD = [
    CallFailed("ALREADY_EXISTS", "it was sent twice on the way"),
    CallFailed("FAILED_PRECONDITION", "it was sent twice on the way"),
    CallFailed("UNAVAILABLE", "connection reset"),
    CallFailed("DEADLINE_EXCEEDED", "no answer"),
]


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.status)
def test_a_commit_that_landed_is_a_success_whatever_the_client_was_told(
    store: Documents, lose: Lose, told: Exception
) -> None:
    lose(told)
    versions = store.commit([Create("states/one", {"n": 1}), Delete("states/other"), Put("states/two", {"n": 2})])
    found = store.get_many(["states/one", "states/two"])
    assert [document and document.version for document in found] == [versions[0], versions[2]]
    assert versions[1] == ""
    lose(told)
    (version,) = store.commit([Update("states/one", {"n": 3}, version=versions[0])])
    document = store.get("states/one")
    assert document is not None
    assert (document.data, document.version) == ({"n": 3}, version)


@pytest.mark.parametrize("told", TOLD[2:], ids=lambda told: told.status)
def test_an_increment_whose_answer_was_lost_counts_once(store: Documents, lose: Lose, told: Exception) -> None:
    store.commit([Create("owners/a", {"n": 0})])
    lose(told)
    store.commit([Update("owners/a", {"n": Increment(1)})])
    document = store.get("owners/a")
    assert document is not None
    assert document.data == {"n": 1}


def test_a_document_written_again_since_does_not_hide_that_the_commit_landed(
    store: Documents, lose: Lose, firestore_emulator: str, firestore_project: str
) -> None:
    def another() -> None:
        other.commit([Update("states/one", {"n": 9})])

    other = firestore(firestore_project, firestore_emulator)
    lose(TOLD[0], meanwhile=another)
    versions = store.commit([Create("states/one", {"n": 1}), Create("states/two", {"n": 2})])
    one, two = store.get_many(["states/one", "states/two"])
    assert one is not None
    assert two is not None
    assert (one.data, two.data) == ({"n": 9}, {"n": 2})
    assert versions == [two.version, two.version]
    assert one.version != versions[0]
    other.close()


def test_a_delete_whose_answer_was_lost_is_done(store: Documents, lose: Lose) -> None:
    (version,) = store.commit([Create("states/one", {"n": 1})])
    lose(CallFailed("UNAVAILABLE", "connection reset"))
    assert store.commit([Delete("states/one", version=version)]) == [""]


def test_somebody_elses_document_is_still_a_refusal(store: Documents) -> None:
    store.commit([Create("states/one", {"n": 1})])
    with pytest.raises(PreconditionFailed):
        store.commit([Create("states/one", {"n": 1})])
    with pytest.raises(PreconditionFailed):
        store.commit([Delete("states/missing", version="1.000000000")])


def test_contention_is_retried(store: FirestoreDocuments, mocker: MockerFixture) -> None:
    real = store._calls.commit
    answers = iter([CallFailed("ABORTED", "contention"), CallFailed("ABORTED", "contention")])

    def commit(*given: Any) -> Any:
        for answer in answers:
            raise answer
        return real(*given)

    mocker.patch.object(store._calls, "commit", commit)
    store.commit([Create("states/one", {"n": 1})])
    assert store.get("states/one") is not None


CALLS: list[Callable[[Documents], Any]] = [
    lambda store: store.get("owners/a"),
    lambda store: store.commit([Create("owners/a", {})]),
    lambda store: store.query(Query("owners/a/sends", order=("created_at", "desc"))),
]


@pytest.fixture(params=["nobody listens", "nobody answers"])
def dead(request: pytest.FixtureRequest, official: bool) -> Iterator[FirestoreDocuments]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "nobody answers":
            server.listen()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        calls = official_calls("p", address) if official else direct_calls("p", address)
        store = FirestoreDocuments(calls, "Firestore of p", declared(), deadline=1.5, attempt=1)
        yield store
        store.close()


@pytest.mark.timeout(50)  # Google's library alone would try for 60 s
@pytest.mark.parametrize("call", CALLS, ids=["get", "commit", "query"])
def test_a_dead_store_is_unavailable_within_its_deadline(
    dead: FirestoreDocuments, call: Callable[[Documents], Any]
) -> None:
    with pytest.raises(Unavailable) as caught:
        call(dead)
    assert caught.value.__cause__ is not None
    assert "reachable" in caught.value.remedy


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("PERMISSION_DENIED", "roles/datastore.user"),
        ("UNAUTHENTICATED", "gcloud auth"),
        ("FAILED_PRECONDITION", "terraform apply"),
        ("NOT_FOUND", "exists"),
    ],
)
def test_a_refusal_says_what_to_do_about_it_at_once(
    store: FirestoreDocuments, mocker: MockerFixture, status: str, remedy: str
) -> None:
    answer = CallFailed(status, "no")
    mocker.patch.object(store._calls, "search", side_effect=answer)
    with pytest.raises(Unavailable) as caught:
        store.query(Query("owners/a/sends", order=("created_at", "desc")))
    assert remedy in caught.value.remedy
    assert caught.value.__cause__ is answer


@pytest.mark.parametrize("calls", ["direct", "official"])
def test_without_credentials_it_says_so(calls: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    http = Http()
    made = DirectCalls("p", "d", http, GoogleAccess(http)) if calls == "direct" else OfficialCalls("p", "d")
    store = FirestoreDocuments(made, "Firestore of p", declared())
    with pytest.raises(Unavailable) as caught:
        store.get("owners/a")
    assert "gcloud auth application-default login" in caught.value.remedy


def test_either_client_reads_and_changes_what_the_other_has_written(
    firestore_emulator: str, firestore_project: str
) -> None:
    one, other = (firestore(firestore_project, firestore_emulator, official=which) for which in (False, True))
    written = {
        "text": "Zo\u00eb \U0001f600 \x00 `\\",
        "none": None,
        "yes": True,
        "whole": -(2**63),
        "double": 0.1,
        "large": 1e300,
        "zero": -0.0,
        "bytes": bytes(range(256)),
        "at": datetime(2026, 11, 28, 15, 0, 0, 123456, tzinfo=UTC),
        "day": datetime(1, 1, 1, tzinfo=UTC),
        "list": [1, "a", {"b": [None, 2.5]}, []],
        "map": {"a.b`c": {"": 1}, "empty": {}},
        "nested": [[1], [2]],
        "odd name.`\\": 1,
    }
    for writer, reader in ((one, other), (other, one)):
        path = f"owners/a b%2F?#/sends/{writer is one}"
        writer.commit([Create(path, written)])
        found = reader.get(path)
        assert found is not None
        assert found.data == written
        assert {name: type(value) for name, value in found.data.items()} == {n: type(v) for n, v in written.items()}
        reader.commit([Update(path, {"whole": Increment(5), "odd name.`\\": 2}, version=found.version)])
        again = writer.get(path)
        assert again is not None
        assert (again.data["whole"], again.data["odd name.`\\"]) == (-(2**63) + 5, 2)
    one.close()
    other.close()
