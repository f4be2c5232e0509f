"""Sealed values: under keys that rotate, for one purpose each, and not to be tampered with."""

import base64
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.adapters.sealing import KeyRing
from functions.domain.errors import Unavailable
from functions.domain.ports import Unsealable
from tests.services.builders import MemorySecrets

NAME = "keys"


@pytest.fixture
def secrets() -> MemorySecrets:
    made = MemorySecrets()
    rotate(made)
    return made


def rotate(secrets: MemorySecrets) -> str:
    return secrets.add(NAME, base64.b64encode(os.urandom(32)))


def ring(secrets: MemorySecrets, *, create: bool = False) -> KeyRing:
    return KeyRing(secrets, NAME, create=create)


@pytest.mark.parametrize("value", [b"", b"x", bytes(range(256)), b"x" * 100_000])
def test_what_was_sealed_opens(secrets: MemorySecrets, value: bytes) -> None:
    assert ring(secrets).open(ring(secrets).seal(value, "purpose"), "purpose") == value


def test_the_same_value_is_never_sealed_alike(secrets: MemorySecrets) -> None:
    keys = ring(secrets)

    assert len({keys.seal(b"value", "purpose") for _ in range(50)}) == 50


def test_a_sealed_value_can_stand_in_a_url(secrets: MemorySecrets) -> None:
    sealed = ring(secrets).seal(os.urandom(500), "purpose")

    assert sealed.startswith("v1.1.")
    assert all(c.isalnum() or c in "._-" for c in sealed)


def test_it_opens_for_its_own_purpose_only(secrets: MemorySecrets) -> None:
    keys = ring(secrets)
    sealed = keys.seal(b"value", "own_1|acc_1|sub|refresh_token")

    for other in ("", "own_1|acc_1|sub|access_token", "own_2|acc_1|sub|refresh_token"):
        with pytest.raises(Unsealable):
            keys.open(sealed, other)


def test_old_values_open_after_a_rotation_and_new_ones_are_sealed_under_the_new_key(secrets: MemorySecrets) -> None:
    old = ring(secrets).seal(b"old", "purpose")
    assert rotate(secrets) == "2"

    after = ring(secrets)

    assert after.open(old, "purpose") == b"old"
    assert after.newest == "2"
    assert after.seal(b"new", "purpose").startswith("v1.2.")


def test_an_instance_that_started_before_the_rotation_opens_what_others_seal_after_it(secrets: MemorySecrets) -> None:
    before = ring(secrets)
    before.seal(b"x", "purpose")
    for _ in range(3):
        rotate(secrets)

    assert before.open(ring(secrets).seal(b"new", "purpose"), "purpose") == b"new"
    assert before.newest == "1"  # until it starts again


def test_what_a_destroyed_key_sealed_is_gone(secrets: MemorySecrets) -> None:
    sealed = ring(secrets).seal(b"old", "purpose")
    rotate(secrets)
    del secrets.versions[NAME]["1"]

    with pytest.raises(Unsealable):
        ring(secrets).open(sealed, "purpose")


def test_what_a_disabled_key_sealed_opens_once_it_is_enabled(
    secrets: MemorySecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = ring(secrets).seal(b"old", "purpose")
    rotate(secrets)
    secrets.disabled = {"1"}
    now = [1000.0]
    monkeypatch.setattr("functions.adapters.sealing.time.monotonic", lambda: now[0])
    keys = ring(secrets)

    for _ in range(5):
        with pytest.raises(Unavailable, match="Version 1 of the secret keys is disabled") as caught:
            keys.open(sealed, "purpose")
        assert caught.value.remedy == "Enable it."
    assert secrets.reads == 1 + 1 + 1  # of the first key, of the newest, and once of the disabled one: links are forged

    secrets.disabled.clear()
    now[0] += 11
    assert keys.open(sealed, "purpose") == b"old"


def test_every_changed_character_is_noticed(secrets: MemorySecrets) -> None:
    keys = ring(secrets)
    sealed = keys.seal(b"value", "purpose")

    for at in range(5, len(sealed)):
        for other in "AB":
            changed = sealed[:at] + other + sealed[at + 1 :]
            try:
                opened = keys.open(changed, "purpose")
            except Unsealable:
                continue
            # The last character's spare bits mean nothing in base64.
            assert changed == sealed or (at == len(sealed) - 1 and opened == b"value")


@pytest.mark.parametrize(
    "sealed",
    ["", "v1", "v1.1", "v1.1.", "v1.1.x", "v1.1.AAAA", "v1.1." + "A" * 40, "v2.1." + "A" * 40, "v1.x." + "A" * 40,
     "v1..", "v1.-1.AAAA", "v1.01.AAAA", "v1.0.AAAA", "v1.1.1.AAAA", "v1.٣.AAAA", "v1.1.ä", "v1.1.A A", "...",
     "v1." + "9" * 5000 + ".AAAA", "v1.1.\x00"],
)  # fmt: skip
def test_what_was_never_sealed_does_not_open(secrets: MemorySecrets, sealed: str) -> None:
    with pytest.raises(Unsealable):
        ring(secrets).open(sealed, "purpose")


def test_forged_versions_do_not_make_us_ask_the_store_for_each(secrets: MemorySecrets) -> None:
    keys = ring(secrets)
    keys.seal(b"x", "purpose")
    reads = secrets.reads

    for version in range(10, 200):
        with pytest.raises(Unsealable):
            keys.open(f"v1.{version}.{'A' * 40}", "purpose")

    assert secrets.reads == reads


def test_a_key_is_read_once(secrets: MemorySecrets) -> None:
    keys = ring(secrets)

    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda _: keys.seal(b"x", "purpose"), range(50)))
    for one in sealed:
        keys.open(one, "purpose")

    assert secrets.reads == 1


def test_on_a_laptop_the_first_key_is_made() -> None:
    empty = MemorySecrets()

    sealed = ring(empty, create=True).seal(b"value", "purpose")

    assert ring(empty).open(sealed, "purpose") == b"value"


def test_in_the_cloud_a_missing_key_is_explained() -> None:
    with pytest.raises(Unavailable) as caught:
        ring(MemorySecrets()).seal(b"value", "purpose")

    assert NAME in caught.value.detail
    assert "openssl rand" in caught.value.remedy


@pytest.mark.parametrize("value", [b"short", b"", base64.b64encode(b"x" * 16), b"x" * 32, b"!" * 44])
def test_a_key_of_the_wrong_kind_is_explained_without_being_shown(value: bytes) -> None:
    secrets = MemorySecrets()
    secrets.add(NAME, value)

    with pytest.raises(Unavailable) as caught:
        ring(secrets).seal(b"value", "purpose")

    assert "openssl rand" in caught.value.remedy
    assert not value or value.decode() not in caught.value.detail


def test_a_key_with_a_line_ending_works() -> None:
    """As `openssl rand -base64 32 | gcloud secrets versions add` stores it."""
    secrets = MemorySecrets()
    secrets.add(NAME, base64.b64encode(os.urandom(32)) + b"\n")

    assert ring(secrets).open(ring(secrets).seal(b"value", "purpose"), "purpose") == b"value"


def test_what_is_derived_depends_on_key_and_label_and_nothing_else(secrets: MemorySecrets) -> None:
    rotate(secrets)
    keys = ring(secrets)
    found = keys.derive("1", "pkce", "state")

    assert len(found) == 32
    assert ring(secrets).derive("1", "pkce", "state") == found
    others = [
        keys.derive("2", "pkce", "state"),
        keys.derive("1", "nonce", "state"),
        keys.derive("1", "pkce", "other"),
        keys.derive("1", "pkcestate"),
    ]
    assert found not in others
    assert len(set(others)) == 4


def test_forged_versions_ask_the_store_rarely(secrets: MemorySecrets) -> None:
    """Links are open to anybody; each forged one must not cost a call."""
    keys = ring(secrets)
    keys.seal(b"", "purpose")
    before = secrets.reads
    for _ in range(50):
        for version in ("2", "3", "4", "5", "99"):
            with pytest.raises(Unsealable):
                keys.open(f"v1.{version}.{'A' * 60}", "purpose")
    assert secrets.reads - before == 3


@pytest.mark.parametrize("spelling", ["v1.01.", "v1.+1.", "v1.1 .", "v1.\u0661.", "V1.1.", "v1.1.="])
def test_a_sealed_value_has_one_spelling(secrets: MemorySecrets, spelling: str) -> None:
    keys = ring(secrets)
    sealed = keys.seal(b"value", "purpose")
    with pytest.raises(Unsealable):
        keys.open(sealed.replace("v1.1.", spelling), "purpose")


def test_the_spare_bits_of_the_last_character_are_not_free(secrets: MemorySecrets) -> None:
    keys = ring(secrets)
    sealed = keys.seal(b"xx", "purpose")  # 30 bytes are 40 characters; 31 are 42, the last with bits to spare
    sealed = sealed if len(sealed.rpartition(".")[2]) % 4 else keys.seal(b"xxx", "purpose")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for letter in alphabet.replace(sealed[-1], ""):
        with pytest.raises(Unsealable):
            keys.open(sealed[:-1] + letter, "purpose")
