"""All parts of one running sandbox, and how a handler finds them."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from sandbox.background import Background
from sandbox.control.faults import Faults
from sandbox.gmail.mailbox import Mailboxes
from sandbox.gmail.push import Pushes
from sandbox.ledger import Ledger
from sandbox.oauth.grants import Grants
from sandbox.people import People
from sandbox.signing import Signer
from sandbox.store import Store

DEFAULT_CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - public on purpose


@dataclass(frozen=True)
class Client:
    """The OAuth client. Without an id, every client id is taken for one that exists."""

    id: str | None
    secret: str

    def exists(self, client_id: str) -> bool:
        return bool(client_id) and self.id in (None, client_id)


@dataclass(frozen=True)
class Sandbox:
    public_url: str
    client: Client
    store: Store
    people: People
    grants: Grants
    signer: Signer
    mailboxes: Mailboxes
    faults: Faults
    ledger: Ledger
    background: Background
    pushes: Pushes


def current() -> Sandbox:
    return cast(Sandbox, current_app.extensions["sandbox"])
