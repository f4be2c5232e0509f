"""docs/quick-reference.md names every setting and every error, and its examples work.

Its ```bash blocks are run in order, in one directory, against a fresh service. The block behind one is its answer:
```json (members may be left out), ```http (the status line, and headers that must be there) or ```text. `…` stands for
anything. `$ACCOUNT`, `$SEND`, `$PENDING` and `$KEY_ID` are the first ids of their kind in the latest answer that has
one. Blocks with another mark, such as ```sh, are not run.
"""

import dataclasses
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.edge import problems
from functions.runtime import settings
from tests.api.description import DOCUMENT, operations
from tests.api.service import KEY, Service, running
from tests.e2e.processes import ROOT

TEXT = (ROOT / "docs" / "quick-reference.md").read_text(encoding="utf-8")
IDS = {"ACCOUNT": "acc", "SEND": "snd", "PENDING": "pnd", "KEY_ID": "key"}


@dataclasses.dataclass(frozen=True)
class Example:
    script: str
    kind: str  # of the answer: json, http, text
    answer: str


def examples() -> list[Example]:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return [
        Example(script, *following)
        for (kind, script), following in zip(blocks, [*blocks[1:], ("", "")], strict=True)
        if kind == "bash"
    ]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Nothing is connected: the examples do it."""
    with running(tmp_path_factory.mktemp("documented")) as started:
        yield started


def matches(documented: str, given: str) -> bool:
    pattern = ".*".join(re.escape(piece) for piece in documented.split("…"))
    return re.fullmatch(pattern, given, re.DOTALL) is not None


def compare(documented: Any, given: Any, at: str = "") -> None:
    if isinstance(documented, dict):
        assert isinstance(given, dict), at
        for name, value in documented.items():
            assert name in given, f"{at}/{name} is not in the answer {given}"
            compare(value, given[name], f"{at}/{name}")
    elif isinstance(documented, list):
        assert len(given) == len(documented), f"{at}: {given}"
        for index, (one, other) in enumerate(zip(documented, given, strict=True)):
            compare(one, other, f"{at}/{index}")
    elif isinstance(documented, str):
        assert matches(documented, given), f"{at}: {given!r}"
    elif isinstance(documented, int) and not isinstance(documented, bool) and at.endswith("/size"):
        assert isinstance(given, int), at  # of a message: it differs by its ids
    else:
        assert given == documented, at


def check(example: Example, output: str) -> None:
    if example.kind == "json":
        compare(json.loads(example.answer), json.loads(output))
    elif example.kind == "http":
        wanted, given = example.answer.strip().splitlines(), output.partition("\n\n")[0].splitlines()
        assert given[0] == wanted[0]
        for line in wanted[1:]:
            assert any(matches(line, header) for header in given[1:]), (line, given)
    else:
        assert example.kind == "text", example.script
        assert matches(example.answer.strip(), output.strip()), output


def test_the_examples_work(fresh: Service, tmp_path: Path) -> None:
    known: dict[str, str] = {}
    found = examples()
    assert len(found) >= 15
    for example in found:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", example.script],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "API": fresh.url, "KEY": KEY, **known},
            capture_output=True,
            text=True,  # \r\n becomes \n
            timeout=60,
        )
        assert done.returncode == 0, (example.script, done.stderr)
        check(example, done.stdout)
        for name, prefix in IDS.items():
            if match := re.search(rf"{prefix}_[0-9a-z]+", done.stdout):
                known[name] = match[0]


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


def test_the_links_in_the_docs_lead_somewhere() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        for target in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if target and not target.startswith(("http://", "https://")):
                assert (page.parent / target).exists(), (page.name, target)


def test_the_anchors_in_the_docs_exist() -> None:
    def anchors(page: Path) -> set[str]:
        titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

    for page in (ROOT / "docs").glob("*.md"):
        for target, anchor in re.findall(r"\]\(([^)#]*)#([^)]*)\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert anchor in anchors(page.parent / target if target else page), (page.name, target, anchor)
