"""Access tokens of the service account: fetched from the metadata server, kept, and renewed in time."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from functions.adapters.google_access import GoogleAccess, NoAccess
from functions.adapters.http import Http
from functions.domain.errors import Unavailable


class Metadata(ThreadingHTTPServer):
    """The platform's metadata server. https://cloud.google.com/compute/docs/metadata/querying-metadata"""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.life = 3599
        self.asked = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked += 1
                time.sleep(0.05)
                assert self.path == "/computeMetadata/v1/instance/service-accounts/default/token"
                good = self.headers["Metadata-Flavor"] == "Google"
                body = b'{"access_token":"ya29.%d","expires_in":%d,"token_type":"Bearer"}' % (server.asked, server.life)
                status, body = server.answers.pop(0) if server.answers else (200 if good else 403, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    server = Metadata()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_token_is_fetched_once_however_many_ask(metadata: Metadata) -> None:
    access = GoogleAccess(Http(), metadata_host=metadata.host)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: access.headers(), range(40)))
    assert found == [{"Authorization": "Bearer ya29.1"}] * 40
    assert metadata.asked == 1


def test_a_token_is_renewed_before_it_ends(metadata: Metadata) -> None:
    metadata.life = 240
    access = GoogleAccess(Http(), metadata_host=metadata.host)
    access.headers()
    access._until = time.monotonic()
    assert access.headers() == {"Authorization": "Bearer ya29.2"}


def test_a_token_that_was_refused_is_fetched_anew(metadata: Metadata) -> None:
    access = GoogleAccess(Http(), metadata_host=metadata.host)
    access.headers()
    access.forget()
    assert access.headers() == {"Authorization": "Bearer ya29.2"}


@pytest.mark.parametrize("answer", [(500, b""), (503, b"starting"), (200, b"{}"), (200, b"no JSON"), (200, b"[]")])
def test_a_metadata_server_that_falters_is_asked_again(metadata: Metadata, answer: tuple[int, bytes]) -> None:
    metadata.answers = [answer]
    assert GoogleAccess(Http(), metadata_host=metadata.host).headers() == {"Authorization": "Bearer ya29.2"}


def test_without_a_service_account_it_says_what_to_do(metadata: Metadata) -> None:
    metadata.answers = [(404, b"no such service account")] * 3
    with pytest.raises(Unavailable) as caught:
        GoogleAccess(Http(), metadata_host=metadata.host).headers()
    assert "404" in caught.value.detail
    assert "service account" in caught.value.remedy


def test_without_credentials_on_a_laptop_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(Unavailable) as caught:
        GoogleAccess(Http()).headers()
    assert "gcloud auth application-default login" in caught.value.remedy


def test_an_emulator_wants_no_credentials() -> None:
    assert NoAccess().headers() == {"Authorization": "Bearer owner"}
