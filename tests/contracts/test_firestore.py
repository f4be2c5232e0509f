"""What only a store behind a network has to do: own up to a commit whose answer was lost, say soon that it is away."""

# mypy: disable-error-code="no-untyped-call"
# (google.api_core types none of its exceptions)

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1.batch import WriteBatch
from pytest_mock import MockerFixture

from functions.adapters.declared_indexes import declared
from functions.adapters.firestore import FirestoreDocuments
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.ports import Create, Delete, Documents, Increment, Put, Query, Update

Lose = Callable[..., None]


@pytest.fixture
def store(
    firestore_emulator: str, firestore_project: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FirestoreDocuments]:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    store = FirestoreDocuments(firestore_project, "(default)", declared(), deadline=60, attempt=20)
    yield store
    store.close()


@pytest.fixture
def lose(mocker: MockerFixture) -> Lose:
    """The next commits land, but the client is told otherwise, by these exceptions; then all is well again."""
    real = WriteBatch.commit

    def lose(*answers: Exception, meanwhile: Callable[[], Any] = lambda: None) -> None:
        left = list(answers)

        def commit(self: WriteBatch, **kwargs: Any) -> Any:
            pbs = list(self._write_pbs)
            result = real(self, **kwargs)
            if not left:
                return result
            self._write_pbs = pbs  # as after a failure
            answer = left.pop(0)
            if not left:
                meanwhile()
            raise answer

        mocker.patch.object(WriteBatch, "commit", commit)

    return lose


TOLD = [
    exceptions.AlreadyExists("the client sent it twice by itself"),
    exceptions.FailedPrecondition("the client sent it twice by itself"),
    exceptions.ServiceUnavailable("connection reset"),
    exceptions.DeadlineExceeded("no answer"),
]


@pytest.mark.parametrize("told", TOLD, ids=lambda told: type(told).__name__)
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


@pytest.mark.parametrize("told", TOLD[2:], ids=lambda told: type(told).__name__)
def test_an_increment_whose_answer_was_lost_counts_once(store: Documents, lose: Lose, told: Exception) -> None:
    store.commit([Create("owners/a", {"n": 0})])
    lose(told)
    store.commit([Update("owners/a", {"n": Increment(1)})])
    document = store.get("owners/a")
    assert document is not None
    assert document.data == {"n": 1}


def test_a_document_written_again_since_does_not_hide_that_the_commit_landed(store: Documents, lose: Lose) -> None:
    def another() -> None:
        FirestoreDocuments.commit(other, [Update("states/one", {"n": 9})])

    other = FirestoreDocuments(store._project, "(default)", declared())  # type: ignore[attr-defined]
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
    lose(exceptions.ServiceUnavailable("connection reset"))
    assert store.commit([Delete("states/one", version=version)]) == [""]


def test_somebody_elses_document_is_still_a_refusal(store: Documents) -> None:
    store.commit([Create("states/one", {"n": 1})])
    with pytest.raises(PreconditionFailed):
        store.commit([Create("states/one", {"n": 1})])
    with pytest.raises(PreconditionFailed):
        store.commit([Delete("states/missing", version="1.000000000")])


def test_contention_is_retried(store: Documents, mocker: MockerFixture) -> None:
    real = WriteBatch.commit
    answers = iter([exceptions.Aborted("contention"), exceptions.Aborted("contention")])

    def commit(self: WriteBatch, **kwargs: Any) -> Any:
        for answer in answers:
            raise answer
        return real(self, **kwargs)

    mocker.patch.object(WriteBatch, "commit", commit)
    store.commit([Create("states/one", {"n": 1})])
    assert store.get("states/one") is not None


CALLS: list[Callable[[Documents], Any]] = [
    lambda store: store.get("owners/a"),
    lambda store: store.commit([Create("owners/a", {})]),
    lambda store: store.query(Query("owners/a/sends", order=("created_at", "desc"))),
]


@pytest.fixture(params=["nobody listens", "nobody answers"])
def dead(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirestoreDocuments]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "nobody answers":
            server.listen()
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{server.getsockname()[1]}")
        store = FirestoreDocuments("p", "(default)", declared(), deadline=1.5, attempt=1)
        yield store
        store.close()


@pytest.mark.parametrize("call", CALLS, ids=["get", "commit", "query"])
def test_a_dead_store_is_unavailable_within_its_deadline(
    dead: FirestoreDocuments, call: Callable[[Documents], Any]
) -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        call(dead)
    assert time.monotonic() - started < 4
    assert caught.value.__cause__ is not None
    assert "reachable" in caught.value.remedy


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (exceptions.PermissionDenied("no"), "roles/datastore.user"),
        (exceptions.Unauthenticated("no"), "gcloud auth"),
        (exceptions.FailedPrecondition("The query requires an index."), "terraform apply"),
        (exceptions.NotFound("The database (default) does not exist"), "exists"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_refusal_says_what_to_do_about_it_at_once(
    store: FirestoreDocuments, mocker: MockerFixture, answer: Exception, remedy: str
) -> None:
    mocker.patch("google.cloud.firestore_v1.query.Query.stream", side_effect=answer)
    with pytest.raises(Unavailable) as caught:
        store.query(Query("owners/a/sends", order=("created_at", "desc")))
    assert remedy in caught.value.remedy
    assert caught.value.__cause__ is answer


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    store = FirestoreDocuments("p", "(default)", declared())
    with pytest.raises(Unavailable) as caught:
        store.get("owners/a")
    assert "gcloud auth application-default login" in caught.value.remedy
