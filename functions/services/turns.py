"""One at a time for each key: an account, a mailbox, a calendar. Others go on meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Turn:
    __slots__ = ("lock", "wanted_by")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.wanted_by = 0


class Turns:
    """A lock is kept for as long as somebody holds it or waits for it: there are never more than threads."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._turns)

    @contextmanager
    def of(self, key: str) -> Iterator[None]:
        """Waits until nobody else has this key's turn. Not for a thread that has it already."""
        with self._guard:
            turn = self._turns.setdefault(key, _Turn())
            turn.wanted_by += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._guard:
                turn.wanted_by -= 1
                if not turn.wanted_by:
                    del self._turns[key]
