"""Access tokens of the service account: fetched from the metadata server, kept, and renewed in time."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from functions.adapters import google_access
from functions.adapters.google_access import GoogleAccess, NoAccess
from functions.adapters.http import Http
from functions.domain.errors import Unavailable
from tests.adapters.metadata import Metadata
from tests.faults.stub import Stub


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    server = Metadata()
    yield server
    server.close()


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    yield made
    made.close()


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


def test_a_metadata_server_that_is_not_up_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    up: list[Metadata] = []
    with socket.socket() as place:  # bound, so that nobody else takes it; who connects is refused
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]

        def start(seconds: float) -> None:
            assert seconds > 0
            place.close()
            up.append(Metadata(port))

        monkeypatch.setattr(google_access, "time", SimpleNamespace(monotonic=time.monotonic, sleep=start))
        try:
            assert GoogleAccess(Http(), metadata_host=f"127.0.0.1:{port}").headers() == {
                "Authorization": "Bearer ya29.1"
            }
        finally:
            for server in up:
                server.close()


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


@pytest.mark.parametrize("project", ["paying-project", None])
def test_a_persons_credentials_name_the_project_that_pays(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, project: str | None
) -> None:
    person = Credentials(  # type: ignore[no-untyped-call]
        None, "refresh", token_uri=f"{stub.url}/token", client_id="i", client_secret="s", quota_project_id=project
    )
    monkeypatch.setattr("google.auth.default", lambda **_: (person, None))
    found = GoogleAccess(Http()).headers()
    assert found.pop("Authorization") == "Bearer ya29.fresh"
    assert found == ({"x-goog-user-project": project} if project else {})


def test_an_emulator_wants_no_credentials() -> None:
    assert NoAccess().headers() == {"Authorization": "Bearer owner"}
