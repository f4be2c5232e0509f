"""docs/attachments.md: its examples work, and its limits are those of the code."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.domain import archives, attachments
from functions.domain.messages import MIME_LIMIT
from tests.api import pages
from tests.api.service import Service, running

TEXT = pages.page("attachments.md")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One account is connected, and there is no attachment."""
    with running(tmp_path_factory.mktemp("attachments")) as started:
        started.connect()
        yield started


def test_the_examples_work(fresh: Service, tmp_path: Path) -> None:
    found = pages.examples(TEXT)
    assert len(found) >= 12
    pages.run(found, fresh, tmp_path)


def test_the_limits_are_those_of_the_code() -> None:
    shortest, longest = (int(t.total_seconds()) for t in (attachments.SHORTEST, attachments.LONGEST))
    for row in (
        f"| one file | {attachments.FILE_LIMIT:,} bytes |",
        f"| a message, as encoded for Gmail | {MIME_LIMIT:,} bytes",
        f"| {shortest} to {longest:,} seconds ({attachments.LONGEST.days} days); {attachments.EXPIRES_IN.days} days",
        f"after {archives.UNPACKED_LIMIT >> 20} MiB have been unpacked",
    ):
        assert row in TEXT, row
    assert archives.DEPTH_LIMIT == 4
    assert "four deep" in TEXT
    assert (attachments.URL_WORKS_FOR.total_seconds(), attachments.ABANDONED.days) == (3600, 1)
