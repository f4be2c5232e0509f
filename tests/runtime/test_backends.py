"""Which adapters the settings choose, and what is imported at start for them."""

from functools import partial

import pytest

from functions.adapters.secret_manager import SecretManagerSecrets
from functions.adapters.secret_manager_official import OfficialSecretManager
from functions.domain.errors import SecretMissing, Unavailable
from functions.domain.ports import Secret
from functions.runtime import preload
from functions.runtime.settings import load
from functions.runtime.wiring import App
from tests.runtime.test_settings import CLOUD

PLACE = "secretmanager://my-project/gmail-client-{}/versions/3"
KINDS = {"direct": SecretManagerSecrets, "official": OfficialSecretManager}


@pytest.mark.parametrize("clients", KINDS)
def test_secrets_are_read_with_the_clients_that_are_asked_for(clients: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, kind in KINDS.items():
        monkeypatch.setattr(kind, "get", lambda _self, *what, name=name: Secret(f"{name} {what}".encode(), "3"))
    app = App(load({**CLOUD, "GOOGLE_CLIENTS": clients}))
    assert app.secrets.get("key", "1").value.decode() == f"{clients} ('key', '1')"
    assert app.secret_value(app.settings.client_secret) == f"{clients} ('gmail-client-secret', '3')"


@pytest.mark.parametrize("clients", KINDS)
def test_a_secret_that_is_not_there_is_unavailable_and_names_its_variable(
    clients: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that people and programs are answered says less: not a fault of ours, and not Google's refusal."""

    def missing(_self: object, name: str, version: str) -> Secret:
        raise SecretMissing(f"{name} {version}")

    monkeypatch.setattr(KINDS[clients], "get", missing)
    app = App(load({**CLOUD, "GMAIL_CLIENT_ID": PLACE.format("id"), "GOOGLE_CLIENTS": clients}))
    code = {"code": "c", "verifier": "v", "nonce": "n"}
    with pytest.raises(Unavailable, match="GMAIL_CLIENT_ID") as named:
        app.oauth.exchange(**code)
    assert "GMAIL_CLIENT_ID" in named.value.remedy
    app = App(load({**CLOUD, "GMAIL_CLIENT_SECRET": PLACE.format("secret"), "GOOGLE_CLIENTS": clients}))
    for call in (partial(app.oauth.exchange, **code), partial(app.oauth.refresh, "r")):
        with pytest.raises(Unavailable, match=r"Version 3 of the secret gmail-client-secret .*GMAIL_CLIENT_SECRET"):
            call()


@pytest.mark.parametrize("clients", KINDS)
@pytest.mark.parametrize("function", preload.PRELOADED)
def test_a_client_library_that_will_be_used_is_imported_at_start(
    function: str, clients: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported: list[str] = []
    monkeypatch.setattr(preload.importlib, "import_module", imported.append)
    preload.preload(function, load({**CLOUD, "GOOGLE_CLIENTS": clients}))
    assert ("functions.adapters.secret_manager_official" in imported) == (clients == "official")


@pytest.mark.parametrize("clients", ["direct", "official"])
def test_firestore_is_called_with_the_client_that_is_asked_for(clients: str) -> None:
    app = App(load({**CLOUD, "GOOGLE_CLIENTS": clients}))
    calls = type(app.documents._documents._calls).__name__  # type: ignore[attr-defined]
    assert calls == {"direct": "DirectCalls", "official": "OfficialCalls"}[clients]


def test_a_bucket_is_connected_to_when_something_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr("functions.adapters.cloud_storage.CloudStorageBlobs", lambda name: made.append(name) or made)
    blobs = App(load(CLOUD)).blobs
    assert made == []
    for _ in range(2):
        with pytest.raises(AttributeError):
            blobs.read("a")  # the list that stands in for it
    assert made == ["my-bucket"]
