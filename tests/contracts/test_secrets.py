"""What every store of secrets does: in files, and in Secret Manager, by REST and by the official client."""

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import google_crc32c
import grpc  # type: ignore[import-untyped]
import pytest

from functions.adapters.file_secrets import FileSecrets
from functions.adapters.google_access import GoogleAccess, NoAccess
from functions.adapters.http import Http
from functions.adapters.secret_manager import SecretManagerSecrets
from functions.adapters.secret_manager_official import OfficialSecretManager
from functions.domain.errors import SecretDisabled, SecretMissing, Unavailable
from functions.domain.ports import Secret, Secrets
from tests.adapters.metadata import Metadata
from tests.contracts.fake_secret_manager import FakeSecretManager
from tests.faults.stub import Act, Stub, http

ROOT = Path(__file__).parents[2]


def test_what_is_added_is_read_back(secrets: Secrets) -> None:
    value = bytes(range(256))
    version = secrets.add("keyset", value)
    assert secrets.get("keyset") == Secret(value, version)
    assert secrets.get("keyset", version) == Secret(value, version)


def test_the_latest_is_the_last_and_the_others_stay(secrets: Secrets) -> None:
    versions = [secrets.add("keyset", b"value %d" % n) for n in range(12)]
    assert versions == [str(number) for number in range(1, 13)]
    assert secrets.get("keyset") == secrets.get("keyset", "latest") == Secret(b"value 11", "12")
    assert [secrets.get("keyset", version).value for version in versions] == [b"value %d" % n for n in range(12)]


def test_secrets_of_other_names_are_other_secrets(secrets: Secrets) -> None:
    secrets.add("a", b"1")
    secrets.add("a-b", b"2")
    assert (secrets.get("a").value, secrets.get("a-b").value) == (b"1", b"2")


@pytest.mark.parametrize("version", ["latest", "1", "2", "0", "-1", "", "x", "1/../1", "01", "1\n", "9" * 30])
def test_what_is_not_there_is_missing(secrets: Secrets, version: str) -> None:
    with pytest.raises(SecretMissing):
        secrets.get("keyset", version)
    secrets.add("keyset", b"x")
    if version not in ("latest", "1"):
        with pytest.raises(SecretMissing):
            secrets.get("keyset", version)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a.b", "é", "a b", "a" * 256, "a\n"])
def test_what_is_no_name_is_refused(secrets: Secrets, name: str) -> None:
    with pytest.raises(ValueError, match="Not a secret's name"):
        secrets.get(name)
    with pytest.raises(ValueError, match="Not a secret's name"):
        secrets.add(name, b"x")


@pytest.mark.parametrize("size", [0, 65_537])
def test_a_secret_is_neither_empty_nor_too_large(secrets: Secrets, size: int) -> None:
    with pytest.raises(ValueError, match="65536"):
        secrets.add("keyset", b"x" * size)
    assert secrets.add("keyset", b"x" * 65_536)


def test_versions_added_at_once_do_not_overwrite_each_other(secrets: Secrets) -> None:
    values = [b"value %d" % n for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(lambda value: secrets.add("keyset", value), values))
    assert len(set(versions)) == 40
    assert [secrets.get("keyset", version).value for version in versions] == values


def test_processes_that_add_at_once_do_not_overwrite_each_other(tmp_path: Path) -> None:
    code = (
        "import sys; from functions.adapters.file_secrets import FileSecrets\n"
        "for n in range(30): FileSecrets(sys.argv[1]).add('keyset', f'{sys.argv[2]} {n}'.encode())"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    directory = tmp_path / "secrets"
    workers = [
        subprocess.Popen([sys.executable, "-c", code, str(directory), str(n)], env=environment) for n in range(4)
    ]
    assert [worker.wait(60) for worker in workers] == [0] * 4
    found = {FileSecrets(directory).get("keyset", str(version)).value.decode() for version in range(1, 121)}
    assert found == {f"{worker} {n}" for worker in range(4) for n in range(30)}


def test_files_are_for_their_owner_only_and_nothing_else_stays(tmp_path: Path) -> None:
    directory = tmp_path / "secrets"
    FileSecrets(directory).add("keyset", b"x")
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (directory, *directory.rglob("*"))}
    assert modes == {"secrets": "0o700", "keyset": "0o700", "1": "0o600"}


def test_a_directory_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable):
        FileSecrets(tmp_path / "file" / "secrets").add("keyset", b"x")
    with pytest.raises(Unavailable):
        FileSecrets(tmp_path / "file" / "secrets").get("keyset")


def test_a_destroyed_version_is_missing(manager: Secrets, fake_secret_manager: FakeSecretManager) -> None:
    manager.add("keyset", b"x")
    fake_secret_manager.secrets["projects/project/secrets/keyset"][0] = None
    with pytest.raises(SecretMissing):
        manager.get("keyset")


@pytest.mark.parametrize("asked", ["1", "latest"])
def test_a_disabled_version_can_be_had_again(
    manager: Secrets, fake_secret_manager: FakeSecretManager, asked: str
) -> None:
    """Missing would mean that what it sealed is lost."""
    manager.add("keyset", b"x")
    fake_secret_manager.disabled.add("projects/project/secrets/keyset/versions/1")
    with pytest.raises(SecretDisabled) as caught:
        manager.get("keyset", asked)
    assert "gcloud secrets versions enable" in caught.value.remedy
    assert "--secret=keyset --project=project" in caught.value.remedy
    fake_secret_manager.disabled.clear()
    assert manager.get("keyset", asked).value == b"x"


def test_a_secret_that_arrives_changed_is_unavailable(manager: Secrets, fake_secret_manager: FakeSecretManager) -> None:
    manager.add("keyset", b"xyz")
    fake_secret_manager.corrupt = True
    with pytest.raises(Unavailable, match="did not arrive"):
        manager.get("keyset")


def test_a_passing_failure_is_retried_by_reading_alone(
    manager: Secrets, fake_secret_manager: FakeSecretManager
) -> None:
    manager.add("keyset", b"x")
    fake_secret_manager.failures = ["UNAVAILABLE", "RESOURCE_EXHAUSTED"]
    assert manager.get("keyset").value == b"x"
    fake_secret_manager.failures = ["UNAVAILABLE"]
    with pytest.raises(Unavailable):
        manager.add("keyset", b"y")
    assert manager.get("keyset").value == b"x"


def test_a_refusal_names_the_role_that_is_missing(manager: Secrets, fake_secret_manager: FakeSecretManager) -> None:
    fake_secret_manager.failures = ["PERMISSION_DENIED"]
    with pytest.raises(Unavailable) as caught:
        manager.get("keyset")
    assert "roles/secretmanager.secretAccessor" in caught.value.remedy


def test_another_process_may_create_the_secret_first(manager: Secrets, fake_secret_manager: FakeSecretManager) -> None:
    """As if it appeared between our add, which did not find it, and our create."""
    fake_secret_manager.secrets["projects/project/secrets/keyset"] = []
    fake_secret_manager.failures = ["NOT_FOUND"]
    assert manager.add("keyset", b"x") == "1"


@pytest.mark.timeout(100)
@pytest.mark.parametrize("listens", [False, True])
def test_a_dead_secret_manager_is_unavailable_soon(listens: bool) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listens:
            server.listen()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with grpc.insecure_channel(address) as channel:
            official = OfficialSecretManager("project", channel=channel, deadline=1)
            direct = SecretManagerSecrets(
                "project", http=Http(), access=NoAccess(), deadline=1, root=f"http://{address}"
            )
            for ask in (direct.get, official.get, lambda name: official.add(name, b"x")):
                with pytest.raises(Unavailable):
                    ask("keyset")


# By REST


def direct(server: FakeSecretManager, access: GoogleAccess, *, deadline: float = 5) -> SecretManagerSecrets:
    return SecretManagerSecrets("project", http=Http(), access=access, deadline=deadline, root=server.url)


def stored(server: FakeSecretManager, value: bytes) -> None:
    server.secrets["projects/project/secrets/keyset"] = [value]


@pytest.mark.parametrize("value", [b"\0", b"\xff\xfe", b'{"a": 1}\n', bytes(range(256)) * 256, b"+/=-_"])
def test_a_value_may_be_any_bytes(fake_secret_manager: FakeSecretManager, value: bytes) -> None:
    stored(fake_secret_manager, value)
    assert direct(fake_secret_manager, NoAccess()).get("keyset") == Secret(value, "1")


@pytest.mark.parametrize(
    "failure", ["INTERNAL", "UNAVAILABLE", "RESOURCE_EXHAUSTED", (502, b"<html>Bad gateway</html>")]
)
def test_failures_that_may_pass_are_waited_out(fake_secret_manager: FakeSecretManager, failure: Any) -> None:
    stored(fake_secret_manager, b"x")
    fake_secret_manager.failures = [failure, failure]
    assert direct(fake_secret_manager, NoAccess()).get("keyset").value == b"x"
    assert fake_secret_manager.calls == 3


def test_a_failure_that_does_not_pass_is_unavailable_at_the_deadline(fake_secret_manager: FakeSecretManager) -> None:
    fake_secret_manager.failures = ["UNAVAILABLE"] * 100
    with pytest.raises(Unavailable, match=r"503 UNAVAILABLE|no answer in time"):
        direct(fake_secret_manager, NoAccess(), deadline=1).get("keyset")
    assert 2 <= fake_secret_manager.calls <= 8


@pytest.mark.parametrize(
    "answer",
    [
        (200, b""),
        (200, b"<html>Welcome to our WiFi</html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"name": "projects/1/secrets/keyset/versions/1"}'),
        (200, b'{"name": "projects/1/secrets/keyset/versions/1", "payload": {"data": "eA=="}}'),
        (200, b'{"name": "projects/1/secrets/keyset/versions/1", "payload": {"data": "e!", "dataCrc32c": "1"}}'),
        (200, b'{"name": "projects/1/secrets/keyset/versions/1", "payload": {"data": "eA==", "dataCrc32c": "x"}}'),
        (204, b""),
        (302, b"<html>Moved</html>"),
        (400, b"<html>Bad request</html>"),
        (403, b"\xff\xfe"),
        (404, b"<html>Not found</html>"),
        (404, b'{"error": "not found"}'),
    ],
)
def test_an_answer_that_is_not_secret_managers_says_nothing_of_the_secret(
    fake_secret_manager: FakeSecretManager, answer: tuple[int, bytes]
) -> None:
    """Missing would be a statement: whoever may create a secret would do so."""
    stored(fake_secret_manager, b"x")
    fake_secret_manager.failures = [answer]
    with pytest.raises(Unavailable):
        direct(fake_secret_manager, NoAccess()).get("keyset")
    assert fake_secret_manager.calls == 1


def test_a_token_that_is_refused_is_fetched_anew_once(
    fake_secret_manager: FakeSecretManager, metadata: Metadata
) -> None:
    stored(fake_secret_manager, b"x")
    secrets = direct(fake_secret_manager, GoogleAccess(Http(), metadata_host=metadata.host))
    fake_secret_manager.failures = ["UNAUTHENTICATED"]
    assert secrets.get("keyset").value == b"x"
    fake_secret_manager.failures = ["UNAUTHENTICATED"] * 2
    with pytest.raises(Unavailable, match="401"):
        secrets.get("keyset")
    assert fake_secret_manager.tokens == ["ya29.1", "ya29.2", "ya29.2", "ya29.3"]


def test_a_connection_that_breaks_is_made_anew(stub: Stub) -> None:
    payload = {"data": "eA==", "dataCrc32c": str(google_crc32c.value(b"x"))}
    good = http(200, json.dumps({"name": "projects/1/secrets/keyset/versions/7", "payload": payload}).encode())
    stub.script.extend([Act(answer=good), Act(how="close"), Act(how="reset"), Act(answer=good)])
    secrets = SecretManagerSecrets("project", http=Http(), access=NoAccess(), deadline=5, root=stub.url)
    assert [secrets.get("keyset"), secrets.get("keyset")] == [Secret(b"x", "7")] * 2
    assert not stub.script


def test_without_a_token_it_says_what_to_do(fake_secret_manager: FakeSecretManager, metadata: Metadata) -> None:
    metadata.answers = [(404, b"no such service account")] * 9
    with pytest.raises(Unavailable) as caught:
        direct(fake_secret_manager, GoogleAccess(Http(), metadata_host=metadata.host)).get("keyset")
    assert "service account" in caught.value.remedy
    assert fake_secret_manager.calls == 0
