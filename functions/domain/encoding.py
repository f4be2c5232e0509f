"""Text into the 7-bit forms of email: RFC 2047 words, RFC 2231 parameters, quoted-printable, base64.

Written by hand because `email.message.EmailMessage` takes 2 ms a message and 1.2 s for 25 MB, and because its own
encoder let headers be injected (CVE-2024-6923). What is written here is read back by `mime.verify` before it leaves.
"""

import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Iterable, Iterator
from functools import lru_cache
from struct import Struct

LINE = 76  # characters of a line without its CRLF: RFC 2045 §6.7 and §6.8, RFC 2047 §2
HARD_LINE = 998  # RFC 5322 §2.1.1

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ALONE = re.compile(r"[!-~]+(?: [!-~]+)*")  # visible ASCII with single spaces: folding and unfolding change nothing
_TOKEN_FILENAME = re.compile(r"[A-Za-z0-9_.,@+()\[\]{}!#$&~^-]+(?: [A-Za-z0-9_.,@+()\[\]{}!#$&~^-]+)*")
_PREFIX, _SUFFIX = "=?utf-8?", "?="
# The set that is allowed in every place, phrases included: RFC 2047 §5 (3).
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q = [chr(byte) if byte in _Q_SAFE else "_" if byte == 32 else f"={byte:02X}" for byte in range(256)]
_ATTRIBUTE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~")
_PERCENT = [chr(byte) if byte in _ATTRIBUTE else f"%{byte:02X}" for byte in range(256)]

_OVERLONG = re.compile(rb"^([^\n]{74,75})(=(?:20|09))$", re.MULTILINE)
_LINE_BYTES = 57  # make one base64 line of 76
_STEP_LINES = 1024
_STEP = _LINE_BYTES * _STEP_LINES
_split_lines = Struct(f"{LINE}s" * _STEP_LINES).unpack


def fold(name: str, words: Iterable[str]) -> str:
    """`Name: word word…` CRLF, folded before a word that would go over column 76. A fold stands for one space."""
    lines: list[str] = []
    line = f"{name}:"
    fresh = True
    for word in words:
        # A first line with nothing behind the name is legal, but some readers lose what follows: never fold there.
        if not fresh and len(line) + 1 + len(word) > LINE:
            lines.append(line)
            line = ""
        line += f" {word}"
        fresh = False
    lines.append(line)
    return "\r\n".join(lines) + "\r\n"


def unstructured(name: str, value: str) -> str:
    """A header such as Subject: as it stands where that reads back exactly, in encoded words where not."""
    if _ALONE.fullmatch(value) and "=?" not in value:
        if len(name) + 2 + len(value) <= LINE:
            return f"{name}: {value}\r\n"
        words = value.split(" ")
        if max(map(len, words)) < HARD_LINE - LINE:
            return fold(name, words)
    return fold(name, encoded_words(value, LINE - len(name) - 2)) if value else f"{name}: \r\n"


def encoded_words(value: str, first: int = LINE - 1) -> list[str]:
    """RFC 2047 words of at most 75 characters (the first: `first`), split between characters, Q or B as is shorter."""
    encoded = [*map(_lengths, value)]
    in_base64 = sum(size for size, _ in encoded) * 4 / 3 < sum(size for _, size in encoded)
    words: list[str] = []
    start = used = 0
    room = min(first, LINE - 1) - len(_PREFIX) - 2 - len(_SUFFIX)
    for index, (in_utf8, in_q) in enumerate(encoded):
        after = used + (in_utf8 if in_base64 else in_q)
        if ((after + 2) // 3 * 4 if in_base64 else after) > room and index > start:
            words.append(_word(value[start:index], in_base64))
            start, after = index, after - used
            room = LINE - 1 - len(_PREFIX) - 2 - len(_SUFFIX)
        used = after
    words.append(_word(value[start:], in_base64))
    return words


@lru_cache(4096)
def _lengths(char: str) -> tuple[int, int]:
    """Of a character, in UTF-8 and in Q."""
    raw = char.encode()
    return len(raw), sum(len(_Q[byte]) for byte in raw)


def _word(value: str, in_base64: bool) -> str:
    raw = value.encode()
    body = b2a_base64(raw, newline=False).decode("ascii") if in_base64 else "".join([_Q[byte] for byte in raw])
    return f"{_PREFIX}{'b' if in_base64 else 'q'}?{body}{_SUFFIX}"


def mailbox(name: str, email: str) -> list[str]:
    """The words of one address; `email` is ASCII and needs no quoting."""
    if not name:
        # SpamAssassin takes an HTML mail whose To has no brackets for spam (TO_NO_BRKTS_HTML_ONLY).
        return [f"<{email}>"]
    if len(name) <= 60 and name.isascii() and name == name.strip():  # readers trim what is quoted
        if _ATOMS.fullmatch(name):
            return [name, f"<{email}>"]
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return [f'"{escaped}"', f"<{email}>"]
    return [*encoded_words(name, LINE - len("Reply-To: ")), f"<{email}>"]


def mailboxes(name: str, addresses: Iterable[tuple[str, str]]) -> str:
    """An address header of (display name, ASCII email) pairs."""
    words: list[str] = []
    for shown, email in addresses:
        if words:
            words[-1] += ","
        words += mailbox(shown, email)
    return fold(name, words)


def filename_parameters(filename: str) -> list[str]:
    """The `filename` parameter or parameters of a Content-Disposition.

    Plain ASCII names are a quoted string. All others are RFC 2231, in sections where they are long, and nothing
    besides: a second, plain `filename` as a fallback is a duplicate in RFC 2231, and CPython takes the first one.
    """
    if _TOKEN_FILENAME.fullmatch(filename) and len(filename) <= 60:
        return [f'filename="{filename}"']
    chars = ["".join([_PERCENT[byte] for byte in char.encode()]) for char in filename]
    whole = "".join(chars)
    if len(whole) <= 55:
        return [f"filename*=utf-8''{whole}"]
    sections = ["utf-8''"]
    for char in chars:
        if len(sections[-1]) + len(char) > 55:
            sections.append("")
        sections[-1] += char
    return [f"filename*{index}*={section}" for index, section in enumerate(sections)]


def normal_lines(text: str) -> str:
    """`text` with LF line endings, the last line with one too: the form in which bodies are compared."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"


def body(text: str) -> tuple[str, bytes]:
    """The Content-Transfer-Encoding and the bytes of a text: the shorter of quoted-printable and base64."""
    raw = normal_lines(text).encode()
    quoted = _quoted_printable(raw)
    canonical = len(raw) + raw.count(b"\n")
    if len(quoted) <= base64_size(canonical) + 2:
        return "quoted-printable", quoted
    return "base64", b"".join(base64_blocks((raw.replace(b"\n", b"\r\n"),))) + b"\r\n"


def _quoted_printable(raw: bytes) -> bytes:
    """RFC 2045 §6.7 of text with LF line endings."""
    quoted = b2a_qp(raw, istext=True)
    if b" \n" in raw or b"\t\n" in raw:
        # CPython escapes the white space at a line's end only after it counted the line: up to 78 characters.
        quoted = _OVERLONG.sub(rb"\1=\n\2", quoted)
    return quoted.replace(b"\n", b"\r\n")


def base64_size(size: int) -> int:
    """Bytes that `base64_blocks` makes of `size` bytes."""
    encoded = (size + 2) // 3 * 4
    return encoded + max(0, (encoded - 1) // LINE * 2)


def base64_blocks(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Base64 in lines of 76 with CRLF between them, none at the end; memory for about 1,024 lines at a time."""
    carry = bytearray()
    separator = b""
    for block in blocks:
        view = memoryview(block)
        if carry:
            taken = _STEP - len(carry)
            carry += view[:taken]
            view = view[taken:]
            if len(carry) < _STEP:
                continue
            yield separator + b"\r\n".join(_split_lines(b2a_base64(carry, newline=False)))
            separator = b"\r\n"
        whole = len(view) - len(view) % _STEP
        for start in range(0, whole, _STEP):
            yield separator + b"\r\n".join(_split_lines(b2a_base64(view[start : start + _STEP], newline=False)))
            separator = b"\r\n"
        carry = bytearray(view[whole:])
    if carry:
        rest = b2a_base64(carry, newline=False)
        yield separator + b"\r\n".join([rest[start : start + LINE] for start in range(0, len(rest), LINE)])
