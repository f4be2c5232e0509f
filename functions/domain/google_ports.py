"""What the services need from Google: OAuth, and Gmail as one account sees it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from functions.domain.received import Received

# Named tuples, as in domain/ports.py, but for the grant, which is stored.


@dataclass(frozen=True, slots=True)
class Grant:
    """What Google's token endpoint gave for a code, with the ID token's verified claims."""

    sub: str
    email: str
    email_verified: bool
    name: str
    scopes: tuple[str, ...]
    access_token: str
    expires_at: datetime
    refresh_token: str | None

    @property
    def token(self) -> str:
        """The one to revoke it by."""
        return self.refresh_token or self.access_token


class AccessToken(NamedTuple):
    token: str
    expires_at: datetime
    scopes: tuple[str, ...]
    refresh_token: str | None = None  # where the server rotates them


class OAuthClient(Protocol):
    def authorization_url(self, *, state: str, nonce: str, challenge: str, login_hint: str | None) -> str: ...

    def exchange(self, *, code: str, verifier: str, nonce: str, unwanted: Callable[[str, str], None] = ...) -> Grant:
        """Raises InvalidCredentials, InvalidState (the code is bad or used), InsufficientPermissions (the address was
        not shared), Unavailable. Where Google has given a grant all the same, `unwanted` is told whose it is (`sub`),
        and a token of it.
        """
        ...

    def refresh(self, refresh_token: str) -> AccessToken:
        """Raises ReauthRequired (invalid_grant), InvalidCredentials, Unavailable."""
        ...

    def revoke(self, token: str) -> None:
        """Raises Unavailable, GmailRejected (Google does not know the token)."""
        ...


class Alias(NamedTuple):
    """An address the account may send as, from Gmail's sendAs settings."""

    email: str
    name: str
    is_primary: bool
    is_default: bool
    verified: bool
    reply_to: str = ""
    signature: str = ""


class SentMessage(NamedTuple):
    id: str
    thread_id: str


class Upload(Protocol):
    """A finished message: `size` bytes of MIME that `blocks()` yields, afresh at each call."""

    @property
    def size(self) -> int: ...

    def blocks(self) -> Iterator[bytes]: ...


class FoundMessage(NamedTuple):
    """A message in the account's Sent folder that may be ours."""

    id: str
    thread_id: str
    content_type: str  # with the boundary that names the send
    to: str
    subject: str
    at: datetime


class Look(NamedTuple):
    """What one look into a mailbox showed. Not `complete`: there was more than a look reads, or some of it is gone."""

    messages: tuple[FoundMessage, ...]
    complete: bool


class Added(NamedTuple):
    """A message that came into the mailbox, by its history."""

    id: str
    thread_id: str
    labels: frozenset[str]
    history_id: str  # of the record that tells of it; one record may tell of several messages


class Changes(NamedTuple):
    """What came since a history id, oldest first; and the id to go on from. Not `complete`: there is more at once."""

    messages: tuple[Added, ...]
    history_id: str
    complete: bool


class Watch(NamedTuple):
    """Gmail tells a Pub/Sub topic of every change from here on, until it expires."""

    history_id: str
    expires_at: datetime


class Gmail(Protocol):
    """Gmail as one account sees it; `token` is that account's access token."""

    def send(self, token: str, message: Upload, thread_id: str | None = None) -> SentMessage:
        """At most one POST leaves. Raises ReauthRequired (401), InsufficientPermissions, GmailRejected, RateLimited
        (Gmail asks to wait: `retry_after`), Unavailable (certainly not sent), OutcomeUnknown (perhaps sent)."""
        ...

    def headers(self, token: str, message_id: str, names: Sequence[str]) -> dict[str, str]:
        """The named headers of a stored message, keys in lower case."""
        ...

    def raw(self, token: str, message_id: str) -> bytes: ...

    def aliases(self, token: str) -> list[Alias]: ...

    def sent_since(self, token: str, history_id: str, at: datetime, mark: str, to: str = "") -> Look:
        """What was sent from this mailbox since an attempt at that time: by its history, and by a search of the Sent
        folder for `to`. The message whose content type has the mark ends the look."""
        ...

    def history_since(self, token: str, history_id: str) -> Changes:
        """Raises NotFound: Gmail does not keep its history that long."""
        ...

    def received(self, token: str, message_id: str) -> "Received":
        """A message by the headers that we look at. Raises NotFound."""
        ...

    def thread(self, token: str, thread_id: str) -> "list[Received]":
        """A thread's messages, oldest first. Raises NotFound."""
        ...

    def delivery_status(self, token: str, message_id: str) -> str:
        """The text of a report's message/delivery-status part, "" where it has none. Raises NotFound."""
        ...

    def watch(self, token: str, topic: str) -> Watch:
        """Begin, or go on for another seven days. Raises GmailRejected where Gmail may not publish to the topic."""
        ...

    def stop(self, token: str) -> None:
        """No more pushes of this mailbox, to anybody in this project."""
        ...

    def profile(self, token: str) -> dict[str, Any]: ...
