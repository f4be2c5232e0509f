"""Everything below a place, by paths alone, on SQLite and on Firestore's emulator."""

import pytest

from functions.domain.ports import Create, Documents

PATHS = [
    "owners/a",
    "owners/a/accounts/acc_1",
    "owners/a/templates/tpl_1/versions/1",  # below a document that is not there
    "owners/a/sends/snd_1",
    "owners/a/sends/snd_2",
    "owners/a-b/sends/snd_1",
    "owners/a0/sends/snd_1",
    "owners/aa/sends/snd_1",
    "pending/pnd_1",
    "pendings/pnd_1",
]


def everything(documents: Documents, place: str, limit: int) -> list[str]:
    found: list[str] = []
    after = ""
    while True:
        page = documents.below(place, limit, after)
        found += [document.path for document in page]
        if len(page) < limit:
            return found
        after = page[-1].path


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize(
    "place", ["owners/a", "owners/a-b", "owners", "owners/a/sends", "owners/a/templates/tpl_1", "pending", "nothing/x"]
)
def test_all_that_lies_below_a_place_is_found_once_and_nothing_else(
    documents: Documents, place: str, limit: int
) -> None:
    documents.commit([Create(path, {"of": path}) for path in PATHS])

    assert sorted(everything(documents, place, limit)) == sorted(p for p in PATHS if p.startswith(f"{place}/"))


def test_what_is_found_comes_with_its_data_and_version(documents: Documents) -> None:
    (version,) = documents.commit([Create("owners/a/sends/snd_1", {"n": 1})])

    (found,) = documents.below("owners/a", 10)
    assert (found.data, found.version) == ({"n": 1}, version)
