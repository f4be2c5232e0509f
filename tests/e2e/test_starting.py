"""A process that is configured wrongly ends at once, and says why; one that answers stays on one core."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from functions.runtime import start
from tests.e2e.processes import BIN, ROOT, Program, environment, free_port

IN_THE_CLOUD = {
    "K_SERVICE": "gmail-send",
    "PUBLIC_URL": "http://localhost:8000",
    "STORE_URL": "sqlite:///.data/gmail.db",
    "BLOBS_URL": "file:.data/blobs",
    "TASKS_URL": "local:",
    "SECRETS_URL": "file:.data/secrets",
    "AUTH_ISSUERS": "http://issuer.example=audience",
    "LOCAL_API_KEY": "a-local-key-that-must-not-be-printed",
}
NAMED = [
    "GMAIL_CLIENT_ID", "PUBLIC_URL", "STORE_URL", "BLOBS_URL", "TASKS_URL", "SECRETS_URL", "AUTH_ISSUERS",
    "LOCAL_API_KEY",
]  # fmt: skip


def local() -> list[str]:
    return [sys.executable, "-m", "functions", "serve"]


def alone() -> list[str]:
    return [str(BIN / "functions-framework"), "--target", "send", "--host", "127.0.0.1"]


def run(command: list[str], **settings: str) -> tuple[int, str]:
    done = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment({"PORT": str(free_port()), **settings}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = done.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(done.pid, signal.SIGKILL)
        output, _ = done.communicate()
        pytest.fail(f"It runs although it should not: {output}")
    return done.returncode, output


@pytest.mark.parametrize("command", [local, alone])
def test_in_the_cloud_everything_local_is_refused_by_name(command: Callable[[], list[str]]) -> None:
    code, output = run(command(), **IN_THE_CLOUD)

    assert code != 0
    lines = [line for line in output.splitlines() if line]
    for name in NAMED:
        assert any(line.startswith(f"{name} ") for line in lines), (name, output)
    assert "Traceback" not in output
    assert "must-not-be-printed" not in output


@pytest.mark.parametrize("command", [local, alone])
def test_a_setting_that_means_nothing_is_refused_by_name(command: Callable[[], list[str]]) -> None:
    code, output = run(command(), STORE_URL="mongodb://x", GMAIL_CLIENT_ID="an-id")

    assert code != 0
    assert "STORE_URL" in output
    assert "GMAIL_CLIENT_SECRET" in output
    assert "Traceback" not in output


def cores_of(pid: int) -> int:
    return len(os.sched_getaffinity(pid))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity") or cores_of(0) < 2, reason="there is one core, or no Linux")
@pytest.mark.parametrize("command", [local, alone])
def test_whoever_answers_stays_on_one_core_and_whoever_starts_it_does_not(
    command: Callable[[], list[str]], tmp_path: Path
) -> None:
    port = free_port()
    stored = {"STORE_URL": f"sqlite:///{tmp_path}/gmail.db", "SECRETS_URL": f"file:{tmp_path}/secrets"}
    program = Program(
        command(), {"PORT": str(port), **stored, "BLOBS_URL": f"file:{tmp_path}/blobs"}, port, tmp_path / "log"
    )
    try:
        program.wait_until_ready()
        end = time.monotonic() + 30  # it listens a moment before it forks
        while not (cores := [cores_of(pid) for pid in workers(program.pid)]) or max(cores) > 1:
            assert time.monotonic() < end, cores
            time.sleep(0.02)
        assert cores_of(program.pid) == cores_of(0)
    finally:
        program.stop()


def workers(master: int) -> list[int]:
    """What it has forked, without the pretend Google that it started."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return [int(pid) for pid in children if "sandbox" not in Path(f"/proc/{pid}/cmdline").read_text()]


def test_where_a_platform_tells_nobody_their_cores_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_getaffinity", refuse, raising=False)
    start._choose_core()
