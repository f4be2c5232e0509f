"""Reading request bodies: JSON with a limit, and what is left of a refused one."""

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NoReturn

from werkzeug.wrappers import Request

from functions.domain.errors import FieldError, InvalidJson, InvalidRequest, PayloadTooLarge, UnsupportedMediaType

BLOCK = 64 << 10  # bytes
# A client that is told no while it still sends may not read the answer, so a refused body is read to its end, and
# dropped. One that is longer than the platform lets through anyway is not worth the time.
DISCARD_LIMIT = 64 << 20  # bytes
_KEY = re.compile(r"[!-~]{1,255}")  # visible ASCII


def read(request: Request, limit: int, came: Callable[[int], None] = lambda _: None) -> bytes:
    """The whole body, of at most `limit` bytes; `came` hears of each block's size. Raises PayloadTooLarge,
    UnsupportedMediaType, and what `came` raises."""
    check_readable(request, limit)
    parts, size = [], 0
    for block in blocks(request):
        size += len(block)
        if size > limit:
            _too_large(limit)
        came(len(block))
        parts.append(block)
    return b"".join(parts)


def blocks(request: Request) -> Iterator[bytes]:
    """The body as it comes. Raises InvalidRequest where it ends too early, or its chunks are wrong."""
    size = 0
    while True:
        try:
            block = request.stream.read(BLOCK)
        except Exception as exc:  # every HTTP server's reader has errors of its own
            raise InvalidRequest("The body can't be read to its end.") from exc
        if not block:
            break
        size += len(block)
        yield block
    if size < (request.content_length or 0):  # the caller hung up: what came may look whole, and is not
        raise InvalidRequest("The body ends before its Content-Length, or came too slowly.")
    request.stream = io.BytesIO()  # nothing is left


def read_json(request: Request, limit: int) -> dict[str, Any]:
    """Raises UnsupportedMediaType, PayloadTooLarge, InvalidJson."""
    if not is_json(request.mimetype):
        raise UnsupportedMediaType("This takes application/json.")
    return parse_object(read(request, limit))


def is_json(kind: str) -> bool:
    """Whether a media type is JSON's, or based on it (RFC 6839 §3.1)."""
    return kind == "application/json" or kind.endswith("+json")


def read_optional_json(request: Request, limit: int) -> dict[str, Any]:
    """As `read_json`; an empty object where there is no body."""
    if not request.content_length and "Transfer-Encoding" not in request.headers:
        return {}
    return read_json(request, limit)


def parse_object(body: bytes) -> dict[str, Any]:
    """One JSON object (RFC 8259) in UTF-8. Raises InvalidJson, saying where it goes wrong."""
    try:
        found = _JSON.decode(body.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise InvalidJson(f"The body is not UTF-8 at byte {exc.start}.") from exc
    except json.JSONDecodeError as exc:
        raise InvalidJson(f"The body is not JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}.") from exc
    except RecursionError as exc:
        raise InvalidJson("The body is nested too deeply.") from exc
    except ValueError as exc:  # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
        raise InvalidJson("A number has thousands of digits.") from exc
    if not isinstance(found, dict):
        raise InvalidJson("The body is not a JSON object.")
    return found


def check_readable(request: Request, limit: int) -> None:
    """What the headers already say. Raises PayloadTooLarge, UnsupportedMediaType."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("The body is compressed; send it as it is.")
    if request.content_length is not None and request.content_length > limit:
        _too_large(limit)


def announced(request: Request) -> bool:
    """Whether there is a body, or more of it than none."""
    return bool(request.content_length) or "Transfer-Encoding" in request.headers


def within(request: Request, seconds: float) -> AbstractContextManager[None]:
    """What comes of the body comes within this time."""
    if not announced(request):
        return nullcontext()
    from functions.edge.deadlines import DEADLINES  # most bodies are read by then, or there is none

    return DEADLINES.within(request, seconds)


def discard(request: Request, seconds: float) -> None:
    """Reads what has not been read of the body, within limits of size and time."""
    if not announced(request) or isinstance(request.stream, io.BytesIO):
        return
    if (request.content_length or 0) > DISCARD_LIMIT:
        return
    left = DISCARD_LIMIT
    with (
        contextlib.suppress(InvalidRequest),
        within(request, seconds),
    ):  # it can't be read: then there is nothing to drop
        for block in blocks(request):
            left -= len(block)
            if left <= 0:
                return


def idempotency_key(request: Request) -> str | None:
    """Raises InvalidRequest."""
    key = request.headers.get("Idempotency-Key")
    if key is None or _KEY.fullmatch(key):
        return key
    raise InvalidRequest(
        "The Idempotency-Key must be 1 to 255 visible ASCII characters.",
        errors=[FieldError("/Idempotency-Key", "must be 1 to 255 visible ASCII characters")],
    )


def paging(request: Request) -> tuple[int, str | None]:
    """(page_size, page_token). Raises InvalidRequest."""
    size = request.args.get("page_size", "50")
    if not size.isascii() or not size.isdigit() or len(size) > 4 or not 1 <= int(size) <= 500:
        detail = "must be a whole number from 1 to 500"
        raise InvalidRequest(f"`page_size` {detail}.", errors=[FieldError("/page_size", detail)])
    return int(size), request.args.get("page_token") or None


def _too_large(limit: int) -> NoReturn:
    raise PayloadTooLarge(f"The body may have at most {limit} bytes here.")


def _no_constant(name: str) -> NoReturn:
    raise InvalidJson(f"{name} is not JSON.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 8259 leaves open which of two equal names counts: a body that has them means two things at once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidJson("A name stands twice in one object.")
    return found


_JSON = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique)
