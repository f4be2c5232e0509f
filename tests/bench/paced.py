"""A client in a process of its own that asks at set times, whatever becomes of what it asked before (an open loop).

`python -m tests.bench.paced FILE` reads a plan from the file and writes what came of it to FILE.done. An answer's time
counts from when its request was due, not from when it was written: a service that stands still for a second makes every
request of that second late, and a client that waited for it would hide that ("coordinated omission").

Connections are opened when there is a request for them: gunicorn gives one that asks nothing a thread for up to five
seconds, and a webhook's instance has eight threads in all.
"""

import asyncio
import gc
import pickle
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.load import Ask
from tests.bench.processes import ROOT

PATIENCE = 30  # seconds that an answer may take
_SOON = 1.0  # seconds from the start to the first request


@dataclass(frozen=True)
class Due:
    """A request, and when: `at` is in seconds from the start."""

    at: float
    port: int
    ask: Ask


@dataclass(frozen=True)
class Came:
    """`seconds` from when it was due; `written`: how much of that passed before the client wrote it. A status of 0: no
    answer, and `body` says why."""

    status: int
    body: bytes
    seconds: float
    written: float


@dataclass(frozen=True)
class Course:
    """What came of a plan, in its order."""

    answers: list[Came]

    def quantile(self, part: float) -> float:
        times = sorted(one.seconds for one in self.answers)
        return times[min(len(times) - 1, int(part * len(times)))]

    @property
    def statuses(self) -> Counter[int]:
        return Counter(one.status for one in self.answers)

    @property
    def lag(self) -> float:
        """Seconds, at the 99th percentile, that the client itself was late."""
        times = sorted(one.written for one in self.answers)
        return times[int(0.99 * (len(times) - 1))]


def run(plan: Sequence[Due], file: Path) -> Course:
    """Raises CalledProcessError where the client can't do it."""
    file.write_bytes(pickle.dumps(list(plan)))
    subprocess.run([sys.executable, "-m", "tests.bench.paced", str(file)], cwd=ROOT, check=True)
    found: list[Came] = pickle.loads(file.with_suffix(".done").read_bytes())
    return Course(found)


@dataclass(eq=False)
class _Connection(asyncio.Protocol):
    """One request at a time, HTTP/1.1 with Content-Length."""

    open: bool = True
    answer: "asyncio.Future[tuple[int, bytes]] | None" = None
    data: bytearray = field(default_factory=bytearray)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if self.answer and not self.answer.done():
            self.answer.set_exception(exc or ConnectionError("closed without an answer"))

    def data_received(self, data: bytes) -> None:
        self.data += data
        end = self.data.find(b"\r\n\r\n")
        if end < 0 or self.answer is None or self.answer.done():
            return
        head = bytes(self.data[:end]).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(self.data) >= end + 4 + length:
            self.open = self.open and b"connection: close" not in head
            self.answer.set_result((int(head[9:12]), bytes(self.data[end + 4 : end + 4 + length])))

    def ask(self, one: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        self.data.clear()
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(one)  # type: ignore[attr-defined]
        return self.answer


async def _connected(port: int) -> _Connection:
    _, made = await asyncio.get_running_loop().create_connection(_Connection, "127.0.0.1", port)
    return made


async def _all(plan: list[Due]) -> list[Came]:
    free: dict[int, list[_Connection]] = {port: [] for port in {due.port for due in plan}}
    asks = {id(due): due.ask.head + due.ask.body for due in plan}
    start = time.perf_counter() + _SOON

    async def one(due: Due) -> Came:
        await asyncio.sleep(start + due.at - time.perf_counter())
        written = time.perf_counter() - start - due.at
        try:
            async with asyncio.timeout(PATIENCE):
                status, body = await _exchange(free[due.port], due.port, asks[id(due)])
        except (OSError, TimeoutError) as error:
            status, body = 0, repr(error).encode()
        return Came(status, body, time.perf_counter() - start - due.at, written)

    return list(await asyncio.gather(*map(one, plan)))


async def _exchange(waiting: list[_Connection], port: int, ask: bytes) -> tuple[int, bytes]:
    """Over the connection that was used last. One that the server had just closed took nothing: ask over a new one."""
    while waiting:
        connection = waiting.pop()
        if not connection.open:
            continue
        try:
            answer = await connection.ask(ask)
        except ConnectionError:
            break
        if connection.open:
            waiting.append(connection)
        return answer
    connection = await _connected(port)
    answer = await connection.ask(ask)
    if connection.open:
        waiting.append(connection)
    return answer


def main(file: Path) -> None:
    plan: list[Due] = pickle.loads(file.read_bytes())
    gc.disable()  # a pause of the client is none of the service
    file.with_suffix(".done").write_bytes(pickle.dumps(asyncio.run(_all(plan))))


if __name__ == "__main__":
    from tests.bench import paced  # what is pickled names this module, not __main__

    paced.main(Path(sys.argv[1]))
