"""Bodies of webhooks of every sort, each with what a right signature makes of it."""

import gzip
import json
import random
import zlib
from collections.abc import Callable
from typing import Literal
from urllib.parse import quote, urlencode

CAP = 1 << 20  # bytes of a body
FORM = "application/x-www-form-urlencoded"

Become = Literal["a send", "nothing", "refused"]


def content(chance: random.Random, number: int) -> tuple[bytes, str, Become]:
    if chance.random() < 0.45:
        return as_json(order(number)), "application/json", "a send"
    return chance.choice(CONTENTS)(chance, number)


def order(number: int, **changed: object) -> dict[str, object]:
    return {"id": f"evt_{number}", "to": f"c{number}@example.com", "name": "<b>Zoë</b> 😀", **changed}


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _hostile(chance: random.Random, number: int) -> tuple[bytes, str, Become]:
    """Rightly signed, and nobody may get it."""
    address = chance.choice(
        ("x@evil.test", "x@example.com.evil.test", "a@example.com, x@evil.test", "X <x@evil.test>", ["x@evil.test"] * 9,
         "a@example.com\r\nBcc: x@evil.test", {"email": "x@evil.test"}, "g: x@evil.test;",
         "x@evil.test\x00@example.com",
         "\ud800@example.com", ["a@example.com"] * 501 + ["x@evil.test"], None, "", [], 5, True)
    )  # fmt: skip
    return json.dumps(order(number, to=address)).encode(), "application/json", "nothing"


def _filtered(_: random.Random, number: int) -> tuple[bytes, str, Become]:
    return as_json(order(number, skip=True)), "application/json", "nothing"


def _other_json(chance: random.Random, number: int) -> tuple[bytes, str, Become]:
    """JSON, and no order."""
    value = chance.choice(
        (None, True, number, 1.5, "text", [], {}, [1, {"to": "x@evil.test"}], {"to": {"to": {"to": 1}}})
    )
    return as_json([number, value]), "application/json", "nothing"


def _readable(chance: random.Random, number: int) -> tuple[bytes, str, Become]:
    """Odd ways of writing an order that can be read all the same."""
    plain = order(number)
    body, content_type = chance.choice(
        (
            (b"\xef\xbb\xbf" + as_json(plain), "application/json"),
            (as_json(plain), "application/cloudevents+json; charset=utf-8"),
            (as_json(plain).replace(b"{", b'{"to": "x@evil.test", ', 1), "application/json"),  # the last one counts
            (as_json(order(number, name="\ufffd" * 9)).replace("\ufffd".encode(), b"\\ud800"), "application/json"),
            (as_json(order(number, extra=[[[[1e300, 10**40, "x" * 50_000]]]])), "APPLICATION/JSON"),
            (b"\r\n\t " + as_json(plain) + b" \n", "application/json"),
            (urlencode({k: str(v) for k, v in plain.items()}).encode(), FORM),
            (urlencode({"payload": as_json(plain).decode()}).encode(), FORM),
            (f"to={quote('x@evil.test')}&to=c{number}%40example.com&name=a&name=b".encode(), FORM),
        )
    )
    return body, content_type, "a send"


def _unreadable(chance: random.Random, number: int) -> tuple[bytes, str, Become]:
    """Rightly signed, and nothing that can be read."""
    text = as_json(order(number))
    depth = chance.choice((65, 1_000, 10_000, 100_000))
    deep = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")))
    body = chance.choice(
        (
            b"", b" ", b"\x00", b"{", b"}", text[: chance.randrange(1, len(text))], text + b"}", text + text,
            b'{"to": NaN}', b"[Infinity, -Infinity]", b"1e999", b"9" * 5_000,
            b"\xff\xfe" + text.decode().encode("utf-16-le"),
            text.decode().encode("utf-16"), text.decode().replace("😀", "").encode("latin-1"), text + b"\xff",
            b'"\xed\xa0\x80"', b"'" + text + b"'", b"<xml/>", gzip.compress(text), zlib.compress(text),
            gzip.compress(b" " * 5_000_000), deep[0] * depth + deep[1] * depth, deep[0] * depth,
            b"[" + b"0," * 100_000 + b"0]", chance.randbytes(chance.randrange(1, 500)) + b"\xff",
        )
    )  # fmt: skip
    return body, "application/json", "refused"


def _form(chance: random.Random, _: int) -> tuple[bytes, str, Become]:
    body = chance.choice(
        (
            b"",
            b"to=%ff",
            b"to=\xff",
            b"&".join(b"f%d=1" % n for n in range(1_001)),
            b"payload=%7B",
            b"payload=%7B%22a%22:%5B",
        )
    )
    return body, FORM, "refused"


def _typed(chance: random.Random, number: int) -> tuple[bytes, str, Become]:
    content_type = chance.choice(
        ("", "text/plain", "text/html", "multipart/form-data", "multipart/form-data; boundary=x", "application/xml",
         "json", "application/json-seq", "application/jsonx", ";;;", "application/", "\xe9/\xff", "image/png+json",
         "x" * 500, 'a/b; c="', "application/octet-stream")
    )  # fmt: skip
    return as_json(order(number)), content_type, "refused"


def _large(_: random.Random, number: int) -> tuple[bytes, str, Become]:
    return as_json(order(number, extra="x" * CAP)), "application/json", "refused"


Content = Callable[[random.Random, int], tuple[bytes, str, Become]]
CONTENTS: tuple[Content, ...] = (
    *(_hostile, _filtered, _other_json, _readable) * 4,
    *(_unreadable, _form, _typed) * 4,
    _large,
)
