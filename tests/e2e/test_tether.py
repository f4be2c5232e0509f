"""Nothing that tests started outlives them."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.processes import ROOT

STARTS = """
import subprocess, sys, time
from tests.e2e.tether import tie
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
for _ in range(2):
    child = subprocess.Popen(sleep, start_new_session=True, stdout=subprocess.DEVNULL)
    tie(child)
    print(child.pid, flush=True)
time.sleep(600)
"""


def running(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="a program is told from a later one by /proc")
def test_what_tests_started_ends_with_them_however_they_end() -> None:
    tests = subprocess.Popen([sys.executable, "-c", STARTS], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert tests.stdout is not None
    started = [tests.stdout.readline().strip() for _ in range(2)]
    assert all(running(pid) for pid in started)
    tests.send_signal(signal.SIGKILL)
    tests.wait()
    tests.stdout.close()
    end = time.monotonic() + 60
    while any(running(pid) for pid in started):
        assert time.monotonic() < end
        time.sleep(0.05)
