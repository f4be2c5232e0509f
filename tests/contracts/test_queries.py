"""How every store of documents searches: orders, filters, pages, and which queries it refuses."""

from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.adapters import searches
from functions.domain.errors import InvalidRequest
from functions.domain.indexes import parse
from functions.domain.ports import Create, Delete, Documents, Page, Put, Query, Update
from tests.contracts.conftest import Open
from tests.full import examples

START = datetime(2026, 3, 1, tzinfo=UTC)
NEWEST = Query("owners/a/sends", order=("created_at", "desc"))


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def send(n: int, owner: str = "a", **fields: Any) -> Create:
    return Create(f"owners/{owner}/sends/{n:03}", {"created_at": at(n), **fields})


def ids(documents: Documents, query: Query) -> list[int]:
    return [int(document.id) for document in documents.query(query).documents]


def pages(documents: Documents, query: Query) -> list[list[int]]:
    found = []
    while True:
        page = documents.query(query)
        found.append([int(document.id) for document in page.documents])
        if page.next is None:
            return found
        query = query._replace(after=page.next)


def flat(found: list[list[int]]) -> list[int]:
    return list(chain.from_iterable(found))


def test_a_list_is_ordered_either_way(documents: Documents) -> None:
    documents.commit([send(n) for n in (2, 0, 1)])
    assert ids(documents, NEWEST) == [2, 1, 0]
    assert ids(documents, NEWEST._replace(order=("created_at", "asc"))) == [0, 1, 2]


def test_a_found_document_is_as_when_it_is_read(documents: Documents) -> None:
    documents.commit([send(1, labels=["tag:x"], account="acc")])
    (found,) = documents.query(NEWEST).documents
    assert found == documents.get("owners/a/sends/001")


def test_an_empty_collection_is_one_empty_page(documents: Documents) -> None:
    assert documents.query(NEWEST).documents == ()
    assert documents.query(NEWEST).next is None


def test_equal_filters_are_merged(documents: Documents) -> None:
    documents.commit(
        [send(n, account=f"acc{n % 2}", status=f"s{n % 3}", labels=[f"tag:{n % 5}", "tag:all"]) for n in range(30)]
    )
    wanted = NEWEST._replace(equals={"account": "acc1"})
    assert ids(documents, wanted) == [n for n in range(29, -1, -1) if n % 2 == 1]
    wanted = wanted._replace(equals={"account": "acc1", "status": "s0"})
    assert ids(documents, wanted) == [27, 21, 15, 9, 3]
    assert ids(documents, wanted._replace(contains=("labels", "tag:all"))) == [27, 21, 15, 9, 3]
    assert ids(documents, wanted._replace(contains=("labels", "tag:1"))) == [21]
    assert ids(documents, wanted._replace(contains=("labels", "tag:9"))) == []
    assert ids(documents, wanted._replace(equals={"account": "acc1", "status": "none"})) == []
    assert pages(documents, wanted._replace(limit=2)) == [[27, 21], [15, 9], [3]]


def test_contains_finds_an_element_of_an_array_once(documents: Documents) -> None:
    documents.commit(
        [
            send(1, labels=["to:a@x.org", "to:a@x.org", "tag:x"]),
            send(2, labels=["to:b@x.org"]),
            send(3, labels=[]),
            send(4, labels="to:a@x.org"),
            send(5),
        ]
    )
    assert ids(documents, NEWEST._replace(contains=("labels", "to:a@x.org"))) == [1]
    assert ids(documents, NEWEST._replace(contains=("labels", "to:a@x"))) == []


def test_since_is_inclusive_and_until_exclusive(documents: Documents) -> None:
    documents.commit([send(n, account="acc") for n in range(10)])
    for order in ("desc", "asc"):
        wanted = NEWEST._replace(order=("created_at", order), since=at(3), until=at(7))
        assert sorted(ids(documents, wanted)) == [3, 4, 5, 6]
    filtered = NEWEST._replace(equals={"account": "acc"}, since=at(3), until=at(7))
    assert pages(documents, filtered._replace(limit=3)) == [[6, 5, 4], [3]]
    assert ids(documents, NEWEST._replace(since=at(8))) == [9, 8]
    assert ids(documents, NEWEST._replace(until=at(2))) == [1, 0]
    assert ids(documents, NEWEST._replace(since=at(7), until=at(3))) == []
    assert ids(documents, NEWEST._replace(since=at(3) + timedelta(microseconds=1), until=at(5))) == [4]


def test_a_document_without_the_orders_field_is_in_no_list_of_it(documents: Documents) -> None:
    documents.commit([send(1), Create("owners/a/sends/002", {"status": "x"}), send(3)])
    assert ids(documents, NEWEST) == [3, 1]


def test_null_is_listed_before_everything_and_outside_every_bound(documents: Documents) -> None:
    documents.commit([send(1), Create("owners/a/sends/002", {"created_at": None})])
    assert ids(documents, NEWEST._replace(order=("created_at", "asc"))) == [2, 1]
    assert ids(documents, NEWEST._replace(until=at(5))) == [1]


def test_the_last_page_has_no_cursor_even_when_it_is_full(documents: Documents) -> None:
    documents.commit([send(n) for n in range(6)])
    assert pages(documents, NEWEST._replace(limit=4)) == [[5, 4, 3, 2], [1, 0]]
    assert pages(documents, NEWEST._replace(limit=3)) == [[5, 4, 3], [2, 1, 0]]
    assert pages(documents, NEWEST._replace(limit=6)) == [[5, 4, 3, 2, 1, 0]]


def test_pages_stay_stable_while_documents_come_and_go(documents: Documents) -> None:
    """What was there throughout is listed exactly once; the cursor's own document may even be gone."""
    documents.commit([send(n) for n in range(10)])
    page = documents.query(NEWEST._replace(limit=4))
    documents.commit([send(n) for n in range(20, 25)])
    documents.commit([Delete("owners/a/sends/006"), Delete("owners/a/sends/003")])
    assert pages(documents, NEWEST._replace(limit=4, after=page.next)) == [[5, 4, 2, 1], [0]]


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_documents_of_one_moment_are_paged_without_gap_or_repeat(
    documents: Documents, direction: Literal["asc", "desc"]
) -> None:
    documents.commit([Create(f"owners/a/sends/{n:03}", {"created_at": START, "account": "x"}) for n in range(7)])
    found = pages(documents, NEWEST._replace(order=("created_at", direction), limit=2))
    assert flat(found) == sorted(range(7), reverse=direction == "desc")


def test_a_query_without_an_order_is_ordered_by_id(documents: Documents) -> None:
    documents.commit([Create(f"owners/a/accounts/{n}", {"email": "me@x.org"}) for n in (3, 1, 2)])
    wanted = Query("owners/a/accounts", equals={"email": "me@x.org"}, limit=2)
    assert pages(documents, wanted) == [[1, 2], [3]]
    assert ids(documents, wanted._replace(equals={"email": "ME@x.org"})) == []


def test_a_collection_is_one_owners_own(documents: Documents) -> None:
    documents.commit([send(1, owner="a"), send(2, owner="ab"), send(3, owner="b")])
    documents.commit([Create("owners/a/accounts/x/sends/004", {"created_at": at(4)})])
    assert ids(documents, NEWEST) == [1]


def test_a_group_spans_all_owners(documents: Documents) -> None:
    queued = {"status": "queued"}
    documents.commit([send(n, owner=f"o{n % 3}", due_at=at(-n), **queued) for n in range(6)])
    documents.commit([send(7, owner="o9", due_at=at(0), status="sent")])
    due = Query("sends", queued, order=("due_at", "asc"), until=at(-1), group=True)
    assert ids(documents, due) == [5, 4, 3, 2]
    assert pages(documents, due._replace(limit=3)) == [[5, 4, 3], [2]]


def test_a_group_without_an_order_is_paged_by_path(documents: Documents) -> None:
    documents.commit([Create(f"owners/{owner}/accounts/1", {"sub": "7"}) for owner in ("b", "a-b", "a", "c")])
    wanted = Query("accounts", {"sub": "7"}, limit=3, group=True)
    first = documents.query(wanted)
    rest = documents.query(wanted._replace(after=first.next))
    found = [document.path.split("/")[1] for document in (*first.documents, *rest.documents)]
    assert sorted(found) == ["a", "a-b", "b", "c"]
    assert (len(first.documents), rest.next) == (3, None)


def test_what_is_changed_or_removed_is_found_as_it_is_now(documents: Documents) -> None:
    documents.commit([send(1, status="queued", labels=["tag:x", "tag:y"]), send(2, status="queued")])
    documents.commit([Update("owners/a/sends/001", {"status": "sent", "labels": ["tag:y", "tag:z"]})])
    assert ids(documents, NEWEST._replace(equals={"status": "queued"})) == [2]
    assert ids(documents, NEWEST._replace(equals={"status": "sent"})) == [1]
    assert [ids(documents, NEWEST._replace(contains=("labels", f"tag:{tag}"))) for tag in "xyz"] == [[], [1], [1]]
    documents.commit([Put("owners/a/sends/001", {"created_at": at(9)}), Delete("owners/a/sends/002")])
    assert ids(documents, NEWEST._replace(equals={"status": "sent"})) == []
    assert ids(documents, NEWEST) == [1]


@pytest.mark.parametrize(
    "query",
    [
        Query("owners/a/sends", order=("subject", "asc")),
        Query("owners/a/sends", {"subject": "x"}, order=("created_at", "desc")),
        Query("owners/a/sends", {"account": "x", "subject": "x"}, order=("created_at", "desc")),
        Query("owners/a/sends", {"account": "x"}, order=("created_at", "asc")),
        Query("owners/a/sends", {"account": "x"}),
        Query("owners/a/sends", contains=("account", "x"), order=("created_at", "desc")),
        Query("owners/a/sends", {"labels": "x"}, order=("created_at", "desc")),
        Query("owners/a/accounts", {"sub": "x"}),
        Query("accounts", {"name": "x"}, group=True),
        Query("sends", order=("created_at", "desc"), group=True),
        Query("owners/a/sends"),
        Query("owners/a/nothing", order=("created_at", "desc")),
        Query("owners/a/sends", among=("subject", ("x",)), order=("created_at", "desc")),
    ],
    ids=repr,
)
def test_a_query_without_a_declared_index_is_refused(documents: Documents, query: Query) -> None:
    with pytest.raises(ValueError, match=r"infra/indexes\.json"):
        documents.query(query)


@pytest.mark.parametrize(
    "query",
    [
        NEWEST._replace(collection="owners/a"),
        NEWEST._replace(collection="owners//sends"),
        NEWEST._replace(collection=""),
        NEWEST._replace(limit=0),
        NEWEST._replace(contains=("labels",)),
        NEWEST._replace(equals={"account": "x"}, among=("account", ("x",))),
        NEWEST._replace(collection="sends", among=("status", ("x",)), order=("due_at", "asc"), group=True),
        NEWEST._replace(among=("account", ({},))),
        Query("owners/a/accounts", {"email": "x"}, since=START),
        Query("owners/a/sends", {"status": "x"}, order=("due_at", "asc"), group=True),
        NEWEST._replace(equals={"account": ["x"]}),
        NEWEST._replace(equals={"account": 2**70}),
        NEWEST._replace(since=datetime(2026, 1, 1)),  # noqa: DTZ001
    ],
    ids=repr,
)
def test_a_query_that_makes_no_sense_is_refused(documents: Documents, query: Query) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- any text: the caller is a programmer
        documents.query(query)


def test_a_cursor_of_another_query_is_refused(documents: Documents) -> None:
    documents.commit([send(n, owner=owner, account="x") for n in range(3) for owner in ("a", "b")])
    cursor = documents.query(NEWEST._replace(limit=1)).next
    for other in (
        NEWEST._replace(collection="owners/b/sends"),
        NEWEST._replace(order=("created_at", "asc")),
        NEWEST._replace(equals={"account": "x"}),
        NEWEST._replace(contains=("labels", "x")),
    ):
        with pytest.raises(InvalidRequest):
            documents.query(other._replace(after=cursor))
    assert ids(documents, NEWEST._replace(after=cursor, limit=9, since=START)) == [1, 0]


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "%", "é", "bm9wZQ", "W10", "WzEsMiwzXQ", "e30", "bnVsbA", "WyJhIiwiYiIsImMiXQ", "A" * 5000, "a\n"],
)
def test_a_cursor_of_nobodys_is_refused(documents: Documents, cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        documents.query(NEWEST._replace(after=cursor))


def test_a_changed_cursor_is_refused_or_stays_in_the_collection(documents: Documents) -> None:
    documents.commit([send(n, owner=owner) for n in range(3) for owner in ("a", "b")])
    cursor = documents.query(NEWEST._replace(limit=1)).next or ""
    for place in range(0, len(cursor), 3):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        try:
            found = documents.query(NEWEST._replace(after=changed)).documents
        except InvalidRequest:
            continue
        assert all(document.path.startswith("owners/a/sends/") for document in found)


SCALARS = parse(
    '{"indexes": [{"collection": "things", "scope": "collection", "fields": [{"field": "v", "mode": "asc"}]},'
    ' {"collection": "things", "scope": "collection", "fields": [{"field": "v", "mode": "equals"}]}]}'
)
text = st.text(st.characters(codec="utf-8"), max_size=4)
values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.sampled_from([2**53, 2**53 + 1, 2**63 - 1, 2**63 - 2, 2.0**53, 2.0**63, -0.0, 0, 1, 1.0])
    | st.floats(allow_nan=False, allow_infinity=False)
    | text
    | st.binary(max_size=4)
    | st.datetimes(timezones=st.just(UTC))
)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(values, min_size=1, max_size=8))
def test_all_values_have_one_order(open_documents: Open, found: list[Any]) -> None:
    """Null, booleans, numbers, moments, text, bytes; and any page begins where the one before ended."""
    documents = open_documents(SCALARS)
    old = [Delete(document.path) for document in documents.query(Query("things", order=("v", "asc"))).documents]
    documents.commit(old)
    documents.commit([Create(f"things/{n}", {"v": value}) for n, value in enumerate(found)])
    expected = sorted(range(len(found)), key=lambda n: (*rank(found[n]), n))
    assert flat(pages(documents, Query("things", order=("v", "asc"), limit=3))) == expected
    assert flat(pages(documents, Query("things", order=("v", "desc"), limit=3))) == expected[::-1]
    equal = [n for n in range(len(found)) if rank(found[n]) == rank(found[0])]
    assert ids(documents, Query("things", {"v": found[0]})) == equal


def rank(value: Any) -> tuple[int, Any]:
    match value:
        case None:
            return 0, 0
        case bool():
            return 1, value
        case int() | float():
            return 2, value  # Python compares integers and floats exactly
        case datetime():
            return 3, value
        case str():
            return 4, value.encode()
        case _:
            return 5, value


def test_a_count_is_of_all_that_a_query_finds_whatever_its_limit(documents: Documents) -> None:
    documents.commit(
        [send(n, account=f"acc{n % 2}", status=f"s{n % 3}", labels=[f"tag:{n % 5}", "tag:all"]) for n in range(30)]
    )
    assert documents.counts([NEWEST._replace(limit=2), NEWEST._replace(equals={"account": "acc1"})]) == [30, 15]
    wanted = NEWEST._replace(equals={"account": "acc1", "status": "s0"}, contains=("labels", "tag:all"))
    assert documents.counts([wanted, wanted._replace(since=at(9), until=at(21))]) == [5, 2]
    assert documents.counts([NEWEST._replace(collection="owners/nobody/sends")]) == [0]
    assert documents.counts([NEWEST._replace(among=("account", ("acc0", "acc1", "acc9")))]) == [30]
    assert documents.counts([NEWEST._replace(equals={"status": "s0"}, among=("account", ("acc1",)))]) == [5]
    assert documents.counts([NEWEST._replace(among=("account", ()))]) == [0]
    assert documents.counts([]) == []


def test_a_count_that_no_index_knows_is_refused(documents: Documents) -> None:
    with pytest.raises(ValueError, match=r"infra/indexes\.json"):
        documents.counts([NEWEST._replace(equals={"subject": "x"})])
    with pytest.raises(ValueError, match="one element"):
        documents.counts([NEWEST._replace(contains=("labels", "tag:x", "tag:y"))])


def test_one_of_several_values_is_found_in_the_order_of_all(documents: Documents) -> None:
    documents.commit([send(n, account=f"acc{n % 4}", status=f"s{n % 3}") for n in range(24)])
    wanted = NEWEST._replace(among=("account", ("acc1", "acc3", "acc3", "acc9")))
    expected = [n for n in range(23, -1, -1) if n % 2]
    assert flat(pages(documents, wanted._replace(limit=5))) == expected
    assert flat(pages(documents, wanted._replace(limit=1))) == expected
    assert pages(documents, wanted._replace(limit=12)) == [expected]
    assert ids(documents, wanted._replace(since=at(4), until=at(10))) == [9, 7, 5]
    assert ids(documents, wanted._replace(equals={"status": "s0"})) == [21, 15, 9, 3]
    assert documents.query(wanted._replace(among=("account", ()))) == Page((), None)


def test_documents_of_one_moment_are_paged_without_gap_among_several_values(documents: Documents) -> None:
    documents.commit(
        [Create(f"owners/a/sends/{n:03}", {"created_at": START, "account": f"a{n % 3}"}) for n in range(9)]
    )
    wanted = NEWEST._replace(among=("account", ("a0", "a2")), limit=2)
    assert flat(pages(documents, wanted)) == [8, 6, 5, 3, 2, 0]
    assert flat(pages(documents, wanted._replace(order=("created_at", "desc"), limit=4))) == [8, 6, 5, 3, 2, 0]


def test_a_page_among_several_values_stays_where_it_was_while_documents_come_and_go(documents: Documents) -> None:
    documents.commit([send(n, account=f"acc{n % 2}") for n in range(10)])
    wanted = NEWEST._replace(among=("account", ("acc0", "acc1")), limit=4)
    page = documents.query(wanted)
    documents.commit([send(n, account="acc0") for n in range(20, 25)])
    documents.commit([Delete("owners/a/sends/006"), Delete("owners/a/sends/003")])
    assert pages(documents, wanted._replace(after=page.next)) == [[5, 4, 2, 1], [0]]


def test_several_elements_must_all_be_in_the_list(documents: Documents) -> None:
    def labels(n: int) -> list[str]:
        return ["all", *(f"by{by}" for by in (2, 3, 7) if n % by == 0)]

    documents.commit([send(n, account=f"acc{n % 2}", labels=labels(n)) for n in range(60)])
    wanted = NEWEST._replace(contains=("labels", "by2", "by3"))
    expected = [n for n in range(59, -1, -1) if n % 6 == 0]
    assert flat(pages(documents, wanted)) == expected
    assert flat(pages(documents, wanted._replace(limit=3))) == expected
    assert flat(pages(documents, wanted._replace(contains=("labels", "all", "by3", "by2", "by7")))) == [42, 0]
    assert flat(pages(documents, wanted._replace(contains=("labels", "by3", "none")))) == []
    assert flat(pages(documents, wanted._replace(equals={"account": "acc1"}))) == []
    odd = wanted._replace(contains=("labels", "by3", "by7"), among=("account", ("acc1", "acc0")))
    assert flat(pages(documents, odd._replace(limit=1))) == [42, 21, 0]
    assert flat(pages(documents, wanted._replace(since=at(10), until=at(40)))) == [36, 30, 24, 18, 12]


def test_a_search_for_several_elements_reads_so_many_documents_for_a_page_and_no_more(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may then be short, or empty; following its cursors misses nothing."""
    monkeypatch.setattr(searches, "CHUNK", 4)
    monkeypatch.setattr(searches, "READ_LIMIT", 8)
    documents.commit(
        [
            send(n, account=f"acc{n % 3}", labels=["x", "y"] if n in (0, 1, 2, 21, 38) else ["x" if n % 2 else "y"])
            for n in range(40)
        ]
    )
    wanted = NEWEST._replace(contains=("labels", "x", "y"), limit=2)
    assert flat(pages(documents, wanted)) == [38, 21, 2, 1, 0]
    wanted = wanted._replace(among=("account", ("acc0", "acc1", "acc2")))
    assert flat(pages(documents, wanted)) == [38, 21, 2, 1, 0]
    assert flat(pages(documents, wanted._replace(order=("created_at", "desc"), limit=1))) == [38, 21, 2, 1, 0]


def test_a_cursor_belongs_to_its_values_and_elements(documents: Documents) -> None:
    documents.commit([send(n, account=f"acc{n % 2}", labels=["x", "y", "z"]) for n in range(6)])
    wanted = NEWEST._replace(among=("account", ("acc0", "acc1")), contains=("labels", "x", "y"), limit=2)
    cursor = documents.query(wanted).next
    assert ids(documents, wanted._replace(contains=("labels", "y", "x"), after=cursor)) == [3, 2]
    for other in (
        wanted._replace(among=("account", ("acc0",))),
        wanted._replace(among=None),
        wanted._replace(contains=("labels", "x")),
        wanted._replace(contains=("labels", "x", "z")),
    ):
        with pytest.raises(InvalidRequest):
            documents.query(other._replace(after=cursor))
