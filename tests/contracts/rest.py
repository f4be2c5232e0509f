"""What the pretended REST APIs of Google have in common.

https://cloud.google.com/apis/design/errors
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
Reply = tuple[int, bytes]


def refusal(status: str, message: str = "as the test asked") -> Reply:
    """In the form of Google's APIs. `status` is a name of STATUSES."""
    error = {"code": STATUSES[status], "message": message, "status": status}
    return STATUSES[status], json.dumps({"error": error}).encode()


class RestServer(ThreadingHTTPServer):
    """Whoever comes without a token is refused."""

    request_queue_size = 128

    def __init__(self) -> None:
        self.calls = 0
        self.tokens: list[str] = []  # that came
        self.failures: list[str | Reply] = []  # to the next calls: a name of STATUSES, or any answer
        self.silent = threading.Event()  # set: it takes calls and says nothing
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.silent.clear()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def reply(self, method: str, path: str, body: bytes) -> Reply:
        raise NotImplementedError

    def take(self, method: str, path: str, token: str, body: bytes) -> Reply:
        with self.lock:
            self.calls += 1
            self.tokens.append(token.removeprefix("Bearer "))
            failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            return refusal(failure) if isinstance(failure, str) else failure
        if not token.startswith("Bearer "):
            return refusal("UNAUTHENTICATED", "Request is missing required authentication credential.")
        return self.reply(method, path, body)


class _Handler(BaseHTTPRequestHandler):
    server: RestServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one segment

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        while self.server.silent.is_set():
            threading.Event().wait(0.01)
        status, answer = self.server.take(self.command, self.path, self.headers.get("Authorization", ""), body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if answer[:1] == b"{" else "text/html")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = serve  # noqa: N815 -- http.server's names

    def log_message(self, *_: Any) -> None:
        pass
