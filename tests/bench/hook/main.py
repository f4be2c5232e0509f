"""`webhook` as it is deployed, over Cloud Tasks; but the Cloud Tasks is the pretended one whose root is in QUEUE."""

import os
from typing import Any

from werkzeug.wrappers import Request, Response

from functions.adapters import cloud_tasks
from functions.adapters.google_access import NoAccess
from functions.runtime.preload import preload
from functions.runtime.start import start
from functions.webhook import endpoint


class Queue(cloud_tasks.CloudTasks):
    def __init__(self, **given: Any) -> None:
        super().__init__(**{**given, "access": NoAccess(), "root": os.environ["QUEUE"]})


cloud_tasks.CloudTasks = Queue  # type: ignore[misc]
app = start()
preload("webhook", app.settings)


def webhook(request: Request) -> Response:
    return endpoint(request, app)
