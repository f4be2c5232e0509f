"""Ends what tests have started when the tests themselves are ended, in whatever way: nothing stays behind.

A process of its own reads from a pipe which programs there are. The pipe ends with the process that has its other end.
(PR_SET_PDEATHSIG would do the same when the *thread* ends that started a program, and tests start some in threads.)
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

_lock = threading.Lock()
_keeper: "subprocess.Popen[str] | None" = None


def tie(process: "subprocess.Popen[bytes]") -> None:
    """`process` leads a process group; all of it is killed when this process is no more."""
    global _keeper
    with _lock:
        if _keeper is None or _keeper.poll() is not None:
            command = [sys.executable, "-S", __file__]
            # In a session of its own: ^C at the terminal is not for it.
            _keeper = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)
        assert _keeper.stdin is not None
        _keeper.stdin.write(f"{process.pid} {_born(process.pid)}\n")
        _keeper.stdin.flush()


def _born(pid: int) -> str:
    """When it started, which tells it from a later process of the same number; "" where nobody knows."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _keep() -> None:
    started = dict(line.split() for line in sys.stdin if len(line.split()) == 2)
    for pid, born in started.items():
        if _born(int(pid)) == born:
            with contextlib.suppress(OSError):
                os.killpg(int(pid), signal.SIGKILL)


if __name__ == "__main__":
    _keep()
