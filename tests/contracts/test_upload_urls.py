"""Signed upload URLs: whoever has one stores that blob, of that size, once, until then; nobody else stores anything.

The bucket's are V4 signed URLs, checked by a server that checks them as Cloud Storage does.
"""

import base64
import http.client
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from functions.adapters.cloud_storage import CloudStorageBlobs
from functions.adapters.file_blobs import FileBlobs
from functions.adapters.file_secrets import FileSecrets
from functions.adapters.sealing import KeyRing
from functions.adapters.upload_links import UploadLinks
from functions.domain.errors import BlobMissing, Conflict, Forbidden, IntegrationError, InvalidRequest, Unavailable
from functions.domain.ports import Blobs, SignedUpload
from tests.contracts.fake_gcs import FakeCloudStorage

NAME = "attachments/own_1/att_1/file"
ACCOUNT = "gmail-attachments@project.iam.gserviceaccount.com"
Put = Callable[..., int]


class Place:
    """A store with its clock, and the request that a client makes. Statuses: 2xx taken, 4xx not."""

    def __init__(self, blobs: Blobs, put: Put) -> None:
        self.blobs = blobs
        self.put = put
        self.later = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def signed(self, size: int, name: str = NAME) -> SignedUpload:
        return self.blobs.upload_url(name, size, datetime.now(UTC) + timedelta(minutes=10))

    def content(self) -> bytes | None:
        try:
            return b"".join(self.blobs.read(NAME))
        except BlobMissing:
            return None


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(params=["files", "cloud_storage"])
def place(request: pytest.FixtureRequest, tmp_path: Path, key: rsa.RSAPrivateKey, monkeypatch: Any) -> Place:
    if request.param == "files":
        return local(tmp_path)
    file = tmp_path / "account.json"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    described = {
        "type": "service_account",
        "client_email": ACCOUNT,
        "private_key": pem,
        "token_uri": "https://nowhere.invalid/",
        "project_id": "project",
    }
    file.write_text(json.dumps(described))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    return bucket(request.getfixturevalue("fake_storage"), key)


def local(directory: Path) -> Place:
    ring = KeyRing(FileSecrets(directory / "secrets"), "key", create=True)
    links = UploadLinks(ring, "http://localhost/upload/", lambda: found.now())
    blobs = FileBlobs(directory / "blobs", links.sign)

    def put(url: str, headers: Mapping[str, str], data: bytes) -> int:
        del headers  # this store needs none of them
        try:
            links.take(blobs, parse_qs(urlsplit(url).query)["token"][0], [data[:7], data[7:]])
        except IntegrationError as error:
            return {Forbidden: 403, InvalidRequest: 400, Conflict: 409}[type(error)]
        return 200

    found = Place(blobs, put)
    return found


def bucket(server: FakeCloudStorage, key: rsa.RSAPrivateKey) -> Place:
    def put(url: str, headers: Mapping[str, str], data: bytes) -> int:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        connection.request("PUT", f"{parts.path}?{parts.query}", data, dict(headers))
        return connection.getresponse().status

    found = Place(CloudStorageBlobs(server.bucket.name, deadline=5), put)
    server.bucket.signer, server.bucket.now = key.public_key(), found.now
    return found


@pytest.mark.parametrize("size", [1, 1000, 3_000_001])
def test_whoever_has_the_url_stores_the_blob(place: Place, size: int) -> None:
    data = os.urandom(size)
    signed = place.signed(size)
    assert signed.method == "PUT"
    assert place.content() is None
    assert place.put(signed.url, signed.headers, data) == 200
    assert place.content() == data


@pytest.mark.parametrize("size", [9, 11, 0])
def test_another_size_is_refused_and_nothing_is_stored(place: Place, size: int) -> None:
    signed = place.signed(10)
    assert place.put(signed.url, signed.headers, b"x" * size) == 400
    assert place.content() is None
    assert place.put(signed.url, signed.headers, b"x" * 10) == 200


def test_it_stores_once(place: Place) -> None:
    """What was looked at can't be exchanged for something else."""
    signed = place.signed(5)
    assert place.put(signed.url, signed.headers, b"first") == 200
    assert place.put(signed.url, signed.headers, b"other") in (409, 412)
    assert place.content() == b"first"


def test_it_replaces_nothing(place: Place) -> None:
    place.blobs.write(NAME, [b"there"])
    signed = place.signed(5)
    assert place.put(signed.url, signed.headers, b"other") in (409, 412)
    assert place.content() == b"there"


def test_it_works_until_its_time_and_no_longer(place: Place) -> None:
    signed = place.signed(1)
    place.later = timedelta(minutes=11)
    assert place.put(signed.url, signed.headers, b"x") in (400, 403)
    assert place.content() is None
    place.later = timedelta(minutes=9)
    assert place.put(signed.url, signed.headers, b"x") == 200


def test_a_url_that_was_changed_stores_nothing(place: Place) -> None:
    signed = place.signed(1)
    for at in range(-100, 0, 7):  # the signature, or what is sealed
        changed = signed.url[:at] + ("1" if signed.url[at] != "1" else "2") + signed.url[len(signed.url) + at + 1 :]
        assert place.put(changed, signed.headers, b"x") == 403
        assert place.content() is None


@pytest.mark.parametrize("name", ["", "/a", "../a", "a//b"])
def test_what_is_no_name_gets_no_url(place: Place, name: str) -> None:
    with pytest.raises(ValueError, match="Not a blob's name"):
        place.signed(1, name)


def test_signed_headers_must_come_as_they_were_signed(
    fake_storage: FakeCloudStorage, key: rsa.RSAPrivateKey, monkeypatch: Any
) -> None:
    """Without them anybody with the URL could replace the object, or fill the bucket."""
    through_iam(monkeypatch, key)
    place = bucket(fake_storage, key)
    signed = place.signed(1)
    for changed in (
        {"x-goog-if-generation-match": "17"},
        {"x-goog-content-length-range": "0,99999"},
        {"Content-Type": "text/html"},
    ):
        assert place.put(signed.url, {**signed.headers, **changed}, b"x") == 403
    for name in signed.headers:
        assert place.put(signed.url, {n: v for n, v in signed.headers.items() if n != name}, b"x") == 403
    assert place.content() is None


class FunctionCredentials:
    """As google.auth finds them in a function: an address, once there is a token, and no key."""

    def __init__(self) -> None:
        self.token, self.valid, self.service_account_email = "", False, "default"

    def refresh(self, request: Any) -> None:
        del request
        self.token, self.valid, self.service_account_email = "access", True, ACCOUNT


def through_iam(monkeypatch: Any, key: rsa.RSAPrivateKey, status: int = 200) -> list[tuple[str, str]]:
    """Google's signBlob (https://cloud.google.com/iam/docs/reference/credentials/rest), and who called it."""
    called: list[tuple[str, str]] = []

    class Answer:
        def __init__(self, data: bytes) -> None:
            self.status, self.data = status, data

    class Request:
        def __init__(self, *_: Any) -> None:
            pass

        def __call__(self, url: str, body: str, headers: Mapping[str, str], **_: Any) -> Answer:
            called.append((url, headers["Authorization"]))
            text = base64.b64decode(json.loads(body)["payload"])
            signature = key.sign(text, padding.PKCS1v15(), SHA256())
            return Answer(json.dumps({"signedBlob": base64.b64encode(signature).decode()}).encode())

    credentials = FunctionCredentials()
    monkeypatch.setattr("google.auth.default", lambda **_: (credentials, "project"))
    monkeypatch.setattr("google.cloud.storage._signing.requests.Request", Request)
    return called


def test_a_function_has_no_key_and_signs_through_iam(
    fake_storage: FakeCloudStorage, key: rsa.RSAPrivateKey, monkeypatch: Any
) -> None:
    called = through_iam(monkeypatch, key)
    place = bucket(fake_storage, key)
    signed = place.signed(3)
    assert place.put(signed.url, signed.headers, b"abc") == 200
    ((url, authorization),) = called
    assert url.endswith(f"/serviceAccounts/{ACCOUNT}:signBlob?alt=json")
    assert authorization == "Bearer access"


def test_an_account_that_may_not_sign_is_unavailable(
    fake_storage: FakeCloudStorage, key: rsa.RSAPrivateKey, monkeypatch: Any
) -> None:
    through_iam(monkeypatch, key, status=403)
    with pytest.raises(Unavailable):
        bucket(fake_storage, key).signed(1)


def test_credentials_of_a_person_are_unavailable_and_say_so(fake_storage: FakeCloudStorage, monkeypatch: Any) -> None:
    class Person:
        valid, token = True, "access"

    monkeypatch.setattr("google.auth.default", lambda **_: (Person(), "project"))
    with pytest.raises(Unavailable) as caught:
        CloudStorageBlobs(fake_storage.bucket.name).upload_url(NAME, 1, datetime.now(UTC) + timedelta(minutes=1))
    assert "serviceAccountTokenCreator" in caught.value.remedy


def test_what_a_dead_process_was_writing_is_removed_a_day_later(tmp_path: Path) -> None:
    FileBlobs(tmp_path).write("a", [b"x"])
    left = tmp_path / ".writing" / "left"
    left.write_bytes(b"x")
    FileBlobs(tmp_path).write("b", [b"x"])
    assert left.exists()
    os.utime(left, (0, 0))
    FileBlobs(tmp_path).write("c", [b"x"])
    assert not left.exists()
