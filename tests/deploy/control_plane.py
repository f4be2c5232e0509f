"""What gcloud talks to when it deploys: Cloud Functions, Cloud Run and the bucket for sources, as far as it asks them.

It remembers every call and every archive, and stands in for the gateway too: which revision of a function gets the
traffic is what answers there.
"""

import io
import json
import re
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PROJECT, REGION = "my-project", "europe-west1"
HOME = f"/v2/projects/{PROJECT}/locations/{REGION}"
KNATIVE = f"/apis/serving.knative.dev/v1/namespaces/{PROJECT}/services"


@dataclass
class Deployed:
    """A function, as both APIs show it."""

    name: str
    call: tuple[str, str]  # method and path of its first route
    environment: dict[str, str]
    labels: dict[str, str] = field(default_factory=dict)
    revisions: list[str] = field(default_factory=list)
    traffic: str = ""

    def release(self) -> None:
        self.revisions.append(f"{self.name}-{len(self.revisions) + 1:05}-abc")
        self.traffic = self.revisions[-1]

    def as_function(self) -> dict[str, Any]:
        place = f"projects/{PROJECT}/locations/{REGION}"
        return {
            "name": f"{place}/functions/{self.name}",
            "environment": "GEN_2",
            "state": "ACTIVE",
            "labels": self.labels,
            "buildConfig": {
                "runtime": "python313",
                "entryPoint": self.name.removeprefix("gmail-"),
                "source": {"storageSource": {"bucket": "sources", "object": "bootstrap.zip"}},
                "serviceAccount": f"projects/{PROJECT}/serviceAccounts/build@{PROJECT}.iam.gserviceaccount.com",
            },
            "serviceConfig": {
                "service": f"{place}/services/{self.name}",
                "revision": self.revisions[-1],
                "environmentVariables": self.environment,
                "availableMemory": "256Mi",
                "allTrafficOnLatestRevision": self.traffic == self.revisions[-1],
            },
        }

    def as_service(self) -> dict[str, Any]:
        latest = {"latestRevision": True, "percent": 100}
        traffic = [latest if self.traffic == self.revisions[-1] else {"revisionName": self.traffic, "percent": 100}]
        return {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": {"name": self.name, "namespace": PROJECT, "labels": {}, "annotations": {}, "generation": 1},
            "spec": {"template": {"spec": {"containers": [{"image": "x"}]}}, "traffic": traffic},
            "status": {
                "observedGeneration": 1,
                "conditions": [{"type": t, "status": "True"} for t in ("Ready", "RoutesReady", "ConfigurationsReady")],
                "latestReadyRevisionName": self.revisions[-1],
                "latestCreatedRevisionName": self.revisions[-1],
                "traffic": [{"revisionName": self.traffic, "percent": 100}],
                "address": {"url": "https://nowhere.example"},
                "url": "https://nowhere.example",
            },
        }


class ControlPlane:
    def __init__(self) -> None:
        self.functions: dict[str, Deployed] = {}
        self.calls: list[tuple[str, str, dict[str, list[str]], Any]] = []
        self.archives: list[bytes] = []
        self.broken: set[str] = set()  # functions whose next revisions answer 503
        self.build_fails: set[str] = set()
        self.lock = threading.Lock()
        plane = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                with plane.lock:
                    status, body, revision = plane.answer(self.command, self.path, self.rfile.read(size))
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                if revision:
                    self.send_header("X-Revision", revision)
                self.end_headers()
                self.wfile.write(raw)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def make(self, name: str, prefix: str, route: str) -> Deployed:
        """A function with its bootstrap revision, reached at `GET /{id}/` or another route below its prefix."""
        method, pattern = route.split(" ", 1)
        path = prefix + re.sub(r"{\w+}", "[^/]+", pattern)
        made = Deployed(f"gmail-{name}", (method, path), {"PUBLIC_URL": self.url, "THREADS": "80"})
        made.release()
        self.functions[made.name] = made
        return made

    def sent(self, method: str, ending: str) -> list[tuple[dict[str, list[str]], Any]]:
        """Query and body of each such call."""
        return [(query, body) for m, path, query, body in self.calls if m == method and path.endswith(ending)]

    def files(self) -> list[str]:
        """Of the archive that was uploaded last."""
        return zipfile.ZipFile(io.BytesIO(self.archives[-1])).namelist()

    def answer(self, method: str, target: str, raw: bytes) -> tuple[int, Any, str]:
        parts = urlsplit(target)
        path, query = parts.path, parse_qs(parts.query)
        if path.startswith("/upload/"):
            self.archives.append(raw)
            return 200, {}, ""
        body = json.loads(raw) if raw[:1] in b"{[" and raw else None
        self.calls.append((method, path, query, body))
        if path.startswith(("/v2/", "/v1/")):
            status, found = self._functions_api(method, path, query, body)
            return status, found, ""
        if path.startswith("/apis/"):
            status, found = self._run_api(method, path, body)
            return status, found, ""
        return self._gateway(method, path)

    def _functions_api(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        if path == f"{HOME}/runtimes":
            return 200, {"runtimes": [{"name": "python313", "environment": "GEN_2", "stage": "GA"}]}
        if path == f"{HOME}/functions:generateUploadUrl":
            stored = {"bucket": "sources", "object": f"{len(self.archives)}.zip"}
            return 200, {"uploadUrl": f"{self.url}/upload/source", "storageSource": stored}
        if path == f"{HOME}/functions":
            return 200, {"functions": [f.as_function() for f in self.functions.values()]}
        found = re.fullmatch(f"{HOME}/functions/([a-z-]+)", path)
        if found and found[1] in self.functions:
            function = self.functions[found[1]]
            if method == "PATCH":
                if function.name not in self.build_fails:
                    if "labels" in query["updateMask"][0].split(","):
                        function.labels = dict(body["labels"])
                    function.release()
                return 200, _operation(function.name)
            return 200, function.as_function()
        if path.endswith("/defaultServiceAccount"):  # Cloud Build's: gcloud warns where it is disabled
            return 200, {"serviceAccountEmail": f"projects/{PROJECT}/serviceAccounts/build@{PROJECT}.example"}
        if method == "POST" and path.endswith("/builds"):
            build = {
                "id": "b-1",
                "projectId": PROJECT,
                "status": "QUEUED",
                "createTime": "2030-01-01T00:00:00Z",
                **body,
            }
            metadata = {"@type": "type.googleapis.com/google.devtools.cloudbuild.v1.BuildOperationMetadata"}
            return 200, {"name": "operations/build/b-1", "metadata": {**metadata, "build": build}}
        if path == f"/v1/projects/{PROJECT}":
            return 200, {"projectId": PROJECT, "projectNumber": "123456789012", "lifecycleState": "ACTIVE"}
        if "/operations/" in path:
            name = path.rpartition("/")[2]
            failed = {"error": {"code": 3, "message": "Build failed: requirements.txt"}}
            return 200, _operation(name, done=True, **(failed if name in self.build_fails else {"response": {}}))
        return 404, {"error": {"code": 404, "message": f"{path} was not found", "status": "NOT_FOUND"}}

    def _run_api(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if path == KNATIVE:
            return 200, {"kind": "ServiceList", "items": [f.as_service() for f in self.functions.values()]}
        function = self.functions.get(path.rpartition("/")[2])
        if function is None:
            return 404, {"error": {"code": 404, "message": f"{path} was not found", "status": "NOT_FOUND"}}
        if method == "PUT":
            (whole,) = [t for t in body["spec"]["traffic"] if t.get("percent") == 100]
            function.traffic = whole["revisionName"]
        return 200, function.as_service()

    def _gateway(self, method: str, path: str) -> tuple[int, Any, str]:
        """As the function would answer whose route this is."""
        there = [f for f in self.functions.values() if f.call[0] == method and re.fullmatch(f.call[1], path)]
        if not there:
            return 404, {}, ""
        (function,) = there
        released = function.traffic != function.revisions[0]
        return 503 if function.name in self.broken and released else 401, {}, function.traffic


def _operation(name: str, **more: Any) -> dict[str, Any]:
    metadata = {
        "@type": "type.googleapis.com/google.cloud.functions.v2.OperationMetadata",
        "apiVersion": "v2",
        "stages": [{"name": "BUILD", "state": "COMPLETE"}, {"name": "SERVICE", "state": "COMPLETE"}],
    }
    return {"name": f"projects/{PROJECT}/locations/{REGION}/operations/{name}", "metadata": metadata, **more}
