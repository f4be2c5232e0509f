"""What becomes of a day: its cost by component, how long answers take, and how near each limit is."""

import math
import random
from dataclasses import dataclass, field

from tests.bench.growth import fleet as fleets
from tests.bench.growth.counting import Operations
from tests.bench.growth.courses import BATCH, Course, counted, kept
from tests.bench.growth.day import MINUTES, Day, Queue, played, quantile, spread, through
from tests.bench.growth.design import Design, design
from tests.bench.growth.fleet import Fleet
from tests.bench.growth.inputs import Habits, Measured, Scale
from tests.bench.growth.prices import PRICES, QUOTAS

DRAWS = 4_000  # of an answer's time


@dataclass
class Outcome:
    scale: Scale
    day: Day
    queue: Queue  # Cloud Tasks, at the rate that it is set to
    fleets: dict[str, Fleet]
    costs: dict[str, float]  # dollars of a million sends, by component
    answers: tuple[float, float, float]  # seconds: p50, p95, p99 of a send that is waited for
    until_sent: tuple[float, float]  # seconds from accepting to Gmail: p50 and p99 of what goes through the queue
    used: dict[str, float] = field(default_factory=dict)  # of each limit, at the busiest time: 1 is all of it


def outcome(scale: Scale, habits: Habits, measured: Measured, seed: int = 1) -> Outcome:
    day, plan, courses = played(scale, habits, seed), design(), counted()
    waited, queued = (m if day.whole else spread(m, habits) for m in (day.waited, day.queued))
    sends = [a + b for a, b in zip(waited, queued, strict=True)]
    total = sum(sends)
    by_day = [number / total for number in sends] if total else [1 / MINUTES] * MINUTES  # nobody happened to send
    hits, told = scale.sends * habits.hits, scale.sends * habits.told
    pushes = scale.accounts * habits.mail + scale.sends * habits.answers
    batched = habits.batched * scale.sends
    tasks = [
        number * (1 + day.postponed / max(1, sum(day.queued))) + told * part
        for number, part in zip(queued, by_day, strict=True)
    ]
    queue = through(plan.dispatches, tasks)
    # Who calls `send`: one call for each send, and one for each batch.
    calls = [n + (q * max(0.0, 1 - batched / max(1, sum(queued)))) for n, q in zip(waited, queued, strict=True)]
    share = sum(waited) / max(1, sum(calls))
    looks = min(_looks_wanted(scale, habits), _looks_possible(plan, measured))
    sweep_seconds = 1.0 + looks / plan.sweeps_a_day * _look_seconds(measured) / plan.looking_at_once
    loads = {
        "send": (
            calls,
            share * (measured.gmail + 6 * measured.store) + (1 - share) * 6 * measured.store,
            measured.send_cpu,
        ),
        "deliver": (queue.gone, measured.gmail + 12 * measured.store, measured.deliver_cpu),
        "track": ([hits * part for part in by_day], 6 * measured.store, measured.hit_cpu),
        "notify": ([pushes * part for part in by_day], measured.gmail_read + 4 * measured.store, measured.push_cpu),
    }
    fleet = {
        name: fleets.served(minutes, seconds, cpu, measured.cold_start, plan.functions[name], f"{seed}/{scale}/{name}")
        for name, (minutes, seconds, cpu) in loads.items()
    }
    operations = _operations(scale, habits, day, looks, plan, courses)
    swept = plan.sweeps_a_day * sweep_seconds  # one at a time, by one instance that is never idle for long
    fleet["sweep"] = Fleet(requests=plan.sweeps_a_day, billed=swept + measured.cold_start, starts=1, cold=1, peak=1)
    made = Outcome(
        scale,
        day,
        queue,
        fleet,
        _costs(scale, habits, fleet, operations, pushes, plan),
        _answers(fleet["send"], measured, seed),
        _until_sent(day, queue, fleet["deliver"], measured),
    )
    made.used = _used(made, habits, measured, plan, courses, operations, max(by_day) / 60)
    return made


def _operations(
    scale: Scale, habits: Habits, day: Day, looks: float, plan: Design, courses: dict[str, Course]
) -> dict[str, Operations]:
    """A day's, by what they are for."""
    one = {name: course.operations for name, course in courses.items()}
    waited = sum(day.waited)
    batched = min(habits.batched * scale.sends, sum(day.queued) + day.held)
    alone = scale.sends - waited - batched
    again = Operations(reads=4, writes=1, trips=5, tasks=1) * day.postponed  # a task that came before its slot
    mailboxes = (
        one["a push: mail that is no answer"] * (scale.accounts * habits.mail)
        + one["a push: an answer"] * (scale.sends * habits.answers)
        + one["a look without a push"] * looks
        + (one["a watch renewed, in a look"] - one["a look without a push"]) * min(scale.accounts, looks)
    )
    return {
        "sends": one["a send, waited for"] * waited
        + one[f"a send of a batch of {BATCH}"] * batched
        + one["a send through the queue"] * alone
        + again,
        "deleting": one["its content, deleted after 90 days"] * scale.sends
        # The store's own expiry deletes events and deliveries.
        + Operations(deletes=1) * (scale.sends * (habits.hits + habits.answers + habits.told)),
        "hits": one["an open or a click"] * (scale.sends * habits.hits),
        "mailboxes": mailboxes,
        "events": one["telling an endpoint of it"] * (scale.sends * habits.told),
        "sweeps": one["a sweep that finds nothing"] * plan.sweeps_a_day,
    }


def _costs(
    scale: Scale,
    habits: Habits,
    fleet: dict[str, Fleet],
    operations: dict[str, Operations],
    pushes: float,
    plan: Design,
) -> dict[str, float]:
    all_of_it = sum(operations.values(), Operations())
    requests = sum(one.requests for one in fleet.values())
    lines = requests + scale.sends * 2
    instances = sum(
        one.billed * (plan.functions[name].cpu * PRICES.cpu + plan.functions[name].memory_gib * PRICES.memory)
        for name, one in fleet.items()
    )
    secrets = sum(one.starts * plan.functions[name].secrets for name, one in fleet.items())
    a_day = {
        "gateway": requests * PRICES.gateway,
        "requests": requests * PRICES.request,
        "instances": instances,
        "Firestore": all_of_it.reads * PRICES.read
        + all_of_it.writes * PRICES.write
        + all_of_it.deletes * PRICES.delete,
        "storage": scale.sends * sum(stored(habits)) * PRICES.stored,
        "queue": 2 * all_of_it.tasks * PRICES.task,  # put in, and dispatched
        "Pub/Sub": pushes * habits.push_bytes * PRICES.published,
        "secrets": secrets * PRICES.secret,
        "logs": lines * habits.log_bytes * PRICES.logged,
    }
    return {name: cost * 1e6 / scale.sends for name, cost in a_day.items()}


def stored(habits: Habits) -> tuple[float, float, float]:
    """Bytes times months of one send, over a year: of its documents; of index entries that a query uses; of others."""
    found = kept()
    months = {"sends": 12, "contents": 3, "events": 12}
    number = {"sends": 1.0, "contents": 1.0, "events": habits.hits + habits.answers}
    documents = sum(found[name].size * number[name] * months[name] for name in found)
    documents += habits.content_bytes * months["contents"]
    used = sum(found[name].needed * number[name] * months[name] for name in found) * habits.entry_bytes
    all_of_it = sum(found[name].entries * number[name] * months[name] for name in found) * habits.entry_bytes
    return documents, used, all_of_it - used


def _answers(fleet: Fleet, measured: Measured, seed: int) -> tuple[float, float, float]:
    chance = random.Random(f"{seed}/answers")
    crowded = measured.send_cpu / max(0.05, 1 - min(0.95, fleet.busy))  # a processor that is shared
    times = sorted(
        chance.lognormvariate(math.log(measured.gmail), measured.gmail_spread)
        + 6 * measured.store
        + crowded
        + (measured.cold_start if chance.random() < fleet.cold_share else 0)
        for _ in range(DRAWS)
    )
    return times[DRAWS // 2], times[DRAWS * 95 // 100], times[DRAWS * 99 // 100]


def _until_sent(day: Day, queue: Queue, fleet: Fleet, measured: Measured) -> tuple[float, float]:
    """By the delay of its account, and of the queue in the minute when it is most behind."""
    begin = measured.gmail + 12 * measured.store + measured.cold_start * fleet.cold_share
    behind = sorted(queue.delays)
    p50, p99 = (quantile(day.delays, part) + behind[int(MINUTES * part) - 1] for part in (0.5, 0.99))
    return begin + p50, begin + p99


def _look_seconds(measured: Measured) -> float:
    return measured.gmail_read + 4 * measured.store


def _looks_wanted(scale: Scale, habits: Habits) -> float:
    """In a day, without any push: each ten minutes for whoever sent in the last two days, else each hour."""
    return scale.accounts * (habits.eager * 144 + (1 - habits.eager) * 24)


def _looks_possible(plan: Design, measured: Measured) -> float:
    a_second = min(plan.looking_at_once / _look_seconds(measured), 1 / measured.push_cpu)
    return plan.sweeps_a_day * plan.looking_seconds * a_second


def _used(
    made: Outcome,
    habits: Habits,
    measured: Measured,
    plan: Design,
    courses: dict[str, Course],
    operations: dict[str, Operations],
    peak: float,
) -> dict[str, float]:
    """`peak`: the share of a day that passes in its busiest second."""
    scale, fleet = made.scale, made.fleets
    if made.day.whole:  # of so few, a single minute says nothing
        peak = max(habits.hours) / sum(habits.hours) / 3600
    gmail = sum(operations.values(), Operations()).units
    due = courses["a send through the queue"].ranges["group sends (status, due_at)"]
    told = courses["telling an endpoint of it"].ranges["group deliveries (status, due_at)"]
    pushed = courses["a push: mail that is no answer"].ranges["group mailboxes (due_at)"]
    looks = min(_looks_wanted(scale, habits), _looks_possible(plan, measured))
    visits = (scale.accounts * habits.mail + scale.sends * habits.answers) * pushed + looks
    senders = min(scale.accounts / 60, scale.sends * peak)  # an account's time is written once a minute at most
    contents = plan.expiring_seconds / (3 * 3 * measured.store) * plan.expiring_page * plan.sweeps_a_day
    starts = sum(one.starts * plan.functions[name].secrets for name, one in fleet.items())
    requests = sum(one.requests for one in fleet.values())
    return {
        "Gmail: units of the project a minute": gmail * peak * 60 / QUOTAS.gmail_units_a_minute,
        "Gmail: units of the project a day until it charges": gmail / QUOTAS.gmail_units_a_day,
        "the queue as it is set": sum(operations[n].tasks for n in ("sends", "events")) * peak / plan.dispatches,
        "a queue at most": sum(operations[n].tasks for n in ("sends", "events")) * peak / QUOTAS.dispatches,
        "index `sends (status, due_at)`, of all owners": scale.sends * peak * due / 2 / QUOTAS.range_writes,
        "index `deliveries (status, due_at)`": scale.sends * habits.told * peak * told / 2 / QUOTAS.range_writes,
        "index `mailboxes (due_at)`": visits * peak / QUOTAS.range_writes,
        "index `accounts (last_sent_at)`": senders / QUOTAS.range_writes,
        "indexes by `created_at`, if all is one owner's": scale.sends * peak / QUOTAS.range_writes,
        "looks of the sweep, without any push": _looks_wanted(scale, habits) / _looks_possible(plan, measured),
        "looks of the sweep, to renew watches": scale.accounts / _looks_possible(plan, measured),
        "contents that a day's sweeps delete": scale.sends / contents,
        **{
            f"instances of `{name}`": fleet[name].peak / plan.functions[name].max_instances
            for name in ("send", "deliver", "track", "notify")
        },
        "API Gateway": requests * peak / QUOTAS.gateway_calls,
        "Secret Manager": starts * peak * 60 / QUOTAS.secret_accesses_a_minute,
        "Pub/Sub": (scale.accounts * habits.mail) * peak / QUOTAS.pushes,
    }
