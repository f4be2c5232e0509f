"""Identifiers: a type prefix, an underscore, and 26 characters of base32 (128 bits; RFC 4648 §7, in small letters)."""

import base64
import hashlib
import re
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]

# What stands for a byte, by its low bits: random bytes make random characters. 25 of five bits and the last one of
# three are 16 bytes in base32, which is how a tracked link carries them.
_FIVE_BITS = ("0123456789abcdefghijklmnopqrstuv" * 8).encode()
_THREE_BITS = ("048cgkos" * 32).encode()
_PREFIXES = "acc|snd|bat|tpl|att|trg|key|end|evt|sup|dlv|whd|own|pnd|req|atm"
_SHAPE = re.compile(rf"(?:{_PREFIXES})_[0-9a-z]{{1,64}}")


def random_id(prefix: str, random: RandomBytes) -> str:
    """A fresh id nobody can guess: 128 random bits."""
    raw = random(26)
    return f"{prefix}_{(raw[:25].translate(_FIVE_BITS) + raw[25:].translate(_THREE_BITS)).decode('ascii')}"


def derived_id(prefix: str, *parts: str) -> str:
    """The same id for the same parts, so that one `create` is a deduplication. Parts can't run into each other."""
    joined = b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)
    encoded = base64.b32hexencode(hashlib.sha256(joined).digest()[:16])
    return f"{prefix}_{encoded.decode('ascii').rstrip('=').lower()}"


def looks_like(prefix: str, value: str) -> bool:
    """Whether `value` can be an id of this kind: what cannot be is not found, without asking the store."""
    return value.startswith(f"{prefix}_") and _SHAPE.fullmatch(value) is not None


def owner_id(issuer: str, subject: str) -> str:
    """The owner behind an ID token. A subject is unique only within its issuer (OpenID Connect Core §2)."""
    return derived_id("own", issuer, subject)


LOCAL_OWNER = "own_local"
