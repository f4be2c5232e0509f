"""What every store of secrets takes: the rules are Secret Manager's (https://cloud.google.com/secret-manager/quotas)."""

import re

MAX_SECRET = 65_536  # bytes


def check_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        raise ValueError(f"Not a secret's name: {name!r}")
    return name


def check_value(value: bytes) -> bytes:
    if not 0 < len(value) <= MAX_SECRET:
        raise ValueError(f"A secret has 1 to {MAX_SECRET} bytes, not {len(value)}.")
    return value


def is_version(version: str) -> bool:
    return re.fullmatch(r"latest|[1-9][0-9]{0,8}", version) is not None
