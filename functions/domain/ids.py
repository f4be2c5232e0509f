"""Identifiers: a type prefix, an underscore, and 26 characters of Crockford-like base32 (130 bits)."""

import base64
import hashlib
import re
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]

_PREFIXES = "acc|snd|bat|tpl|att|trg|key|end|evt|sup|dlv|whd|own|pnd|req|atm"
_SHAPE = re.compile(rf"(?:{_PREFIXES})_[0-9a-z]{{1,64}}")


def _encode(raw: bytes) -> str:
    return base64.b32hexencode(raw).decode("ascii").rstrip("=").lower()


def random_id(prefix: str, random: RandomBytes) -> str:
    """A fresh id nobody can guess: 128 random bits."""
    return f"{prefix}_{_encode(random(16))}"


def derived_id(prefix: str, *parts: str) -> str:
    """The same id for the same parts, so that one `create` is a deduplication. Parts can't run into each other."""
    joined = b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)
    return f"{prefix}_{_encode(hashlib.sha256(joined).digest()[:16])}"


def looks_like(prefix: str, value: str) -> bool:
    """Whether `value` can be an id of this kind: what cannot be is not found, without asking the store."""
    return value.startswith(f"{prefix}_") and _SHAPE.fullmatch(value) is not None


def owner_id(issuer: str, subject: str) -> str:
    """The owner behind an ID token. A subject is unique only within its issuer (OpenID Connect Core §2)."""
    return derived_id("own", issuer, subject)


LOCAL_OWNER = "own_local"
