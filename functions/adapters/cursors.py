"""Cursors: the place of a page's last document, as opaque text that belongs to one query.

The place is the order's value and the path, so a page stays where it was while newer documents arrive, and no store has
to remember anything. The query's shape goes along, hashed: a cursor of another query, owner or filter is
refused, instead of starting at a meaningless place. The bounds and the limit are no part of the shape: a place is as
good with others.
"""

import base64
import hashlib
import re
from typing import Any

from functions.adapters import values
from functions.domain.errors import InvalidRequest
from functions.domain.ports import Document, Query

Place = tuple[Any, str]  # the order's value (None without an order), the document's path


def check_values(query: Query) -> None:
    """ValueError for a filter or bound that no index could hold."""
    among = query.among[1] if query.among else ()
    for value in (*query.equals.values(), *among, query.since, query.until):
        if not values.is_scalar(values.plain(value)):
            raise ValueError(f"A query compares with scalars, not with {type(value).__name__}.")


def place_of(query: Query, document: Document) -> Place:
    return (document.data.get(query.order[0]) if query.order else None), document.path


def cursor(query: Query, last: Place) -> str:
    text = values.dumps([_shape(query), *last])
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def place(query: Query) -> Place | None:
    """Where the page starts; InvalidRequest if the cursor is not one of this query's."""
    if query.after is None:
        return None
    refusal = InvalidRequest(
        "The cursor is not one of this list.",
        remedy="Take the cursor from the previous page, and keep the other filters.",
    )
    try:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", query.after):
            raise ValueError("not base64url")
        text = base64.urlsafe_b64decode(query.after + "=" * (-len(query.after) % 4))
        shape, value, path = values.loads(text.decode())
        inside = f"/{values.check_path(path)}".rpartition("/")[0]
        values.plain(value)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as exc:
        raise refusal from exc
    home = inside.rpartition("/")[2] == query.collection if query.group else inside[1:] == query.collection
    if shape != _shape(query) or not home or not values.is_scalar(value):
        raise refusal
    return value, path


def _shape(query: Query) -> str:
    equals = {name: values.plain(value) for name, value in sorted(query.equals.items())}
    among = [query.among[0], sorted(query.among[1])] if query.among else None
    contains = [query.contains[0], *sorted(query.contains[1:])] if query.contains else None
    text = values.dumps([query.collection, query.group, equals, among, contains, query.order])
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
