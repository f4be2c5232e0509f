"""Blobs as files below one directory: the store of a laptop.

A blob is written aside, flushed to the disk and renamed, so its name shows all of it or nothing. A reader that has
opened it keeps what it opened, whatever happens to the name. The last segment of a name gets a `=` in front, which no
name contains: Cloud Storage has no directories, so there `a` and `a/b` can both be blobs, and so they can here.
"""

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from functions.adapters.blob_names import BLOCK, check_name, check_prefix
from functions.domain.errors import BlobMissing, PreconditionFailed, Unavailable
from functions.domain.ports import BlobInfo, SignedUpload

_MARK = "="
_ASIDE = ".writing"  # no name begins with a dot
_ABANDONED = 24 * 60 * 60  # seconds after which nobody is still writing a file


class FileBlobs:
    def __init__(self, directory: str | Path, sign: Callable[[str, int, datetime], SignedUpload] | None = None) -> None:
        """Nothing is made before the first write. `sign` makes the URLs that files can be uploaded to."""
        self._directory = Path(directory)
        self._sign = sign
        self._tidied = False

    def write(self, name: str, blocks: Iterable[bytes], *, once: bool = False) -> BlobInfo:
        """With `once` it replaces nothing: raises PreconditionFailed where there is a blob of this name."""
        target = self._file(name)
        with self._translated():
            aside = self._directory / _ASIDE
            aside.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._tidy(aside)
            handle, path = tempfile.mkstemp(dir=aside)
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb", buffering=BLOCK) as file:
                for block in blocks:  # what this raises is the caller's, and passes as it is
                    digest.update(block)
                    size += len(block)
                    with self._translated():
                        file.write(block)
                with self._translated():
                    file.flush()
                    os.fsync(file.fileno())
            with self._translated():
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                if once:
                    _link(path, target)
                else:
                    Path(path).rename(target)
                _sync(target.parent)
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise
        return BlobInfo(name, size, digest.hexdigest())

    def read(self, name: str) -> Iterator[bytes]:
        with self._translated():
            try:
                file = self._file(name).open("rb")
            except FileNotFoundError as exc:
                raise BlobMissing(name) from exc
        return self._blocks(file)

    def delete(self, name: str) -> None:
        with self._translated():
            try:
                self._file(name).unlink()
            except (FileNotFoundError, NotADirectoryError):
                return
            _sync(self._file(name).parent)

    def delete_all(self, prefix: str) -> None:
        for name, _ in self._found(prefix):
            self.delete(name)

    def older(self, prefix: str, than: datetime) -> Iterator[str]:
        """The names of blobs that were stored before that time."""
        for name, path in self._found(prefix):
            with contextlib.suppress(FileNotFoundError):  # it is being deleted
                if path.stat().st_mtime < than.timestamp():
                    yield name

    def upload_url(self, name: str, size: int, expires_at: datetime) -> SignedUpload:
        check_name(name)
        if self._sign is None:
            raise Unavailable("This store of blobs makes no upload URLs.")
        return self._sign(name, size, expires_at)

    def _found(self, prefix: str) -> Iterator[tuple[str, Path]]:
        check_prefix(prefix)
        for directory, _, files in os.walk(self._directory / prefix.rpartition("/")[0]):
            for file in files:
                path = Path(directory, file)
                if not file.startswith(_MARK):
                    continue
                name = path.with_name(file.removeprefix(_MARK)).relative_to(self._directory).as_posix()
                if name.startswith(prefix):
                    yield name, path

    def _tidy(self, aside: Path) -> None:
        """Once in a process: what processes left behind that died while they wrote."""
        if self._tidied:
            return
        self._tidied = True
        for file in aside.iterdir():
            if file.stat().st_mtime < time.time() - _ABANDONED:
                file.unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        path = self._directory / check_name(name)
        return path.with_name(_MARK + path.name)

    def _blocks(self, file: BinaryIO) -> Iterator[bytes]:
        with file:
            while True:
                with self._translated():
                    block = file.read(BLOCK)
                if not block:
                    return
                yield block

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise Unavailable(
                f"The directory {self._directory} can't be used: {exc.strerror}.",
                remedy="Check that it is writable and that its disk is not full.",
            ) from exc


def _link(path: str, target: Path) -> None:
    """link(2) fails where rename(2) would replace."""
    try:
        os.link(path, target)
    except FileExistsError as exc:
        raise PreconditionFailed from exc
    Path(path).unlink()


def _sync(directory: Path) -> None:
    """A new name is durable when its directory is (fsync(2))."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
