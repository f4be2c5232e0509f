"""Stands in front of the Firestore emulator, passes everything on, and counts the calls by their kind.

It takes both of the protocols that Firestore speaks: gRPC, message by message without looking into them, and JSON over
HTTP/1.1. The first bytes of a connection tell which.
"""

import asyncio
import contextlib
import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc  # type: ignore[import-untyped]

_GRPC = b"PRI "  # the connection preface of HTTP/2: RFC 9113 §3.4
_COMMITS = ("commit", "batchwrite", "write")
_BLOCK = 64 << 10
_LARGEST = 16 << 20  # bytes of a message


class Counting:
    """`address` stands for the emulator's. `counts` has `commits`, `reads` and `connections`."""

    def __init__(self, emulator: str) -> None:
        self.counts: Counter[str] = Counter()
        self._host, _, port = emulator.rpartition(":")
        self._port = int(port)
        limits = [("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)]
        self._channel = grpc.insecure_channel(emulator, limits)
        self._grpc = grpc.server(ThreadPoolExecutor(64), handlers=[_Any(self)], options=limits)
        self._grpc_port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._grpc.start()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="counting", daemon=True)
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._connected, "127.0.0.1", 0), self._loop)
        self._server = started.result(10)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._grpc.stop(0).wait(5)
        self._channel.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def called(self, method: str) -> None:
        """`method` as in `/google.firestore.v1.Firestore/Commit` or `…/documents:commit`."""
        name = re.split(r"[:/]", method.partition("?")[0])[-1].lower()
        self.counts["commits" if name in _COMMITS else "reads"] += 1

    def passed(self, method: str, messages: Iterator[bytes], context: Any) -> Iterator[bytes]:
        """A gRPC call: any kind looks the same on the wire."""
        self.called(method)
        metadata = [(k, v) for k, v in context.invocation_metadata() if k != "user-agent" and not k.startswith("grpc-")]
        call = self._channel.stream_stream(method)(messages, metadata=metadata, timeout=context.time_remaining())
        try:
            yield from call
        except grpc.RpcError as error:
            context.set_trailing_metadata(error.trailing_metadata() or ())
            context.abort(error.code(), error.details())

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts["connections"] += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            first = await reader.readexactly(len(_GRPC))
            port = self._grpc_port if first == _GRPC else self._port
            there = await asyncio.open_connection("127.0.0.1" if first == _GRPC else self._host, port)
            back = asyncio.ensure_future(_pump(there[0], writer))
            if first == _GRPC:
                there[1].write(first)
                await _pump(reader, there[1])
            else:
                await self._requests(first, reader, there[1])
            there[1].close()
            await back
        writer.close()

    async def _requests(self, first: bytes, reader: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
        while True:
            head = first + await reader.readuntil(b"\r\n\r\n")
            first = b""
            self.called(head.split(b" ", 2)[1].decode())
            there.write(head)
            lines = head.lower().split(b"\r\n")
            if any(line.startswith(b"transfer-encoding:") and b"chunked" in line for line in lines):
                raise OSError("a chunked request is not passed on")  # no client here makes one
            length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
            there.write(await reader.readexactly(length))
            await there.drain()


class _Any(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, counting: Counting) -> None:
        self._counting = counting

    def service(self, details: Any) -> Any:
        method = details.method
        return grpc.stream_stream_rpc_method_handler(
            lambda messages, context: self._counting.passed(method, messages, context)
        )


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
    writer.close()
