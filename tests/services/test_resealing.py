"""Everything is sealed again under the newest key; afterwards nothing needs the older one; on both stores."""

import base64
import os
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.adapters.sealing import KeyRing
from functions.domain import records
from functions.domain.accounts import GmailAccount
from functions.domain.errors import BlobMissing, SecretDisabled, SecretMissing, Unavailable
from functions.domain.ports import Data, Document, Put, Secret, Unsealable, Update
from functions.services import endpoints, tokens, trigger_keys, unmade
from functions.services.erasing import walk
from functions.services.resealing import PASSING, PLACES, Resealing
from tests.services.fakes import ACCOUNT, OWNER, World
from tests.services.test_operating import collections

END, TRG, SND, BIG = "end_one", "trg_one", "snd_one", "snd_big"
RECIPE = b"what the message is made of"


@dataclass
class Secrets:
    """Versions that can be added, disabled and destroyed."""

    versions: dict[int, bytes] = field(default_factory=dict)
    disabled: set[int] = field(default_factory=set)

    def get(self, name: str, version: str = "latest") -> Secret:
        number = max(self.versions, default=0) if version == "latest" else int(version)
        if number not in self.versions:
            raise SecretMissing(name)
        if number in self.disabled:
            raise SecretDisabled(f"Version {number} of the secret {name} is disabled.")
        return Secret(self.versions[number], str(number))

    def add(self, name: str, value: bytes) -> str:  # noqa: ARG002
        self.versions[len(self.versions) + 1] = value
        return str(len(self.versions))

    def rotate(self) -> None:
        self.add("", base64.b64encode(os.urandom(32)))


class House:
    """Records with something sealed in them, of every kind."""

    def __init__(self, world: World) -> None:
        self.documents, self.blobs, self.secrets = world.documents, world.blobs, Secrets()
        self.secrets.rotate()
        ring = self.ring()
        self.account = records.from_data(GmailAccount, self.data(f"owners/{OWNER}/accounts/{ACCOUNT}"))
        sealed = {n: ring.seal(n.encode(), tokens.context(self.account, n)) for n in ("refresh_token", "access_token")}
        recipe = {n: ring.seal(RECIPE, unmade.context(OWNER, n)).encode() for n in (SND, BIG)}
        self.blobs.write(f"sends/{OWNER}/{BIG}/atm_a/recipe", [recipe[BIG]])
        secret = ring.seal(b"of an endpoint", endpoints.context(OWNER, END))
        others = [ring.seal(text, trigger_keys.context(OWNER, TRG)) for text in (b"first", b"second")]
        self.documents.commit(
            [
                Update(f"owners/{OWNER}/accounts/{ACCOUNT}", sealed),
                Put(f"owners/{OWNER}/endpoints/{END}", {"url": "https://x.example", "secrets": [{"sealed": secret}]}),
                Put(f"triggers/{TRG}", {"owner": OWNER, "secrets": [{"sealed": one, "n": 1} for one in others]}),
                Put(f"owners/{OWNER}/contents/{SND}", {"uncomposed": True, "bodies": recipe[SND], "bodies_blob": ""}),
                Put(
                    f"owners/{OWNER}/contents/{BIG}",
                    {"uncomposed": True, "bodies": b"", "bodies_blob": f"sends/{OWNER}/{BIG}/atm_a/recipe"},
                ),
                # Composed, with what looks sealed, and is none of this ring's: it stays.
                Put(f"owners/{OWNER}/contents/snd_done", {"uncomposed": False, "bodies": b"v1.1.AAAA"}),
                Put(f"owners/{OWNER}/payloads/whd_a_0", {"body": ring.seal(b"b", "c").encode(), "pieces": 1}),
                Put("pending/pnd_a", {"owner": OWNER, "grant": ring.seal(b"g", "p")}),
            ]
        )

    def ring(self) -> KeyRing:
        """Of an instance that starts now."""
        return KeyRing(self.secrets, "gmail-token-key", create=False)

    def resealing(self) -> Resealing:
        return Resealing(self.documents, self.blobs, self.ring(), os.urandom)

    def data(self, path: str) -> Data:
        found = self.documents.get(path)
        assert isinstance(found, Document)
        return found.data

    def opened(self) -> list[bytes]:
        """Everything that lasts, by a ring that is started now."""
        ring = self.ring()
        account, trigger = self.data(f"owners/{OWNER}/accounts/{ACCOUNT}"), self.data(f"triggers/{TRG}")
        big = b"".join(self.blobs.read(self.data(f"owners/{OWNER}/contents/{BIG}")["bodies_blob"]))
        return [
            *(ring.open(account[n], tokens.context(self.account, n)) for n in ("refresh_token", "access_token")),
            *(ring.open(one["sealed"], trigger_keys.context(OWNER, TRG)) for one in trigger["secrets"]),
            *(
                ring.open(one["sealed"], endpoints.context(OWNER, END))
                for one in self.data(f"owners/{OWNER}/endpoints/{END}")["secrets"]
            ),
            ring.open(self.data(f"owners/{OWNER}/contents/{SND}")["bodies"].decode(), unmade.context(OWNER, SND)),
            ring.open(big.decode(), unmade.context(OWNER, BIG)),
        ]


@pytest.fixture
def house(shared: World) -> House:
    return House(shared)


def test_what_lasts_needs_the_older_key_no_more(house: House) -> None:
    before = house.opened()
    assert before == [b"refresh_token", b"access_token", b"first", b"second", b"of an endpoint", RECIPE, RECIPE]
    assert house.resealing().old() == {}
    house.secrets.rotate()
    every = {"accounts": 1, "endpoints": 1, "triggers": 1, "contents": 2, "payloads": 1, "pending": 1}
    assert house.resealing().old() == every

    assert house.resealing().reseal() == {"resealed": 5}

    assert house.resealing().old() == dict.fromkeys(PASSING, 1)
    del house.secrets.versions[1]
    assert house.opened() == before
    assert house.data(f"triggers/{TRG}")["secrets"][0]["n"] == 1
    assert house.data(f"owners/{OWNER}/contents/snd_done")["bodies"] == b"v1.1.AAAA"
    assert house.resealing().reseal() == {}


def test_the_file_of_a_large_one_is_replaced(house: House) -> None:
    before = house.data(f"owners/{OWNER}/contents/{BIG}")["bodies_blob"]
    house.secrets.rotate()
    house.resealing().reseal()

    after = house.data(f"owners/{OWNER}/contents/{BIG}")["bodies_blob"]
    assert after != before
    assert after.startswith(f"sends/{OWNER}/{BIG}/")  # where the deletion of an owner looks
    with pytest.raises(BlobMissing):
        b"".join(house.blobs.read(before))


def test_what_no_key_opens_is_left_and_counted(house: House) -> None:
    house.secrets.rotate()
    del house.secrets.versions[1]

    assert house.resealing().reseal() == {"unreadable": 5}
    with pytest.raises(Unsealable):
        house.opened()


def test_a_version_that_is_only_disabled_is_asked_for_and_nothing_counts_as_unreadable(house: House) -> None:
    """Of what is unreadable one would believe that the version may as well be destroyed."""
    house.secrets.rotate()
    house.secrets.disabled = {1}

    with pytest.raises(Unavailable, match="Version 1"):
        house.resealing().reseal()

    house.secrets.disabled.clear()
    assert house.resealing().reseal() == {"resealed": 5}


def test_of_two_secrets_the_one_that_opens_is_sealed_again(house: House) -> None:
    alien = KeyRing(Secrets({1: base64.b64encode(os.urandom(32))}), "other", create=False).seal(b"x", "y")
    good = house.data(f"triggers/{TRG}")["secrets"][0]
    house.documents.commit([Update(f"triggers/{TRG}", {"secrets": [{"sealed": alien}, good]})])
    house.secrets.rotate()

    assert house.resealing().reseal() == {"resealed": 4, "unreadable": 1}
    kept, fresh = house.data(f"triggers/{TRG}")["secrets"]
    assert kept["sealed"] == alien
    assert fresh["sealed"].startswith("v1.2.")


def test_a_change_that_comes_between_is_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.secrets.rotate()
    commit, place = house.documents.commit, f"owners/{OWNER}/accounts/{ACCOUNT}"
    rivals = [{"name": "Ann"}, {"access_token": ""}]

    def rival(writes: Any) -> Any:
        if rivals and writes[0].path == place:
            commit([Update(place, rivals.pop())])
        return commit(writes)

    monkeypatch.setattr(house.documents, "commit", rival)
    assert house.resealing().reseal() == {"resealed": 5}

    after = house.data(place)
    assert (after["name"], after["access_token"]) == ("Ann", "")
    assert after["refresh_token"].startswith("v1.2.")


def test_a_record_that_changes_each_time_is_left_for_another_run(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.secrets.rotate()
    commit, place = house.documents.commit, f"owners/{OWNER}/contents/{BIG}"

    def rival(writes: Any) -> Any:
        if writes[0].path == place:
            commit([Update(place, {"n": os.urandom(4)})])
        return commit(writes)

    monkeypatch.setattr(house.documents, "commit", rival)
    assert house.resealing().reseal() == {"resealed": 4, "failed": 1}
    monkeypatch.undo()

    assert house.resealing().reseal() == {"resealed": 1}
    assert RECIPE in house.opened()


def test_every_place_of_records_is_looked_at(house: House) -> None:
    """Sign-in states are sealed by the other ring, and keys hold hashes."""
    assert collections()[1] - {"keys", "states"} <= set(PLACES)
    assert {document.path for place in PLACES for document in walk(house.documents, place)} >= {
        f"owners/{OWNER}/accounts/{ACCOUNT}",
        f"triggers/{TRG}",
        "pending/pnd_a",
    }
