"""The queue in the cloud: Cloud Tasks calls the private function `deliver` with an OIDC token."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud import tasks_v2
from google.protobuf import duration_pb2, timestamp_pb2  # type: ignore[import-untyped]

from functions.domain import tasks
from functions.domain.errors import Unavailable
from functions.domain.ports import Clock

# Cloud Tasks holds a task for at most 30 days; what is further ahead is left to the sweeper.
HORIZON = timedelta(days=29)
DEADLINE = timedelta(minutes=9)  # of one delivery; longer than a send's lease is of no use
TIMEOUT = 5.0  # seconds for a call of Cloud Tasks


class CloudTasks:
    def __init__(
        self,
        *,
        project: str,
        location: str,
        queue: str,
        url: str,
        service_account: str,
        clock: Clock,
        client: "tasks_v2.CloudTasksClient | None" = None,
    ) -> None:
        """`url` is where tasks are delivered, and the audience of their tokens."""
        self._parent = f"projects/{project}/locations/{location}/queues/{queue}"
        self._url = url
        self._service_account = service_account
        self._clock = clock
        self._client = client or tasks_v2.CloudTasksClient()

    def enqueue(self, owner: str, item: str, at: datetime | None = None, lane: str = "") -> None:  # noqa: ARG002
        now = self._clock()
        due = max(at or now, now)
        if due > now + HORIZON:
            return
        try:
            self._client.create_task(parent=self._parent, task=self._task(owner, item, due), timeout=TIMEOUT)
        except exceptions.AlreadyExists:
            return  # it is queued for this time already
        except exceptions.GoogleAPICallError as exc:
            raise Unavailable(f"The queue did not take the task: {type(exc).__name__}.") from exc
        except (exceptions.RetryError, GoogleAuthError) as exc:
            raise Unavailable(f"The queue can't be reached: {type(exc).__name__}.") from exc

    def _task(self, owner: str, item: str, due: datetime) -> Any:
        # Hashed, because sequential names make Cloud Tasks slow; with the time in it, because a name can't be used
        # again for a day after its task ran. https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks
        moment = int(due.timestamp())
        name = hashlib.sha256(f"{owner}/{item}/{moment}".encode()).hexdigest()[:40]
        schedule = timestamp_pb2.Timestamp()
        schedule.FromDatetime(due.astimezone(UTC).replace(tzinfo=None))
        deadline = duration_pb2.Duration()
        deadline.FromTimedelta(DEADLINE)
        return tasks_v2.Task(
            name=f"{self._parent}/tasks/{name}",
            schedule_time=schedule,
            dispatch_deadline=deadline,
            http_request=tasks_v2.HttpRequest(
                url=self._url,
                http_method=tasks_v2.HttpMethod.POST,
                headers={"Content-Type": "application/json"},
                body=json.dumps(tasks.body(owner, item)).encode(),
                oidc_token=tasks_v2.OidcToken(service_account_email=self._service_account, audience=self._url),
            ),
        )
