"""The platform's metadata server, as far as access tokens go.

https://cloud.google.com/compute/docs/metadata/querying-metadata
"""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Metadata(ThreadingHTTPServer):
    """Gives out ya29.1, ya29.2, … `answers` are its next ones, where they are to be others."""

    def __init__(self, port: int = 0) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.life = 3599
        self.asked = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked += 1
                time.sleep(0.05)
                assert self.path == "/computeMetadata/v1/instance/service-accounts/default/token"
                good = self.headers["Metadata-Flavor"] == "Google"
                body = b'{"access_token":"ya29.%d","expires_in":%d,"token_type":"Bearer"}' % (server.asked, server.life)
                status, body = server.answers.pop(0) if server.answers else (200 if good else 403, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        super().__init__(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"
