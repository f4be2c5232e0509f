"""Firestore's documents in an emulator, through either kind of client."""

from functions.adapters.declared_indexes import declared
from functions.adapters.firestore import Calls, FirestoreDocuments
from functions.adapters.firestore_direct import DirectCalls
from functions.adapters.google_access import NoAccess
from functions.adapters.http import Http
from functions.domain.indexes import Indexes

DATABASE = "(default)"


def firestore(
    project: str, emulator: str, indexes: Indexes | None = None, *, official: bool = False
) -> FirestoreDocuments:
    """More patient than in production: many workers share two cores with one emulator."""
    calls = official_calls(project, emulator) if official else direct_calls(project, emulator)
    return FirestoreDocuments(calls, f"Firestore of {project}", indexes or declared(), deadline=60, attempt=20)


def direct_calls(project: str, emulator: str) -> DirectCalls:
    return DirectCalls(project, DATABASE, Http(), NoAccess(), emulator)


def official_calls(project: str, emulator: str) -> Calls:
    """The library reads its address from the environment when it connects; nothing else is to see it there."""
    import pytest

    from functions.adapters.firestore_official import OfficialCalls

    calls = OfficialCalls(project, DATABASE)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", emulator)
        calls._connected()
    return calls
