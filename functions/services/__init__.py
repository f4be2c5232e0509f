"""Use cases, over ports. Here is what many of them do alike: change what they have read, and read page after page."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

from functions.domain.errors import Conflict, PreconditionFailed
from functions.domain.ports import Documents, Page, Query

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 5  # against whoever changes the same record at the same moment: each of their changes lets one of ours fail


def retry_if_stale(change: Callable[P, R]) -> Callable[P, R]:
    """For a function that reads, decides, and commits with the versions it read: where somebody else changed what it
    had read (PreconditionFailed), it is called again, and reads again. So what it does before its commit must bear
    being repeated.

    Raises Conflict where somebody was faster each of TRIES times; and whatever else the function raises, at once.
    """

    @wraps(change)
    def retried(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(TRIES):
            try:
                return change(*args, **kwargs)
            except PreconditionFailed:
                continue
        raise Conflict

    return retried


def pages(documents: Documents, query: Query) -> Iterator[Page]:
    """All that a query finds, `limit` at a time. Who takes no more of them has no more read."""
    while True:
        page = documents.query(query)
        yield page
        if page.next is None:
            return
        query = query._replace(after=page.next)
