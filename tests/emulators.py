"""A pytest plugin: one Firestore emulator for all the tests of a run, started by the first test that asks for it.

`firestore_emulator` is its "host:port" (nothing is set globally), `firestore_project` a project of the test's own,
empty since the emulator keeps projects apart. Where no emulator can start, such tests skip; with CI set they fail.

The workers of pytest-xdist share the emulator through three files. Every worker that uses it holds a shared lock on
`users`; a keeper process, which owns the JVM, waits for the exclusive lock. The system drops a worker's lock when the
worker ends, however it ends, so even `kill -9` of the whole run leaves no JVM behind. On Linux the JVM also
dies with its keeper.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_JAR = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"  # as in the SDK's own start script
_READY_WITHIN = 60  # seconds; 2 to 5 on an idle machine
_PR_SET_PDEATHSIG = 1  # prctl(2)


@pytest.fixture(scope="session")
def firestore_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running emulator."""
    given = os.environ.get("FIRESTORE_EMULATOR_HOST")
    if given:  # one that someone else looks after, such as a CI service
        yield given
        return
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "firestore-emulator"
    shared.mkdir(exist_ok=True)
    with _locked(shared / "users", fcntl.LOCK_SH):
        try:
            with _locked(shared / "start", fcntl.LOCK_EX):
                address = _address(shared)
        except RuntimeError as exc:
            if os.environ.get("CI"):
                pytest.fail(f"The Firestore emulator does not start: {exc}")
            pytest.skip(f"The Firestore emulator does not start: {exc}")
        yield address


@pytest.fixture
def firestore_project(firestore_emulator: str) -> str:  # noqa: ARG001 -- no project without an emulator
    """The id of an empty project."""
    return f"test-{uuid.uuid4().hex[:20]}"


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    with path.open("a") as file:  # closed on exec and at the end of the process, which both drop the lock
        fcntl.flock(file, kind)
        yield


def _address(shared: Path) -> str:
    """The emulator's address, starting it if there is none; RuntimeError says why there can't be one."""
    address, failure = shared / "address", shared / "failure"
    if failure.exists():
        raise RuntimeError(failure.read_text())
    if not address.exists():
        keeper = subprocess.Popen(
            [sys.executable, __file__, str(shared)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(shared / "log").open("w"),
            start_new_session=True,  # ^C at the terminal ends the tests; their locks then end the keeper
        )
        end = time.monotonic() + _READY_WITHIN + 10
        while not address.exists() and not failure.exists():
            if keeper.poll() is not None or time.monotonic() > end:
                raise RuntimeError((shared / "log").read_text()[-2000:] or "no answer")
            time.sleep(0.05)
        if failure.exists():
            raise RuntimeError(failure.read_text())
    return address.read_text()


def _jar() -> Path:
    """The emulator inside the gcloud installation, wherever that is."""
    roots = [Path(os.environ["CLOUDSDK_ROOT_DIR"])] if "CLOUDSDK_ROOT_DIR" in os.environ else []
    gcloud = shutil.which("gcloud")
    if gcloud:
        roots.append(Path(gcloud).resolve().parents[1])
    roots += [Path.home() / "google-cloud-sdk", *map(Path, ("/usr/lib/google-cloud-sdk", "/opt/google-cloud-sdk"))]
    found = next((root / _JAR for root in roots if (root / _JAR).exists()), None)
    if found is None and gcloud:  # packaged in some other way: gcloud knows
        asked = [gcloud, "info", "--format=value(installation.sdk_root)"]
        root = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=False).stdout.strip()
        found = Path(root) / _JAR if root and (Path(root) / _JAR).exists() else None
    if found is None:
        raise RuntimeError("it is not installed: `gcloud components install cloud-firestore-emulator`")
    if shutil.which("java") is None:
        raise RuntimeError("there is no `java`: install a JRE, 11 or later")
    return found


def _keep(shared: Path) -> None:
    """The keeper's whole life: start the JVM, tell its address, wait until nobody uses it, end it."""
    try:
        java, address = _started(_jar(), shared)
    except RuntimeError as exc:
        (shared / "failure").write_text(str(exc))
        return
    try:
        (shared / "new").write_text(address)
        (shared / "new").rename(shared / "address")
        with _locked(shared / "users", fcntl.LOCK_EX):
            # Whoever comes now waits for this lock, finds no address, and starts another.
            (shared / "address").unlink()
            _end(java)
    finally:
        _end(java)


def _started(jar: Path, shared: Path) -> tuple[subprocess.Popen[bytes], str]:
    for _ in range(3):  # somebody else may take the port first
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        # Short runs are quicker without the second compiler.
        quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.language=en"]
        java = subprocess.Popen(
            ["java", *quick, "-cp", str(jar), _MAIN, "--host=127.0.0.1", f"--port={port}"],
            stdin=subprocess.DEVNULL,
            stdout=(shared / "emulator.log").open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        end = time.monotonic() + _READY_WITHIN
        while java.poll() is None and time.monotonic() < end:
            if _says_ok(port):
                return java, f"127.0.0.1:{port}"
            time.sleep(0.1)
        _end(java)
    raise RuntimeError((shared / "emulator.log").read_text()[-2000:] or "the JVM says nothing")


def _says_ok(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
            return bool(answer.read().strip() == b"Ok")
    except (urllib.error.URLError, OSError):
        return False


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end(java: subprocess.Popen[bytes]) -> None:
    if java.poll() is None:
        os.killpg(java.pid, signal.SIGKILL)  # it keeps nothing that would need a shutdown
        java.wait()


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
