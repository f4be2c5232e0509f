"""How the product is deployed, read from the files that deploy it."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from functions.services import expiring, sweeping, watching

INFRA = Path(__file__).parents[3] / "infra"


@dataclass(frozen=True)
class Function:
    name: str
    concurrency: int
    cpu: float
    memory_gib: float
    min_instances: int
    max_instances: int
    secrets: int  # that an instance reads when it starts


@dataclass(frozen=True)
class Design:
    functions: dict[str, Function]
    dispatches: float  # of the queue, a second
    sweeps_a_day: int
    looking_seconds: float  # of a sweep, for mailboxes
    looking_at_once: int
    expiring_seconds: float  # of a sweep, for contents
    expiring_page: int
    overdue_page: int  # sends of one state that a sweep brings back


@cache
def design() -> Design:
    rows = json.loads((INFRA / "functions.json").read_text())
    queue = (INFRA / "queue.tf").read_text()
    dispatches = re.search(r"max_dispatches_per_second\s*=\s*([\d.]+)", queue)
    schedule = re.search(r'schedule\s*=\s*"([^"]+)"', queue)
    if not dispatches or not schedule or schedule[1] != "* * * * *":
        raise ValueError("infra/queue.tf says no longer what this reads there.")
    return Design(
        functions={row["name"]: _function(row) for row in rows},
        dispatches=float(dispatches[1]),
        sweeps_a_day=1440,
        looking_seconds=watching.LOOKING.total_seconds(),
        looking_at_once=watching.AT_ONCE,
        expiring_seconds=expiring.TIME_LIMIT.total_seconds(),
        expiring_page=expiring.CONTENTS,
        overdue_page=sweeping.BATCH,
    )


def _function(row: dict[str, object]) -> Function:
    uses = row["uses"]
    assert isinstance(uses, list)
    return Function(
        name=str(row["name"]),
        concurrency=int(str(row["concurrency"])),
        cpu=float(str(row["cpu"])),
        memory_gib=float(str(row["memory_mib"])) / 1024,
        min_instances=int(str(row["min_instances"])),
        max_instances=int(str(row["max_instances"])),
        secrets=sum(use.startswith("gmail-") for use in uses),
    )
