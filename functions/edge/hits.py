"""Answers that go out before what they tell is put on record.

On the platform a program gets no CPU once its answer is complete, so the record is written while the answer is still
open: behind the headers and all of the body, before its end. A reader's browser follows a redirect at the headers. A
Content-Length would let the front end call the answer complete before its end, so it has none.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from functions.domain.track_tokens import Tracked
from functions.edge.endpoint import Call
from functions.runtime import events

if TYPE_CHECKING:
    from functions.services.hits import Seen

# https://developer.mozilla.org/docs/Glossary/Fetch_metadata_request_header, and what older browsers and robots say.
TELLING = (
    *("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz", "X-Native-Host", "Accept"),
    *("Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-Site", "Sec-Fetch-User"),
)
_UNCACHED = {
    "Cache-Control": "no-store, no-cache, private, max-age=0",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


def answer(
    call: Call,
    tracked: Tracked,
    body: bytes,
    mimetype: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer, whose hit is on record when it ends. HEAD is answered alike, and is no hit."""
    looked_at = call.request.method == "HEAD"
    made = Response(iter(()) if looked_at else _then_record(call, tracked, body), status=status, mimetype=mimetype)
    made.headers.update({**_UNCACHED, **(headers or {})})
    return made


def _then_record(call: Call, tracked: Tracked, body: bytes) -> Iterator[bytes]:
    came = call.app.clock()
    yield body
    try:
        call.app.hits.record(tracked, _seen(call, came))
    except Exception as error:  # noqa: BLE001 - the reader has the answer: nothing may turn it into a broken one
        events.hit_lost(error)


def _seen(call: Call, at: datetime) -> "Seen":
    from functions.services.hits import Seen

    asked, settings = call.request.headers, call.app.settings
    headers = {name.lower(): asked[name] for name in TELLING if name in asked}
    if "From" in asked:
        headers["from"] = "given"  # it may be somebody's address
    return Seen(
        at=at,
        user_agent=asked.get("User-Agent", ""),
        # On a laptop nobody stands in front who could have written it.
        forwarded=asked.get("X-Forwarded-For", "") if settings.in_cloud else "",
        peer=call.request.remote_addr or "",
        headers=headers,
        secure=settings.public_url.startswith("https://"),
        proxies=settings.proxies,
    )
