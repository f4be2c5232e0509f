"""docs/quick-reference.md names every setting and every error, and its examples work: see `pages`."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.edge import problems
from functions.runtime import settings
from tests.api import pages
from tests.api.description import DOCUMENT, operations
from tests.api.service import Service, running
from tests.e2e.processes import ROOT

TEXT = pages.page("quick-reference.md")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Nothing is connected: the examples do it."""
    with running(tmp_path_factory.mktemp("documented")) as started:
        yield started


def test_the_examples_work(fresh: Service, tmp_path: Path) -> None:
    found = pages.examples(TEXT)
    assert len(found) >= 15
    pages.run(found, fresh, tmp_path)


def test_every_endpoint_is_there() -> None:
    for method, path, _ in operations():
        assert f"`{method} {path}`" in TEXT, (method, path)


def test_every_error_is_in_the_table_with_its_status() -> None:
    table = dict(re.findall(r"^\| (?:\d+) \| `(\w+)` \| [^|]+ \| ([^|]+) \|$", TEXT, re.MULTILINE))
    assert set(table) == set(DOCUMENT["components"]["examples"])
    for code in table:
        assert f"| {problems.STATUS[code]} | `{code}` |" in TEXT


def test_every_setting_is_in_the_table() -> None:
    source = Path(settings.__file__).read_text(encoding="utf-8")
    read = set(re.findall(r"\"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|PORT)\"", source))
    assert {"GMAIL_CLIENT_ID", "GOOGLE_ISSUER", "STORE_URL", "LOCAL_API_KEY", "PORT", "K_SERVICE"} <= read
    table = set(re.findall(r"^\| `([A-Z_0-9]+)` \|", TEXT, re.MULTILINE))
    assert table == read


def test_the_defaults_in_the_table_are_those_of_the_code() -> None:
    for name, value in settings.LOCAL_DEFAULTS.items():
        assert re.search(rf"^\| `{name}` \| `{re.escape(value)}`", TEXT, re.MULTILINE), name


PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "frontend").glob("*.md")])


def test_the_links_in_the_docs_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if target and not target.startswith(("http://", "https://")):
                assert (page.parent / target).exists(), (page.name, target)


def test_the_anchors_in_the_docs_exist() -> None:
    def anchors(page: Path) -> set[str]:
        titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#]*)#([^)]*)\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert anchor in anchors(page.parent / target if target else page), (page.name, target, anchor)
