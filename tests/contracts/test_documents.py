"""What every store of documents does, on SQLite and on Firestore's emulator."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.domain.errors import PreconditionFailed
from functions.domain.ports import Create, Delete, Documents, Increment, Put, Update, Write
from tests.contracts.conftest import Open
from tests.full import examples

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, UTC)


def stored(documents: Documents, path: str) -> dict[str, Any]:
    document = documents.get(path)
    assert document is not None
    return document.data


def test_what_is_created_is_read_back(documents: Documents) -> None:
    (version,) = documents.commit([Create("owners/a/sends/1", {"subject": "Hi"})])
    document = documents.get("owners/a/sends/1")
    assert document is not None
    assert (document.path, document.id, document.data) == ("owners/a/sends/1", "1", {"subject": "Hi"})
    assert document.version == version


def test_what_was_never_written_is_none(documents: Documents) -> None:
    assert documents.get("owners/a/sends/1") is None


def test_another_instance_sees_a_commit_at_once(open_documents: Open) -> None:
    one, other = open_documents(), open_documents()
    assert other.get("owners/a") is None
    one.commit([Create("owners/a", {"n": 1})])
    assert stored(other, "owners/a") == {"n": 1}


def test_get_many_keeps_the_order_and_leaves_gaps(documents: Documents) -> None:
    documents.commit([Create(f"owners/a/sends/{n}", {"n": n}) for n in range(3)])
    found = documents.get_many([f"owners/a/sends/{n}" for n in (2, 9, 0, 2)])
    assert [document and document.data["n"] for document in found] == [2, None, 0, 2]
    assert documents.get_many([]) == []


def test_create_refuses_a_path_that_is_taken(documents: Documents) -> None:
    documents.commit([Create("owners/a", {"n": 1})])
    with pytest.raises(PreconditionFailed):
        documents.commit([Create("owners/a", {"n": 2})])
    assert stored(documents, "owners/a") == {"n": 1}


def test_put_writes_the_whole_document_either_way(documents: Documents) -> None:
    documents.commit([Put("owners/a", {"n": 1, "m": 1})])
    documents.commit([Put("owners/a", {"n": 2})])
    assert stored(documents, "owners/a") == {"n": 2}


def test_update_replaces_the_given_fields_whole_and_leaves_the_others(documents: Documents) -> None:
    documents.commit([Create("owners/a", {"kept": [1], "map": {"old": 1}, "gone": {"x": 1}})])
    documents.commit([Update("owners/a", {"map": {"new": 2}, "gone": {}, "added": None})])
    assert stored(documents, "owners/a") == {"kept": [1], "map": {"new": 2}, "gone": {}, "added": None}


def test_update_refuses_a_missing_document(documents: Documents) -> None:
    with pytest.raises(PreconditionFailed):
        documents.commit([Update("owners/a", {"n": 1})])
    assert documents.get("owners/a") is None


def test_update_with_a_version_refuses_a_changed_document(documents: Documents) -> None:
    (first,) = documents.commit([Create("owners/a", {"n": 1})])
    (second,) = documents.commit([Update("owners/a", {"n": 2}, version=first)])
    with pytest.raises(PreconditionFailed):
        documents.commit([Update("owners/a", {"n": 3}, version=first)])
    documents.commit([Update("owners/a", {"n": 4}, version=second)])
    assert stored(documents, "owners/a") == {"n": 4}


def test_delete_with_a_version_refuses_a_changed_or_missing_document(documents: Documents) -> None:
    (first,) = documents.commit([Create("owners/a", {"n": 1})])
    (second,) = documents.commit([Put("owners/a", {"n": 2})])
    with pytest.raises(PreconditionFailed):
        documents.commit([Delete("owners/a", version=first)])
    assert documents.commit([Delete("owners/a", version=second)]) == [""]
    with pytest.raises(PreconditionFailed):
        documents.commit([Delete("owners/a", version=second)])


def test_delete_of_a_missing_document_is_fine(documents: Documents) -> None:
    assert documents.commit([Delete("owners/a")]) == [""]


def test_a_version_never_comes_back(documents: Documents) -> None:
    """Not by writing the same data, nor by deleting and creating again."""
    versions = []
    for _ in range(3):
        versions += documents.commit([Create("owners/a", {"n": 1})])
        versions += documents.commit([Update("owners/a", {"n": 1})])
        versions += documents.commit([Update("owners/a", {})])
        documents.commit([Delete("owners/a")])
    assert len(set(versions)) == 9
    with pytest.raises(PreconditionFailed):
        documents.commit([Update("owners/a", {"n": 2}, version=versions[0])])


@pytest.mark.parametrize("version", ["", "x", "1.5", "-1", "1795368521.375989000", "99999999999999999999"])
def test_a_version_of_nobodys_is_a_changed_one(documents: Documents, version: str) -> None:
    documents.commit([Create("owners/a", {"n": 1})])
    with pytest.raises(PreconditionFailed):
        documents.commit([Update("owners/a", {"n": 2}, version=version)])


def test_a_commit_is_all_or_nothing(documents: Documents) -> None:
    documents.commit([Create("owners/a", {"n": 1}), Create("owners/b", {"n": 1})])
    writes: list[Write] = [
        Update("owners/a", {"n": 2}),
        Delete("owners/b"),
        Create("owners/c", {}),
        Create("owners/a/x/1", {}),
    ]
    with pytest.raises(PreconditionFailed):
        documents.commit([*writes, Update("owners/missing", {"n": 2})])
    assert [d and d.data for d in documents.get_many(["owners/a", "owners/b", "owners/c"])] == [
        {"n": 1},
        {"n": 1},
        None,
    ]
    versions = documents.commit(writes)
    assert [bool(version) for version in versions] == [True, False, True, True]
    assert documents.get("owners/b") is None


def test_a_commit_takes_500_writes_and_no_more(documents: Documents) -> None:
    writes = [Create(f"owners/a/sends/{n}", {"n": n}) for n in range(501)]
    with pytest.raises(ValueError, match="501"):
        documents.commit(writes)
    assert len(documents.commit(writes[:500])) == 500
    assert stored(documents, "owners/a/sends/499") == {"n": 499}


def test_a_commit_takes_three_large_documents_and_no_more(documents: Documents) -> None:
    writes = [Create(f"owners/a/sends/{n}", {"text": "x" * 990_000}) for n in range(4)]
    with pytest.raises(ValueError, match="may take"):
        documents.commit(writes)
    assert len(documents.commit(writes[:3])) == 3


def test_an_empty_commit_does_nothing(documents: Documents) -> None:
    assert documents.commit([]) == []


def test_a_commit_writes_a_document_once(documents: Documents) -> None:
    with pytest.raises(ValueError, match="once"):
        documents.commit([Create("owners/a", {}), Update("owners/a", {"n": 1})])


def test_increments_start_at_nothing_and_replace_what_is_no_number(documents: Documents) -> None:
    documents.commit([Create("owners/a", {"n": 5, "f": 1.5, "text": "x", "flag": True, "top": 2**63 - 1})])
    grown = {name: Increment(2) for name in ("n", "f", "text", "flag", "top", "absent")}
    documents.commit([Update("owners/a", {**grown, "other": 1})])
    documents.commit([Update("owners/a", {"n": Increment(-10)})])
    expected = {"n": -3, "f": 3.5, "text": 2, "flag": 2, "top": 2**63 - 1, "absent": 2, "other": 1}
    assert stored(documents, "owners/a") == expected


def test_an_increment_belongs_in_an_update(documents: Documents) -> None:
    writes: list[Write] = [Create("owners/a", {"n": Increment(1)}), Put("owners/a", {"n": Increment(1)})]
    for write in writes:
        with pytest.raises(ValueError, match="Increment"):
            documents.commit([write])


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    gate = threading.Barrier(count)

    def run(n: int) -> Any:
        gate.wait()
        return work(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_no_increment_is_lost(documents: Documents) -> None:
    documents.commit([Create("owners/a", {"n": 0})])

    def work(_: int) -> None:
        for _ in range(25):
            documents.commit([Update("owners/a", {"n": Increment(1)})])

    in_threads(8, work)
    assert stored(documents, "owners/a") == {"n": 200}


def test_of_many_creates_of_one_path_exactly_one_wins(open_documents: Open) -> None:
    stores = [open_documents(), open_documents()]

    def work(n: int) -> str | None:
        try:
            return stores[n % 2].commit([Create("states/one", {"by": n})])[0]
        except PreconditionFailed:
            return None

    versions = in_threads(20, work)
    (winner,) = [n for n, version in enumerate(versions) if version]
    document = stores[0].get("states/one")
    assert document is not None
    assert (document.data, document.version) == ({"by": winner}, versions[winner])


def test_of_many_updates_of_one_version_exactly_one_wins(documents: Documents) -> None:
    (version,) = documents.commit([Create("owners/a", {"n": 0})])

    def work(n: int) -> bool:
        try:
            documents.commit([Update("owners/a", {"n": n}, version=version)])
        except PreconditionFailed:
            return False
        return True

    assert sum(in_threads(10, work)) == 1


def test_owners_do_not_see_each_other(documents: Documents) -> None:
    """Neither an owner whose name begins like another's, nor one made of a path."""
    documents.commit([Create("owners/a/sends/1", {"of": "a"}), Create("owners/ab/sends/1", {"of": "ab"})])
    documents.commit([Delete("owners/a/sends/1")])
    assert stored(documents, "owners/ab/sends/1") == {"of": "ab"}
    for path in ("owners/a/../ab/sends/1", "owners/./sends/1", "owners//sends/1", "owners/ab/sends/1/", "/owners/ab"):
        with pytest.raises(ValueError, match="Not a"):
            documents.get(path)


@pytest.mark.parametrize("path", ["", "owners", "owners/a/sends", "owners/é", "owners/a\n", "owners/__x__", "a/b\0"])
def test_what_is_no_path_is_refused(documents: Documents, path: str) -> None:
    with pytest.raises(ValueError, match="Not a"):
        documents.get(path)
    with pytest.raises(ValueError, match="Not a"):
        documents.commit([Create(path, {})])


# --- values ---------------------------------------------------------------------------------------------------------


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    "value",
    [
        *(
            None,
            True,
            False,
            0,
            -1,
            2**63 - 1,
            -(2**63),
            0.5,
            -0.0,
            1.0,
            1e308,
            5e-324,
            "",
            "\0",
            "a\0b",
            "é𝄞\u2028",
            b"",
        ),
        *(b"\0\xff", [], {}, [{}], {"a": []}, [[]], [[1], [[2]]], {"": 1}, {"__x__": 1}, {"a.b": {"`\\": 1}}),
        *({"$b": "x"}, {"$t": 1, "$$": 2}, {"~json": "1"}, {"~json": {"~json": 1}}, {"_commit": 1}, {"__oid__": "x"}),
        *([b"x", NOW, None], {"when": NOW}, [[NOW, b"x"]], datetime(1, 1, 1, tzinfo=UTC)),
        datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
    ],
    ids=repr,
)
def test_a_value_comes_back_as_it_was(documents: Documents, value: Any) -> None:
    documents.commit([Create("owners/a", {"value": value})])
    found = stored(documents, "owners/a")
    assert found == {"value": value}
    assert type(found["value"]) is type(value)
    documents.commit([Update("owners/a", {"value": 0})])
    documents.commit([Update("owners/a", {"value": value})])
    assert same(stored(documents, "owners/a"), {"value": value})


def test_values_become_plain(documents: Documents) -> None:
    """Tuples are lists, string enums strings, and a datetime of another zone the same moment in UTC."""
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    documents.commit([Create("owners/a", {"tuple": (1, (2,)), "enum": Colour.RED, "when": there})])
    found = stored(documents, "owners/a")
    assert found == {"tuple": [1, [2]], "enum": "red", "when": NOW}
    assert type(found["enum"]) is str
    assert found["when"].tzinfo is UTC


def test_nesting_deeper_than_firestore_has_a_form_for(documents: Documents) -> None:
    value: Any = "bottom"
    for _ in range(40):
        value = {"k": [value]}
    documents.commit([Create("owners/a", {"value": value})])
    assert stored(documents, "owners/a") == {"value": value}


ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)


@pytest.mark.parametrize(
    "value",
    [
        *(2**63, -(2**63) - 1, [2**64], float("nan"), float("inf"), "\ud800", {"\ud800": 1}, {1: 2}, {None: 1}),
        *({1}, 1j, datetime(2026, 1, 1), [datetime(2026, 1, 1)], NOW.date(), ENDLESS, {"n": Increment(1)}),  # noqa: DTZ001
        *(
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            "x" * 1_000_001,
            b"x" * 1_000_001,
            ["é" * 250_001] * 2,
        ),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_value_that_a_store_could_not_keep_is_refused(documents: Documents, value: Any) -> None:
    documents.commit([Create("owners/b", {})])
    for write in (
        Create("owners/a", {"value": value}),
        Put("owners/a", {"v": value}),
        Update("owners/b", {"v": value}),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 -- any text: the caller is a programmer
            documents.commit([write])
    assert documents.get("owners/a") is None


@pytest.mark.parametrize("name", ["", "__name__", "_commit", "a\nb", "\ud800", 1])
def test_a_field_name_that_a_store_could_not_keep_is_refused(documents: Documents, name: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        documents.commit([Create("owners/a", {name: 1})])


def test_a_document_of_a_million_bytes_is_kept_and_may_not_grow_without_end(documents: Documents) -> None:
    documents.commit([Create("owners/a", {"text": "x" * 999_000, "more": b"y"})])
    assert len(stored(documents, "owners/a")["text"]) == 999_000
    with pytest.raises(ValueError):  # noqa: PT011
        documents.commit([Update("owners/a", {"other": "z" * 60_000})])
    assert stored(documents, "owners/a").keys() == {"text", "more"}


text = st.text(st.characters(codec="utf-8"), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text
    | st.binary(max_size=12)
    | st.datetimes(timezones=st.just(UTC))
)
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3))
names = text.filter(
    lambda name: (
        name.isprintable() and name and name != "_commit" and not (name.startswith("__") and name.endswith("__"))
    )
)


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.dictionaries(names, anything, max_size=5), st.dictionaries(names, anything, max_size=5))
def test_any_data_comes_back_as_it_was(documents: Documents, data: dict[str, Any], update: dict[str, Any]) -> None:
    documents.commit([Put("owners/a", data)])
    assert same(stored(documents, "owners/a"), data)
    documents.commit([Update("owners/a", update)])
    assert same(stored(documents, "owners/a"), {**data, **update})


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types: 1 is neither 1.0 nor True. The order of keys is nobody's business."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
