"""A sandbox in a process of its own, and the calls that tests make to it."""

import base64
import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

ROOT = Path(__file__).parents[2]
GMAIL = "https://www.googleapis.com/auth/gmail."
SCOPES = f"openid email {GMAIL}send {GMAIL}readonly"
REDIRECT = "http://localhost:9/callback"
CLIENT = {"client_id": "sandbox.apps.localhost", "client_secret": "sandbox-secret"}
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(port: int, *arguments: str) -> subprocess.Popen[str]:
    """Starts it and returns when it is ready."""
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--with-parent", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "ready" in process.stdout.readline()
    return process


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert process.stdout is not None
    process.stdout.close()


@contextlib.contextmanager
def running(*arguments: str) -> Iterator["Google"]:
    port = free_port()
    process = start(port, *arguments)
    try:
        yield Google(f"http://127.0.0.1:{port}")
    finally:
        stop(process)


def message(subject: str = "Hello", to: str = "grace@example.com", body: str = "Good morning", **more: str) -> bytes:
    built = EmailMessage()
    built["From"] = "ada@example.com"
    if to:
        built["To"] = to
    built["Subject"] = subject
    for name, value in more.items():
        built[name.replace("_", "-")] = value
    built.set_content(body)
    return built.as_bytes()


class Google:
    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()

    def authorize(self, person: str | None = "ada@example.com", **changed: str | None) -> requests.Response:
        """The answer of the authorization endpoint; a parameter that is None is left out."""
        given: dict[str, str | None] = {
            "client_id": CLIENT["client_id"],
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": SCOPES,
            "state": "a state",
            "nonce": "a-nonce",
            "access_type": "offline",
            "prompt": "consent select_account",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "sandbox_person": person,
        }
        wanted = {name: value for name, value in {**given, **changed}.items() if value is not None}
        return self.http.get(f"{self.url}/o/oauth2/v2/auth", params=wanted, allow_redirects=False)

    def callback(self, person: str = "ada@example.com", **changed: str | None) -> dict[str, str]:
        """What reaches the client in the query of its redirect URI."""
        response = self.authorize(person, **changed)
        assert response.status_code == 302, response.text
        assert response.headers["Location"].startswith(REDIRECT)
        return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}

    def token(self, **given: str) -> requests.Response:
        return self.http.post(f"{self.url}/token", data={**CLIENT, **given})

    def redeem(self, code: str, /, **changed: str) -> requests.Response:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.token(**{**given, **changed})

    def refresh(self, refresh_token: str) -> requests.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)

    def connect(self, person: str = "ada@example.com", **changed: str | None) -> dict[str, Any]:
        response = self.redeem(self.callback(person, **changed)["code"])
        assert response.status_code == 200, response.text
        return dict(response.json())

    def account(self, person: str = "ada@example.com", **changed: str | None) -> "Account":
        return Account(self, self.connect(person, **changed)["access_token"])

    def ledger(self) -> dict[str, Any]:
        return dict(self.http.get(f"{self.url}/sandbox/ledger").json())

    @property
    def deliveries(self) -> list[dict[str, Any]]:
        return list(self.ledger()["deliveries"])

    def faults(self, *rules: dict[str, Any]) -> None:
        response = self.http.post(f"{self.url}/sandbox/faults", json=list(rules))
        assert response.status_code == 201, response.text

    def play(self, id_: str, action: str, /, expected: int = 200, **given: Any) -> dict[str, Any]:
        """What the reader of the message does, over the control API."""
        response = self.http.post(f"{self.url}/sandbox/messages/{id_}/{action}", json=given)
        assert response.status_code == expected, response.text
        return dict(response.json())

    def push(self, **changed: Any) -> dict[str, Any]:
        response = self.http.post(f"{self.url}/sandbox/push", json=changed)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def reset(self, everything: bool = False) -> None:
        self.http.post(f"{self.url}/sandbox/reset", params={"all": "1"} if everything else {}).raise_for_status()


class Account:
    """Calls with one person's access token."""

    def __init__(self, google: Google, token: str) -> None:
        self.google = google
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **params: Any) -> requests.Response:
        url = f"{self.google.url}/gmail/v1/users/me/{path}"
        return self.google.http.get(url, params=params, headers=self.headers)

    def post(self, path: str, json: Any = None) -> requests.Response:
        return self.google.http.post(f"{self.google.url}/gmail/v1/users/me/{path}", json=json, headers=self.headers)

    def send(self, raw: bytes, **more: str) -> requests.Response:
        return self.post("messages/send", {"raw": base64.urlsafe_b64encode(raw).decode(), **more})

    def upload(self, body: Any, kind: str = "media", content_type: str = "message/rfc822") -> requests.Response:
        return self.google.http.post(
            f"{self.google.url}/upload/gmail/v1/users/me/messages/send",
            params={"uploadType": kind},
            data=body,
            headers={**self.headers, "Content-Type": content_type},
        )

    def sent(self, raw: bytes, **more: str) -> dict[str, Any]:
        response = self.send(raw, **more)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def found(self, q: str) -> list[str]:
        return [one["id"] for one in self.get("messages", q=q).json().get("messages", [])]

    def header(self, id_: str, name: str) -> str | None:
        answer = self.get(f"messages/{id_}", format="metadata").json()
        found = [one["value"] for one in answer["payload"]["headers"] if one["name"].lower() == name.lower()]
        return found[0] if found else None


def error(response: requests.Response) -> tuple[int, str, str]:
    """Status, reason and message, once the shape is found to be Google's."""
    body = response.json()["error"]
    assert body["code"] == response.status_code
    assert body["errors"][0]["domain"] == "global"
    return response.status_code, body["errors"][0]["reason"], body["message"]
