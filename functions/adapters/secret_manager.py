"""Secrets in Google's Secret Manager, read over REST: every function that starts reads some, and each is one GET.

https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
"""

import base64
import random
import time
from collections.abc import Callable

import google_crc32c

from functions.adapters.google_access import GoogleAccess
from functions.adapters.google_calls import call, refusal
from functions.adapters.http import Answer, Http, RequestFailed
from functions.adapters.secret_names import check_name, is_version
from functions.domain.errors import SecretDisabled, SecretMissing, Unavailable
from functions.domain.ports import Secret, Secrets

ROOT = "https://secretmanager.googleapis.com"
_DESTROYED = "in DESTROYED state"  # Google has one refusal, FAILED_PRECONDITION, for this and for what is disabled
_PASSING = {429, 500, 502, 503, 504}  # statuses after which the next call may do better
_PAUSES = (0.1, 2.0)  # seconds between two tries: the first, which doubles, and the longest
_ATTEMPT = 4.0  # seconds that one try may wait: of several, one may meet a connection that died unnoticed


def official(project: str) -> Secrets:
    """Imported here alone: operators add secrets, no function does."""
    from functions.adapters.secret_manager_official import OfficialSecretManager

    return OfficialSecretManager(project)


class SecretManagerSecrets:
    def __init__(
        self,
        project: str,
        *,
        http: Http,
        access: GoogleAccess,
        deadline: float = 10,
        root: str = ROOT,
        writer: Callable[[str], Secrets] = official,
    ) -> None:
        """`deadline`: seconds that reading may take in all. `root` is where Secret Manager answers; what `writer` makes
        of the project does the adding."""
        self._project = project
        self._http = http
        self._access = access
        self._deadline = deadline
        self._root = root
        self._writer = writer

    def get(self, name: str, version: str = "latest") -> Secret:
        path = f"projects/{self._project}/secrets/{check_name(name)}/versions/{version}"
        if not is_version(version):
            raise SecretMissing(f"{name} has no version {version!r}.")
        answer = self._read(f"{self._root}/v1/{path}:access")
        if answer.status != 200:
            reason = refusal(answer)
            if reason == "NOT_FOUND":
                raise SecretMissing(f"{path} is not there to be read.")
            if reason == "FAILED_PRECONDITION":
                raise unreadable(path, str(answer.json()["error"].get("message")))
            raise self._unavailable(f"{answer.status} {reason}".strip())
        try:
            found = answer.json()
            data = base64.b64decode(found["payload"]["data"], validate=True)
            checksum = int(found["payload"]["dataCrc32c"])  # JSON has no 64 bits: a string
            number = str(found["name"]).rpartition("/")[2]  # the answer names the number behind `latest`
        except (ValueError, KeyError, TypeError) as exc:
            raise self._unavailable("its answer can't be read") from exc
        # https://cloud.google.com/secret-manager/docs/data-integrity
        if checksum != google_crc32c.value(data):
            raise Unavailable(f"{path} did not arrive as it is stored.")
        return Secret(data, number)

    def add(self, name: str, value: bytes) -> str:
        return self._writer(self._project).add(name, value)

    def _read(self, url: str) -> Answer:
        """Again and again within the deadline, where a failure may pass: reading does no harm."""
        until = time.monotonic() + self._deadline
        pause, longest = _PAUSES
        while True:
            left = max(until - time.monotonic(), 0.001)
            try:
                answer = call(self._http, self._access, "GET", url, timeout=min(left, _ATTEMPT))
                if answer.status not in _PASSING:
                    return answer
                failure, cause = f"{answer.status} {refusal(answer)}".strip(), None
            except RequestFailed as exc:
                failure, cause = str(exc), exc
            wait = pause * random.uniform(0.5, 1)  # noqa: S311 -- spreads retries, guards nothing
            if time.monotonic() + wait >= until:
                raise self._unavailable(failure) from cause
            time.sleep(wait)
            pause = min(pause * 2, longest)

    def _unavailable(self, failure: str) -> Unavailable:
        return Unavailable(
            f"Secret Manager of project {self._project} did not do what was asked: {failure}.",
            remedy="Check that its API is enabled and that the service account has roles/secretmanager.secretAccessor;"
            " then try again.",
        )


def unreadable(path: str, message: str) -> Exception:
    """A version that is there, and not to be read. Where Google doesn't say that it is destroyed, nothing is given up
    for it: destroyed is for good, disabled is not."""
    if _DESTROYED in message:
        return SecretMissing(f"{path} is destroyed.")
    _, project, _, name, _, version = path.split("/")
    which = "The newest version" if version == "latest" else f"Version {version}"
    return SecretDisabled(
        f"{which} of the secret {name} is disabled.",
        remedy=f"Enable it: gcloud secrets versions enable {'NUMBER' if version == 'latest' else version}"
        f" --secret={name} --project={project}",
    )
