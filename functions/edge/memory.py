"""How much of an instance's memory large JSON bodies may take at once. Files sent as multipart go through in blocks."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from functions.domain.errors import Unavailable

# A body takes about four times its size while its message is made: this leaves half of 512 MiB to everything else.
TOGETHER = 64 << 20  # bytes
FREE = 1 << 20  # bytes: a body up to this size is not counted
_RETRY_AFTER = 2.0  # seconds


class Held:
    """What one body takes."""

    def __init__(self, memory: "Memory") -> None:
        self._memory = memory
        self.size = 0
        self.counted = 0

    def add(self, size: int) -> None:
        """Another block has come. Raises Unavailable where there is no room for it."""
        self.size += size
        if self.size > FREE:
            self._memory.take(self.size - self.counted)
            self.counted = self.size


class Memory:
    """Thread-safe; one for each process."""

    def __init__(self) -> None:
        self._taken = 0
        self._lock = Lock()

    @contextmanager
    def held(self) -> Iterator[Held]:
        held = Held(self)
        try:
            yield held
        finally:
            with self._lock:
                self._taken -= held.counted

    def take(self, size: int) -> None:
        with self._lock:
            if self._taken + size > TOGETHER:
                raise Unavailable(
                    "Too many large messages are being read at once; this one was not.",
                    retry_after=_RETRY_AFTER,
                    remedy="Send it again after Retry-After; large files are better sent as multipart/form-data.",
                )
            self._taken += size
