"""docs/operations.md: its commands are commands, and it has a section for each alert and a row for each event."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from functions.cli.commands import main
from scripts.deploy import __main__ as deploying
from scripts.deploy.commands import ROOT
from tests.runtime.test_events import LOGGED

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
VARIABLES = {"$PROJECT": "my-project", "$REGION": "europe-west1", "$name": "gmail-send"}


def shell() -> list[str]:
    """The lines of all blocks for a shell, those that go on joined."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in re.sub(r"\\\n\s*", "", block).splitlines()]


def gclouds() -> list[str]:
    """Every gcloud command of the page, in blocks, in pipes, in loops and within a sentence."""
    prose = re.sub(r"^ *```\w*\n.*?^ *```$", "", PAGE, flags=re.MULTILINE | re.DOTALL).replace("\n", " ")
    found = []
    for line in [*shell(), *re.findall(r"`([^`]*gcloud [^`]*)`", prose)]:
        one = re.sub(r"\s+", " ", re.sub(r"\s+#.*$", "", line).replace("\\|", "|"))
        found += [part.strip() for part in re.split(r"\||&&|\$\(|\);|; do|\)$", one)]
    commands = [c for c in found if c.startswith("gcloud ") and "…" not in c and len(c.split()) > 2]
    for name, value in VARIABLES.items():
        commands = [command.replace(name, value) for command in commands]
    return sorted(set(commands))


def test_gcloud_takes_every_command_of_the_page(gcloud: str, tmp_path: Path) -> None:
    commands = gclouds()
    assert len(commands) > 20
    text = tmp_path / "commands.md"
    text.write_text("".join(f"```sh\n{command}\n```\n\n" for command in commands))
    linted = subprocess.run(
        [gcloud, "meta", "lint-gcloud-commands", f"--commands-text-file={text}"],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip

    answers = json.loads(linted.stdout)
    assert len(answers) == len(commands)
    assert not [(a["command_string"], a["error_message"]) for a in answers if not a["success"]]


def test_the_command_line_has_every_command_of_the_page() -> None:
    """With the options that are named."""
    used = [shlex.split(line.partition("#")[0]) for line in shell() if "-m functions" in line]
    assert {words[3] for words in used} >= {
        "doctor",
        "revoke-all",
        "export-owner",
        "delete-owner",
        "after-restore",
        "reseal",
    }
    for _, _, _, name, *rest in used:
        options = {option for parameter in main.commands[name].params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= options, name


def test_make_takes_the_variables_of_the_page() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for name in set(re.findall(r"make deploy[^`\n#]*?((?:\b[A-Z_]+=\S+ ?)+)", PAGE)):
        for variable in re.findall(r"([A-Z_]+)=", name):
            assert f"$({variable})" in makefile or f"$(if $({variable})" in makefile, variable
    assert deploying._options().parse_args(["--project", "p", "--region", "r", "--force", "--dry-run"]).force


def test_terraform_has_what_the_page_names() -> None:
    """Resources that are made alone, and outputs that are shown."""
    files = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "infra").glob("*.tf")))
    resources = {f"{kind}.{name}" for kind, name in re.findall(r'^resource "(\w+)" "(\w+)"', files, re.MULTILINE)}
    lines = [line for line in shell() if "terraform " in line]
    targets = {target for line in lines for target in re.findall(r"-target=(\S+)", line)}

    assert "google_compute_global_forwarding_rule.https" in targets
    assert targets <= resources
    shown = set(re.findall(r"terraform -chdir=infra output -raw (\w+)", PAGE)) | {"redirect_uri"}
    assert shown <= set(re.findall(r'^output "(\w+)"', files, re.MULTILINE))


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    alerts = (ROOT / "infra" / "alerts.tf").read_text(encoding="utf-8")
    named = set(re.findall(r"docs/operations\.md, “([a-z-]+)”", alerts))
    table = alerts[alerts.index("  alerts = {") : alerts.index("\n  }\n", alerts.index("  alerts = {"))]
    named |= set(re.findall(r"^    ([a-z-]+) = \{$", table, re.MULTILINE))
    assert len(named) > 5

    assert set(re.findall(r"^### ([a-z-]+)$", PAGE, re.MULTILINE)) == named | {"budget"}


def test_every_event_of_the_log_has_its_row() -> None:
    rows = PAGE[PAGE.index("## Logs") : PAGE.index("## Alerts")]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", rows, re.MULTILINE)) == set(LOGGED) | {"event"}  # the head


def test_the_cost_of_a_million_is_what_the_formula_gives() -> None:
    """With the prices and counts of the page's own tables."""
    section = PAGE[PAGE.index("## What a million sends cost") :]

    def cells(row: str) -> list[str]:
        (line,) = [line for line in section.splitlines() if line.startswith(f"| {row}")]
        return [cell.strip(" *") for cell in line.strip("|").split("|")][1:]

    def numbers(row: str) -> list[float]:
        return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", cells(row)[0])]

    def counted(row: str) -> list[list[float]]:
        return [[float(number) for number in re.findall(r"\d+(?:\.\d+)?", cell)] for cell in cells(row)[:2]]

    (call,), (request, *_), (cpu, memory, *_) = numbers("P_gateway")[:1], numbers("P_request"), numbers("P_cpu")
    read, write, delete, *_ = numbers("P_read")
    task, log = numbers("P_task")[0], numbers("P_log")[0]
    for kind in (0, 1):
        (calls,), (reads, writes), (more, deletes) = (
            counted(row)[kind] for row in ("calls of the gateway", "documents read", "cleaning up after")
        )
        operations, seconds, kilobytes = (
            counted(row)[kind][0] for row in ("operations of the queue", "instance seconds", "lines of logs")
        )
        for at_once in (1, 10):
            column = 2 * kind + (at_once == 10)
            parts = [
                calls * (call + request),
                seconds / at_once * 1e6 * (cpu + 0.5 * memory),
                (reads + more) * read + writes * write + deletes * delete,
                operations * task,
                kilobytes * 1e9 / 2**30 * log,
            ]
            rows = ("gateway and requests", "instances |", "Firestore |", "queue |", "logs |")
            for part, row in zip(parts, rows, strict=True):
                assert float(cells(row)[column]) == pytest.approx(part, abs=0.011), (row, column)
            assert float(cells("**sum**")[column]) == pytest.approx(sum(parts), abs=0.011)
