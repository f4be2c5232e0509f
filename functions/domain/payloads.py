"""The body of a webhook, from bytes into JSON values. Bounded, and never a crash."""

import json
import re
from typing import Any, NoReturn

DEPTH_LIMIT = 64
VALUES_LIMIT = 50_000  # values of all kinds, at all depths
FIELDS_LIMIT = 1_000  # of a form
DIGITS_LIMIT = 100  # of a whole number

_FORM = "application/x-www-form-urlencoded"
_LONE = re.compile("[\ud800-\udfff]")
_ESCAPED_LONE = re.compile(rb"\\u[dD][89a-fA-F]")


class BadPayload(Exception):
    """`reason`: `unsupported_media_type` or `invalid_payload`. `detail` is for the sender, who signed the body."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def parse(body: bytes, content_type: str) -> Any:
    """The payload: None, bool, int, float (finite), str (no lone surrogates), list, dict.

    JSON (RFC 8259) in UTF-8, whatever `+json` it is; or a form, whose values are strings. GitHub's form is one field
    `payload` with JSON in it, and that JSON is the payload. In an object with a name twice, the last one counts, as it
    does in the parsers of those who send. Half a surrogate pair, which JSON can escape and no mail can carry, reads as
    U+FFFD. Raises BadPayload.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("application/json", "text/json") or (kind.startswith("application/") and kind.endswith("+json")):
        return _json(body)
    if kind == _FORM:
        return _form(body)
    raise BadPayload("unsupported_media_type", f"A webhook's body is application/json or {_FORM}.")


def _json(body: bytes) -> Any:
    text = _text(body)
    try:
        found = json.loads(text, parse_constant=_no_constant, parse_int=_integer, parse_float=_number)
    except json.JSONDecodeError as error:
        _bad(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.")
    except RecursionError:
        _bad(f"The body is nested more than {DEPTH_LIMIT} deep.")
    _check_size(found)
    return _whole(found) if _ESCAPED_LONE.search(body) else found


def _form(body: bytes) -> Any:
    """WHATWG URL §5.1. A name that ends with `[]` has a list, as in PHP and Rails; of any other, the last value counts:
    who fills in a form can't make several of what its owner asked for once."""
    from urllib.parse import parse_qsl

    text = _text(body)
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_LIMIT)
    except UnicodeDecodeError:
        _bad("The form holds percent-encoded bytes that are not UTF-8.")
    except ValueError:
        _bad(f"A form may have {FIELDS_LIMIT} fields at most.")
    if [name for name, _ in pairs] == ["payload"] and pairs[0][1].lstrip()[:1] == "{":
        return _json(pairs[0][1].encode())
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _text(body: bytes) -> str:
    if not body.strip():
        _bad("The body is empty.")
    try:
        return body.decode("utf-8-sig")  # RFC 8259 §8.1: a byte order mark may be ignored
    except UnicodeDecodeError as error:
        _bad(f"The body is not UTF-8 at byte {error.start}.")


def _check_size(root: Any) -> None:
    """Iterative: the sender chooses the depth, not our stack."""
    level: list[Any] = [root]
    seen = depth = 0
    while level:
        seen += len(level)
        if seen > VALUES_LIMIT:
            _bad(f"The body has more than {VALUES_LIMIT} values.")
        holders = [node for node in level if isinstance(node, list | dict)]
        depth += bool(holders)
        if depth > DEPTH_LIMIT:
            _bad(f"The body is nested more than {DEPTH_LIMIT} deep.")
        level = [child for node in holders for child in (node.values() if isinstance(node, dict) else node)]


def _whole(found: Any) -> Any:
    return json.loads(_LONE.sub("\ufffd", json.dumps(found, ensure_ascii=False)))


def _integer(digits: str) -> int:
    if len(digits) > DIGITS_LIMIT:
        _bad(f"A number has more than {DIGITS_LIMIT} digits.")
    return int(digits)


def _number(digits: str) -> float:
    found = float(digits)
    if found in (float("inf"), float("-inf")):
        _bad("A number is larger than any that can be computed with.")
    return found


def _no_constant(name: str) -> NoReturn:
    _bad(f"{name} is not JSON.")


def _bad(detail: str) -> NoReturn:
    raise BadPayload("invalid_payload", detail)
