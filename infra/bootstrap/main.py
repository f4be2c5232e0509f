"""Stands in for every function until its code is deployed: there has to be something, and it says what it is."""

from collections.abc import Callable
from typing import Any

PROBLEM = (
    '{"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "unavailable", '
    '"detail": "This function has no code yet.", "remedy": "Deploy it: make deploy PROJECT=…"}'
)


def __getattr__(name: str) -> Callable[[Any], tuple[str, int, dict[str, str]]]:
    if not name.isalpha():  # the framework asks for more than its target
        raise AttributeError(name)
    return lambda _request: (PROBLEM, 503, {"Content-Type": "application/problem+json", "Retry-After": "300"})
