"""`python -m functions serve` in a process and a folder of its own."""

import contextlib
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from tests.e2e.journal import Journal
from tests.e2e.processes import environment, free_port
from tests.e2e.tether import tie
from tests.sandbox.client import Google

BANNER = re.compile(r"(?P<url>https?://\S+)/#key=(?P<key>\S+)[\s\S]*Pretend Google\s+(?P<google>http://\S+)/")
READY_WITHIN = 60  # seconds


class LocalServer:
    """Started as on a laptop: what is known of it is what it prints."""

    def __init__(self, directory: Path, journal: Journal, *options: str, port: int = 0, **settings: str) -> None:
        self._log = journal.log(directory / "server.log")
        port = port or free_port()
        # A certificate of one's own making: the only one that is believed.
        self._verify = str(directory / ".data" / "tls" / "localhost.pem") if "--tls" in options else None
        command = [sys.executable, "-m", "functions", "serve", *options]
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=directory,
                env={**environment(settings), "PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        tie(self._process)
        printed = self._wait_until_ready()
        self.url, self.key = printed["url"], printed["key"]
        self.link = f"{self.url}/#key={self.key}"
        self.google = Google(printed["google"])

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(self, method: str, path: str, key: str = "", **given: Any) -> requests.Response:
        """Whoever has the key, from a terminal."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return requests.request(method, self.url + path, headers=headers, timeout=30, verify=self._verify, **given)

    def send(self, key: str = "", **message: Any) -> requests.Response:
        body = {"to": ["bo@elsewhere.example"], "subject": "Hello", "text": "Good morning", **message}
        return self.call("POST", "/api/gmail/send/", key, json=body)

    def connect(self, key: str, email: str, **answer: str) -> None:
        """What people do in a browser, without one: for tests of what comes after."""
        with requests.Session() as http:
            headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
            started = http.get(f"{self.url}/api/gmail/authorize/", headers=headers, timeout=30).json()
            answer = {"sandbox_person": email, **answer}
            http.get(f"{started['authorization_url']}&{urlencode(answer)}", timeout=30).raise_for_status()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _wait_until_ready(self) -> dict[str, str]:
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end and self._process.poll() is None:
            printed = BANNER.search(self._log.read_text())
            if printed:
                with contextlib.suppress(OSError):  # not yet
                    requests.get(f"{printed['url']}/healthz", timeout=5, verify=self._verify).raise_for_status()
                    return printed.groupdict()
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"it did not start: {self._log.read_text()[-3000:]}")
