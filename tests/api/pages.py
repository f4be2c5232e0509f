"""Runs the examples of a page of documentation, and compares what it says with what comes back.

Its ```bash blocks are run in order, in one directory, against a service. The block behind one is its answer: ```json
(members may be left out), ```http (the status line, and headers that must be there) or ```text. `…` stands for
anything. A variable such as `$SEND` is the first id of its kind in the latest answer that has one. Blocks with another
mark, such as ```sh, are not run.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.api.service import KEY, Service
from tests.e2e.processes import ROOT

IDS = {
    "ACCOUNT": "acc",
    "SEND": "snd",
    "PENDING": "pnd",
    "BATCH": "bat",
    "TEMPLATE": "tpl",
    "ATTACHMENT": "att",
    "KEY_ID": "key",
    "ENDPOINT": "end",
    "DELIVERY": "dlv",
    "TRIGGER": "trg",
    "LOGGED": "whd",
}


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Example:
    script: str
    kind: str  # of the answer: json, http, text
    answer: str


def examples(text: str) -> list[Example]:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [
        Example(script, *following)
        for (kind, script), following in zip(blocks, [*blocks[1:], ("", "")], strict=True)
        if kind == "bash"
    ]


def run(found: list[Example], service: Service, directory: Path) -> None:
    """All of them, one after the other; an AssertionError where one does not do what the page says."""
    services = {"API": service.url, "KEY": KEY, "INBOX": service.google}
    known: dict[str, str] = {}
    for example in found:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", example.script],
            cwd=directory,
            env={"PATH": os.environ["PATH"], "HOME": str(directory), **services, **known},
            capture_output=True,
            text=True,  # \r\n becomes \n
            timeout=60,
        )
        assert done.returncode == 0, (example.script, done.stderr)
        check(example, done.stdout)
        for name, prefix in IDS.items():
            if match := re.search(rf"{prefix}_[0-9a-z]+", done.stdout):
                known[name] = match[0]


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
        assert isinstance(given, str), f"{at}: {given!r}"
        assert matches(documented, given), f"{at}: {given!r}"
    elif isinstance(documented, int) and not isinstance(documented, bool) and at.endswith("/size"):
        assert isinstance(given, int), at  # of a message: it differs by its ids
    else:
        assert given == documented, at


def matches(documented: str, given: str) -> bool:
    pattern = ".*".join(re.escape(piece) for piece in documented.split("…"))
    return re.fullmatch(pattern, given, re.DOTALL) is not None
