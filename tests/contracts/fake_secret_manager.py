"""A Secret Manager in memory, with the methods that reading and adding secrets use: all of them over gRPC without TLS,
for the official client, and reading over HTTP.

https://cloud.google.com/secret-manager/docs/reference/rpc/google.cloud.secretmanager.v1, …/rest
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import google_crc32c
import grpc  # type: ignore[import-untyped]
from google.cloud.secretmanager_v1 import types
from google.protobuf import json_format

from tests.contracts.rest import Reply, RestServer, refusal


class Refused(Exception):
    """`args` are the status and the message."""


class FakeSecretManager(RestServer):
    """`url` is where REST is spoken, `address` where gRPC is. `failures` hit the next calls of either."""

    def __init__(self) -> None:
        self.secrets: dict[str, list[bytes | None]] = {}  # None: a destroyed version
        self.disabled: set[str] = set()  # projects/…/secrets/…/versions/…
        self.corrupt = False
        super().__init__()
        self._server = grpc.server(ThreadPoolExecutor(8))
        methods: dict[str, tuple[Any, Any, Any]] = {
            "AccessSecretVersion": (self.access, types.AccessSecretVersionRequest, types.AccessSecretVersionResponse),
            "AddSecretVersion": (self.add, types.AddSecretVersionRequest, types.SecretVersion),
            "CreateSecret": (self.create, types.CreateSecretRequest, types.Secret),
        }
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                self._served(call), request_deserializer=request.deserialize, response_serializer=answer.serialize
            )
            for name, (call, request, answer) in methods.items()
        }
        service = "google.cloud.secretmanager.v1.SecretManagerService"
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def close(self) -> None:
        self._server.stop(None)
        super().close()

    def reply(self, method: str, path: str, body: bytes) -> Reply:  # noqa: ARG002
        name, _, verb = path.removeprefix("/v1/").partition(":")
        if (method, verb) != ("GET", "access"):
            return refusal("NOT_FOUND", f"{method} {path}")
        try:
            found = self.access(types.AccessSecretVersionRequest(name=name))
        except Refused as exc:
            return refusal(*exc.args)
        return 200, json_format.MessageToJson(types.AccessSecretVersionResponse.pb(found)).encode()

    def access(self, request: Any) -> Any:
        secret, _, version = request.name.rpartition("/versions/")
        versions = self.secrets.get(secret, [])
        number = len(versions) if version == "latest" else int(version)
        if not 0 < number <= len(versions):
            raise Refused("NOT_FOUND", f"Secret Version [{request.name}] not found.")
        data = versions[number - 1]
        if data is None:
            raise Refused("FAILED_PRECONDITION", f"Secret Version [{secret}/versions/{number}] is in DESTROYED state.")
        if f"{secret}/versions/{number}" in self.disabled:
            raise Refused("FAILED_PRECONDITION", f"Secret Version [{secret}/versions/{number}] is in DISABLED state.")
        checksum = google_crc32c.value(data)
        payload = types.SecretPayload(data=data[::-1] if self.corrupt else data, data_crc32c=checksum)
        # Google answers with the project's number, whatever it was asked with.
        name = f"projects/123456789/secrets/{secret.rpartition('/')[2]}/versions/{number}"
        return types.AccessSecretVersionResponse(name=name, payload=payload)

    def add(self, request: Any) -> Any:
        data = bytes(request.payload.data)
        if request.payload.data_crc32c != google_crc32c.value(data):
            raise Refused("INVALID_ARGUMENT", "The checksum does not match.")
        with self.lock:
            if request.parent not in self.secrets:
                raise Refused("NOT_FOUND", f"Secret [{request.parent}] not found.")
            self.secrets[request.parent].append(data)
            return types.SecretVersion(name=f"{request.parent}/versions/{len(self.secrets[request.parent])}")

    def create(self, request: Any) -> Any:
        name = f"{request.parent}/secrets/{request.secret_id}"
        if "automatic" not in request.secret.replication:
            raise Refused("INVALID_ARGUMENT", "A secret needs a replication policy.")
        with self.lock:
            if name in self.secrets:
                raise Refused("ALREADY_EXISTS", f"Secret [{name}] already exists.")
            self.secrets[name] = []
        return types.Secret(name=name)

    def _served(self, call: Any) -> Any:
        def serve(request: Any, context: Any) -> Any:
            with self.lock:
                failure = self.failures.pop(0) if self.failures else None
            try:
                if failure is not None:
                    raise Refused(failure, "as the test asked")
                return call(request)
            except Refused as exc:
                context.abort(grpc.StatusCode[exc.args[0]], exc.args[1])

        return serve
