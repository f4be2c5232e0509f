"""What a send will read, fetched in one round trip once its body is there: key, account, settings, suppressions."""

import contextlib
import io
import json
from collections.abc import Iterator
from typing import Any

from werkzeug.wrappers import Request

from functions.domain.ids import looks_like
from functions.domain.suppressions import normalised
from functions.edge import bodies
from functions.edge.authentication import bearer
from functions.runtime.wiring import App
from functions.services.foresight import Known

SMALL = 256 << 10  # bytes: a body that is read before its caller is looked up
MOST = 40  # recipients
_LONGEST = 320  # characters of an address


@contextlib.contextmanager
def foreseen(request: Request, app: App) -> Iterator[None]:
    """Raises InvalidRequest where the body can't be read to its end; Unavailable."""
    known = app.foresight.caller(bearer(request))
    paths = _paths(request, app, known) if known else []
    if not paths:
        yield
        return
    with app.documents.ahead(paths):
        yield


def _paths(request: Request, app: App, known: Known) -> list[str]:
    """Empty where there is more to the request than a small message: then each step reads what it needs."""
    size = request.content_length
    if request.mimetype != "application/json" or not size or size > SMALL or "Content-Encoding" in request.headers:
        return []
    body = b"".join(bodies.blocks(request))
    request.stream = io.BytesIO(body)  # whoever is asked for it next finds it whole
    with contextlib.suppress(Exception):  # whatever is wrong with it, the parser says it better
        data, key = json.loads(body), bodies.idempotency_key(request)
        account, addresses = data.get("account"), list(_addresses(data))
        named = account is None or "@" in account or looks_like("acc", account)
        if named and len(addresses) <= MOST and data.get("recipients") is None:
            return app.foresight.paths(known, account, addresses, key)
    return []


def _addresses(data: dict[str, Any]) -> Iterator[str]:
    """Raises what malformed ones make it raise."""
    for name in ("to", "cc", "bcc"):
        for one in data.get(name) or ():
            address = one if isinstance(one, str) else one["email"]
            if len(address) <= _LONGEST:
                yield normalised(address.strip())
