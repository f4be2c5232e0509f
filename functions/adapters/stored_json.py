"""Values of a document as JSON text.

Bytes are `{"$b": base64}`, datetimes `{"$t": microseconds}`; a key that begins with `$` has another one before it.
"""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def dumps(value: Any) -> str:
    """Of values that are `plain`."""
    tags = 0

    def tagged(found: Any) -> Any:
        nonlocal tags
        tags += 1
        return _tagged(found)

    text = _text_of(value, tagged)
    # As many strings that begin with `$` as were put there: then no key does, and a walk in Python is spared.
    return text if text.count('"$') == tags else _text_of(_tagged(value))


def _text_of(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=default)


def _tagged(value: Any) -> Any:
    if type(value) is str:
        return value
    match value:
        case bytes():
            return {"$b": base64.b64encode(value).decode()}
        case datetime():
            return {"$t": microseconds(value)}
        case list():
            return [_tagged(item) for item in value]
        case dict():
            return {"$" + key if key.startswith("$") else key: _tagged(item) for key, item in value.items()}
        case _:
            return value


def loads(text: str) -> Any:
    return _DECODER.decode(text)


def _untagged(found: dict[str, Any]) -> Any:
    if "$" not in "".join(found):  # as nearly always, and in one step
        return found
    if found.keys() == {"$b"}:
        return base64.b64decode(found["$b"], validate=True)
    if found.keys() == {"$t"}:
        return _EPOCH + found["$t"] * _MICROSECOND
    return {key[1:] if key.startswith("$") else key: value for key, value in found.items()}


_DECODER = json.JSONDecoder(object_hook=_untagged)
