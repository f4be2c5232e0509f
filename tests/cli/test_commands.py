"""The command line, on a laptop's records and with the pretend Google."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner, Result

from functions.cli.commands import main
from functions.domain.ids import LOCAL_OWNER
from functions.domain.ports import Query, Update
from functions.domain.scopes import READ
from functions.runtime import settings
from functions.runtime.wiring import App
from tests.sandbox import client
from tests.sandbox.client import Google


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with client.running() as running:
        yield running


class Shell:
    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ
        self.app = App(settings.load(environ))

    def __call__(self, *arguments: str, stdin: str = "") -> Result:
        # Nothing of this process's own environment: only what a user of the command line would have set.
        empty = {name: None for name in os.environ if name.endswith("_URL")}
        return CliRunner().invoke(main, list(arguments), input=stdin, env={**empty, **self.environ})

    def connect(self, email: str) -> None:
        """As a browser would: the link, the consent, the way back."""
        started = self.app.signin_links.start(LOCAL_OWNER, "", return_to="", login_hint="", expected_email="")
        answer = requests.get(f"{started.url}&sandbox_person={email}", allow_redirects=False, timeout=10)
        query = dict(p.split("=", 1) for p in urlsplit(answer.headers["Location"]).query.split("&"))
        query = {name: requests.utils.unquote(value) for name, value in query.items()}
        outcome = self.app.connecting.finish(query, started.browser)
        assert outcome.account, outcome.error

    def change_account(self, **fields: Any) -> None:
        accounts = Query(f"owners/{LOCAL_OWNER}/accounts", order=("connected_at", "asc"), limit=1)
        (account,) = self.app.documents.query(accounts).documents
        self.app.documents.commit([Update(account.path, fields)])


@pytest.fixture
def shell(tmp_path: Path, google: Google) -> Shell:
    urls = {name: google.url + path for name, (_, path) in settings.GOOGLE_URLS.items()}
    urls["GOOGLE_ISSUER"] = google.http.get(f"{google.url}/.well-known/openid-configuration").json()["issuer"]
    stores = {
        "STORE_URL": f"sqlite:///{tmp_path}/gmail.db",
        "BLOBS_URL": f"file:{tmp_path}/blobs",
        "SECRETS_URL": f"file:{tmp_path}/secrets",
    }
    return Shell({**urls, **stores})


def test_a_key_is_shown_once_listed_and_revoked(shell: Shell) -> None:
    made = shell("keys", "create", "--name", "Orders", "--scope", "send", "--expires-at", "2099-01-31")
    key_id, token = made.output.split()
    assert shell.app.keys.authenticate(token).scopes == {"send"}

    listed = shell("keys", "list")
    assert json.loads(listed.output)["id"] == key_id
    assert token not in listed.output

    assert shell("keys", "revoke", key_id).exit_code == 0
    assert shell("keys", "list").output == ""


def test_what_is_wrong_is_said_with_its_remedy_and_without_a_trace(shell: Shell) -> None:
    for arguments in (["keys", "revoke", "key_0"], ["send", "--to", "a@b.example", "--subject", "s", "--text", "t"]):
        done = shell(*arguments)
        assert done.exit_code == 1
        assert done.output.startswith("Error: not_found: ")
        assert "What to do: " in done.output
        assert "Traceback" not in done.output
    wrong = shell("send", "--to", "nobody", "--subject", "s", "--text", "t")
    assert "/to/0" in wrong.output


def test_wrong_settings_are_named(shell: Shell) -> None:
    shell.environ["STORE_URL"] = "mysql://x"
    done = shell("accounts", "list")
    assert done.exit_code == 1
    assert "STORE_URL has no scheme known here" in done.output


def test_accounts_are_listed_and_sent_from(shell: Shell, google: Google, tmp_path: Path) -> None:
    shell.connect("ada@example.com")
    assert json.loads(shell("accounts", "list").output)["email"] == "ada@example.com"
    (tmp_path / "größe.txt").write_text("Maße\n", encoding="utf-8")

    message = [
        "send",
        "--to",
        "grace@example.com",
        "--subject",
        "From a shell",
        "--attach",
        str(tmp_path / "größe.txt"),
    ]
    sent = shell(*message, "--idempotency-key", "k1", stdin="Read from standard input.\n")
    again = shell(*message, "--idempotency-key", "k1", stdin="Read from standard input.\n")

    assert json.loads(sent.output)["status"] == "sent"
    assert again.output == sent.output
    (delivery,) = [d for d in google.ledger()["deliveries"] if d["subject"] == "From a shell"]
    assert delivery["to"] == ["grace@example.com"]


def test_a_dry_run_prints_the_message_and_sends_nothing(shell: Shell, google: Google) -> None:
    shell.connect("ada@example.com")
    done = shell("send", "--to", "a@b.example", "--subject", "Only a test", "--text", "x", "--dry-run")
    assert "Subject: Only a test" in done.output
    assert not [d for d in google.ledger()["deliveries"] if d["subject"] == "Only a test"]


def test_an_owner_is_named_by_subject_and_issuer(shell: Shell) -> None:
    shell.environ["AUTH_ISSUERS"] = "https://a.example=x,https://b.example=x"
    ask = shell("keys", "list", "--owner", "user-1")
    assert ask.exit_code == 2
    assert "--issuer must be one of AUTH_ISSUERS" in ask.output
    assert shell("keys", "create", "--name", "n", "--owner", "user-1", "--issuer", "https://a.example").exit_code == 0
    assert shell("keys", "list", "--owner", "user-1", "--issuer", "https://b.example").output == ""
    assert shell("keys", "list", "--owner", "user-1", "--issuer", "https://a.example").output


def test_the_doctor_finds_nothing_where_all_is_well(shell: Shell) -> None:
    shell.connect("ada@example.com")
    done = shell("doctor")
    assert done.exit_code == 0, done.output
    assert "FAIL" not in done.output
    for name in (
        "settings",
        "secrets",
        "store",
        "OAuth client",
        "redirect URI",
        "Gmail API",
        "account ada@example.com",
    ):
        assert f"ok    {name}" in done.output


@pytest.mark.parametrize(
    ("trouble", "said", "remedy"),
    [
        ("client", "invalid credentials", "Copy the client id and the secret again"),
        ("revoked", "refresh token expired or revoked", "Reconnect the account"),
        ("unticked", "insufficient permissions", "leave every permission ticked"),
    ],
)
def test_the_doctor_knows_the_three_classic_failures(
    shell: Shell, google: Google, trouble: str, said: str, remedy: str
) -> None:
    shell.connect("zoe@example.net")
    if trouble == "client":
        shell.environ |= {"GMAIL_CLIENT_ID": "sandbox.apps.localhost", "GMAIL_CLIENT_SECRET": "wrong"}
    elif trouble == "revoked":
        google.http.post(f"{google.url}/sandbox/people/zoe@example.net/revoke").raise_for_status()
        shell.change_account(access_token="", access_token_expires_at=None)
    else:
        shell.change_account(scopes=[READ])
    done = shell("doctor")
    assert done.exit_code == 1
    assert said in done.output
    assert remedy in done.output


def test_the_doctor_says_for_how_many_mailboxes_gmail_does_not_push(shell: Shell) -> None:
    """Whoever's they are: it is the topic, not the account."""
    for person in ("ada@example.com", "zoe@example.net"):
        shell.connect(person)
    assert "ok    pushes: projects/" in shell("doctor").output

    first, _ = shell.app.documents.query(Query("mailboxes", order=("due_at", "asc"), limit=2, group=True)).documents
    shell.app.documents.commit([Update(first.path, {"watch_problem": "gmail_rejected"})])
    done = shell("doctor")

    assert done.exit_code == 0
    assert "?     pushes: Gmail does not push for 1 of 2 mailboxes: gmail_rejected for 1" in done.output
    assert "the OAuth client has to be in the project that GMAIL_TOPIC names" in done.output


def test_the_doctor_says_when_the_pretend_google_is_not_running(shell: Shell) -> None:
    for name, (_, path) in settings.GOOGLE_URLS.items():
        shell.environ[name] = "http://127.0.0.1:9" + path
    done = shell("doctor")
    assert done.exit_code == 1
    assert "Start it with: make run" in done.output
