"""The stores of the contract suites: every fixture here is parametrised over all adapters of its port."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.google_access import NoAccess
from functions.adapters.http import Http
from functions.adapters.secret_manager import SecretManagerSecrets
from functions.domain.indexes import Indexes
from functions.domain.ports import Blobs, Documents, Secrets
from tests.adapters.metadata import Metadata
from tests.contracts.fake_gcs import FakeCloudStorage
from tests.contracts.fake_secret_manager import FakeSecretManager
from tests.faults.stub import Stub
from tests.stores import firestore

Open = Callable[..., Documents]


@pytest.fixture(params=["sqlite", "firestore", "firestore, official client"])
def open_documents(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same empty store, as often as it is called: each result is like another instance of the program."""
    opened: list[Any] = []

    if request.param == "sqlite":
        from functions.adapters.sqlite import SqliteDocuments

        def make(indexes: Indexes) -> Any:
            return SqliteDocuments(tmp_path / "data" / "documents.db", indexes)
    else:
        emulator = request.getfixturevalue("firestore_emulator")
        project = request.getfixturevalue("firestore_project")
        official = request.param != "firestore"

        def make(indexes: Indexes) -> Any:
            return firestore(project, emulator, indexes, official=official)

    def open_store(indexes: Indexes | None = None) -> Documents:
        store: Documents = make(indexes or declared())
        opened.append(store)
        return store

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def documents(open_documents: Open) -> Documents:
    return open_documents()


@pytest.fixture
def fake_storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCloudStorage]:
    server = FakeCloudStorage()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
    yield server
    server.close()


@pytest.fixture(params=["files", "cloud_storage"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "files":
        from functions.adapters.file_blobs import FileBlobs

        return FileBlobs(tmp_path / "data" / "blobs")
    from functions.adapters.cloud_storage import CloudStorageBlobs

    return CloudStorageBlobs(request.getfixturevalue("fake_storage").bucket.name)


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    server = Metadata()
    yield server
    server.close()


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    yield made
    made.close()


@pytest.fixture
def fake_secret_manager() -> Iterator[FakeSecretManager]:
    server = FakeSecretManager()
    yield server
    server.close()


@pytest.fixture
def official_secrets(fake_secret_manager: FakeSecretManager) -> Iterator[Secrets]:
    from functions.adapters.secret_manager_official import OfficialSecretManager

    with grpc.insecure_channel(fake_secret_manager.address) as channel:
        yield OfficialSecretManager("project", channel=channel, deadline=5)


@pytest.fixture
def direct_secrets(fake_secret_manager: FakeSecretManager, official_secrets: Secrets) -> Secrets:
    return SecretManagerSecrets(
        "project",
        http=Http(),
        access=NoAccess(),
        deadline=5,
        root=fake_secret_manager.url,
        writer=lambda _project: official_secrets,
    )


@pytest.fixture(params=["direct_secrets", "official_secrets"])
def manager(request: pytest.FixtureRequest) -> Secrets:
    """Secret Manager, both ways."""
    made: Secrets = request.getfixturevalue(request.param)
    return made


@pytest.fixture(params=["files", "direct_secrets", "official_secrets"])
def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> Secrets:
    if request.param == "files":
        from functions.adapters.file_secrets import FileSecrets

        return FileSecrets(tmp_path / "data" / "secrets")
    made: Secrets = request.getfixturevalue(request.param)
    return made
