"""A change that is decided by what was read counts only where that still stands; a query is read as far as is asked."""

from itertools import islice
from pathlib import Path

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain.errors import Conflict
from functions.domain.ports import Create, Documents, Page, Put, Query, Update
from functions.services import TRIES, pages, retry_if_stale

PLACE = "owners/own_1/events/evt_1"


@pytest.fixture
def documents(tmp_path: Path) -> SqliteDocuments:
    return SqliteDocuments(tmp_path / "gmail.db", declared())


class Rival:
    """Has changed the record `times` times, each in the very moment between our reading and our commit."""

    def __init__(self, documents: Documents, times: int) -> None:
        self.documents = documents
        self.left = times

    def comes_between(self) -> None:
        if self.left:
            self.left -= 1
            document = self.documents.get(PLACE)
            assert document
            self.documents.commit([Put(PLACE, {"count": document.data["count"] + 10})])


@retry_if_stale
def one_more(documents: Documents, rival: Rival) -> int:
    document = documents.get(PLACE)
    assert document
    rival.comes_between()
    count: int = document.data["count"] + 1
    documents.commit([Update(PLACE, {"count": count}, version=document.version)])
    return count


def test_a_change_is_made_again_on_what_somebody_else_has_written_meanwhile(documents: Documents) -> None:
    documents.commit([Create(PLACE, {"count": 0})])

    assert one_more(documents, Rival(documents, TRIES - 1)) == 10 * (TRIES - 1) + 1


def test_where_somebody_is_faster_each_time_it_is_a_conflict_and_nothing_of_it_is_written(documents: Documents) -> None:
    documents.commit([Create(PLACE, {"count": 0})])

    with pytest.raises(Conflict):
        one_more(documents, Rival(documents, TRIES))

    left = documents.get(PLACE)
    assert left
    assert left.data["count"] == 10 * TRIES


def test_any_other_error_ends_it_at_once() -> None:
    calls: list[str] = []

    @retry_if_stale
    def refused(why: str) -> None:
        calls.append(why)
        raise ValueError(why)

    with pytest.raises(ValueError, match="no"):
        refused(why="no")

    assert calls == ["no"]


class Counting:
    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.asked = 0

    def query(self, query: Query) -> Page:
        self.asked += 1
        return self.documents.query(query)


def test_all_pages_of_a_query_are_read_one_by_one_as_they_are_taken(documents: Documents) -> None:
    documents.commit([Create(f"owners/own_1/accounts/acc_{n}", {"connected_at": n}) for n in range(5)])
    query = Query("owners/own_1/accounts", order=("connected_at", "asc"), limit=2)
    counting = Counting(documents)

    assert [[d.id for d in page.documents] for page in islice(pages(counting, query), 2)] == [  # type: ignore[arg-type]
        ["acc_0", "acc_1"],
        ["acc_2", "acc_3"],
    ]
    assert counting.asked == 2
    assert [d.data["connected_at"] for page in pages(documents, query) for d in page.documents] == [0, 1, 2, 3, 4]


def test_where_nothing_is_found_there_is_one_page_without_any(documents: Documents) -> None:
    query = Query("owners/own_1/accounts", order=("connected_at", "asc"), limit=2)

    assert [page.documents for page in pages(documents, query)] == [()]
