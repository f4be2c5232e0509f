"""What was promised against what happened: callers' answers, the records, and the pretend Gmail's own ledger."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from functions.domain.sends import Send, Status

TERMINAL = {Status.SENT, Status.FAILED, Status.CANCELLED}
_MARK = re.compile(r"=_(snd_[0-9a-zA-Z]+)_[arm]")


@dataclass
class Request:
    """One message that a caller wants sent, and every answer it got: (status, body)."""

    subject: str
    body: dict[str, Any]
    key: str = ""
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    slowest: float = 0.0  # seconds that an answer took

    @property
    def accepted(self) -> set[str]:
        return {body["id"] for status, body in self.answers if status in (200, 202)}


@dataclass
class Figures:
    runs: int = 0
    asked: int = 0
    answered: int = 0
    recorded: int = 0
    sent: int = 0
    failed: int = 0
    cancelled: int = 0
    unknown: int = 0
    delivered: int = 0
    lost: int = 0
    doubled: int = 0
    false: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


def settled(send: Send) -> bool:
    return send.status in TERMINAL or (send.status is Status.UNKNOWN and send.due_at is None)


def marks(delivery: dict[str, Any]) -> set[str]:
    """The ids of the sends that a delivery says it is."""
    return {match[1] for mark in delivery["boundary_marks"] if (match := _MARK.fullmatch(mark))}


def check(
    requests: Iterable[Request],
    sends: Iterable[Send],
    deliveries: Iterable[dict[str, Any]],
    *,
    readable: bool = True,
    resends: bool = False,
) -> tuple[Figures, list[str]]:
    """The figures, and every broken promise in words. `readable`: the mailbox could be looked into, so that what was
    delivered is not unknown. `resends`: one request may lead to a second send, where the first one was given up."""
    requests, sends, deliveries = list(requests), list(sends), list(deliveries)
    records = {send.id: send for send in sends}
    delivered = Counter(mark for delivery in deliveries for mark in marks(delivery))
    by_subject = Counter(delivery["subject"] for delivery in deliveries)
    recorded = Counter(send.subject for send in sends)
    wrong: list[str] = []
    lost = doubled = 0

    for request in requests:
        for missing in request.accepted - records.keys():
            lost += 1
            wrong.append(f"{request.subject}: {missing} was accepted and is not on record")
        if request.key and len(request.accepted) > 1:
            wrong.append(f"{request.subject}: one key, several sends {request.accepted}")
        if recorded[request.subject] > 1 and not resends:
            wrong.append(f"{request.subject}: {recorded[request.subject]} records")
        if by_subject[request.subject] > 1:
            doubled += 1
            wrong.append(f"{request.subject}: delivered {by_subject[request.subject]} times")
    for send in sends:
        count = delivered[send.id]
        if not settled(send):
            wrong.append(f"{send.subject}: {send.id} is still {send.status}, due {send.due_at}")
        if count > 1:
            wrong.append(f"{send.subject}: {send.id} was delivered {count} times")
        if send.status is Status.SENT and count != 1:
            lost += count == 0
            wrong.append(f"{send.subject}: {send.id} is sent, and was delivered {count} times")
        if send.status in (Status.FAILED, Status.CANCELLED) and count:
            wrong.append(f"{send.subject}: {send.id} is {send.status}, and was delivered")
        if send.status is Status.UNKNOWN and count and readable:
            wrong.append(f"{send.subject}: {send.id} is unknown, though the mailbox shows it")
    for delivery in deliveries:
        if not marks(delivery) & records.keys():
            wrong.append(f"{delivery['subject']}: delivered, and not on record")

    statuses = Counter(send.status for send in sends)
    figures = Figures(
        runs=1,
        asked=len(requests),
        answered=sum(bool(request.accepted) for request in requests),
        recorded=len(sends),
        sent=statuses[Status.SENT],
        failed=statuses[Status.FAILED],
        cancelled=statuses[Status.CANCELLED],
        unknown=statuses[Status.UNKNOWN],
        delivered=len(deliveries),
        lost=lost,
        doubled=doubled,
        false=len(wrong) - lost - doubled,
    )
    return figures, wrong


@dataclass
class Report:
    """One row for each kind of run; printed when all is done."""

    rows: dict[str, Figures] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, figures: Figures) -> None:
        self.rows[name] = self.rows.get(name, Figures()) + figures

    def lines(self) -> list[str]:
        if not self.rows:
            return self.notes
        names = [f.name for f in fields(Figures)]
        width = max(map(len, self.rows))
        table = [" " * width + "".join(f"{name:>10}" for name in names)]
        total = sum(self.rows.values(), Figures())
        for name, figures in [*self.rows.items(), ("all", total)]:
            table.append(f"{name:<{width}}" + "".join(f"{getattr(figures, n):>10}" for n in names))
        return [*table, *self.notes]
