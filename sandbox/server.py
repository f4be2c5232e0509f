"""gunicorn, started from Python: one process with many threads, so that all state and all faults are in one place."""

import os
import signal
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

THREADS = 64


class SandboxServer(BaseApplication):  # type: ignore[misc]
    def __init__(self, host: str, port: int, application: Callable[[], Flask], name: str, with_parent: bool) -> None:
        """`application` makes it, in the worker; `name` is the URL that is announced."""
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._application, self._name = application, name
        self._with_parent = with_parent
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": [self._address],
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "worker_connections": 2000,
            "keepalive": 75,
            "timeout": 120,
            "graceful_timeout": 1,
            "limit_request_line": 8190,  # authorization requests are long
            "loglevel": "warning",
            "errorlog": "-",
            "proc_name": "pretend-google",
            "post_worker_init": self._announce,
        }
        if "control_socket_disable" in self.cfg.settings:  # gunicorn 26 and later
            settings["control_socket_disable"] = True
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Called in the worker, so that no SQLite connection crosses the fork."""
        return self._application()

    def run(self) -> None:
        (_ParentBoundArbiter if self._with_parent else Arbiter)(self).run()

    def _announce(self, _worker: object) -> None:
        print(f"Pretend Google ready on {self._name}: nothing leaves this machine", flush=True)


class _ParentBoundArbiter(Arbiter):  # type: ignore[misc]
    """Ends with the process that started it, of which it is a child until that one dies."""

    def __init__(self, app: SandboxServer) -> None:
        self._parent = os.getppid()
        super().__init__(app)

    def murder_workers(self) -> None:
        """gunicorn calls this about every second."""
        if os.getppid() != self._parent:
            os.kill(os.getpid(), signal.SIGTERM)
        super().murder_workers()
