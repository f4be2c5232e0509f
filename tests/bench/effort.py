"""How much is done: `quick` shows that it works, `short` finds regressions in a few minutes, `full` is to be quoted."""

from typing import Literal, TypeVar

Effort = Literal["quick", "short", "full"]
T = TypeVar("T")


def chosen(effort: Effort, quick: T, short: T, full: T) -> T:
    return {"quick": quick, "short": short, "full": full}[effort]
