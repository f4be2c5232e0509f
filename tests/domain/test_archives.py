"""Files that Gmail refuses are found in archives, whatever way they lie there; nothing about an archive can hurt.

The rules: https://support.google.com/mail/answer/6590. The forms: PKWARE's APPNOTE.TXT, RFC 1952, POSIX pax.
"""

import bz2
import gzip
import io
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.domain import archives
from functions.domain.archives import DEPTH_LIMIT, HEADERS_LIMIT, UNPACKED_LIMIT, Budget, Scan, archive_problem
from tests.effort import effort
from tests.full import examples

MIB = 1 << 20
EXE = b"MZ" + bytes(600)


def zipped(*names: str, data: bytes = EXE, method: int = zipfile.ZIP_DEFLATED, **files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name in names:
            archive.writestr(name, data)
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def tarred(*names: str, data: bytes = EXE, kind: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def streamed_zip(name: str, data: bytes) -> bytes:
    """As programs write it that can't go back: the sizes stand behind the file's bytes (APPNOTE 4.4.4, bit 3)."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.written = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, b: object) -> int:
            self.written += bytes(b)  # type: ignore[call-overload]
            return len(bytes(b))  # type: ignore[call-overload]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return bytes(pipe.written)


def protected(raw: bytes) -> bytes:
    """The same ZIP, marked as encrypted in both of the places that say so."""
    changed = bytearray(raw)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        while (start := changed.find(mark, start + 1)) >= 0:
            changed[start + at] |= 1
    return bytes(changed)


def without_directory(raw: bytes) -> bytes:
    return raw[: raw.index(b"PK\x01\x02")]


def without_local_names(raw: bytes) -> bytes:
    return raw.replace(b"PK\x03\x04", b"PK\0\0", 1)


def in_blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def deep(levels: int) -> bytes:
    found = zipped("setup.exe")
    for _ in range(levels - 1):
        found = zipped(inner__zip=found)
    return found


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "zip": ("a.zip", zipped("readme.txt", "setup.exe"), "setup.exe"),
    "in a folder": ("a.zip", zipped("docs/bin/setup.exe"), "docs/bin/setup.exe"),
    "in a folder of Windows": ("a.zip", zipped("docs\\setup.exe"), "setup.exe"),
    "in capitals": ("a.zip", zipped("SETUP.EXE"), "SETUP.EXE"),
    "not compressed": ("a.zip", zipped("run.bat", method=zipfile.ZIP_STORED), "run.bat"),
    "compressed with bzip2": ("a.zip", zipped("run.cmd", method=zipfile.ZIP_BZIP2), "run.cmd"),
    "compressed with LZMA": ("a.zip", zipped("run.ps1", method=zipfile.ZIP_LZMA), "run.ps1"),
    "with dots behind": ("a.zip", zipped("setup.exe. ."), "setup.exe"),
    "with a NUL behind": ("a.zip", zipped("setupXexeY").replace(b"setupXexeY", b"setup.exe\0"), "setup.exe"),
    "compressed twice": ("a.zip", zipped("setup.exe.gz"), "setup.exe.gz"),
    "a name that is not ASCII": ("a.zip", zipped("übung.exe"), "übung.exe"),
    "sizes behind": ("a.zip", streamed_zip("setup.exe", EXE), "setup.exe"),
    "a ZIP of another name": ("photo.jpg", zipped("setup.exe"), "setup.exe"),
    "in a document": ("a.docx", zipped("word/document.xml", "word/evil.exe"), "word/evil.exe"),
    "a program in a book": ("a.epub", zipped("OEBPS/a.xhtml", "OEBPS/run.exe"), "OEBPS/run.exe"),
    "something in front": ("a.zip", b"x" * 1000 + zipped("setup.exe"), "setup.exe"),
    "no directory": ("a.zip", without_directory(zipped("setup.exe")), "setup.exe"),
    "only a directory": ("a.zip", without_local_names(zipped("setup.exe")), "setup.exe"),
    "protected": ("a.zip", protected(zipped("setup.exe")), "setup.exe"),
    "archive in a protected one": ("a.zip", protected(zipped("inner.zip", "a.txt")), "inner.zip"),
    "rar in a protected one": ("a.zip", protected(zipped("inner.rar")), "inner.rar"),
    "zip in zip": ("a.zip", deep(2), "inner.zip/setup.exe"),
    "zip in zip in zip": ("a.zip", deep(3), "inner.zip/inner.zip/setup.exe"),
    "streamed zip in streamed zip": ("a.zip", streamed_zip("b.zip", streamed_zip("x.js", EXE)), "b.zip/x.js"),
    "stored zip in zip": (
        "a.zip",
        zipped(inner__zip=zipped("setup.exe"), method=zipfile.ZIP_STORED),
        "inner.zip/setup.exe",
    ),
    "gzip": ("setup.exe.old.gz", gzip.compress(zipped("setup.exe")), "setup.exe"),
    "gzip's own name": ("a.gz", b"\x1f\x8b\x08\x08" + bytes(6) + b"x.exe\0" + gzip.compress(EXE)[10:], "x.exe"),
    "zip in gzip": ("a.zip.gz", gzip.compress(zipped("setup.exe")), "a.zip/setup.exe"),
    "second member of gzip": ("a.gz", gzip.compress(b"") + gzip.compress(zipped("x.vbs")), "x.vbs"),
    "zip in bzip2": ("a.bz2", bz2.compress(zipped("setup.exe")), "setup.exe"),
    "second stream of bzip2": ("a.bz2", bz2.compress(b"") + bz2.compress(zipped("x.vbs")), "x.vbs"),
    "tar": ("a.tar", tarred("readme.txt", "bin/setup.exe"), "bin/setup.exe"),
    "old tar": ("a.tar", tarred("a.txt", "setup.exe", kind=tarfile.USTAR_FORMAT), "setup.exe"),
    "tgz": ("a.tgz", gzip.compress(tarred("a.txt", "setup.exe")), "a.tar/setup.exe"),
    "tar.bz2": ("a.tar.bz2", bz2.compress(tarred("a.txt", "setup.exe")), "a.tar/setup.exe"),
    "a long name in GNU's tar": ("a.tar", tarred("d" * 200 + "/x.msi", kind=tarfile.GNU_FORMAT), "d"),
    "a long name in pax": ("a.tar", tarred("ü" * 200 + "/x.msi"), "ü"),
    "zip in tar": ("a.tar", tarred("inner.zip", data=zipped("setup.exe")), "inner.zip/setup.exe"),
    "tgz in zip": ("a.zip", zipped(b__tgz=gzip.compress(tarred("x.dll"))), "b.tgz/b.tar/x.dll"),
}  # fmt: skip

FINE: dict[str, tuple[str, bytes]] = {
    "no archive": ("a.pdf", b"%PDF-1.7" + b"setup.exe" * 1000),
    "nothing": ("a.zip", b""),
    "an empty ZIP": ("a.zip", zipped()),
    "harmless files": ("a.zip", zipped("a.txt", "b/c.pdf", "exe", ".exe.txt", "js")),
    "a folder that looks like a program": ("a.zip", zipped("app.exe/", "app.exe/readme.txt")),
    "a document with macros": ("a.docm", zipped("[Content_Types].xml", "word/vbaProject.bin")),
    "a book with scripts": ("a.epub", zipped("mimetype", "OEBPS/quiz.js")),
    "a book with scripts in a ZIP": (
        "a.zip",
        zipped(book__epub=zipped("mimetype", "quiz.js", method=zipfile.ZIP_STORED), method=zipfile.ZIP_STORED),
    ),
    "a document protected by a password": ("a.zip", protected(zipped("contract.pdf"))),
    "a text that talks about ZIP": ("a.zip", zipped("a.txt", data=b"PK\x03\x04 and PK\x01\x02 setup.exe" * 50)),
    "a text in gzip": ("a.txt.gz", gzip.compress(b"setup.exe" * 1000)),
    "a harmless tar": ("a.tgz", gzip.compress(tarred("a.txt", "b/c.pdf"))),
    "something else that is called a ZIP": ("a.zip", bytes(range(256)) * 50),
    "something else that is called a tar": ("a.tar", bytes(range(256)) * 50),
}


@pytest.mark.parametrize("size", [1, 7, 100, 4096, MIB])
@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_file_is_found_and_named(case: str, size: int) -> None:
    """Whatever the blocks are that it comes in."""
    filename, data, named = REFUSED[case]
    problem = archive_problem(filename, in_blocks(data, size))
    assert named in problem
    assert "support.google.com/mail/answer/6590" in problem


@pytest.mark.parametrize("size", [1, 100, MIB])
@pytest.mark.parametrize("case", FINE)
def test_what_gmail_takes_is_let_pass(case: str, size: int) -> None:
    filename, data = FINE[case]
    assert archive_problem(filename, in_blocks(data, size)) == ""


def test_every_name_of_gmails_list_is_found_in_a_zip() -> None:
    from functions.domain.attachment_rules import BLOCKED_EXTENSIONS

    for extension in BLOCKED_EXTENSIONS:
        assert f"end in .{extension}," in archive_problem("a.zip", [zipped(f"x.{extension}")])


def test_a_problem_is_safe_to_print() -> None:
    problem = archive_problem("a.zip", [zipped("\u202egpj\n" + "x" * 500 + ".exe")])
    assert problem.isprintable()
    assert len(problem) < 300


def test_the_blocks_pass_unchanged() -> None:
    data = zipped("setup.exe", "a.txt") * 3
    scan = Scan("a.zip")
    assert list(scan.through(in_blocks(data, 1000))) == list(in_blocks(data, 1000))
    assert scan.problem


def test_looking_ends_at_a_depth() -> None:
    """What lies deeper is Gmail's to judge; an archive that holds itself has no end."""
    assert archive_problem("a.zip", [deep(DEPTH_LIMIT)])
    assert archive_problem("a.zip", [deep(DEPTH_LIMIT + 1)]) == ""


NAMED = b"PK\x01\x02" + bytes(24) + struct.pack("<HH", 1, 0) + bytes(14) + b"a"


def bomb(levels: int) -> bytes:
    found = zipped(inner__zip=bytes(40 * MIB))
    for _ in range(levels - 1):
        found = zipped(inner__zip=found)
    return found


def test_looking_has_limits_that_an_instance_can_spare() -> None:
    """About half a second each; the tests below count what is done within a twentieth of them."""
    assert UNPACKED_LIMIT <= 64 * MIB
    assert HEADERS_LIMIT <= 300_000


@pytest.fixture
def twentieth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "UNPACKED_LIMIT", UNPACKED_LIMIT // 20)
    monkeypatch.setattr(archives, "HEADERS_LIMIT", HEADERS_LIMIT // 20)


@pytest.mark.usefixtures("twentieth")
@pytest.mark.parametrize(
    ("make", "most"),
    [
        # Unpacked in steps of 64 KiB, each of them a few calls.
        (lambda: ("a.zip", bomb(1)), 1_500),
        (lambda: ("a.zip", bomb(3)), 1_500),
        (lambda: ("a.gz", gzip.compress(bytes(40 * MIB))), 1_500),
        (lambda: ("a.tgz", gzip.compress(tarred("a.bin", data=bytes(40 * MIB)))), 1_500),
        (lambda: ("a.bz2", bz2.compress(bytes(40 * MIB))), 1_500),
        # Some calls for each header.
        (lambda: ("a.zip", zipped(*(f"{n}.zip" for n in range(1_000)), data=b"")), 800_000),
        (lambda: ("a.zip", b"PK\x03\x04\x14\0" * (2 * MIB)), 800_000),
        (
            lambda: ("a.zip", NAMED * 100_000),
            800_000,
        ),
        # And for each member, though nothing is in it.
        (lambda: ("a.gz", gzip.compress(b"") * 100_000), 100_000),
        (lambda: ("a.bz2", bz2.compress(b"") * 100_000), 100_000),
        (lambda: ("a.zip", zipped(b__zip=zipped(a__bz2=bz2.compress(b"") * 500_000))), 100_000),
    ],
    ids=[
        "zip",
        "nested",
        "gzip",
        "tgz",
        "bzip2",
        "many inner archives",
        "marks alone",
        "many names",
        "empty members of gzip",
        "empty streams of bzip2",
        "empty streams in two ZIPs",
    ],
)
def test_a_bomb_costs_little(make: Callable[[], tuple[str, bytes]], most: int) -> None:
    filename, data = make()

    def look() -> None:
        assert archive_problem(filename, in_blocks(data, 256 << 10)) == ""

    effort(look, most, sizes=False)
    part = data[: 4 * MIB]
    tracemalloc.start()
    archive_problem(filename, in_blocks(part, 256 << 10))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * MIB


def test_no_more_is_unpacked_than_the_limit() -> None:
    """What is behind it is not found, which is what the limit says."""
    tar = tarred("a.bin", data=bytes(UNPACKED_LIMIT)) + tarred("setup.exe")
    assert archive_problem("a.tgz", in_blocks(gzip.compress(tar), 64 << 10)) == ""


@pytest.mark.usefixtures("twentieth")
@pytest.mark.parametrize(
    ("filename", "data", "most"),
    [("a.gz", gzip.compress(bytes(4 * MIB)), 1_500), ("a.zip", NAMED * 20_000, 800_000)],
    ids=["unpacked", "names"],
)
def test_many_files_of_one_request_cost_what_one_does(filename: str, data: bytes, most: int) -> None:
    budget = Budget()

    def look() -> None:
        for _ in range(20):
            assert archive_problem(filename, (data,), budget) == ""

    effort(look, most, sizes=False)
    assert archive_problem("b.zip", (zipped("setup.exe"),), budget) == ""  # it is used up
    assert "setup.exe" in archive_problem("b.zip", (zipped("setup.exe"),))


@pytest.mark.usefixtures("twentieth")
def test_what_is_wrong_with_one_file_of_a_request_is_not_wrong_with_the_next() -> None:
    budget = Budget()

    assert "setup.exe" in archive_problem("a.zip", (zipped("setup.exe"),), budget)
    assert archive_problem("b.zip", (zipped("a.txt"),), budget) == ""
    assert "run.bat" in archive_problem("c.zip", (zipped("run.bat"),), budget)


def test_a_file_of_thousands_of_members_is_looked_through() -> None:
    """As logs are that a member is added to for each line."""
    data = gzip.compress(tarred("a.txt", data=b"x" * 512)[:1024]) * 10_000 + gzip.compress(tarred("setup.exe"))
    assert "setup.exe" in archive_problem("a.tgz", in_blocks(data, 64 << 10))


BITS = [data for _, data, _ in REFUSED.values()] + [data for _, data in FINE.values() if len(data) < 50_000]


@settings(max_examples=examples(300))
@given(
    filename=st.sampled_from(["a.zip", "a.tar", "a.tgz", "a.gz", "a.bz2", "a.bin"]),
    base=st.sampled_from(BITS),
    edits=st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=8)), max_size=12),
    cut=st.integers(0, 4000),
    size=st.integers(1, 2000),
)
@example(filename="a.zip", base=b"PK\x03\x04", edits=[], cut=4000, size=1)
def test_a_broken_archive_is_no_error(
    filename: str, base: bytes, edits: list[tuple[int, bytes]], cut: int, size: int
) -> None:
    """Whatever bytes come in whatever blocks: no exception, the same bytes on the other side, the same verdict."""
    data = bytearray(base[:cut])
    for at, new in edits:
        data[at : at + len(new)] = new
    scan = Scan(filename)
    assert b"".join(scan.through(in_blocks(bytes(data), size))) == data
    assert bool(archive_problem(filename, [bytes(data)])) == bool(scan.problem)


@settings(max_examples=examples(200))
@given(
    data=st.binary(max_size=3000), mark=st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08\0", b"BZh9", b"PK\x05\x06", b""])
)
def test_random_bytes_are_no_error(data: bytes, mark: bytes) -> None:
    archive_problem("a.zip", [mark + data])
    archive_problem("a.tar", [mark + data])


@settings(max_examples=examples(100))
@given(
    names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30), max_size=6),
    at=st.integers(0, 6),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    size=st.integers(1, 500),
)
def test_a_program_is_found_among_any_names(names: list[str], at: int, method: int, size: int) -> None:
    names.insert(at, "x.exe")
    with pytest.warns() if len(set(names)) < len(names) else pytest.MonkeyPatch.context():
        data = zipped(*names, method=method)
    assert archive_problem("a.zip", in_blocks(data, size))


def test_a_deflated_entry_that_lies_about_itself_hides_nothing() -> None:
    """The local header says that a deflated archive follows; what follows is another file's header."""
    name = b"inner.zip"
    header = struct.pack("<4s5HIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, 0, 0, len(name), 0)
    assert archive_problem("a.zip", [header + name + b"\xff" * 8 + zipped("setup.exe")])
