"""Whoever receives events, scripted: it stands where the SSRF-safe client stands, and checks every signature itself."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.domain.webhook_ports import HookAnswer, NoAnswer

Answering = Callable[[], HookAnswer]


@dataclass(frozen=True)
class Got:
    url: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


def says(status: int, body: bytes = b"", **headers: str) -> Answering:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: HookAnswer(status, named, body)


def breaks(code: str = "timeout") -> Answering:
    def answer() -> HookAnswer:
        raise NoAnswer(code, "It did not answer.")

    return answer


def meanwhile(happens: Callable[[], object], then: Answering | None = None) -> Answering:
    """Something happens while the receiver has the request."""

    def answer() -> HookAnswer:
        happens()
        return (then or says(204))()

    return answer


@dataclass
class Receiver:
    clock: Callable[[], datetime]
    script: list[Answering] = field(default_factory=list)  # answers to the next posts; then `always`
    always: Answering = field(default_factory=lambda: says(204))
    got: list[Got] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.Lock)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        with self._lock:
            self.got.append(Got(url, dict(headers), body, self.clock()))
            answering = self.script.pop(0) if self.script else self.always
        return answering()
