"""The counting pass-through in front of the Firestore emulator."""

import json
import urllib.request
from collections.abc import Iterator

import pytest

from tests.bench.counting import Counting


@pytest.fixture
def counting(firestore_emulator: str) -> Iterator[Counting]:
    made = Counting(firestore_emulator)
    yield made
    made.close()


def test_calls_of_the_client_library_are_counted(
    counting: Counting, firestore_project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It speaks gRPC. What it asks for comes back, refusals too."""
    from google.api_core.exceptions import AlreadyExists
    from google.cloud import firestore

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", counting.address)
    client = firestore.Client(project=firestore_project)
    client.document("things/one").create({"n": 1})
    with pytest.raises(AlreadyExists):
        client.document("things/one").create({"n": 2})
    assert client.document("things/one").get().to_dict() == {"n": 1}
    assert [found.id for found in client.collection("things").stream()] == ["one"]
    client.close()
    assert (counting.counts["commits"], counting.counts["reads"]) == (2, 2)


def test_calls_over_http_are_counted(counting: Counting, firestore_project: str) -> None:
    documents = f"projects/{firestore_project}/databases/(default)/documents"
    write = {"update": {"name": f"{documents}/things/one", "fields": {"n": {"integerValue": "1"}}}}
    assert _call(counting, f"{documents}:commit", {"writes": [write]})["writeResults"]
    (found,) = _call(counting, f"{documents}:batchGet", {"documents": [f"{documents}/things/one"]})
    assert found["found"]["fields"] == {"n": {"integerValue": "1"}}
    assert (counting.counts["commits"], counting.counts["reads"]) == (1, 1)


def _call(counting: Counting, place: str, body: object) -> object:
    headers = {"Authorization": "Bearer owner", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://{counting.address}/v1/{place}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
