"""The queue of a laptop: threads of this process over the same records, and a timer that sweeps.

It loses everything when the process dies, as it may: the records say what is to be done, and the sweep at the next
start finds it.
"""

import heapq
import itertools
import sys
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from functions.domain.ports import Clock

WORKERS = 24
AT_ONCE = 6  # of one lane: an account whose sends are slow leaves the other workers to the other accounts
EVENTS_AT_ONCE = 2  # of one endpoint: ten that are slow still leave workers to the sends
SWEEP_EVERY = 15.0  # seconds


@dataclass(order=True, slots=True)
class _Task:
    due: float
    number: int
    key: tuple[str, str, int] = field(compare=False)
    lane: str = field(compare=False)


class LocalQueue:
    """`deliver(owner, item)` does the work; `sweep()` is called at the start and then every few seconds."""

    def __init__(
        self,
        deliver: Callable[[str, str], None],
        sweep: Callable[[], object],
        clock: Clock,
        *,
        sweep_every: float = SWEEP_EVERY,
    ) -> None:
        self._deliver = deliver
        self._sweep = sweep
        self._clock = clock
        self._sweep_every = sweep_every
        self._heap: list[_Task] = []
        self._waiting: set[tuple[str, str, int]] = set()
        self._numbers = itertools.count()
        self._running: Counter[str] = Counter()
        self._behind: defaultdict[str, deque[_Task]] = defaultdict(deque)  # due, but their lane is full
        self._changed = threading.Condition()
        self._started = False

    def enqueue(self, owner: str, item: str, at: datetime | None = None, lane: str = "") -> None:
        now = self._clock().timestamp()
        due = at.timestamp() if at else now
        with self._changed:
            # As named tasks of the cloud's queue, one for a send and a time; and one for all that is due by now, or
            # every sweep would add another while the workers are behind.
            key = (owner, item, int(due) if due > now else 0)
            if key not in self._waiting:
                self._waiting.add(key)
                heapq.heappush(self._heap, _Task(due, next(self._numbers), key, lane or owner))
                self._changed.notify()
        self.start()

    def start(self) -> None:
        """Begin working; called again, it does nothing. Not in the constructor: threads don't survive a fork."""
        with self._changed:
            if self._started:
                return
            self._started = True
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="deliver")
        threading.Thread(target=self._dispatch, name="queue", daemon=True).start()
        threading.Thread(target=self._sweep_always, name="sweep", daemon=True).start()

    def _dispatch(self) -> None:
        """Hands out only what a worker is free for, so that the end of the process waits for nothing else."""
        while True:
            with self._changed:
                while (task := self._next()) is None:
                    # At most a second: the wall clock may be set while we wait.
                    wait = self._heap[0].due - self._clock().timestamp() if self._heap else 1.0
                    self._changed.wait(min(max(wait, 0.001), 1.0) if self._free() else 1.0)
                self._running[task.lane] += 1
                self._waiting.discard(task.key)
            try:
                self._pool.submit(self._run, task)
            except RuntimeError:  # the interpreter is ending
                return

    def _free(self) -> bool:
        return self._running.total() < WORKERS

    def _next(self) -> _Task | None:
        """The first task that is due and whose lane has room; those whose lane is full are put aside."""
        now = self._clock().timestamp()
        while self._free() and self._heap and self._heap[0].due <= now:
            task = heapq.heappop(self._heap)
            if self._running[task.lane] < (EVENTS_AT_ONCE if task.lane.startswith("end_") else AT_ONCE):
                return task
            self._behind[task.lane].append(task)
        return None

    def _run(self, task: _Task) -> None:
        try:
            self._deliver(task.key[0], task.key[1])
        except Exception as error:  # noqa: BLE001 - the sweep brings it back; a queue must not die of one send
            sys.stderr.write(f'{{"severity": "ERROR", "event": "deliver", "error": "{type(error).__name__}"}}\n')
        finally:
            self._done(task.lane)

    def _done(self, lane: str) -> None:
        """The lane's next one comes after what other lanes have due already."""
        with self._changed:
            self._running[lane] -= 1
            if not self._running[lane]:
                del self._running[lane]
            if behind := self._behind.get(lane):
                task = behind.popleft()
                task.due = self._clock().timestamp()
                heapq.heappush(self._heap, task)
            else:
                self._behind.pop(lane, None)
            self._changed.notify()

    def _sweep_always(self) -> None:
        while True:
            try:
                self._sweep()
            except Exception as error:  # noqa: BLE001 - a store that is away comes back
                sys.stderr.write(f'{{"severity": "ERROR", "event": "sweep", "error": "{type(error).__name__}"}}\n')
            time.sleep(self._sweep_every)
