"""Worlds over SQLite, and over the Firestore emulator where the store's own concurrency matters."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain.ports import Documents
from tests.services.fakes import World
from tests.stores import firestore


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One connected account that may send and read."""
    made = World(SqliteDocuments(tmp_path / "gmail.db", declared()), tmp_path)
    made.connect()
    return made


@pytest.fixture(params=["sqlite", "firestore"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Documents]]:
    """Opens the same store: each result is like another instance of the program."""
    opened: list[Any] = []
    if request.param == "firestore":
        emulator = request.getfixturevalue("firestore_emulator")
        project = request.getfixturevalue("firestore_project")

    def make() -> Documents:
        store: Any
        if request.param == "sqlite":
            store = SqliteDocuments(tmp_path / "gmail.db", declared())
        else:
            store = firestore(project, emulator)
        opened.append(store)
        return store  # type: ignore[no-any-return]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def shared(open_store: Callable[[], Documents], tmp_path: Path) -> World:
    """The same world on both stores."""
    made = World(open_store(), tmp_path)
    made.connect()
    return made
