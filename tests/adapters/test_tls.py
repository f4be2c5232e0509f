"""Which roots our connections trust, and that a directory of them is as good as the file."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from functions.adapters import tls
from functions.adapters.http import Http, RequestFailed
from functions.adapters.tls import tls_context
from tests.adapters.peers import Peer, certificate, listening
from tests.faults.stub import http as answer_with

NAME = "localhost"
pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl names the files of a hashed directory")


@pytest.fixture
def server(tmp_path: Path) -> tuple[Peer, Path]:
    context, chain = certificate(tmp_path, NAME)
    answer = answer_with(200, b"hello")
    return listening(lambda peer, connection: (peer.read(connection), connection.sendall(answer)), context), chain


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the system's roots are: a directory, empty as yet, and a file of which nothing is there."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    directory = tmp_path / "certs"
    directory.mkdir()
    places = ssl.DefaultVerifyPaths(  # type: ignore[call-arg]
        None, str(directory), "SSL_CERT_FILE", str(tmp_path / "none.pem"), "SSL_CERT_DIR", str(directory)
    )
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: places)
    return directory


def hashed(directory: Path, chain: Path) -> None:
    found = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", chain], capture_output=True, text=True, check=True
    )
    shutil.copy(chain, directory / f"{found.stdout.strip()}.0")


def get(peer: Peer) -> bytes:
    headers = {"Content-Length": "0"}
    return Http().request("GET", f"https://{NAME}:{peer.port}/", headers=headers).body


def test_a_root_of_a_hashed_directory_is_trusted_and_read_when_it_is_needed(
    server: tuple[Peer, Path], system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer, chain = server
    hashed(system, chain)
    monkeypatch.setattr(tls, "ROOTS", 1)

    assert get(peer) == b"hello"
    assert tls_context().cert_store_stats()["x509"] == 0  # none is read before


def test_a_server_of_which_the_directory_knows_no_root_is_refused(
    server: tuple[Peer, Path], system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer, _ = server
    _, other = certificate(tmp_path, "other.example")
    hashed(system, other)
    monkeypatch.setattr(tls, "ROOTS", 1)

    with pytest.raises(RequestFailed, match="TLS"):
        get(peer)


def test_another_name_than_the_certificates_is_refused(
    server: tuple[Peer, Path], system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer, chain = server
    hashed(system, chain)
    monkeypatch.setattr(tls, "ROOTS", 1)

    with pytest.raises(RequestFailed, match="TLS"):
        Http().request("GET", f"https://127.0.0.1:{peer.port}/", headers={"Content-Length": "0"})


@pytest.mark.parametrize("how", ["file", "directory"])
def test_roots_that_the_environment_names_are_those_that_count(
    server: tuple[Peer, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    peer, chain = server
    directory = tmp_path / "chosen"
    directory.mkdir()
    hashed(directory, chain)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    if how == "file":
        monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    else:
        monkeypatch.setenv("SSL_CERT_DIR", str(directory))

    assert get(peer) == b"hello"


@pytest.mark.parametrize("there", [True, False], ids=["a few roots", "no directory"])
def test_without_a_full_hashed_directory_the_file_is_read(
    system: Path, server: tuple[Peer, Path], monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    _, chain = server
    if there:
        hashed(system, chain)  # one, where a system has over a hundred
    else:
        gone = ssl.get_default_verify_paths()._replace(capath=None, openssl_capath=str(system / "gone"))
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: gone)
    monkeypatch.setattr(
        ssl.SSLContext, "load_default_certs", lambda self, _purpose: self.load_verify_locations(cafile=str(chain))
    )

    assert tls_context().cert_store_stats()["x509"] == 1
