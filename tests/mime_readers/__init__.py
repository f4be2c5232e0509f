"""Two MIME parsers written by others in another language, behind one long-lived process."""

import fcntl
import json
import os
import shutil
import struct
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

HERE = Path(__file__).parent


def install() -> str:
    """The path of node, with the parsers installed. Skips where node is missing, but not in CI."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        if os.environ.get("CI"):
            pytest.fail("node and npm are needed: the MIME round trip is proved with parsers that run on node")
        pytest.skip("node and npm are not installed")
    with (HERE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # pytest-xdist: one worker installs, the others wait
        if not (HERE / "node_modules" / ".package-lock.json").exists():
            done = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True, text=True)
            if done.returncode:
                pytest.fail(f"`npm ci` failed in {HERE}:\n{done.stdout}{done.stderr}")
    return node


class Readers:
    """What mailparser and postal-mime find in a message: {"mailparser": {...}, "postal-mime": {...}}."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [install(), str(HERE / "reader.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def read(self, message: bytes) -> dict[str, dict[str, Any]]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(struct.pack(">I", len(message)) + message)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the reader process ended"
        answer: dict[str, dict[str, Any]] = json.loads(line)
        for reader, found in answer.items():
            assert "error" not in found, f"{reader}: {found['error']}"
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=10)
