"""Everything of one owner, for the owner to keep: every record as it is stored, but for what gives access.

A record that is sealed, or is a key's hash, is of no use to anybody but this service. So is what Gmail's tokens allow.
"""

import base64
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from functions.domain import times
from functions.domain.contents import unpack_bodies
from functions.domain.ports import Document
from functions.services.erasing import Erasing, kind

_SEALED = re.compile(r"v1\.[0-9]+\.[A-Za-z0-9_-]{38,}")
WITHHELD = {"refresh_token", "access_token", "secrets", "secret_sha256"}  # other sealed values are known by their form
LEFT_OUT = ("payloads", "pending")  # sealed as a whole, and kept for days or minutes


class Exporting:
    def __init__(self, erasing: Erasing) -> None:
        self._erasing = erasing

    def rows(self, owner: str) -> Iterator[dict[str, Any]]:
        """JSON objects: `kind` (accounts, sends, events …), `path`, `data`. Raises Unavailable, in the middle too.

        Times are RFC 3339, bytes base64. Blobs are named, not included.
        """
        for document in self._erasing.everything(owner):
            if kind(document) not in LEFT_OUT:
                yield {"kind": kind(document), "path": document.path, "data": _data(document)}


def _data(document: Document) -> dict[str, Any]:
    data = {name: value for name, value in document.data.items() if name not in WITHHELD}
    if kind(document) == "contents" and data.get("bodies") and not data.get("uncomposed"):
        text, html = unpack_bodies(data.pop("bodies"))
        data |= {"text": text, "html": html}
    found: dict[str, Any] = _plain(data)
    return found


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return times.text(value)
        case bytes():
            return None if _SEALED.match(value.decode("ascii", "replace")) else base64.b64encode(value).decode("ascii")
        case str():
            return None if _SEALED.fullmatch(value) else value
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value
