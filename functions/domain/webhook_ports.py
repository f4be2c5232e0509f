"""What delivering an event needs from outside: one POST to an address that somebody else chose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HookAnswer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes  # its beginning; how much, the adapter says


class NoAnswer(Exception):
    """No complete answer came. `code`: forbidden, unresolved, unreachable, tls, timeout or malformed."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Hooks(Protocol):
    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        """One request, no redirects, within a bounded time. Raises NoAnswer.

        Only a public address is ever connected to, whatever the URL's name resolves to.
        """
        ...
