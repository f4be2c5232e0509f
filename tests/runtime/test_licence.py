"""The licence is the same wherever it is named."""

import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_has_the_projects_licence() -> None:
    assert (ROOT / "LICENSE").read_text().split()[:4] == ["Apache", "License", "Version", "2.0,"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"]
    frontend, lock = (
        json.loads((ROOT / "frontend" / name).read_text()) for name in ("package.json", "package-lock.json")
    )
    api = json.loads((ROOT / "functions" / "console_files" / "openapi.json").read_text())["info"]["license"]

    named = [project, frontend["license"], lock["packages"][""]["license"], api["identifier"]]
    assert named == ["Apache-2.0"] * 4
