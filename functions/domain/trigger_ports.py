"""What triggers need for reading values out of a payload."""

from typing import Any, Protocol


class PathFailed(Exception):
    """An expression could not be evaluated on this payload. `detail` is for the trigger's owner."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Paths(Protocol):
    """JMESPath: https://jmespath.org/specification.html. Bounded in time and in what comes out."""

    def check(self, expression: str) -> str:
        """What is wrong with the expression, with the column (from 1), or ""."""
        ...

    def evaluate(self, expression: str, payload: Any) -> Any:
        """JSON values: None, bool, int, float (finite), str, list, dict. None where the payload has nothing there.

        `payload` is as `payloads.parse` returns it, and is not changed. Raises PathFailed."""
        ...

    def together(self) -> "Paths":
        """The same, with one allowance for all that is evaluated from here on: what a trigger may cost on one payload,
        however many expressions it has."""
        ...
