"""A Cloud Tasks in memory, over gRPC without TLS: create_task, with its deduplication by name.

https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.cloud.tasks_v2 import types


class FakeCloudTasks:
    def __init__(self) -> None:
        self.tasks: dict[str, Any] = {}
        self.calls = 0
        self.failures: list[grpc.StatusCode] = []  # answers to the next calls
        self.silent = threading.Event()  # set: it takes calls and says nothing
        self._server = grpc.server(ThreadPoolExecutor(8))
        handler = grpc.unary_unary_rpc_method_handler(
            self.create,
            request_deserializer=types.CreateTaskRequest.deserialize,
            response_serializer=types.Task.serialize,
        )
        service = "google.cloud.tasks.v2.CloudTasks"
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {"CreateTask": handler}),),
        )
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def close(self) -> None:
        self.silent.clear()
        self._server.stop(None)

    def create(self, request: Any, context: Any) -> Any:
        self.calls += 1
        while self.silent.is_set() and context.is_active():
            threading.Event().wait(0.01)
        if self.failures:
            context.abort(self.failures.pop(0), "as the test asked")
        if request.task.name in self.tasks:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, "Requested entity already exists")
        self.tasks[request.task.name] = request.task
        return request.task
