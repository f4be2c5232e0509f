"""What operators do from the command line, on a laptop's records and with the pretend Google."""

import base64
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from functions.domain.ids import LOCAL_OWNER
from functions.services import erasing
from tests.cli.test_commands import Shell, google, shell

__all__ = ["google", "shell"]  # fixtures


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no other process whose memory would have to be waited for."""
    monkeypatch.setattr(erasing, "MEMORY", timedelta(0))


def statuses(shell: Shell) -> list[str]:
    return [json.loads(line)["status"] for line in shell("accounts", "list").stdout.splitlines()]


def test_revoke_all_asks_first_and_then_leaves_no_token(shell: Shell) -> None:
    shell.connect("ada@example.com")
    shell.connect("grace@example.com")

    assert "2 accounts have a token." in shell("revoke-all", "--dry-run").stdout
    assert shell("revoke-all", stdin="n\n").exit_code == 1
    assert statuses(shell) == ["connected", "connected"]

    done = shell("revoke-all", stdin="y\n")
    assert done.exit_code == 0, done.output
    assert "2 revoked" in done.stdout
    assert statuses(shell) == ["reauth_required", "reauth_required"]
    assert "0 accounts have a token." in shell("revoke-all", "--yes").stdout

    shell.connect("ada@example.com")  # and it goes on as before
    assert sorted(statuses(shell)) == ["connected", "reauth_required"]


def test_google_being_away_is_said_and_nothing_is_lost(shell: Shell) -> None:
    shell.connect("ada@example.com")
    there = shell.environ["GOOGLE_REVOKE_URL"]
    shell.environ["GOOGLE_REVOKE_URL"] = "http://127.0.0.1:9/revoke"

    done = shell("revoke-all", "--yes")
    assert done.exit_code == 1
    assert "1 accounts still have a token: run it again." in done.output
    assert statuses(shell) == ["connected"]
    assert shell("delete-owner", LOCAL_OWNER, "--yes").exit_code == 1
    assert statuses(shell) == ["connected"]

    shell.environ["GOOGLE_REVOKE_URL"] = there
    assert shell("revoke-all", "--yes").exit_code == 0


def test_an_owner_is_exported_and_deleted(shell: Shell, tmp_path: Path) -> None:
    shell.connect("ada@example.com")
    key = shell("keys", "create", "--name", "Orders").stdout.split()[1]
    sent = shell("send", "--to", "grace@example.com", "--subject", "Kept", "--text", "The text of it.")
    send = json.loads(sent.stdout)["id"]

    exported = shell("export-owner", LOCAL_OWNER).stdout
    rows = [json.loads(line) for line in exported.splitlines()]
    assert {"accounts", "sends", "contents", "keys"} <= {row["kind"] for row in rows}
    (record,) = [row["data"] for row in rows if row["kind"] == "sends"]
    assert (record["id"], record["subject"], record["status"]) == (send, "Kept", "sent")
    assert "The text of it." in exported
    assert key.rpartition("_")[2] not in exported

    there = shell("delete-owner", LOCAL_OWNER, "--dry-run").stdout
    assert "1 accounts" in there
    assert "1 sends" in there
    assert shell("delete-owner", LOCAL_OWNER, stdin="n\n").exit_code == 1
    assert len(statuses(shell)) == 1

    assert "own_local is deleted." in shell("delete-owner", LOCAL_OWNER, stdin="y\n").stdout
    assert shell("export-owner", LOCAL_OWNER).stdout == ""
    assert statuses(shell) == []
    assert shell("keys", "list").stdout == ""
    assert "There is no record of own_local." in shell("delete-owner", LOCAL_OWNER, "--yes").stdout
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def test_another_owner_is_named_by_subject_and_issuer(shell: Shell) -> None:
    shell.environ["AUTH_ISSUERS"] = "https://a.example=x"
    shell("keys", "create", "--name", "n", "--owner", "user-1")

    assert '"kind": "keys"' in shell("export-owner", "user-1").stdout
    assert shell("export-owner", LOCAL_OWNER).stdout == ""
    assert shell("delete-owner", "user-1", "--issuer", "https://b.example", "--yes").exit_code == 2


def test_reseal_leaves_nothing_under_an_older_key(shell: Shell, tmp_path: Path) -> None:
    shell.connect("ada@example.com")
    shell.connect("grace@example.com")
    keys = tmp_path / "secrets" / "gmail-token-key"
    (keys / "2").write_text(base64.b64encode(os.urandom(32)).decode())

    looked = shell("reseal", "--dry-run").stdout
    assert "The newest version is 2." in looked
    assert "2 accounts" in looked

    done = shell("reseal")
    assert done.exit_code == 0, done.output
    assert "2 resealed" in done.stdout
    assert "Nothing needs a version below 2 any more." in done.stdout
    (keys / "1").unlink()
    assert "ok" in shell("doctor").output.lower()
    sent = shell("send", "--account", "ada@example.com", "--to", "x@example.com", "--subject", "s", "--text", "t")
    assert json.loads(sent.stdout)["status"] == "sent"


def test_reseal_says_what_can_not_be_opened(shell: Shell, tmp_path: Path) -> None:
    shell.connect("ada@example.com")
    keys = tmp_path / "secrets" / "gmail-token-key"
    (keys / "1").rename(keys / "2")  # another number: what names the first can't be opened

    done = shell("reseal")
    assert done.exit_code == 0, done.output
    assert "1 unreadable" in done.stdout
    assert "its key is gone" in done.stdout
