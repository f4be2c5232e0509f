"""Secrets in Google's Secret Manager, through its official client: for adding, and for reading where the settings ask
for the official clients. Importing it takes some 370 ms, so functions read with `secret_manager.py`."""

import threading
from typing import Any

import google_crc32c
import grpc  # type: ignore[import-untyped]
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import secretmanager
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceGrpcTransport

from functions.adapters.secret_manager import unreadable
from functions.adapters.secret_names import check_name, check_value, is_version
from functions.domain.errors import SecretMissing, Unavailable
from functions.domain.ports import Secret


class OfficialSecretManager:
    def __init__(self, project: str, *, deadline: float = 10, channel: grpc.Channel | None = None) -> None:
        """Connects at the first call. `deadline`: seconds a call may take in all, where the SDK would take 60.

        `channel` leads to another server than Google's; the SDK knows no variable for that.
        """
        self._project = project
        self._deadline = deadline
        self._channel = channel
        self._lock = threading.Lock()
        self._client: Any = None
        # Reading again does no harm. Adding again would leave a version too many, so that is left to the caller.
        self._retry = Retry(
            if_exception_type(
                exceptions.ServiceUnavailable, exceptions.ResourceExhausted, exceptions.InternalServerError
            ),
            initial=0.1,
            maximum=2,
            timeout=deadline,
        )

    def get(self, name: str, version: str = "latest") -> Secret:
        path = f"projects/{self._project}/secrets/{check_name(name)}/versions/{version}"
        if not is_version(version):
            raise SecretMissing(f"{name} has no version {version!r}.")
        try:
            client = self._connected()
            found = client.access_secret_version(request={"name": path}, retry=self._retry, timeout=self._deadline)
        except exceptions.NotFound as exc:
            raise SecretMissing(f"{path} is not there to be read.") from exc
        except exceptions.FailedPrecondition as exc:
            raise unreadable(path, str(exc)) from exc
        except (exceptions.GoogleAPIError, GoogleAuthError) as exc:
            raise self._unavailable(exc, "roles/secretmanager.secretAccessor") from exc
        data = bytes(found.payload.data)
        # https://cloud.google.com/secret-manager/docs/data-integrity
        if found.payload.data_crc32c != google_crc32c.value(data):
            raise Unavailable(f"{path} did not arrive as it is stored.")
        return Secret(data, str(found.name).rpartition("/")[2])  # the answer names the number behind `latest`

    def add(self, name: str, value: bytes) -> str:
        check_name(name)
        payload = {"data": check_value(value), "data_crc32c": google_crc32c.value(value)}
        request = {"parent": f"projects/{self._project}/secrets/{name}", "payload": payload}
        try:
            client = self._connected()
            try:
                added = client.add_secret_version(request=request, timeout=self._deadline)
            except exceptions.NotFound:
                self._create(client, name)
                added = client.add_secret_version(request=request, timeout=self._deadline)
        except (exceptions.GoogleAPIError, GoogleAuthError) as exc:
            raise self._unavailable(exc, "roles/secretmanager.admin") from exc
        return str(added.name).rpartition("/")[2]

    def _create(self, client: Any, name: str) -> None:
        request = {
            "parent": f"projects/{self._project}",
            "secret_id": name,
            "secret": {"replication": {"automatic": {}}},
        }
        try:
            client.create_secret(request=request, timeout=self._deadline)
        except exceptions.AlreadyExists:  # by another process, just now
            return

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                transport = SecretManagerServiceGrpcTransport(channel=self._channel) if self._channel else None
                self._client = secretmanager.SecretManagerServiceClient(transport=transport)
            return self._client

    def _unavailable(self, exc: Exception, role: str) -> Unavailable:
        return Unavailable(
            f"Secret Manager of project {self._project} did not do what was asked: {type(exc).__name__}.",
            remedy=f"Check that its API is enabled and that the service account has {role}; then try again.",
        )
