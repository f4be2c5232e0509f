"""Secrets as files `name/1`, `name/2`, … that only their owner can read: the store of a laptop."""

import os
import tempfile
from pathlib import Path

from functions.adapters.secret_names import check_name, check_value, is_version
from functions.domain.errors import SecretMissing, Unavailable
from functions.domain.ports import Secret


class FileSecrets:
    def __init__(self, directory: str | Path) -> None:
        """Nothing is made before the first secret."""
        self._directory = Path(directory)

    def get(self, name: str, version: str = "latest") -> Secret:
        home = self._directory / check_name(name)
        if not is_version(version):
            raise SecretMissing(f"{name} has no version {version!r}.")
        try:
            found = max(_versions(home), default=0) if version == "latest" else int(version)
            return Secret((home / str(found)).read_bytes(), str(found))
        except FileNotFoundError as exc:
            raise SecretMissing(f"{name} has no version {version}.") from exc
        except OSError as exc:
            raise self._unavailable(exc) from exc

    def add(self, name: str, value: bytes) -> str:
        home = self._directory / check_name(name)
        check_value(value)
        try:
            for directory in (self._directory, home):
                if not directory.exists():
                    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            return _added(home, value)
        except OSError as exc:
            raise self._unavailable(exc) from exc

    def _unavailable(self, exc: OSError) -> Unavailable:
        return Unavailable(
            f"The secrets in {self._directory} can't be used: {exc.strerror}.",
            remedy="Check that this user owns the directory and may write there.",
        )


def _versions(home: Path) -> list[int]:
    return [int(entry.name) for entry in home.iterdir() if entry.name.isdecimal()]


def _added(home: Path, value: bytes) -> str:
    """A finished file is linked to the next number. Unlike a rename, a link fails if another process was first."""
    handle, aside = tempfile.mkstemp(dir=home, prefix=".")  # mkstemp gives it mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        while True:
            version = str(max(_versions(home), default=0) + 1)
            try:
                os.link(aside, home / version)
            except FileExistsError:
                continue
            break
    finally:
        Path(aside).unlink()
    directory = os.open(home, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return version
