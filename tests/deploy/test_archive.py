"""What `gcloud functions deploy` uploads is all that the functions need, and no more."""

import io
import os
import re
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.deploy import commands, smoke, source
from scripts.deploy.commands import ROOT, Function, Place
from tests.deploy.conftest import gcloud_for
from tests.deploy.control_plane import PROJECT, REGION, ControlPlane
from tests.e2e.processes import free_port

AT_ONCE = 3  # functions that are started together: each is a process with all of its imports
OUTSIDE = dict(os.environ)  # pip's, which may leave this machine; gcloud's may not
CONSOLE = ROOT / "functions" / "console_files"

# What the smoke test's call is answered with: by somebody who has no key, and is asked for one.
REFUSED = {"callback": 400, "track": 404, "console": 200}


@dataclass(frozen=True)
class Uploaded:
    archive: bytes
    listed: list[str]  # what the digest is of

    @property
    def names(self) -> set[str]:
        return set(zipfile.ZipFile(io.BytesIO(self.archive)).namelist())


@pytest.fixture(scope="module")
def uploaded(tmp_path_factory: pytest.TempPathFactory) -> Uploaded:
    """The very archive that gcloud uploads."""
    with closing(ControlPlane()) as plane, pytest.MonkeyPatch.context() as patch:
        gcloud = gcloud_for(plane, tmp_path_factory.mktemp("gcloud"), patch)
        (send,) = commands.table(["send"])
        plane.make(send.name, send.prefix, send.routes[0])
        command = commands.deploy(send, Place(PROJECT, REGION), ROOT, {"source": "1", "version": "1"})
        subprocess.run([gcloud, *command[1:]], check=True, capture_output=True, timeout=120)
        return Uploaded(plane.archives[-1], source.files(ROOT))


def test_the_archive_has_the_functions_and_nothing_else(uploaded: Uploaded) -> None:
    names = uploaded.names

    top = {name.partition("/")[0] for name in names}
    assert top == {"main.py", "requirements.txt", "functions", "infra"}
    assert {name for name in names if name.startswith("infra/")} <= {"infra/", "infra/indexes.json"}
    assert {f"functions/{function.name}.py" for function in commands.table()} <= names
    assert not [name for name in names if name.startswith(("functions/cli/", "functions/__main__"))]
    # The console's files as they were built, those that git ignores too.
    built = {path.relative_to(ROOT).as_posix() for path in CONSOLE.rglob("*") if path.is_file()}
    assert built
    assert built <= names
    # Of everything else only code: no secret, no database, no source of the frontend.
    rest = {name for name in names - built if not name.endswith("/") and name.startswith("functions/")}
    assert {Path(name).suffix for name in rest} == {".py"}
    assert not [name for name in names if re.search(r"\.(tsx?|map|pem|key|db|env)$|node_modules|__pycache__", name)]


def test_the_digest_is_of_what_is_uploaded(uploaded: Uploaded) -> None:
    assert set(uploaded.listed) == {name for name in uploaded.names if not name.endswith("/")}


def test_every_function_starts_from_the_archive_alone_and_answers(uploaded: Uploaded, tmp_path: Path) -> None:
    """In an empty directory, with the packages of requirements.txt and no others."""
    home = tmp_path / "workspace"
    zipfile.ZipFile(io.BytesIO(uploaded.archive)).extractall(home)
    installed = environment(tmp_path / "venv", home / "requirements.txt")

    def answer(function: Function) -> tuple[str, int, str, str]:
        with running(function, installed, home, tmp_path / function.name) as started:
            method, url = smoke.first_call(function, started.url)
            status, revision = smoke.call(method, url)
            return function.name, status, revision, smoke.check(function, started.url, "archive-1", lambda _: None)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(answer, commands.table()))

    assert answers == [(f.name, REFUSED.get(f.name, 401), "archive-1", "") for f in commands.table()]


def environment(directory: Path, requirements: Path) -> Path:
    """The bin directory of a virtual environment with these packages and no others, each checked against its hash."""
    venv.create(directory)
    to = [sys.executable, "-m", "pip", "--python", str(directory / "bin" / "python"), "--disable-pip-version-check"]
    install = [*to, "install", "--quiet", "--require-hashes", "--no-compile", "-r", str(requirements)]
    subprocess.run(install, check=True, timeout=280, env=OUTSIDE)
    return directory / "bin"


@dataclass(frozen=True)
class Started:
    url: str


@contextmanager
def running(function: Function, installed: Path, home: Path, data: Path) -> Iterator[Started]:
    """The function under the framework, as the platform starts it, on this machine's stores."""
    port = free_port()
    environ = {
        "PATH": f"{installed}:{os.environ['PATH']}",
        "PORT": str(port),
        "FUNCTION_TARGET": function.name,
        "K_REVISION": "archive-1",
        "STORE_URL": f"sqlite:///{data}/gmail.db",
        "BLOBS_URL": f"file:{data}/blobs",
        "SECRETS_URL": f"file:{data}/secrets",
    }
    data.mkdir()
    with (data / "log").open("w") as log:
        process = subprocess.Popen([installed / "functions-framework"], cwd=home, env=environ, stderr=log, stdout=log)
    try:
        url = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 60
        while not smoke.call("GET", f"{url}/")[0]:
            assert process.poll() is None, (data / "log").read_text()[-2000:]
            assert time.monotonic() < end, (data / "log").read_text()[-2000:]
            time.sleep(0.1)
        yield Started(url)
    finally:
        process.terminate()
        process.wait(30)
