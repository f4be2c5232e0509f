"""docs/templates.md: its examples work, and its limits are those of the code."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.adapters.email_html import PREHEADER_LIMIT
from functions.adapters.liquid_source import DEPTH_LIMIT, TAGS_LIMIT
from functions.domain import template_values, templates
from functions.domain.messages import SUBJECT_LIMIT
from tests.api import pages
from tests.api.service import Service, running

TEXT = pages.page("templates.md")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One account is connected, and there is no template."""
    with running(tmp_path_factory.mktemp("templates")) as started:
        started.connect()
        yield started


def test_the_examples_work(fresh: Service, tmp_path: Path) -> None:
    found = pages.examples(TEXT)
    assert len(found) >= 25
    assert all(example.kind == "json" for example in found)
    pages.run(found, fresh, tmp_path)


def test_the_limits_are_those_of_the_code() -> None:
    for row in (
        f"| `name` | {templates.NAME_LIMIT} characters |",
        f"| {templates.LINE_LIMIT:,} bytes as written; {SUBJECT_LIMIT} and {PREHEADER_LIMIT} characters as shown |",
        f"| `html` | {templates.HTML_LIMIT:,} bytes as written |",
        f"| `text` | {templates.TEXT_LIMIT:,} bytes as written |",
        f"| {templates.BODY_LIMITS['message']:,} bytes as JSON; a layout {templates.BODY_LIMITS['layout']:,} |",
        f"| variables | {template_values.VARIABLES_LIMIT}; {templates.VARIABLES_LIMIT:,} bytes with",
        f"| a string | {template_values.STRING_LIMIT:,} characters |",
        f"| a list | {template_values.ITEMS_LIMIT:,} items, {template_values._VALUES_DEPTH} levels deep; "
        f"{template_values._VALUES_LIMIT:,} values at all depths together |",
        f"| all values of a send | {template_values._VALUES_SIZE:,} characters |",
        f"| {TAGS_LIMIT:,} in one text, nested {DEPTH_LIMIT} deep |",
    ):
        assert row in TEXT, row


def test_every_type_of_variable_is_named() -> None:
    assert all(f"`{kind}`" in TEXT for kind in templates.VARIABLE_TYPES)
