"""A client that asks for one thing many times at once, over connections it keeps."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

BLOCK = 256 << 10


@dataclass(frozen=True)
class Ask:
    """One request, complete with its bytes."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def head(self) -> bytes:
        said = {"Host": "localhost:8000", "Content-Length": str(len(self.body)), **self.headers}
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    at: float  # when its head had come, by time.perf_counter


@dataclass(frozen=True)
class Load:
    seconds: float
    times: list[float]  # seconds until the head of each answer was there, shortest first

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    def quantile(self, part: float) -> float:
        return self.times[min(len(self.times) - 1, int(part * len(self.times)))]


async def ask(port: int, one: Ask) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    try:
        return await _exchange(reader, writer, one)
    finally:
        writer.close()


def load(port: int, asks: Sequence[Ask], at_once: int) -> Load:
    """All of them, so many at once. Raises RuntimeError where an answer is no success."""
    return asyncio.run(_load(port, asks, at_once))


async def _load(port: int, asks: Sequence[Ask], at_once: int) -> Load:
    todo, times = iter(asks), list[float]()
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(_worker(port, todo, times))
    return Load(time.perf_counter() - started, sorted(times))


async def _worker(port: int, todo: Iterator[Ask], times: list[float]) -> None:
    connection = None
    try:
        for one in todo:
            started = time.perf_counter()
            if connection is None:
                connection = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
            answer = await _exchange(*connection, one)
            times.append(answer.at - started)
            if answer.status >= 400:
                raise RuntimeError(f"{one.method} {one.target} answered {answer.status}: {answer.body[:500]!r}")
            if answer.headers.get("connection", "").lower() == "close":
                connection[1].close()
                connection = None
    finally:
        if connection:
            connection[1].close()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, one: Ask) -> Answer:
    writer.write(one.head)
    view = memoryview(one.body)
    for start in range(0, len(view), BLOCK):
        writer.write(view[start : start + BLOCK])
        await writer.drain()
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
    at = time.perf_counter()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(first.split(" ")[1]), headers, body, at)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """RFC 9112 §7.1, without trailers."""
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body
