"""How many bytes writes bring into a commit, as Firestore counts them (https://cloud.google.com/firestore/quotas).

Stores count for themselves, and refuse what is too much. This is for who has much to write and decides what goes
together.
"""

from collections.abc import Iterable
from typing import Any

from functions.domain.ports import Delete, Write

COMMIT = 3_000_000  # bytes that are written together: less than stores take, who know better what becomes of a value
_DOCUMENT = 50  # bytes that each takes besides its path and its fields


def of_writes(writes: Iterable[Write]) -> int:
    return sum(_DOCUMENT + len(w.path) + _of(w.data) for w in writes if not isinstance(w, Delete))


def _of(value: Any) -> int:
    if isinstance(value, str):
        return 1 + (len(value) if value.isascii() else len(value.encode()))
    if isinstance(value, dict):
        return sum(1 + len(name.encode()) + _of(item) for name, item in value.items())
    if isinstance(value, list | tuple):
        return sum(map(_of, value))
    return len(value) if isinstance(value, bytes) else 8
