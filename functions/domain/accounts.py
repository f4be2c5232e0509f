"""A connected Gmail account, and what its grant allows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from functions.domain.errors import InsufficientPermissions, ReauthRequired
from functions.domain.records import replace
from functions.domain.scopes import CAN_READ, CAN_SEND


class AccountStatus(StrEnum):
    CONNECTED = "connected"
    REAUTH_REQUIRED = "reauth_required"


@dataclass(frozen=True, slots=True)
class StoredAlias:
    """An address the account may send as (Gmail's sendAs)."""

    email: str
    name: str = ""
    is_primary: bool = False
    is_default: bool = False
    verified: bool = True
    reply_to: str = ""
    signature: str = ""  # HTML, as the owner wrote it in Gmail


@dataclass(frozen=True)
class GmailAccount:
    """Keyed on the Google `sub`, never on the address, which may change hands. Tokens are sealed to this record."""

    id: str
    owner: str
    sub: str
    email: str
    name: str
    scopes: tuple[str, ...]
    connected_at: datetime
    refresh_token: str  # sealed
    status: AccountStatus = AccountStatus.CONNECTED
    problem_code: str = ""
    access_token: str = ""  # sealed
    access_token_expires_at: datetime | None = None
    last_sent_at: datetime | None = None
    aliases: tuple[StoredAlias, ...] = ()
    aliases_read_at: datetime | None = None
    history_id: str = ""  # of the mailbox, at some moment before any send that is still open
    daily_limit: int | None = None  # recipients; None: Gmail's own limit for this kind of account
    track_opens: bool = False  # where a send does not say
    track_clicks: bool = False

    @property
    def can_send(self) -> bool:
        return not CAN_SEND.isdisjoint(self.scopes)

    @property
    def can_read(self) -> bool:
        return not CAN_READ.isdisjoint(self.scopes)

    def require_send(self) -> None:
        """Raises ReauthRequired, InsufficientPermissions."""
        self.require_connected()
        if not self.can_send:
            raise InsufficientPermissions(f"The account {self.email} did not grant the permission to send email.")

    def require_connected(self) -> None:
        if self.status is AccountStatus.REAUTH_REQUIRED:
            raise ReauthRequired(f"Google no longer accepts the grant of {self.email}.")

    def needs_reauth(self) -> "GmailAccount":
        """The grant is dead: forget the access token, keep the rest for when the account is reconnected."""
        return replace(
            self,
            status=AccountStatus.REAUTH_REQUIRED,
            problem_code=ReauthRequired.code,
            access_token="",
            access_token_expires_at=None,
        )

    def alias(self, email: str) -> StoredAlias | None:
        """The usable alias with this address; addresses compare without case, as Gmail compares them."""
        wanted = email.casefold()
        return next((a for a in self.aliases if a.verified and a.email.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What an owner may change. `fields` are those of the record; `is_default` None leaves the choice as it is."""

    is_default: bool | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


def gmails_name(account: GmailAccount) -> str:
    """The name that Gmail shows to recipients, as far as it is known."""
    return next((alias.name for alias in account.aliases if alias.is_primary), "")


def problem(account: GmailAccount) -> dict[str, str] | None:
    """What is wrong with the account and what to do about it, for people."""
    if account.status is AccountStatus.REAUTH_REQUIRED:
        return {
            "code": ReauthRequired.code,
            "detail": f"Google no longer accepts the grant of {account.email}: it expired, or was revoked.",
            "remedy": ReauthRequired.remedy,
        }
    missing = [
        what
        for what, granted in (("sending email", account.can_send), ("reading email", account.can_read))
        if not granted
    ]
    if missing:
        return {
            "code": InsufficientPermissions.code,
            "detail": f"{account.email} did not grant: {', '.join(missing)}.",
            "remedy": InsufficientPermissions.remedy,
        }
    return None
