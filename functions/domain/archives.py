"""Looking into archives for what Gmail refuses, while their bytes pass on their way to the store.

Gmail's words (https://support.google.com/mail/answer/6590): it refuses certain types of files, "including their
compressed form (like .gz or .bz2 files) or when found within archives (like .zip or .tgz files)", and
"password-protected archives with archived content". So names are read in ZIP, tar, gzip and bzip2, nested ones too. An
archive that is protected by a password still shows its names; one inside of it can't be looked into, and is refused.
Documents with macros pass: Gmail refuses malicious ones, and only Gmail can tell. RAR and 7z are not looked into.

This spares people a message that comes back. It is no virus scanner: Gmail has the last word. So a broken archive is
no error here, and what would cost too much to look at is let pass. Nothing is kept but the names' own bytes; of what is
compressed no more is unpacked than `UNPACKED_LIMIT` bytes for all files of a request, a block at a time.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from functions.domain.attachment_rules import blocked_extension
from functions.domain.characters import printable

UNPACKED_LIMIT = 64 << 20  # bytes: about half a second
HEADERS_LIMIT = 300_000  # about half a second, too
DEPTH_LIMIT = 4  # archives within archives
_STEP = 64 << 10  # bytes looked at in one go
_HEAD = 262  # bytes until it is clear what a file is: tar has its mark at 257

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00PK\x03\x04")  # APPNOTE 4.3.7, 4.3.16, 8.5
_ARCHIVES = ("zip", "tar", "tgz", "taz", "gz", "tbz", "tbz2", "bz2", "rar", "7z")
# A book may bring scripts of its own (EPUB 3.3 §6.3.2), and is no archive that anything is run from.
_OWN_SCRIPTS = {"epub": ("js", "mjs")}


class Reader(Protocol):
    """Takes the bytes of one file as they come, and never raises for what they are."""

    def feed(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class Budget:
    """What may still be spent on looking into the files of one request, however many they are."""

    def __init__(self) -> None:
        self.unpacked = UNPACKED_LIMIT
        self.headers = HEADERS_LIMIT


class Findings:
    """What was found in one file and all that is in it."""

    def __init__(self, budget: Budget) -> None:
        self.problem = ""
        self.budget = budget

    @property
    def done(self) -> bool:
        return bool(self.problem) or self.budget.unpacked <= 0 or self.budget.headers <= 0


class Place:
    """Where in a file a reader is: in the archive `path`, at this depth."""

    def __init__(self, findings: Findings, path: tuple[str, ...]) -> None:
        self.findings = findings
        self._path = path
        self._allowed = _OWN_SCRIPTS.get(_extension(path[-1]), ())

    def see(self, name: str, *, encrypted: bool = False) -> None:
        """A file of this name is in here."""
        name = name.replace("\\", "/")
        if name.endswith("/") or self.findings.problem:
            return
        extension = blocked_extension(name.rpartition("/")[2])
        # Programs that are written in C take a name to end at its first NUL.
        extension = extension or blocked_extension(name.partition("\0")[0].rpartition("/")[2])
        if extension and extension not in self._allowed:
            self._refuse(name, f"and Gmail refuses files that end in .{extension}, also inside archives")
        elif encrypted and is_archive(name):
            self._refuse(name, "and Gmail refuses archives inside of one that is protected by a password")

    def within(self, name: str) -> Reader | None:
        """What reads the file of this name in here; None where it is no archive, or too deep."""
        if not is_archive(name) and _extension(name) not in _OWN_SCRIPTS:
            return None
        if len(self._path) >= DEPTH_LIMIT or self.findings.done:
            return None
        return _File(Place(self.findings, (*self._path, name)), name)

    def alone(self, name: str) -> Reader:
        """What reads the one file that is compressed in here."""
        return _File(Place(self.findings, (*self._path, name)), name)

    @property
    def deep(self) -> bool:
        return len(self._path) > DEPTH_LIMIT

    def _refuse(self, name: str, why: str) -> None:
        path = printable("/".join((*self._path[1:], name)), 120)
        self.findings.problem = f"It holds `{path}`, {why} (support.google.com/mail/answer/6590)."


class Scan:
    """Looks at the bytes of one file as they pass. `problem` is "" while nothing is wrong with it."""

    def __init__(self, filename: str, budget: Budget | None = None) -> None:
        """`budget` is shared with the other files of the request, where there are any."""
        self._findings = Findings(budget or Budget())
        self._file = _File(Place(self._findings, (filename,)), filename)

    @property
    def problem(self) -> str:
        return self._findings.problem

    def through(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The same blocks."""
        for block in blocks:
            # A large block is not handed on as one: unpacking copies what it has not come to yet.
            for start in range(0, len(block), _STEP):
                if self._findings.done:
                    break
                self._file.feed(block[start : start + _STEP])
            yield block
        self._file.close()


def archive_problem(filename: str, blocks: Iterable[bytes], budget: Budget | None = None) -> str:
    """What is wrong with what a file holds, or ""."""
    scan = Scan(filename, budget)
    for _ in scan.through(blocks):
        pass
    return scan.problem


def is_archive(name: str) -> bool:
    return _extension(name) in _ARCHIVES


def _extension(name: str) -> str:
    return name.lower().rpartition(".")[2]


class _File:
    """One file of any kind: what it is shows in its first bytes, or else in its name."""

    def __init__(self, place: Place, name: str) -> None:
        self._place = place
        self._name = name
        self._head = b""
        self._reader: Reader | None = None
        self._known = False

    def feed(self, data: bytes) -> None:
        if not self._known:
            self._head += data
            if len(self._head) < _HEAD:
                return
            data, self._head = self._head, b""
            self._decide(data)
        if self._reader and not self._place.findings.done:
            self._reader.feed(data)

    def close(self) -> None:
        if not self._known and self._head:
            self._decide(self._head)
            if self._reader and not self._place.findings.done:
                self._reader.feed(self._head)
        if self._reader:
            self._reader.close()

    def _decide(self, head: bytes) -> None:
        self._known = True
        made = None if self._place.deep else _reader_of(head, _extension(self._name))
        self._reader = made(self._place, self._name) if made else None


def _reader_of(head: bytes, extension: str) -> Callable[[Place, str], Reader] | None:
    if head.startswith(_ZIP) or extension == "zip":
        from functions.domain.zip_names import ZipNames

        return lambda place, _: ZipNames(place)
    if head[257:262] == b"ustar" or extension == "tar":
        from functions.domain.tar_names import TarNames

        return lambda place, _: TarNames(place)
    if head.startswith(b"\x1f\x8b"):
        from functions.domain.compressed_files import Gzip

        return Gzip
    if head.startswith(b"BZh"):
        from functions.domain.compressed_files import Bzip2

        return Bzip2
    return None
