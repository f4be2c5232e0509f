"""What a write makes of a document, worked out before SQLite's one write lock is taken."""

from typing import NamedTuple

from functions.adapters import values
from functions.adapters.sqlite_entries import Entry, entries
from functions.domain.errors import PreconditionFailed
from functions.domain.indexes import Indexes
from functions.domain.ports import Create, Data, Delete, Document, Increment, Update, Write

_INT64 = 2**63


class Change(NamedTuple):
    """Good for the document in the version that it was read in, and for no other."""

    path: str
    was: str | None  # the version; None: it was not there
    text: str | None  # its JSON from now on; None: it is not there any more
    gone: set[Entry]
    come: set[Entry]
    data: Data  # what its JSON says


def change(indexes: Indexes, write: Write, old: Document | None) -> Change:
    """Of a write that is checked. Raises PreconditionFailed; ValueError where the document would become too large."""
    _check_precondition(write, old)
    was = old.version if old else None
    if isinstance(write, Delete):
        return Change(write.path, was, None, _entries(indexes, write.path, old), set(), {})
    if isinstance(write, Update) and old:
        data = _merged(old.data, write.data)
        before, after = (entries(indexes, write.path, one, among=write.data) for one in (old.data, data))
    else:
        data = write.data
        before, after = _entries(indexes, write.path, old), entries(indexes, write.path, data)
    return Change(write.path, was, text(write.path, data), before - after, after - before, data)


def _entries(indexes: Indexes, path: str, old: Document | None) -> set[Entry]:
    return entries(indexes, path, old.data) if old else set()


def text(path: str, data: Data) -> str:
    """A document's JSON. Raises ValueError where it is larger than a store takes."""
    found = values.dumps(data)
    # Firestore's count is at most four times as much (8 bytes for the `0,` of a list), so most need no counting.
    if len(found) * 4 > values.MAX_DOCUMENT and (size := values.size(path, data)) > values.MAX_STORED:
        raise ValueError(f"{path} would take {size} bytes; a document takes {values.MAX_STORED}.")
    return found


def _check_precondition(write: Write, old: Document | None) -> None:
    if isinstance(write, Create) and old:
        raise PreconditionFailed(f"{write.path} exists.")
    if isinstance(write, Update) and not old:
        raise PreconditionFailed(f"{write.path} does not exist.")
    if isinstance(write, Update | Delete) and write.version is not None and (not old or old.version != write.version):
        raise PreconditionFailed(f"{write.path} has changed.")


def _merged(old: Data, new: Data) -> Data:
    merged = dict(old)
    for name, value in new.items():
        merged[name] = _increased(old.get(name), value.by) if isinstance(value, Increment) else value
    return merged


def _increased(old: object, by: int) -> int | float:
    """As Firestore does it: what is no number counts as nothing, and 64 bits saturate."""
    if isinstance(old, float):
        return old + by
    start = old if isinstance(old, int) and not isinstance(old, bool) else 0
    return max(-_INT64, min(_INT64 - 1, start + by))
