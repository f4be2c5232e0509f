"""The Makefile on other machines than this: without node, with an old one, with half a virtual environment."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.deploy.commands import ROOT

TOOLS = ("sh", "bash", "env", "find", "touch", "dirname", "test", "echo", "id", "cp", "mkdir")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that `make` itself reads."""
    made = tmp_path / "checkout"
    for name in (
        "Makefile",
        "scripts/node.sh",
        "tests/setup.sh",
        "frontend/package.json",
        "frontend/package-lock.json",
    ):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, made / name)
    for name in ("index.html", "vite.console.ts", "app/main.ts"):
        (made / "frontend" / name).parent.mkdir(exist_ok=True)
        (made / "frontend" / name).touch()
    return made


def script(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def programs(folder: Path, node: str) -> Path:
    """A PATH with little on it, and with a node that only says its version; "": with none."""
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    for name in ("chromium", "spamassassin"):
        script(folder / name, "exit 0")
    if node:
        script(folder / "node", f"echo v{node}")
        script(folder / "npm", 'echo "npm $*" >&2')
    return folder


def run(checkout: Path, path: Path, *command: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    found = shutil.which(command[0]) or command[0]
    given = {"PATH": str(path), "HOME": str(checkout), **environ}
    return subprocess.run(
        [found, *command[1:]], cwd=checkout, env=given, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("node", ["20.19.0", "20.20.2", "22.12.0", "22.13.1", "23.0.0", "30.1.0"])
def test_a_node_that_the_frontend_takes_builds_the_console(checkout: Path, tmp_path: Path, node: str) -> None:
    assert json.loads((checkout / "frontend/package.json").read_text())["engines"]["node"] == "^20.19.0 || >=22.12.0"
    done = run(checkout, programs(tmp_path / "bin", node), "make", "-n", "console")

    assert (done.returncode, done.stderr) == (0, "")
    assert "npm run --silent build:console" in done.stdout


@pytest.mark.parametrize("node", ["0.10.48", "12.22.9", "18.20.4", "20.18.3", "21.7.3", "22.11.0"])
def test_an_old_node_is_like_none_and_is_named(checkout: Path, tmp_path: Path, node: str) -> None:
    """A console that can't be built keeps nobody from the API."""
    done = run(checkout, programs(tmp_path / "bin", node), "make", "console")

    assert done.returncode == 0
    assert f"node v{node} is too old" in done.stderr
    assert "The API works without it." in done.stderr
    assert "npm " not in done.stderr


def test_without_node_the_console_is_not_built(checkout: Path, tmp_path: Path) -> None:
    done = run(checkout, programs(tmp_path / "bin", ""), "make", "console")

    assert done.returncode == 0
    assert "node and npm are not found: the console is not built." in done.stderr


@pytest.mark.parametrize("node", ["", "18.20.4"])
def test_without_node_the_tests_that_need_it_are_skipped_but_not_in_ci(
    checkout: Path, tmp_path: Path, node: str
) -> None:
    path = programs(tmp_path / "bin", node)
    for command in (["make", "frontend-test"], ["tests/setup.sh"]):
        alone, ci = run(checkout, path, *command), run(checkout, path, *command, CI="true")

        assert alone.returncode == 0, alone.stderr
        assert ci.returncode != 0
        for done in (alone, ci):
            assert ("is too old" if node else "are not found") in done.stderr
            assert "npm " not in done.stderr.replace("npm are", "")


def test_a_browser_looks_at_a_console_that_was_built(checkout: Path, tmp_path: Path) -> None:
    """Also where it can't be built again; in CI in any case."""
    path = programs(tmp_path / "bin", "")
    (checkout / ".venv").mkdir()
    for name in ("requirements.txt", "requirements-dev.txt", ".venv/.run", ".venv/.dev"):
        (checkout / name).touch()

    def ignored(**environ: str) -> bool:
        (line,) = [x for x in run(checkout, path, "make", "-n", "test", **environ).stdout.splitlines() if "pytest" in x]
        return "--ignore=tests/browser" in line

    assert ignored()
    assert not ignored(CI="true")
    built = checkout / "functions/console_files/dist/index.html"
    built.parent.mkdir(parents=True)
    built.touch()
    assert not ignored()


def test_with_node_everything_is_installed(checkout: Path, tmp_path: Path) -> None:
    for folder in ("mime_readers", "browser", "webhooks"):
        (checkout / "tests" / folder).mkdir()
    path = programs(tmp_path / "bin", "22.12.0")
    script(path / "npm", "echo npm $* >&2\nexec mkdir -p node_modules")
    done = run(checkout, path, "tests/setup.sh", CI="true")

    assert done.returncode == 0, done.stderr
    assert done.stderr.count("npm ci ") == 3


def environment(checkout: Path, python: str) -> None:
    (checkout / "requirements.txt").touch()
    (checkout / ".venv" / "bin").mkdir(parents=True)
    script(checkout / ".venv" / "bin" / "python", python)


def test_an_environment_without_pip_is_made_again(checkout: Path, tmp_path: Path) -> None:
    """As `python3 -m venv` leaves it where Debian's python3-venv was missing."""
    environment(checkout, "exit 1")
    script(tmp_path / "whole", 'echo "inside: $*" >&2')
    script(tmp_path / "python", f'echo "outside: $*" >&2\n[ "$2" != venv ] || cp {tmp_path / "whole"} .venv/bin/python')
    path = programs(tmp_path / "bin", "")

    done = run(checkout, path, "make", ".venv/.run", f"PYTHON={tmp_path / 'python'}")

    assert done.returncode == 0, done.stderr
    assert "outside: -m venv --clear .venv" in done.stderr
    assert "inside: -m pip install" in done.stderr


def test_an_environment_that_works_stays(checkout: Path, tmp_path: Path) -> None:
    environment(checkout, "exit 0")
    script(tmp_path / "python", 'echo "$*" >&2')

    done = run(checkout, programs(tmp_path / "bin", ""), "make", ".venv/.run", f"PYTHON={tmp_path / 'python'}")

    assert done.returncode == 0, done.stderr
    assert "venv" not in done.stderr
