"""Signed webhooks, each delivered three times, to two instances at once: how quick the answers are, and what is sent.

200 a second for 30 s make 600 requests a second; 67 make 200. Of each, two come at the same moment, one to each
instance, and the third up to a second later or earlier, to either. The instances only put sends on record and into the
queue, as in the cloud; the queue's work is done afterwards, and counted. Hello runs beside, and gets the same requests.
"""

import itertools
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions.domain import webhooks
from tests.bench import paced
from tests.bench.load import Ask, ask
from tests.bench.paced import Course, Due
from tests.bench.processes import ROOT, Program, function, running
from tests.bench.table import Row
from tests.bench.world import World
from tests.contracts.fake_cloud_tasks import FakeCloudTasks

RATES = (67, 200)  # webhooks a second
TIMES = 3  # that each is delivered
APART = 1.0  # seconds, at most, between two deliveries of one
TRIGGERS = 8  # that the webhooks are for, each with an account of its own
WARM = 3  # seconds, not measured: connections, clients, code that runs for the first time
WHAT = (
    "median answer",
    "99 % of the answers within",
    "slowest answer",
    "CPU of a request",
    "the client's own delay, 99 %",
)
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Trigger:
    target: str
    secret: bytes


def rows(world: World, *, quick: bool) -> Iterator[Row]:
    """Raises RuntimeError where a webhook made no send, or more than one."""
    rounds, seconds = (1, 5) if quick else (2, 30)
    found: dict[int, dict[str, list[dict[str, float]]]] = {rate: {"ours": [], "hello": []} for rate in RATES}
    with ExitStack() as stack:
        queue = FakeCloudTasks()
        stack.callback(queue.close)
        triggers = made(world)
        ours = [stack.enter_context(running(hook(world, queue.url))) for _ in range(2)]
        hello = [stack.enter_context(running(world.hello())) for _ in range(2)]
        wanted: set[str] = set()
        for number, rate, name in itertools.product(range(-1, rounds), RATES, ("hello", "ours")):
            pair = ours if name == "ours" else hello
            names = [f"{rate}-{number}-{n}" for n in range(rate * (WARM if number < 0 else seconds))]
            plan = deliveries(names, rate, triggers, [program.port for program in pair], random.Random(number))
            cpu = sum(program.cpu() for program in pair)
            course = paced.run(plan, world.directory / "plan")
            cpu = sum(program.cpu() for program in pair) - cpu
            if name == "ours":
                wanted |= set(names)
                answered(plan, course)
            if number >= 0:
                found[rate][name].append(figures(course, cpu))
        before = world.google.counts().get("sends", 0)
        kept = drained(world, queue)
        once(wanted, kept, world.google.counts()["sends"] - before)
    for rate, what in itertools.product(RATES, WHAT):
        yield Row(f"webhooks, {TIMES * rate} requests a second, {world.store}", what, "ms", *_beside(found[rate], what))
    yield Row(f"webhooks, {world.store}", "mails of a webhook", "", [len(kept["ids"]) / len(wanted)], "asked", [1.0])


def hook(world: World, queue: str) -> Program:
    more = {"TASKS_URL": "cloudtasks://bench/here/sends", "QUEUE": queue, "THREADS": threads()}
    return function(HERE / "hook" / "main.py", "webhook", {**world.environ, **more}, world.log())


def threads() -> str:
    """As many as the function is deployed with."""
    found = json.loads((ROOT / "infra" / "functions.json").read_text(encoding="utf-8"))
    return str(next(entry["concurrency"] for entry in found if entry["name"] == "webhook"))


def made(world: World) -> list[Trigger]:
    """Triggers of a published template."""
    fields = {
        "name": "Paid",
        "subject": "Webhook {{ number }}",
        "html": "<h1>Thank you, {{ name }}!</h1><ul>{% for line in lines %}<li>{{ line.title }}</li>{% endfor %}</ul>",
        "variables": [{"key": "number"}, {"key": "name"}, {"key": "lines", "type": "list"}],
    }
    with running(world.ours("templates")) as program:
        template = _call(program, world.key, "/api/gmail/templates/", fields)["id"]
        _call(program, world.key, f"/api/gmail/templates/{template}/publish/", {})
    found = []
    with running(world.ours("triggers")) as program:
        for number in range(TRIGGERS):
            asked = {
                "name": f"Paid {number}",
                "account": world.accounts[number],
                "template": {"id": template},
                "scheme": "standard-webhooks",
                "mapping": {
                    "variables": {"number": "number", "name": "customer.name", "lines": "lines[].{title: title}"},
                    "to": [{"path": "customer.email"}],
                },
                "allowed_domains": ["elsewhere.example"],
                "rate": {"per_minute": 100_000, "per_day": 1_000_000},
            }
            one = _call(program, world.key, "/api/gmail/triggers/", asked)
            secret = webhooks.parse_secret(_secret(one))
            assert secret is not None
            found.append(Trigger(f"/api/gmail/hooks/{one['id']}/", secret))
    return found


def _secret(made: dict[str, Any]) -> str:
    first = made["secrets"][0]
    return str(first["secret"] if isinstance(first, dict) else first)


def _call(program: Program, key: str, target: str, body: Any) -> dict[str, Any]:
    import asyncio

    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answer = asyncio.run(ask(program.port, Ask("POST", target, headers, json.dumps(body).encode())))
    if answer.status >= 300:
        raise RuntimeError(f"{target} answered {answer.status}: {answer.body[:1000]!r}")
    found: dict[str, Any] = json.loads(answer.body)
    return found


def deliveries(
    names: Sequence[str], rate: int, triggers: Sequence[Trigger], ports: Sequence[int], chance: random.Random
) -> list[Due]:
    """In order of time, signed now."""
    plan = []
    for number, name in enumerate(names):
        one, at = signed(name, triggers[number % len(triggers)]), APART + number / rate
        plan += [Due(at, port, one) for port in ports]
        for _ in range(TIMES - len(ports)):
            plan.append(Due(at + chance.uniform(-APART, APART), chance.choice(ports), one))
    return sorted(plan, key=lambda due: due.at)


def signed(name: str, trigger: Trigger) -> Ask:
    """A webhook as Standard Webhooks has it, of about half a kilobyte."""
    lines = [{"title": f"Part {n} of the engine", "sku": f"ENG-{n:04}", "price": "12.50"} for n in range(5)]
    payload = {"number": name, "customer": {"name": "Bo", "email": "bo@elsewhere.example"}, "lines": lines}
    body, at = json.dumps(payload).encode(), int(time.time())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": f"msg_{name}",
        "webhook-timestamp": str(at),
        "webhook-signature": webhooks.sign(trigger.secret, f"msg_{name}", at, body),
    }
    return Ask("POST", trigger.target, headers, body)


def answered(plan: Sequence[Due], course: Course) -> None:
    """Raises RuntimeError unless each was taken once, and repeated with the same send otherwise."""
    sends: dict[bytes, list[tuple[int, str]]] = {}
    for due, came in zip(plan, course.answers, strict=True):
        if came.status not in (200, 202):
            raise RuntimeError(f"answered {came.status}: {came.body[:500]!r}; in all {course.statuses}")
        sends.setdefault(due.ask.body, []).append((came.status, json.loads(came.body)["send"]))
    for body, found in sends.items():
        statuses, ids = Counter(status for status, _ in found), {send for _, send in found}
        if statuses[202] != 1 or len(ids) != 1:
            raise RuntimeError(f"{body[:40]!r} was answered {found}")


def drained(world: World, queue: FakeCloudTasks) -> dict[str, Any]:
    """What is on record once everything in the queue was done."""
    tasks = "\n".join(sorted(body["send"] for body in queue.bodies() if "send" in body))
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.drain"],
        cwd=ROOT,
        env=world.environ,
        input=tasks,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"The queue's work can't be done: {done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def once(wanted: set[str], kept: dict[str, Any], posted: int) -> None:
    """Raises RuntimeError unless each webhook has one send on record, sent, and Gmail got as many posts."""
    subjects = Counter({f"Webhook {name}": 1 for name in wanted})
    if kept["subjects"] != subjects or kept["statuses"] != {"sent": len(wanted)} or posted != len(wanted):
        wrong = Counter(kept["subjects"]) - subjects, subjects - Counter(kept["subjects"])
        raise RuntimeError(f"{len(wanted)} webhooks: {kept['statuses']}, {posted} posted, wrong: {wrong}"[:2000])


def figures(course: Course, cpu: float) -> dict[str, float]:
    return {
        "median answer": course.quantile(0.5) * 1000,
        "99 % of the answers within": course.quantile(0.99) * 1000,
        "slowest answer": course.quantile(1) * 1000,
        "CPU of a request": cpu / len(course.answers) * 1000,
        "the client's own delay, 99 %": course.lag * 1000,
    }


def _beside(found: dict[str, list[dict[str, float]]], what: str) -> tuple[list[float], str, list[float]]:
    return [one[what] for one in found["ours"]], "hello", [one[what] for one in found["hello"]]
