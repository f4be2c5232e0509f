"""What must never be in a log: every secret that the tests give or get, looked for in all output at the end."""

import re
import threading
from pathlib import Path

# Google's tokens and codes, our API keys, JSON web tokens, sealed values.
SHAPES = re.compile(r"ya29\.[\w-]{8}|1//0[\w-]{8}|4/0A[\w-]{8}|gmk_[0-9a-z]+_\w{8}|eyJ[\w-]{10}|\bv1\.\d+\.[\w-]{20}")
# The local server prints its own key when it starts, for whoever has just started it.
# A line of our own names nobody: an address may stand in no field of it.
PERSONAL = re.compile(r'^\{"severity": .*[\w.+-]+@[\w-]+.*$', re.MULTILINE)
BANNER = re.compile(r"^  (?:Gmail integration|API key) .*$", re.MULTILINE)


class Journal:
    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._logs: list[Path] = []
        self._lock = threading.Lock()

    def secret(self, *values: str | None) -> None:
        with self._lock:
            self._secrets.update(value for value in values if value and len(value) >= 8)

    def log(self, path: Path) -> Path:
        self._logs.append(path)
        return path

    def leaks(self) -> list[str]:
        """Where a secret stands in a log."""
        return [f"{path.name}: {found}" for path in self._logs for found in self.leaks_in(_read(path))]

    def leaks_in(self, text: str) -> list[str]:
        """The secrets in a text, cut short: this, too, is printed."""
        text = BANNER.sub("", text)
        shaped = [f"{match[0][:8]}…" for match in SHAPES.finditer(text)]
        shaped += [f"an address in {match[0][:40]}…" for match in PERSONAL.finditer(text)]
        return [*shaped, *(f"{secret[:4]}…" for secret in self._secrets if secret in text)]

    def written(self) -> str:
        """Everything that was logged so far."""
        return "".join(map(_read, self._logs))


def _read(path: Path) -> str:
    return path.read_text(errors="replace")
