"""Somebody's own frontend: one page, on an origin that is not the API's."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What docs tell a frontend to do: start with a bearer token, and confirm when asked to.
PAGE = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A frontend</title><link rel="icon" href="data:,">
<h1>A frontend</h1><p id="result" role="status" aria-label="Messages"></p>
<script>
const say = (text) => (document.getElementById("result").textContent = text);
const headers = { Accept: "application/json", "Content-Type": "application/json" };
async function connect(api, token) {
  const query = new URLSearchParams({ return_to: location.origin + "/" });
  const answer = await fetch(`${api}/api/gmail/authorize/?${query}`, {
    credentials: "include", headers: { ...headers, Authorization: `Bearer ${token}` },
  });
  location.assign((await answer.json()).authorization_url);
}
async function confirmPending(api, token) {
  const pending = new URLSearchParams(location.search).get("pending");
  const answer = await fetch(`${api}/api/gmail/oauth2callback/`, {
    method: "POST", body: JSON.stringify({ pending }), headers: { ...headers, Authorization: `Bearer ${token}` },
  });
  const found = await answer.json();
  say(answer.ok ? `Connected: ${found.email}` : `Refused: ${found.code}`);
}
</script></html>
"""


class Frontend:
    """Reached as 127.0.0.1 it is another site than the API on localhost; as localhost, another origin of that site."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.other_site = f"http://127.0.0.1:{self._server.server_port}"
        self.same_site = f"http://localhost:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        pass
