"""How much a piece of code does, counted instead of timed: the same number on every machine."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


class TooMuch(BaseException):
    """It is stopped there, so that a test without bounds fails instead of hanging."""


def effort(run: Callable[[], Any], most: int, *, sizes: bool = True) -> int:
    """What `run` did in this thread: one for each call, of Python or of C, and one for each 16 items or characters that
    a function gave back. Raises TooMuch as soon as it is more than `most`."""
    done = 0

    def count(_frame: FrameType, event: str, given: Any) -> None:
        nonlocal done
        if event in ("call", "c_call"):
            done += 1
        elif sizes and event == "return" and isinstance(given, str | bytes | list | tuple | dict):
            done += len(given) >> 4
        if done > most:
            raise TooMuch(f"more than {most} steps")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return done
