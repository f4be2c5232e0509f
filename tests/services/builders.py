"""Records for tests: right in all that a test does not care about."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from functions.domain.accounts import GmailAccount
from functions.domain.errors import SecretDisabled, SecretMissing
from functions.domain.messages import Address
from functions.domain.ports import Secret
from functions.domain.scopes import REQUESTED_SCOPES
from functions.domain.sends import Send, Status

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)


def account(owner: str = "own_1", **changed: Any) -> GmailAccount:
    made = GmailAccount(
        id="acc_1",
        owner=owner,
        sub="110000000000000000001",
        email="ada@example.com",
        name="Ada",
        scopes=REQUESTED_SCOPES,
        connected_at=NOW,
        refresh_token="",
    )
    return replace(made, **changed)


def send(owner: str = "own_1", **changed: Any) -> Send:
    made = Send(
        id="snd_1",
        owner=owner,
        status=Status.QUEUED,
        account="acc_1",
        sender=Address("ada@example.com", "Ada"),
        to=(Address("bo@elsewhere.example"),),
        cc=(),
        bcc=(),
        subject="Hello",
        created_at=NOW,
    )
    return replace(made, **changed)


class Clock:
    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class MemorySecrets:
    """Secrets of this process; `reads` counts how often one was asked for."""

    def __init__(self) -> None:
        self.versions: dict[str, dict[str, bytes]] = {}
        self.disabled: set[str] = set()  # numbers
        self.reads = 0

    def get(self, name: str, version: str = "latest") -> Secret:
        self.reads += 1
        found = self.versions.get(name, {})
        number = str(max(map(int, found), default=0)) if version == "latest" else version
        if number not in found:
            raise SecretMissing(f"{name}/{version}")
        if number in self.disabled:
            raise SecretDisabled(f"Version {number} of the secret {name} is disabled.", remedy="Enable it.")
        return Secret(found[number], number)

    def add(self, name: str, value: bytes) -> str:
        versions = self.versions.setdefault(name, {})
        number = str(max(map(int, versions), default=0) + 1)
        versions[number] = value
        return number
