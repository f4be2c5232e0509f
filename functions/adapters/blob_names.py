"""The names that every store of blobs takes: a laptop refuses what would surprise in the cloud, and the reverse."""

import re

BLOCK = 256 * 1024  # bytes; the most that a reader is given at once

_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}"
_NAME = re.compile(rf"{_SEGMENT}(/{_SEGMENT})*")


def check_name(name: str) -> str:
    """Segments of plain ASCII that begin with no dot: nothing climbs out of a directory, and no file system minds."""
    if len(name) > 900 or not _NAME.fullmatch(name):  # Cloud Storage: 1,024 bytes
        raise ValueError(f"Not a blob's name: {name!r}")
    return name


def check_prefix(prefix: str) -> str:
    if prefix and not _NAME.fullmatch(prefix.removesuffix("/")):
        raise ValueError(f"Not the beginning of a blob's name: {prefix!r}")
    return prefix
