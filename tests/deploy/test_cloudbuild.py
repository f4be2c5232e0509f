"""cloudbuild.yaml: gcloud takes it, and all that its steps name is there."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.deploy import __main__ as deploying
from scripts.deploy.commands import ROOT
from tests.deploy.control_plane import PROJECT, ControlPlane

FILE = ROOT / "cloudbuild.yaml"
CONFIG: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = CONFIG["steps"]
# https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values
BUILT_IN = {"PROJECT_ID", "SHORT_SHA", "COMMIT_SHA", "BRANCH_NAME", "BUILD_ID", "REPO_NAME", "LOCATION"}


def words(step: dict[str, Any]) -> list[list[str]]:
    """The commands of a step's script, each as its words; `export A=… B=…` is one."""
    lines = [line.strip() for line in step["script"].splitlines()]
    return [shlex.split(line) for line in lines if line and not line.startswith("#")]


def commands(program: str) -> list[tuple[dict[str, Any], list[str]]]:
    return [(step, line) for step in STEPS for line in words(step) if line[0] == program]


def test_steps_wait_for_steps_that_are_there_and_come_before() -> None:
    seen: set[str] = set()
    for step in STEPS:
        assert step["id"] not in seen
        assert set(step["waitFor"]) <= seen | {"-"}, step["id"]
        seen.add(step["id"])


def test_nothing_is_changed_before_everything_was_checked() -> None:
    """`apply` and `deploy` come after tests, build and plan, directly or not."""
    before: dict[str, set[str]] = {}
    for step in STEPS:
        waits = set(step["waitFor"]) - {"-"}
        before[step["id"]] = waits.union(*(before[name] for name in waits))
    assert before["apply"] == {"check", "frontend", "plan"}
    assert before["deploy"] == {"check", "frontend", "plan", "apply"}


def test_every_command_is_known_here() -> None:
    """Each program that a step starts has a test below that looks at what it is told to do."""
    started = {line[0] for step in STEPS for line in words(step)}
    assert started == {"set", "test", "export", "apt-get", "mkdir", "cp", "make", "terraform", "python3"}


def test_the_tests_find_what_the_docs_examples_call() -> None:
    """The image of that step has neither make nor git, and promises nothing else either."""
    ((_, line),) = [found for found in commands("apt-get") if "install" in found[1]]
    pages = "".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md")))
    called = set(re.findall(r"(?:^|[|(]) *(curl|openssl|git|jq|xxd|zip) ", pages, re.MULTILINE))

    assert called >= {"curl", "openssl"}
    assert called | {"make", "python3-venv"} <= set(line)


def test_make_has_the_targets() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for _, line in commands("make"):
        assert set(line[1:]) <= targets


def test_the_directories_are_there() -> None:
    for step in STEPS:
        assert (ROOT / step.get("dir", ".")).is_dir()
    for _, line in commands("terraform"):
        (chosen,) = [word.removeprefix("-chdir=") for word in line if word.startswith("-chdir=")]
        assert list((ROOT / chosen).glob("*.tf"))


def test_the_plan_that_is_applied_is_the_one_that_was_made() -> None:
    (plan,) = [line for _, line in commands("terraform") if "plan" in line]
    (apply,) = [line for _, line in commands("terraform") if "apply" in line]
    assert f"-out={apply[-1]}" in plan


def run(name: str, program: str, folder: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    """A step's script, with a program that prints what it is told, each word on a line, and does nothing."""
    (step,) = [step for step in STEPS if step["id"] == name]
    (folder / program).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (folder / program).chmod(0o755)
    script = folder / "script"
    script.write_text(step["script"])
    script.chmod(0o755)
    given = {"PATH": f"{folder}:/usr/bin:/bin", **environ}
    return subprocess.run([script], cwd=folder, env=given, capture_output=True, text=True, timeout=60, check=False)


def test_terraform_gets_every_variable_that_has_no_default(tmp_path: Path) -> None:
    """As options: these alone come before the repository's infra/*.auto.tfvars, which may be about another project.
    https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence"""
    text = (ROOT / "infra" / "variables.tf").read_text()
    blocks = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL)
    wanted = {name for name, body in blocks if not re.search(r"^\s*default\s*=", body, re.MULTILINE)}
    said = {
        "PROJECT_ID": "staging",
        "_REGION": "us-east1",
        "_FRONTEND_ORIGINS": '["https://a.example", "https://b.example"]',
    }

    done = run("plan", "terraform", tmp_path, _STATE_BUCKET="state", **said)

    assert done.returncode == 0, done.stderr
    plan = done.stdout.partition("\nplan\n")[2].splitlines()
    options = [word.removeprefix("-var=").partition("=") for word in plan if word.startswith("-var=")]
    given = {name: value for name, _, value in options}
    assert set(given) == wanted
    assert (given["project"], given["region"], given["frontend_origins"]) == tuple(said.values())


@pytest.mark.parametrize("missing", ["_REGION", "_FRONTEND_ORIGINS"])
def test_where_to_deploy_to_has_to_be_said_and_is_asked_for_first(missing: str, tmp_path: Path) -> None:
    """An example's origin that is deployed by default would shut the real ones out."""
    said = {"_REGION": "us-east1", "_FRONTEND_ORIGINS": '["https://a.example"]'}
    assert CONFIG["substitutions"][missing] == ""
    assert STEPS[0]["id"] == "frontend"

    done = run("frontend", "make", tmp_path, **{**said, missing: ""})
    assert (done.returncode, done.stdout) == (1, "")
    assert missing in done.stderr


def test_the_deployment_is_called_as_it_wants_to_be() -> None:
    ((_, line),) = commands("python3")
    assert line[:3] == ["python3", "-m", "scripts.deploy"]
    options = deploying._options().parse_args(line[3:])
    assert (options.project, options.region) == ("$PROJECT_ID", "$_REGION")


def test_substitutions_are_declared_and_used() -> None:
    """Scripts get them as environment variables, because automapSubstitutions says so."""
    assert CONFIG["options"]["automapSubstitutions"] is True
    used = {n for step in STEPS for n in re.findall(r"\$\{?(_?[A-Z][A-Z_]*)", step["script"])} - {"PATH", "PWD"}
    assert used <= set(CONFIG["substitutions"]) | BUILT_IN
    assert set(CONFIG["substitutions"]) <= used


def test_gcloud_submits_it_as_it_stands(plane: ControlPlane, gcloud: str) -> None:
    submit = [gcloud, "builds", "submit", "--no-source", "--async", f"--project={PROJECT}", f"--config={FILE}"]
    done = subprocess.run([*submit, "--format=none"], capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    ((_, body),) = plane.sent("POST", "/builds")
    assert [(step["id"], step["script"], step["name"]) for step in body["steps"]] == [
        (step["id"], step["script"], step["name"]) for step in STEPS
    ]
    assert [step.get("waitFor") for step in body["steps"]] == [step["waitFor"] for step in STEPS]
    assert body["substitutions"] == CONFIG["substitutions"]


def test_a_mistake_in_it_would_be_refused(plane: ControlPlane, gcloud: str, tmp_path: Path) -> None:
    wrong = tmp_path / "cloudbuild.yaml"
    wrong.write_text(FILE.read_text().replace("waitFor: [plan]", "waitsFor: [plan]"))
    submit = [gcloud, "builds", "submit", "--no-source", "--async", f"--project={PROJECT}", f"--config={wrong}"]

    done = subprocess.run(submit, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "waitsFor" in done.stderr
    assert not plane.sent("POST", "/builds")
