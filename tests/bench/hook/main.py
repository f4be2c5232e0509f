"""`webhook` as it is deployed, over Cloud Tasks; but the Cloud Tasks is the pretended one at the address in QUEUE."""

import os
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from werkzeug.wrappers import Request, Response

from functions.adapters import cloud_tasks
from functions.runtime.preload import preload
from functions.runtime.start import start
from functions.webhook import endpoint


def client() -> Any:
    """Made at the first task, so after the server's fork."""
    channel = grpc.insecure_channel(os.environ["QUEUE"])
    return tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))


class Queue(cloud_tasks.CloudTasks):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given, client=client())


cloud_tasks.CloudTasks = Queue  # type: ignore[misc]
app = start()
preload("webhook", app.settings)


def webhook(request: Request) -> Response:
    return endpoint(request, app)
