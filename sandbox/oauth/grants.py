"""Codes, consents and tokens, as Google keeps them."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.store import Store

CODE_SECONDS = 600
ACCESS_TOKEN_SECONDS = 3599
# Google: beyond 100 refresh tokens per account and client, the oldest stops working without warning.
# https://developers.google.com/identity/protocols/oauth2#expiration
REFRESH_TOKENS_PER_GRANT = 100


@dataclass(frozen=True)
class Code:
    """What a person agreed to, until the client redeems it. `offline`: a refresh token comes with it."""

    email: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    nonce: str | None
    challenge: str | None
    challenge_method: str | None
    offline: bool


@dataclass(frozen=True)
class Token:
    email: str
    client_id: str
    scopes: tuple[str, ...]
    live: bool


class Grants:
    def __init__(self, store: Store) -> None:
        self._store = store

    def consented(self, email: str, client_id: str) -> tuple[str, ...]:
        row = self._store.row("SELECT scopes FROM consents WHERE email = ? AND client_id = ?", (email, client_id))
        return () if row is None else tuple(row["scopes"].split())

    def issue_code(self, code: Code) -> str:
        """Remembers the consent and answers the one-time code."""
        text = "4/0A" + secrets.token_urlsafe(48)
        scopes = " ".join(code.scopes)
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM codes WHERE expires_at < ?", (time.time(),))
            connection.execute(
                "INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(text, code.email, code.client_id, code.redirect_uri, scopes),
                    *(code.nonce, code.challenge, code.challenge_method),
                    *(code.offline, time.time() + CODE_SECONDS),
                ),
            )
            connection.execute("INSERT OR REPLACE INTO consents VALUES (?, ?, ?)", (code.email, code.client_id, scopes))
        return text

    def code(self, text: str) -> Code | None:
        """The code if it can still be redeemed; it stays redeemable."""
        row = self._store.row("SELECT * FROM codes WHERE code = ? AND expires_at >= ?", (text, time.time()))
        if row is None:
            return None
        return Code(
            row["email"],
            row["client_id"],
            row["redirect_uri"],
            tuple(row["scopes"].split()),
            row["nonce"],
            row["challenge"],
            row["challenge_method"],
            bool(row["offline"]),
        )

    def spend(self, text: str) -> bool:
        """Whether this call is the one that redeems the code: of parallel calls, exactly one."""
        with self._store.transaction() as connection:
            return connection.execute("DELETE FROM codes WHERE code = ?", (text,)).rowcount == 1

    def issue_access_token(self, email: str, client_id: str, scopes: Sequence[str]) -> str:
        token = "ya29.a0" + secrets.token_urlsafe(96)
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM tokens WHERE expires_at < ?", (time.time() - 86400,))
            connection.execute(
                "INSERT INTO tokens (token, kind, email, client_id, scopes, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                (token, "access", email, client_id, " ".join(scopes), time.time() + ACCESS_TOKEN_SECONDS),
            )
        return token

    def issue_refresh_token(self, email: str, client_id: str, scopes: Sequence[str]) -> str:
        token = "1//0" + secrets.token_urlsafe(72)
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO tokens (token, kind, email, client_id, scopes) VALUES (?, ?, ?, ?, ?)",
                (token, "refresh", email, client_id, " ".join(scopes)),
            )
            connection.execute(
                "UPDATE tokens SET revoked = 1 WHERE kind = 'refresh' AND revoked = 0 AND email = ? AND client_id = ?"
                " AND number NOT IN (SELECT number FROM tokens WHERE kind = 'refresh' AND revoked = 0"
                " AND email = ? AND client_id = ? ORDER BY number DESC LIMIT ?)",
                (email, client_id, email, client_id, REFRESH_TOKENS_PER_GRANT),
            )
        return token

    def token(self, text: str, kind: str | None = None) -> Token | None:
        """A token ever issued (`kind`: "access" or "refresh"), live or not."""
        row = self._store.row("SELECT * FROM tokens WHERE token = ?", (text,))
        if row is None or kind not in (None, row["kind"]):
            return None
        live = not row["revoked"] and (row["expires_at"] is None or row["expires_at"] > time.time())
        return Token(row["email"], row["client_id"], tuple(row["scopes"].split()), live)

    def revoke(self, email: str, client_id: str | None = None) -> None:
        """Ends the whole grant: every token of the person for the client, or for all clients."""
        where, parameters = "email = ?", [email]
        if client_id is not None:
            where, parameters = "email = ? AND client_id = ?", [email, client_id]
        with self._store.transaction() as connection:
            connection.execute(f"UPDATE tokens SET revoked = 1 WHERE {where}", parameters)  # noqa: S608 - constants
            connection.execute(f"DELETE FROM consents WHERE {where}", parameters)  # noqa: S608
            connection.execute(f"DELETE FROM codes WHERE {where}", parameters)  # noqa: S608

    def forget_all(self) -> None:
        with self._store.transaction() as connection:
            for table in ("tokens", "consents", "codes"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants
