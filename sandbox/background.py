"""What happens by itself a moment later: answers of mail servers, pushes and their repetitions."""

import heapq
import itertools
import threading
import time
import traceback
from collections.abc import Callable

WORKERS = 8


class Background:
    """Runs functions later, in threads of its own. What still waits when the program ends is lost."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []
        self._workers = 0

    def later(self, seconds: float, function: Callable[[], object]) -> None:
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + seconds, next(self._numbers), function))
            if self._workers < WORKERS:
                self._workers += 1
                threading.Thread(target=self._work, daemon=True).start()
            self._changed.notify()

    def _work(self) -> None:
        while True:
            function = self._next()
            try:
                function()
            except Exception:  # noqa: BLE001 - a worker outlives what goes wrong in it
                traceback.print_exc()

    def _next(self) -> Callable[[], object]:
        with self._changed:
            while True:
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(left)
