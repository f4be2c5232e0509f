"""A Cloud Tasks in memory, over HTTP: tasks.create, with its deduplication by name.

https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create
"""

import base64
import json
import re
from typing import Any

from tests.contracts.rest import Reply, RestServer, refusal

# What may be set of a task, and what it may be. Google refuses what it does not know.
SHAPE: dict[str, Any] = {
    "name": r"projects/[^/]+/locations/[^/]+/queues/[^/]+/tasks/[A-Za-z0-9_-]{1,500}",
    "scheduleTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z",
    "dispatchDeadline": r"\d+(\.\d{1,9})?s",
    "httpRequest": {
        "url": r"https?://.+",
        "httpMethod": r"POST|GET|HEAD|PUT|DELETE|PATCH|OPTIONS",
        "headers": {"Content-Type": r".+"},
        "body": r"[A-Za-z0-9+/]*={0,2}",
        "oidcToken": {"serviceAccountEmail": r".+@.+", "audience": r".+"},
    },
}


class FakeCloudTasks(RestServer):
    def __init__(self) -> None:
        self.tasks: dict[str, Any] = {}  # as they came, by name
        super().__init__()

    def bodies(self) -> list[Any]:
        """What the tasks carry."""
        return [json.loads(base64.b64decode(task["httpRequest"]["body"])) for task in self.tasks.values()]

    def reply(self, method: str, path: str, body: bytes) -> Reply:
        asked = json.loads(body)
        if asked.keys() != {"task"} or not fits(asked["task"], SHAPE):
            return refusal("INVALID_ARGUMENT", f"Invalid JSON payload received: {asked}")
        name = asked["task"]["name"]
        if (method, path) != ("POST", f"/v2/{name.rpartition('/')[0]}"):
            return refusal("NOT_FOUND", f"{method} {path}")
        with self.lock:
            if name in self.tasks:
                return refusal("ALREADY_EXISTS", "Requested entity already exists")
            self.tasks[name] = asked["task"]
        return 200, json.dumps(asked["task"]).encode()


def fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, str):
        return isinstance(value, str) and re.fullmatch(shape, value) is not None
    return isinstance(value, dict) and value.keys() == shape.keys() and all(fits(value[k], shape[k]) for k in shape)
