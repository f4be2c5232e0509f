"""Access tokens for Google's own APIs: of the service account that a function runs as, or of whoever works at a laptop.

In the cloud it is one GET of the metadata server; google-auth would ask the same, after 100 ms of imports.
https://cloud.google.com/run/docs/securing/service-identity#access_tokens
"""

import threading
import time
from typing import Any

from functions.adapters.http import Http, RequestFailed
from functions.domain.errors import Unavailable

_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
_TIMEOUT = 5.0  # seconds for one try
# The server is a neighbour, and now and then not up yet when an instance starts.
_PAUSES = (0.1, 0.4, 0.0)  # seconds after each try; none after the last
# Renewed so long before the end: the metadata server gives out the same token until five minutes before.
_EARLY = 240.0  # seconds
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
REMEDY = (
    "In the cloud give the function a service account; on a laptop run `gcloud auth application-default login`, or use"
    " an emulator."
)


class GoogleAccess:
    """Thread-safe; one thread fetches, the others wait for it."""

    def __init__(self, http: Http, *, metadata_host: str = "") -> None:
        """`metadata_host` is empty where there is no metadata server: google-auth then looks for credentials."""
        self._http = http
        self._metadata_host = metadata_host
        self._lock = threading.Lock()
        self._headers: dict[str, str] = {}
        self._until = 0.0  # of time.monotonic
        self._credentials: Any = None

    def headers(self) -> dict[str, str]:
        """What a request has to carry. Raises Unavailable."""
        if time.monotonic() >= self._until:
            with self._lock:
                if time.monotonic() >= self._until:
                    self._headers, life = self._fetched() if self._metadata_host else self._found()
                    self._until = time.monotonic() + max(life - _EARLY, 1.0)
        return dict(self._headers)

    def forget(self) -> None:
        """A token was refused before its time."""
        self._until = 0.0

    def _fetched(self) -> tuple[dict[str, str], float]:
        """The headers, and seconds that the token is good for."""
        reason = ""
        for pause in _PAUSES:
            try:
                answer = self._http.request(
                    "GET",
                    f"http://{self._metadata_host}{_PATH}",
                    headers={"Metadata-Flavor": "Google"},
                    timeout=_TIMEOUT,
                )
                if answer.status == 200:
                    found = answer.json()
                    return {"Authorization": f"Bearer {found['access_token']}"}, float(found["expires_in"])
                reason = f"it answered {answer.status}"
            except RequestFailed as exc:
                reason = str(exc)
            except (ValueError, KeyError, TypeError):
                reason = "its answer can't be read"
            time.sleep(pause)
        raise Unavailable(f"The metadata server gave no access token: {reason}.", remedy=REMEDY)

    def _found(self) -> tuple[dict[str, str], float]:
        import google.auth
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request

        try:
            if self._credentials is None:
                self._credentials, _ = google.auth.default(scopes=[_SCOPE])
            self._credentials.refresh(Request())
        except GoogleAuthError as exc:
            raise Unavailable(f"There are no Google credentials: {type(exc).__name__}.", remedy=REMEDY) from exc
        headers = {"Authorization": f"Bearer {self._credentials.token}"}
        # A person's credentials belong to no project; without one that pays, most APIs refuse them.
        # https://cloud.google.com/docs/authentication/rest#set-billing-project
        if project := getattr(self._credentials, "quota_project_id", None):
            headers["x-goog-user-project"] = str(project)
        return headers, 3600.0


class NoAccess(GoogleAccess):
    """For an emulator, which lets everybody in who says so."""

    def __init__(self) -> None:
        pass

    def headers(self) -> dict[str, str]:
        return {"Authorization": "Bearer owner"}

    def forget(self) -> None:
        pass
