"""The local server with faults built in: `python -m tests.faults.server --port P [--kill-at POINT --armed FILE] …`.

It serves the real application: the real gateway, services and adapters of `python -m functions serve`. What is added
lies around the adapters, from outside: production code knows nothing of it. The pretend Google is somebody else's
process, named by the settings.

A kill is SIGKILL to the whole process group, so that no part of the server outlives it.
"""

import argparse
import importlib
import json
import os
import random
import select
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from functions.adapters import http, local_queue
from functions.cli.server import Gateway, Server, endpoints
from functions.domain.errors import Unavailable
from functions.domain.google_ports import Upload
from functions.domain.ports import Create, Delete, Update, Write
from functions.runtime import settings
from functions.runtime.wiring import App

POINTS = (
    "before the accepting commit",
    "after the accepting commit",
    "after enqueue",
    "after the claim",
    "before the first byte",
    "in the middle of the body",
    "after Gmail accepted",
    "before the settling commit",
    "after the settling commit",
)
BATCH_POINTS = (  # of a request with several recipients; its sends come in several accepting commits
    "before the batch",
    "after the batch",
    "before the batch is ready",
    "after the batch is ready",
)
HOOK_POINTS = ("before the composing commit", "after the composing commit")  # of what a webhook made
ANSWER_WITHIN = 60_000  # milliseconds


class Killer:
    """Kills or stops the server when `point` is passed for the nth time since `armed` came into being, which says n."""

    def __init__(self, point: str, armed: Path, number: signal.Signals) -> None:
        self._point = point
        self._armed = armed
        self._signal = number
        self._passed = 0
        self._lock = threading.Lock()

    def at(self, point: str) -> None:
        if point != self._point or not self._armed.exists():
            return
        with self._lock:
            self._passed += 1
            if self._passed == int(self._armed.read_text()):
                os.killpg(os.getpgrp(), self._signal)
                time.sleep(0.2)  # until it has come


class Half:
    """A message on whose way something happens in the middle."""

    def __init__(self, message: Upload, killer: Killer) -> None:
        self._message = message
        self._killer = killer
        self.size = message.size

    def blocks(self) -> Iterator[bytes]:
        passed = 0
        for block in self._message.blocks():
            if passed >= self.size // 2 or (passed and passed + len(block) >= self.size):
                self._killer.at("in the middle of the body")
            passed += len(block)
            yield block


def wrap_documents(app: App, killer: Killer) -> None:
    documents: Any = app.documents
    commit = documents.commit

    def killing(writes: Sequence[Write]) -> list[str]:
        accepts = any(isinstance(w, Create) and _of_send(w) for w in writes)
        claims = any(
            isinstance(w, Create | Update) and _of_send(w) and w.data.get("status") == "sending" for w in writes
        )
        settles = any(isinstance(w, Update) and _of_send(w) and "lease_until" in w.data for w in writes) and not claims
        composes = any(isinstance(w, Update) and _of_send(w) and w.data.get("composed") for w in writes)
        batches = [w.data.get("status") for w in writes if not isinstance(w, Delete) and _of("batches", w)]
        batch = "the batch" if "open" in batches else "the batch is ready" if "ready" in batches else ""
        if batch:
            killer.at(f"before {batch}")
        if accepts:
            killer.at("before the accepting commit")
        if composes:
            killer.at("before the composing commit")
        if settles:
            killer.at("before the settling commit")
        versions: list[str] = commit(writes)
        if batch:
            killer.at(f"after {batch}")
        if accepts:
            killer.at("after the accepting commit")
        if composes:
            killer.at("after the composing commit")
        if claims:
            killer.at("after the claim")
        if settles:
            killer.at("after the settling commit")
        return versions

    documents.commit = killing


def fail_some(app: App, share: float) -> None:
    """So many of all commits fail, half of them after they were written."""
    documents: Any = app.documents
    commit, chance = documents.commit, random.Random(share)

    def failing(writes: Sequence[Write]) -> list[str]:
        if (dice := chance.random()) < share / 2:
            raise Unavailable("The store is away.")
        versions: list[str] = commit(writes)
        if dice < share:
            raise Unavailable("The store wrote it, and did not say so.")
        return versions

    documents.commit = failing


def wrap_queue(app: App, killer: Killer, copies: int) -> None:
    queue: Any = app.tasks
    enqueue, deliver = queue.enqueue, queue._deliver
    queue._sweep_every = local_queue.SWEEP_EVERY

    def killing(*task: Any, **more: Any) -> None:
        enqueue(*task, **more)
        killer.at("after enqueue")

    def several(owner: str, send_id: str) -> None:
        others = [threading.Thread(target=queue_run, args=(owner, send_id)) for _ in range(copies - 1)]
        for other in others:
            other.start()
        deliver(owner, send_id)
        for other in others:
            other.join()

    def queue_run(owner: str, send_id: str) -> None:
        try:
            deliver(owner, send_id)
        except Exception as error:  # noqa: BLE001 - a task that failed comes back, or the sweep brings it
            print(f"a copy failed: {type(error).__name__}", flush=True)

    queue.enqueue = killing
    queue._deliver = several


def wrap_gmail(app: App, killer: Killer) -> None:
    gmail: Any = app.gmail
    send = gmail.send
    sending = threading.local()
    read = http._Answering.read

    def killing(token: str, message: Upload, thread_id: str | None = None) -> Any:
        killer.at("before the first byte")
        sending.now = True
        try:
            return send(token, Half(message, killer), thread_id)
        finally:
            sending.now = False

    def answered(answering: http._Answering) -> tuple[http.Answer, bool]:
        """The answer lies in the socket: Gmail has accepted, and we don't know it yet."""
        if getattr(sending, "now", False):
            poll = select.poll()
            poll.register(answering._connection, select.POLLIN)
            poll.poll(ANSWER_WITHIN)
            killer.at("after Gmail accepted")
        return read(answering)

    gmail.send = killing
    http._Answering.read = answered  # type: ignore[method-assign]


class SteppedApp(App):
    """Its clock is off by as many seconds as the file says."""

    step: Path | None = None

    def clock(self) -> datetime:
        now = datetime.now(UTC)
        try:
            return now + timedelta(seconds=float(self.step.read_text())) if self.step else now
        except (OSError, ValueError):  # just being written
            return now


def override(constants: dict[str, Any]) -> None:
    """Shorter times, so that minutes pass in seconds: `module.NAME` by value, in seconds where it is a timedelta."""
    for place, value in constants.items():
        module, _, name = place.rpartition(".")
        found = importlib.import_module(module)
        before = getattr(found, name)
        setattr(found, name, timedelta(seconds=value) if isinstance(before, timedelta) else type(before)(value))


def _of_send(write: Write) -> bool:
    return _of("sends", write)


def _of(collection: str, write: Write) -> bool:
    return write.path.split("/")[-2] == collection


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kill-at", choices=(*POINTS, *BATCH_POINTS, *HOOK_POINTS), default="")
    parser.add_argument("--armed", type=Path, default=Path("/nonexistent"))
    parser.add_argument("--freeze", action="store_true", help="with SIGSTOP, until somebody sends SIGCONT")
    parser.add_argument("--copies", type=int, default=1, help="of each task, at once")
    parser.add_argument("--step", type=Path, help="a file with the seconds that the clock is off by")
    parser.add_argument("--failing-commits", type=float, default=0, help="share of the commits that fail")
    parser.add_argument("--store-patience", type=float, help="seconds that a call waits for the store")
    parser.add_argument("--constants", type=json.loads, default={})
    given = parser.parse_args()
    if given.kill_at and os.getpid() != os.getpgrp():
        raise SystemExit("It kills its process group, so it has to have one of its own.")
    override(given.constants)
    app = SteppedApp(settings.load(os.environ))
    app.step = given.step
    documents: Any = app.documents
    if given.store_patience:
        documents._timeout = documents._deadline = given.store_patience
        documents._attempt = given.store_patience / 2
    killer = Killer(given.kill_at, given.armed, signal.SIGSTOP if given.freeze else signal.SIGKILL)
    wrap_documents(app, killer)
    if given.failing_commits:
        fail_some(app, given.failing_commits)
    wrap_queue(app, killer, given.copies)
    wrap_gmail(app, killer)
    Server(Gateway(app, endpoints()), "127.0.0.1", given.port, None).run()


if __name__ == "__main__":
    main()
