"""The queue in the cloud: Cloud Tasks calls the private function `deliver` with an OIDC token.

Over REST, because it is one POST: the official client costs some 370 ms of imports to make it.
https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create
"""

import base64
import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.adapters.google_access import GoogleAccess
from functions.adapters.google_calls import call, refusal
from functions.adapters.http import Answer, Http, RequestFailed
from functions.domain import tasks
from functions.domain.errors import Unavailable
from functions.domain.ports import Clock

ROOT = "https://cloudtasks.googleapis.com"
# Cloud Tasks holds a task for at most 30 days; what is further ahead is left to the sweeper.
HORIZON = timedelta(days=29)
DEADLINE = timedelta(minutes=9)  # of one delivery; longer than a send's lease is of no use
TIMEOUT = 5.0  # seconds for a call of Cloud Tasks


class CloudTasks:
    def __init__(
        self,
        *,
        http: Http,
        access: GoogleAccess,
        project: str,
        location: str,
        queue: str,
        url: str,
        service_account: str,
        clock: Clock,
        root: str = ROOT,
    ) -> None:
        """`url` is where tasks are delivered, and the audience of their tokens. `root` is where Cloud Tasks answers."""
        self._http = http
        self._access = access
        self._parent = f"projects/{project}/locations/{location}/queues/{queue}"
        self._create = f"{root}/v2/{self._parent}/tasks"
        self._url = url
        self._service_account = service_account
        self._clock = clock

    def enqueue(self, owner: str, item: str, at: datetime | None = None, lane: str = "") -> None:  # noqa: ARG002
        now = self._clock()
        due = max(at or now, now)
        if due > now + HORIZON:
            return
        answer = self._posted(json.dumps({"task": self._task(owner, item, due)}).encode())
        if answer.status == 200:
            return
        reason = refusal(answer)
        if reason != "ALREADY_EXISTS":  # it is queued for this time already
            raise Unavailable(f"The queue did not take the task: {answer.status} {reason}".strip() + ".")

    def _posted(self, body: bytes) -> Answer:
        """Google may close a pooled connection just when it is used, so one more is tried; a task's name makes that
        harmless. Not after a silence: the caller has waited long enough."""
        began = time.monotonic()
        for again in (True, False):
            try:
                return call(self._http, self._access, "POST", self._create, body=body, timeout=TIMEOUT)
            except RequestFailed as exc:
                if not again or time.monotonic() - began > TIMEOUT / 2:
                    raise Unavailable(f"The queue can't be reached: {exc}.") from exc
        raise AssertionError  # the loop always returns or raises

    def _task(self, owner: str, item: str, due: datetime) -> dict[str, Any]:
        # Hashed, because sequential names make Cloud Tasks slow; with the time in it, because a name can't be used
        # again for a day after its task ran. https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks
        moment = int(due.timestamp())
        name = hashlib.sha256(f"{owner}/{item}/{moment}".encode()).hexdigest()[:40]
        return {
            "name": f"{self._parent}/tasks/{name}",
            "scheduleTime": due.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z",
            "dispatchDeadline": f"{int(DEADLINE.total_seconds())}s",
            "httpRequest": {
                "url": self._url,
                "httpMethod": "POST",
                "headers": {"Content-Type": "application/json"},
                "body": base64.b64encode(json.dumps(tasks.body(owner, item)).encode()).decode(),
                "oidcToken": {"serviceAccountEmail": self._service_account, "audience": self._url},
            },
        }
