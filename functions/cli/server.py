"""All functions in one process, as the gateway shows them to the world; with the pretend Google beside them."""

import importlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker
from werkzeug.wrappers import Request, Response

from functions.edge.deadlines import DEADLINES, end
from functions.edge.endpoint import Endpoint
from functions.runtime.preload import preload
from functions.runtime.settings import GOOGLE_URLS, Settings, sandbox_port
from functions.runtime.start import stay_on_one_core
from functions.runtime.wiring import App

ROOT = Path(__file__).parents[2]
THREADS = 64
HEAD = 10.0  # seconds for a request's line and headers, from their first byte on


def endpoints() -> list[Endpoint]:
    table = json.loads((ROOT / "infra" / "functions.json").read_text(encoding="utf-8"))
    return [importlib.import_module(f"functions.{entry['name']}").endpoint for entry in table]


class Gateway:
    """A WSGI application: each path to the function that has it."""

    def __init__(self, app: App, functions: list[Endpoint]) -> None:
        self._app = app
        self._functions = functions

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        return self.answer(request)(environ, start_response)

    def start_queue(self) -> None:
        start = getattr(self._app.tasks, "start", None)  # the cloud's queue needs none
        if start:
            start()

    def answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        # At full paths only: a bare tail such as /{id}/ means something just at a function's own URL.
        having = [f for f in self._functions if not f.prefix or f.owns(request.path)]
        methods = sorted({m for f in having for m in f.allowed(request.path)})
        chosen = next((f for f in having if method in f.allowed(request.path)), self._functions[-1])
        return chosen(request, self._app, methods=methods)


class Worker(ThreadWorker):  # type: ignore[misc]
    """A request's head has to come in time: as many clients as there are threads, who begin one and do not go on, would
    keep all others out. On the platform a front end waits for it."""

    def handle(self, conn: Any) -> Any:
        DEADLINES.begin(conn, HEAD, lambda: end(conn.sock))
        try:
            return super().handle(conn)
        finally:
            DEADLINES.over(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        DEADLINES.over(conn)
        return super().handle_request(req, conn)


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn's threads, as on the platform. One process: the queue and the caches are the process's own."""

    def __init__(self, application: Gateway, host: str, port: int, certificate: tuple[str, str] | None) -> None:
        self._application = application
        self._options: dict[str, Any] = {
            "bind": f"{host}:{port}",
            "workers": 1,
            "threads": THREADS,
            "worker_class": Worker,
            "timeout": 0,
            "keepalive": 30,
            "loglevel": "warning",
            "limit_request_line": 8190,
            "control_socket_disable": True,
            # In the worker, after the fork: the queue of this machine, and the sweep that finds what a crash left.
            "post_worker_init": lambda _worker: application.start_queue(),
        }
        if certificate:
            self._options |= {"certfile": certificate[0], "keyfile": certificate[1]}
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Gateway:
        return self._application


def start_sandbox(environ: dict[str, str], port: int, data: Path) -> tuple["subprocess.Popen[bytes]", str]:
    """The pretend Google as a program of its own, ended when this one ends; and its URL. It pushes to PUBLIC_URL."""
    wanted = sandbox_port(port)
    chosen = wanted if _free(wanted) else _any_port()
    url = f"http://localhost:{chosen}"
    push_url = f"{environ['PUBLIC_URL'].rstrip('/')}/tasks/notify"
    options = ["--port", str(chosen), "--data", str(data), "--push-url", push_url, "--with-parent"]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "sandbox", *options],
        env={**environ, "PYTHONPATH": str(ROOT)},
    )
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit("The pretend Google did not start.")
        try:
            with urllib.request.urlopen(f"{url}/.well-known/openid-configuration", timeout=1):  # noqa: S310
                break
        except OSError:
            time.sleep(0.1)
    for name, (_, path) in GOOGLE_URLS.items():
        environ.setdefault(name, url + path)
    return process, url


def data_directory(settings: Settings) -> Path:
    """Beside the secrets, so that two servers with settings of their own share nothing."""
    secrets = (
        settings.secrets_url.removeprefix("file:") if settings.secrets_url.startswith("file:") else ".data/secrets"
    )
    return Path(secrets).absolute().parent


def banner(settings: Settings, app: App, sandbox: str) -> str:
    lines = [
        "",
        f"  Gmail integration   {settings.public_url}/#key={app.local_api_key}",
        f"  API key             {app.local_api_key}",
    ]
    if sandbox:
        lines.append(f"  Pretend Google      {sandbox}/  (inboxes; no mail leaves this machine)")
    return "\n".join([*lines, "", ""])


def certificate(directory: Path) -> tuple[str, str]:
    """A self-signed certificate for localhost, made once and kept: the browser asks about it only the first time."""
    cert, key = directory / "localhost.pem", directory / "localhost.key"
    if not cert.exists() or not key.exists():
        from functions.cli.certificates import make

        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        made_cert, made_key = make()
        key.touch(mode=0o600)
        key.write_bytes(made_key)
        cert.write_bytes(made_cert)
    return str(cert), str(key)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serve(host: str, tls: bool) -> None:
    """Runs until it is told to end. Ends at once, naming each variable, where the settings are wrong."""
    from functions.runtime import settings as reading

    environ = dict(os.environ)
    try:
        settings = reading.load(environ)
        own = environ.get("PUBLIC_URL", "").strip()
        environ["PUBLIC_URL"] = f"https://localhost:{settings.port}" if tls and not own else settings.public_url
        process, sandbox = (
            start_sandbox(environ, settings.port, data_directory(settings) / "sandbox")
            if settings.sandbox
            else (None, "")
        )
        settings = reading.load(environ)
    except reading.SettingsError as error:
        raise SystemExit(f"The configuration is not right:\n{error}") from None
    app = App(settings)
    preload("send", settings)
    sys.stderr.write(banner(settings, app, sandbox))
    chain = certificate(Path(".data/tls")) if tls else None
    stay_on_one_core()
    try:
        Server(Gateway(app, endpoints()), host, settings.port, chain).run()
    finally:
        if process:
            process.terminate()
            process.wait(10)
