"""A process that is configured wrongly ends at once, and says why."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.e2e.processes import BIN, ROOT, environment, free_port

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
