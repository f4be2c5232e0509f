"""The body of a send: JSON, or multipart with files, under an Idempotency-Key."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from functions.domain.archives import Budget
from functions.domain.errors import UnsupportedMediaType
from functions.domain.ids import random_id
from functions.domain.send_parsing import parse_send
from functions.domain.send_requests import SendRequest, UploadedFile
from functions.edge import bodies, multipart
from functions.edge.endpoint import Call
from functions.edge.memory import Memory
from functions.services.provisional import Provisional
from functions.services.receipts import BatchReceipt, Receipt

JSON_LIMIT = 38_000_000  # bytes: an attachment in base64 makes the JSON as large as the MIME it ends in
_MEMORY = Memory()  # the process's


@dataclass
class Body:
    """`fingerprint` is empty without an Idempotency-Key."""

    call: Call
    data: dict[str, Any]
    files: list[UploadedFile]
    send_id: str
    batch_id: str
    fingerprint: str
    budget: Budget | None = None  # for looking into attachments, where files have used a part of it
    kept: bool = False

    def parse(self) -> SendRequest:
        """Raises InvalidMessage."""
        return parse_send(self.data, now=self.call.app.clock(), files=self.files, budget=self.budget)

    @property
    def several(self) -> bool:
        """A message for each of several recipients."""
        return self.data.get("recipients") is not None

    def repeated(self) -> Receipt | BatchReceipt | None:
        """The first answer to this Idempotency-Key, if there was one."""
        if not self.fingerprint:
            return None
        repeating = self.call.app.repeating
        return repeating.first_answer(self.call.caller, self.send_id, self.batch_id, self.fingerprint)

    def keep_files(self) -> None:
        """The files now belong to a send, as far as anybody can tell."""
        self.kept = True


@contextmanager
def received(call: Call) -> Iterator[Body]:
    """Reads the whole body; files that no send took over are deleted again."""
    key = bodies.idempotency_key(call.request)
    owner = call.caller.owner
    blobs = Provisional(call.app.blobs, f"uploads/{owner}/{random_id('req', call.app.random)}/")
    kind = call.request.mimetype
    files_stored = kind == "multipart/form-data"
    body: Body | None = None
    budget: Budget | None = None
    with ExitStack() as stack:
        if files_stored:
            stack.callback(lambda: None if body and body.kept else blobs.drop())
            form = multipart.read(call.request, blobs, blobs.prefix)
            data, files, parts = bodies.parse_object(form.message), form.files, [form.message, *form.parts]
            budget = form.budget
        elif kind == "application/json" or kind.endswith("+json"):
            raw = bodies.read(call.request, JSON_LIMIT, stack.enter_context(_MEMORY.held()).add)
            data, files, parts = bodies.parse_object(raw), [], [raw]
        else:
            raise UnsupportedMediaType("This takes application/json or multipart/form-data.")
        ids = call.app.sending.send_id(owner, key), call.app.merging.batch_id(owner, key)
        body = Body(call, data, files, *ids, _fingerprint(parts) if key else "", budget)
        yield body


def _fingerprint(parts: list[bytes]) -> str:
    """SHA-256 over what the caller sent, not how: a multipart boundary differs with every try."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
