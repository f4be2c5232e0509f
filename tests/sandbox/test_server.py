"""The process: what outlives a restart, and what ends it."""

import ast
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.sandbox.client import ROOT, Account, Google, free_port, message, running, start, stop


def test_a_restart_keeps_tokens_mail_and_keys(tmp_path: Path) -> None:
    with running("--data", str(tmp_path)) as google:
        tokens = google.connect()
        sent = Account(google, tokens["access_token"]).sent(message("Kept"))
        keys = google.http.get(f"{google.url}/oauth2/v3/certs").json()
    with running("--data", str(tmp_path)) as google:
        ada = Account(google, google.refresh(tokens["refresh_token"]).json()["access_token"])
        assert ada.header(sent["id"], "Subject") == "Kept"
        assert ada.get(f"messages/{sent['id']}", format="raw").status_code == 200
        assert len(google.deliveries) == 1
        assert google.http.get(f"{google.url}/oauth2/v3/certs").json() == keys
        google.reset()
        assert list((tmp_path / "mail").iterdir()) == []


def test_mail_of_an_older_version_is_taken_over(tmp_path: Path) -> None:
    with running("--data", str(tmp_path)) as google:
        ada = google.account()
        sent = ada.sent(message("Kept"))
        start_id = ada.get("profile").json()["historyId"]
    with sqlite3.connect(tmp_path / "sandbox.db") as connection:
        connection.executescript(
            "ALTER TABLE history DROP COLUMN label_removed; DROP INDEX messages_by_header_id; DROP TABLE watches;"
            "CREATE INDEX messages_by_message_id ON messages (account, message_id); PRAGMA user_version = 1;"
        )
    connection.close()
    with running("--data", str(tmp_path)) as google:
        reply = google.play(sent["id"], "reply")
        records = Account(google, ada.headers["Authorization"].removeprefix("Bearer ")).get(
            "history", startHistoryId=start_id
        )
        assert records.json()["history"][0]["messages"][0]["id"] == reply["id"]


def test_one_client_can_be_demanded_and_the_issuer_set() -> None:
    own = ("--client-id", "mine", "--client-secret", "hush", "--public-url", "http://google.test:8001/")
    with running(*own) as google:
        assert google.authorize().status_code == 401
        code = google.callback(client_id="mine")["code"]
        refused = google.redeem(code)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
        assert refused.json()["error_description"] == "The OAuth client was not found."
        assert google.redeem(code, client_id="mine", client_secret="hush").status_code == 200
        discovery = google.http.get(f"{google.url}/.well-known/openid-configuration").json()
        assert discovery["issuer"] == "http://google.test:8001"


def test_parallel_sends_all_arrive_once(google: Google, ada: Account) -> None:
    def send(number: int) -> int:
        raw = message(f"Number {number}")
        url = f"{google.url}/upload/gmail/v1/users/me/messages/send?uploadType=media"
        headers = {**ada.headers, "Content-Type": "message/rfc822"}
        return requests.post(url, raw, headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(send, range(64))) == {200}
    assert sorted(one["subject"] for one in google.deliveries) == sorted(f"Number {n}" for n in range(64))


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_it_ends_with_its_parent() -> None:
    port = free_port()
    code = (
        f"from tests.sandbox.client import start; import time; start({port}); print('up', flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "up\n"
    assert answers(port)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while answers(port) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not answers(port)


def test_without_a_data_directory_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process = start(free_port())
    assert [one.name for one in tmp_path.glob("pretend-google-*/sandbox.db")] == ["sandbox.db"]
    stop(process)
    assert list(tmp_path.glob("pretend-google-*")) == []


def test_it_shares_no_code_with_the_product() -> None:
    for folder, other in (("sandbox", "functions"), ("functions", "sandbox")):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert other not in {name.split(".")[0] for name in names}, file
