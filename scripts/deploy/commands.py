"""The gcloud commands of a deployment, made from `infra/functions.json`.

Only what gcloud owns is passed: the source, what it is built with, and two labels. Memory, environment, service account
and invokers are Terraform's; gcloud leaves what it is not told about (docs/decisions/0016-terraform-and-gcloud.md).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RUNTIME = "python313"


@dataclass(frozen=True, slots=True)
class Function:
    """A row of the table."""

    name: str
    prefix: str
    routes: tuple[str, ...]  # "GET /{id}/"

    @property
    def service(self) -> str:
        """The deployed function's name, and that of the Cloud Run service behind it."""
        return f"gmail-{self.name}"


@dataclass(frozen=True, slots=True)
class Place:
    project: str
    region: str

    @property
    def flags(self) -> list[str]:
        return [f"--project={self.project}", f"--region={self.region}"]


def table(wanted: Sequence[str] = ()) -> list[Function]:
    """The functions of these names, or all. Raises ValueError for a name that there is not."""
    rows: list[dict[str, Any]] = json.loads((ROOT / "infra" / "functions.json").read_text(encoding="utf-8"))
    functions = [Function(row["name"], row["prefix"], tuple(row["routes"])) for row in rows]
    if unknown := set(wanted) - {function.name for function in functions}:
        raise ValueError(f"There is no function {', '.join(sorted(unknown))} in infra/functions.json.")
    return [function for function in functions if not wanted or function.name in wanted]


def deploy(function: Function, place: Place, source: Path, labels: dict[str, str]) -> list[str]:
    """Builds and starts a revision, and gives it all traffic, after a roll-back too. Prints the function as JSON."""
    return [
        "gcloud",
        "functions",
        "deploy",
        function.service,
        "--gen2",
        *place.flags,
        f"--runtime={RUNTIME}",
        f"--entry-point={function.name}",
        f"--source={source}",
        "--serve-all-traffic-latest-revision",
        f"--update-labels={','.join(f'{name}={value}' for name, value in sorted(labels.items()))}",
        "--quiet",
        "--format=json",
    ]


def roll_back(function: Function, place: Place, revision: str) -> list[str]:
    """A function of the second generation is a Cloud Run service: its earlier revisions stay, and start at once."""
    flags = [*place.flags, f"--to-revisions={revision}=100", "--quiet", "--format=none"]
    return ["gcloud", "run", "services", "update-traffic", function.service, *flags]


def functions(place: Place) -> list[str]:
    """What is deployed, with its labels."""
    return [
        "gcloud", "functions", "list", "--v2", f"--project={place.project}", f"--regions={place.region}",
        "--format=json",
    ]  # fmt: skip


def services(place: Place) -> list[str]:
    """Which revision of each gets the traffic."""
    return ["gcloud", "run", "services", "list", *place.flags, "--format=json"]


def source_files(source: Path) -> list[str]:
    """What a deployment would upload: all that .gcloudignore leaves."""
    return ["gcloud", "meta", "list-files-for-upload", str(source)]
