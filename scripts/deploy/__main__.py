"""Brings this checkout's code to the functions that Terraform made: `make deploy PROJECT=…`.

Deploys the functions whose code is not what runs, looks at each new revision, and where one is wrong gives all traffic
back to the revisions that had it before: a release is deployed as a whole, or not at all.
"""

import argparse
import json
import shlex
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.deploy import commands, smoke, source
from scripts.deploy.commands import Function, Place

AT_ONCE = 6  # builds; each takes a minute or two


class Failed(Exception):
    """What was tried, and what came back."""


@dataclass(frozen=True, slots=True)
class Running:
    """A function as it is deployed now."""

    source: str  # the label: a digest of its code
    revision: str  # the one that gets all traffic; empty where several share it
    newest: str
    public_url: str


def gcloud(command: list[str]) -> Any:
    """Its answer, read as JSON. Raises Failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise Failed(f"{shlex.join(command)}\n{done.stderr.strip()[-4000:]}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def running(place: Place) -> dict[str, Running]:
    """By service."""
    traffic = {service["metadata"]["name"]: service["status"] for service in gcloud(commands.services(place))}
    found = {}
    for function in gcloud(commands.functions(place)):
        name = function["name"].rpartition("/")[2]
        status = traffic.get(name, {})
        whole = [t["revisionName"] for t in status.get("traffic", []) if t.get("percent") == 100]
        found[name] = Running(
            source=function.get("labels", {}).get("source", ""),
            revision=whole[0] if whole else "",
            newest=status.get("latestReadyRevisionName", ""),
            public_url=function["serviceConfig"].get("environmentVariables", {}).get("PUBLIC_URL", "").rstrip("/"),
        )
    return found


def changed(function: Function, now: dict[str, Running], digest: str) -> bool:
    """After a roll-back the label tells of the code that was taken back, not of the code that runs."""
    there = now[function.service]
    return there.source != digest or there.revision != there.newest


class Release:
    """The functions that this run has deployed so far; from the first failure on no more are."""

    def __init__(self, place: Place, before: dict[str, Running], labels: dict[str, str], root: Path) -> None:
        self._place, self._before, self._labels, self._root = place, before, labels, root
        self._failed = threading.Event()
        self.deployed: list[Function] = []

    def deploy(self, function: Function) -> str:
        """What went wrong, empty if nothing did."""
        if self._failed.is_set():
            return ""
        wrong = self._deployed(function)
        if wrong:
            self._failed.set()
        say(f"{function.service}: {wrong or 'deployed, and answers'}")
        return wrong

    def _deployed(self, function: Function) -> str:
        command = commands.deploy(function, self._place, self._root, self._labels)
        try:
            made = gcloud(command)
        except Failed as failure:
            return str(failure)
        finally:
            self.deployed.append(function)  # though gcloud failed, a revision may have started
        return smoke.check(
            function, self._before[function.service].public_url, made["serviceConfig"]["revision"].rpartition("/")[2]
        )

    def roll_back(self) -> None:
        for function in self.deployed:
            revision = self._before[function.service].revision
            if not revision:
                say(f"{function.service}: several revisions shared its traffic; set it by hand")
                continue
            try:
                gcloud(commands.roll_back(function, self._place, revision))
                say(f"{function.service}: back on {revision}")
            except Failed as failure:
                say(f"{function.service}: NOT rolled back: {failure}")


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def version(root: Path) -> str:
    """The commit, for people to read in the console."""
    head = subprocess.run(  # noqa: S603 - our own arguments
        ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return head.stdout.strip() or "unknown"


def main(arguments: list[str], root: Path = commands.ROOT) -> int:
    options = _options().parse_args(arguments)
    place = Place(options.project, options.region)
    try:
        wanted = commands.table(options.function)
        digest = source.digest(root, source.files(root))
        labels = {"source": digest, "version": options.version or version(root)}
        before = running(place)
    except (ValueError, Failed) as error:
        say(str(error))
        return 1
    if missing := [function.service for function in wanted if function.service not in before]:
        say(f"Not there: {', '.join(missing)}. Terraform makes them: terraform -chdir=infra apply")
        return 1
    wanted = [function for function in wanted if options.force or changed(function, before, digest)]
    if not wanted:
        say("Every function runs this code.")
    if options.dry_run:
        for function in wanted:
            print(shlex.join(commands.deploy(function, place, root, labels)))
        return 0
    release = Release(place, before, labels, root)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = list(filter(None, pool.map(release.deploy, wanted)))
    if wrong:
        release.roll_back()
    return 1 if wrong else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.deploy", description=__doc__)
    parser.add_argument("--project", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--function", action="append", default=[], help="only this one; repeatable")
    parser.add_argument("--version", help="the label `version`; the commit if absent")
    parser.add_argument("--force", action="store_true", help="functions that run this code already, too")
    parser.add_argument("--dry-run", action="store_true", help="print the commands; change nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
