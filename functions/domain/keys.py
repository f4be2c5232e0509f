"""API keys: `gmk_<id>_<secret>`. Only a SHA-256 of the secret is stored."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from functions.domain.ids import RandomBytes

_SHAPE = re.compile(r"gmk_([0-9a-z]{1,64})_([A-Za-z0-9-]{22,})")


@dataclass(frozen=True)
class ApiKey:
    id: str  # key_…
    owner: str
    name: str
    secret_sha256: str  # hex
    scopes: tuple[str, ...]
    accounts: tuple[str, ...] | None  # None: every account of the owner
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None

    def matches(self, secret: str) -> bool:
        return hmac.compare_digest(self.secret_sha256, digest(secret))

    def expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


def digest(secret: str) -> str:
    """256 random bits need no slow hash: there is nothing to guess (OWASP on API keys and fast hashes)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret(random: RandomBytes) -> str:
    """256 random bits in base32: no character that a double click or a log line would split at."""
    return base64.b32hexencode(random(32)).decode("ascii").rstrip("=").lower()


def token(key_id: str, secret: str) -> str:
    """What the caller sends as its bearer token; shown once."""
    return f"gmk_{key_id.removeprefix('key_')}_{secret}"


def parse_token(value: str) -> tuple[str, str] | None:
    """(key id, secret), or None where the token can't be one of ours."""
    match = _SHAPE.fullmatch(value)
    return (f"key_{match[1]}", match[2]) if match else None
