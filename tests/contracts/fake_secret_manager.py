"""A Secret Manager in memory, over gRPC without TLS, with the methods that reading and adding secrets use.

https://cloud.google.com/secret-manager/docs/reference/rpc/google.cloud.secretmanager.v1
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import google_crc32c
import grpc  # type: ignore[import-untyped]
from google.cloud.secretmanager_v1 import types


class FakeSecretManager:
    def __init__(self) -> None:
        self.secrets: dict[str, list[bytes | None]] = {}  # None: a destroyed version
        self.failures: list[grpc.StatusCode] = []  # answers to the next calls
        self.corrupt = False
        self._lock = threading.Lock()
        self._server = grpc.server(ThreadPoolExecutor(8))
        methods: dict[str, tuple[Any, Any, Any]] = {
            "AccessSecretVersion": (self.access, types.AccessSecretVersionRequest, types.AccessSecretVersionResponse),
            "AddSecretVersion": (self.add, types.AddSecretVersionRequest, types.SecretVersion),
            "CreateSecret": (self.create, types.CreateSecretRequest, types.Secret),
        }
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                call, request_deserializer=request.deserialize, response_serializer=answer.serialize
            )
            for name, (call, request, answer) in methods.items()
        }
        service = "google.cloud.secretmanager.v1.SecretManagerService"
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def close(self) -> None:
        self._server.stop(None)

    def access(self, request: Any, context: Any) -> Any:
        self._fail(context)
        secret, _, version = request.name.rpartition("/versions/")
        versions = self.secrets.get(secret, [])
        number = len(versions) if version == "latest" else int(version)
        if not 0 < number <= len(versions):
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret Version [{request.name}] not found.")
        data = versions[number - 1]
        if data is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "The version is in DESTROYED state.")
        assert data is not None
        checksum = google_crc32c.value(data)
        payload = types.SecretPayload(data=data[::-1] if self.corrupt else data, data_crc32c=checksum)
        return types.AccessSecretVersionResponse(name=f"{secret}/versions/{number}", payload=payload)

    def add(self, request: Any, context: Any) -> Any:
        self._fail(context)
        data = bytes(request.payload.data)
        if request.payload.data_crc32c != google_crc32c.value(data):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The checksum does not match.")
        with self._lock:
            if request.parent not in self.secrets:
                context.abort(grpc.StatusCode.NOT_FOUND, f"Secret [{request.parent}] not found.")
            self.secrets[request.parent].append(data)
            return types.SecretVersion(name=f"{request.parent}/versions/{len(self.secrets[request.parent])}")

    def create(self, request: Any, context: Any) -> Any:
        self._fail(context)
        name = f"{request.parent}/secrets/{request.secret_id}"
        if "automatic" not in request.secret.replication:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "A secret needs a replication policy.")
        with self._lock:
            if name in self.secrets:
                context.abort(grpc.StatusCode.ALREADY_EXISTS, f"Secret [{name}] already exists.")
            self.secrets[name] = []
        return types.Secret(name=name)

    def _fail(self, context: Any) -> None:
        if self.failures:
            context.abort(self.failures.pop(0), "as the test asked")
