"""API keys over time: expiry and last use, with the clock as an argument."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain.errors import InvalidRequest, Unauthenticated
from functions.domain.keys import parse_token
from functions.services.keys import ApiKeys
from tests.services.builders import NOW, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def documents(tmp_path: Path) -> SqliteDocuments:
    return SqliteDocuments(tmp_path / "gmail.db", declared())


@pytest.fixture
def keys(documents: SqliteDocuments, clock: Clock) -> ApiKeys:
    return ApiKeys(documents, clock, os.urandom)


def test_a_key_works_until_it_expires(keys: ApiKeys, clock: Clock) -> None:
    end = NOW + timedelta(days=1)
    _, token = keys.create("own_1", name="k", scopes=("send",), accounts=None, expires_at=end)

    clock.now = end - timedelta(microseconds=1)
    assert keys.authenticate(token).owner == "own_1"
    clock.now = end
    with pytest.raises(Unauthenticated):
        keys.authenticate(token)


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_key_cannot_be_made_expired(keys: ApiKeys, seconds: int) -> None:
    with pytest.raises(InvalidRequest):
        keys.create("own_1", name="k", scopes=("send",), accounts=None, expires_at=NOW + timedelta(seconds=seconds))


def test_the_last_use_is_written_at_most_every_ten_minutes(keys: ApiKeys, clock: Clock) -> None:
    """Every call would make a hot document of a busy key."""
    _, token = keys.create("own_1", name="k", scopes=("send",), accounts=None, expires_at=None)

    def used() -> object:
        keys.authenticate(token)
        return keys.page("own_1", 10, None).keys[0].last_used_at

    assert used() == NOW
    clock.now = NOW + timedelta(minutes=9)
    assert used() == NOW
    clock.now = NOW + timedelta(minutes=11)
    assert used() == clock.now


def test_the_store_holds_nothing_that_opens_anything(keys: ApiKeys, documents: SqliteDocuments) -> None:
    key, token = keys.create("own_1", name="k", scopes=("send",), accounts=None, expires_at=None)
    parsed = parse_token(token)
    assert parsed is not None

    stored = str(documents.get(f"keys/{key.id}"))

    assert parsed[0] == key.id
    assert parsed[1] not in stored
    assert len(parsed[1]) >= 26  # 128 bits in base32


def test_whatever_is_wrong_with_a_key_is_said_in_the_same_words(keys: ApiKeys, clock: Clock) -> None:
    """Which keys exist is nobody's business."""
    key, token = keys.create("own_1", name="k", scopes=("send",), accounts=None, expires_at=NOW + timedelta(days=1))
    _, other = keys.create("own_1", name="k", scopes=("send",), accounts=None, expires_at=None)
    secret = other.rpartition("_")[2]
    said = set()
    for wrong in (f"gmk_{key.id.removeprefix('key_')}_{secret}", f"gmk_nobody_{secret}", "gmk_x"):
        with pytest.raises(Unauthenticated) as caught:
            keys.authenticate(wrong)
        said.add(caught.value.detail)
    clock.now = NOW + timedelta(days=2)
    with pytest.raises(Unauthenticated) as caught:
        keys.authenticate(token)
    keys.revoke("own_1", key.id)
    assert said == {caught.value.detail}


def test_two_keys_are_never_alike(keys: ApiKeys) -> None:
    made = {keys.create("own_1", name="k", scopes=("send",), accounts=None, expires_at=None)[1] for _ in range(50)}

    assert len(made) == 50
