"""Sealing what is stored again under the newest key, so that older keys can be retired.

A sealed value names its key, and its record says what it is bound to: so every record is looked at, and nothing but the
ring is asked. What goes by itself within days, parked grants and bodies of webhooks, is counted and left.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from functions.domain import records
from functions.domain.accounts import GmailAccount
from functions.domain.errors import BlobMissing, PreconditionFailed
from functions.domain.ids import RandomBytes
from functions.domain.ports import Blobs, Data, Document, Documents, Sealer, Unsealable, Update
from functions.services import TRIES, endpoints, tokens, trigger_keys, unmade
from functions.services.erasing import kind, walk

PLACES = ("owners", "triggers", "pending")
PASSING = ("payloads", "pending")
_SEALED = re.compile(r"v1\.([1-9][0-9]{0,8})\.")


class Resealing:
    def __init__(self, documents: Documents, blobs: Blobs, ring: Sealer, random: RandomBytes) -> None:
        self._documents = documents
        self._blobs = blobs
        self._ring = ring
        self._random = random

    def old(self) -> Mapping[str, int]:
        """How many records have something that is sealed under an older key, by kind. Raises Unavailable."""
        return Counter(kind(document) for document in self._old())

    def reseal(self) -> Mapping[str, int]:
        """How many records were `resealed`; have something that no key opens (`unreadable`, and nothing else old any
        more); or were changed by somebody each time (`failed`). Raises Unavailable, with a part of it done.
        """
        return Counter(self._again(document) for document in self._old() if kind(document) not in PASSING)

    def _old(self) -> Iterator[Document]:
        for place in PLACES:
            yield from (document for document in walk(self._documents, place) if self._is_old(document))

    def _is_old(self, document: Document) -> bool:
        newest = int(self._ring.newest)
        keys = (_SEALED.match(value) for value in self._values(document))
        return any(key and int(key[1]) < newest for key in keys)

    def _values(self, document: Document) -> list[str]:
        """What is sealed in a record. Of a body that is cut into several, the first alone says its key."""
        data = document.data
        match kind(document):
            case "accounts":
                return [data.get("refresh_token", ""), data.get("access_token", "")]
            case "endpoints" | "triggers":
                return [secret["sealed"] for secret in data.get("secrets", ())]
            case "contents":
                return [self._recipe(data)] if data.get("uncomposed") else []
            case "pending":
                return [data.get("grant", "")]
            case "payloads":
                return [data.get("body", b"").decode("ascii")]
        return []

    def _recipe(self, data: Data) -> str:
        try:
            blob = data.get("bodies_blob")
            sealed = b"".join(self._blobs.read(blob)) if blob else data.get("bodies", b"")
        except BlobMissing:
            return ""  # it has just been composed
        return bytes(sealed).decode("ascii")

    def _again(self, document: Document) -> str:
        for _ in range(TRIES):
            changes = self._changes(document)
            if all(document.data.get(name) == value for name, value in changes.items()):
                return "unreadable"
            try:
                self._documents.commit([Update(document.path, changes, version=document.version)])
            except PreconditionFailed:
                self._forget(changes)
                now = self._documents.get(document.path)
                if now is None or not self._is_old(now):
                    return "resealed"
                document = now
                continue
            if "bodies_blob" in changes:
                self._forget(document.data)
            after = document._replace(data={**document.data, **changes})
            return "unreadable" if self._is_old(after) else "resealed"
        return "failed"

    def _changes(self, document: Document) -> Data:
        data, owner = document.data, document.path.split("/")[1]
        match kind(document):
            case "accounts":
                account = records.from_data(GmailAccount, data)
                fields = [name for name in ("refresh_token", "access_token") if data.get(name)]
                return {name: self._sealed(data[name], tokens.context(account, name)) for name in fields}
            case "endpoints":
                return self._secrets(data, endpoints.context(owner, document.id))
            case "triggers":
                return self._secrets(data, trigger_keys.context(data["owner"], document.id))
        before = self._recipe(data)
        sealed = self._sealed(before, unmade.context(owner, document.id))
        if not data.get("bodies_blob"):
            return {"bodies": sealed.encode("ascii")}
        if sealed == before:
            return {"bodies_blob": data["bodies_blob"]}
        name = unmade.blob_name(owner, document.id, self._random)
        return {"bodies_blob": self._blobs.write(name, [sealed.encode("ascii")]).name}

    def _secrets(self, data: Data, context: str) -> dict[str, Any]:
        return {"secrets": [{**each, "sealed": self._sealed(each["sealed"], context)} for each in data["secrets"]]}

    def _sealed(self, value: str, context: str) -> str:
        """Under the newest key; as it is where no key opens it."""
        try:
            return self._ring.seal(self._ring.open(value, context), context)
        except Unsealable:
            return value

    def _forget(self, data: Data) -> None:
        if data.get("bodies_blob"):
            self._blobs.delete(data["bodies_blob"])
