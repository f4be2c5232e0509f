"""`python -m functions send`: the same use case as the function, without HTTP."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from functions.domain.callers import Caller
from functions.domain.send_parsing import parse_send
from functions.domain.send_requests import UploadedFile
from functions.edge import send_views, views
from functions.runtime.wiring import App
from functions.services.merging import BatchPreview
from functions.services.sending import Preview

BLOCK = 256 << 10  # bytes


def send_message(
    app: App, caller: Caller, body: dict[str, Any], paths: tuple[str, ...], idempotency_key: str | None
) -> str:
    """What happened, as JSON; for a dry run the message itself. Raises what sending raises."""
    files = [_file(Path(path)) for path in paths]
    send_id = app.sending.send_id(caller.owner, idempotency_key)
    batch_id = app.merging.batch_id(caller.owner, idempotency_key)
    described = json.dumps([body, [[f.filename, f.sha256] for f in files]], sort_keys=True)
    fingerprint = hashlib.sha256(described.encode()).hexdigest() if idempotency_key else ""
    repeated = app.repeating.first_answer(caller, send_id, batch_id, fingerprint) if fingerprint else None
    request = parse_send(body, now=app.clock(), files=files)
    service, new_id = (app.merging, batch_id) if request.recipients else (app.sending, send_id)
    done = repeated or service.send(caller, request, new_id, fingerprint)
    if isinstance(done, Preview | BatchPreview):
        return views.mime(b"".join(done.mime.blocks()))
    return json.dumps(send_views.accepted(done))


def _file(path: Path) -> UploadedFile:
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return UploadedFile(path.name, "", path.stat().st_size, digest, _blocks(path))


def _blocks(path: Path) -> Callable[[], Iterator[bytes]]:
    def read() -> Iterator[bytes]:
        with path.open("rb") as opened:
            while block := opened.read(BLOCK):
                yield block

    return read
