"""Programs that are measured: started, asked about their CPU time and memory, ended by their own id."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
READY_WITHIN = 60  # seconds
TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """A process and all that it starts. Its output goes to `log`."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], port: int, log: Path) -> None:
        self.port = port
        self.log = log
        self.started = time.perf_counter()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                list(command),
                cwd=ROOT,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ended(self) -> None:
        """Raises RuntimeError with the log's end, if it has."""
        if self._process.poll() is not None:
            raise RuntimeError(f"it ended: {self.log.read_text(errors='replace')[-3000:]}")

    def wait(self) -> None:
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            self.ended()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.01)
        raise RuntimeError(f"it does not listen: {self.log.read_text(errors='replace')[-3000:]}")

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def cpu(self) -> float:
        """Seconds of user and system time so far."""
        return sum(cpu(pid) for pid in self._tree())

    def memory(self) -> float:
        """Resident MiB now."""
        return sum(_status(pid, "VmRSS") for pid in self._tree())

    def shared_memory(self) -> float:
        """MiB now, pages that several of its processes share counted once."""
        return sum(_proportional(pid) for pid in self._tree())

    def peak(self) -> float:
        """The most MiB that were resident since `forget_peak`."""
        return sum(_status(pid, "VmHWM") for pid in self._tree())

    def forget_peak(self) -> None:
        for pid in self._tree():
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # proc(5): resets VmHWM to what is resident now

    def _tree(self) -> list[int]:
        return tree(self._process.pid)


def tree(root: int) -> list[int]:
    """A process and all below it."""
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                todo += map(int, children.read_text().split())
    return found


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICK  # its own and its ended children's


def _status(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":")) / 1024


def _proportional(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@contextlib.contextmanager
def running(program: Program) -> Iterator[Program]:
    try:
        program.wait()
        yield program
    finally:
        program.stop()


def function(source: Path, target: str, environ: Mapping[str, str], log: Path) -> Program:
    """A function under the framework, as the platform starts it."""
    port = free_port()
    command = [str(BIN / "functions-framework"), "--source", str(source), "--target", target, "--host", "127.0.0.1"]
    return Program(command, {**environ, "PORT": str(port)}, port, log)
