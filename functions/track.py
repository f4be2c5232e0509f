"""/t/: where the links in a mail lead: the pixel, the redirect of a click, the page to unsubscribe."""

from werkzeug.wrappers import Response

from functions.domain.errors import InvalidRequest
from functions.edge import bodies, hits, pages
from functions.edge.endpoint import ANYONE, Call, Endpoint

endpoint = Endpoint("/t", refuse=pages.problem)

# One transparent point: the smallest GIF (89a) that every mail program draws.
PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")
BODY_LIMIT = 4096  # bytes
BUTTON = ("unsubscribe", "yes")


@endpoint.route("GET", "/o/{token}", ANYONE)
def opened(call: Call) -> Response:
    tracked = call.app.track_links.read("open", call.ids["token"])
    return hits.answer(call, tracked, PIXEL, "image/gif")


@endpoint.route("GET", "/c/{token}", ANYONE)
def clicked(call: Call) -> Response:
    tracked = call.app.track_links.read("click", call.ids["token"])
    return hits.answer(call, tracked, pages.going(tracked.url), "text/html", 302, {"Location": tracked.url})


@endpoint.route("GET", "/u/{token}", ANYONE)
def ask(call: Call) -> Response:
    """Only a page: mail filters follow every link, and must not unsubscribe anybody (RFC 8058 §1)."""
    address = call.app.track_links.read("unsubscribe", call.ids["token"]).address
    return pages.ask("Unsubscribe", [f"Shall {address} get no more of these messages?"], "Unsubscribe", BUTTON)


@endpoint.route("POST", "/u/{token}", ANYONE)
def unsubscribe(call: Call) -> Response:
    tracked = call.app.track_links.read("unsubscribe", call.ids["token"])
    how = _how(bodies.read(call.request, BODY_LIMIT))
    call.app.suppressions.unsubscribe(tracked.owner, tracked.send, tracked.address, how)
    done = f"{tracked.address} gets no more of these messages. You can close this page."
    return pages.page("Unsubscribed", [done], 200)


def _how(body: bytes) -> str:
    """From a mail program, as a form of either kind (RFC 8058 §3.1), or from the button of the page."""
    if b"List-Unsubscribe" in body and b"One-Click" in body:
        return "one-click"
    if body == "=".join(BUTTON).encode():
        return "page"
    raise InvalidRequest("The body says nothing of unsubscribing.", remedy="Post List-Unsubscribe=One-Click as a form.")
