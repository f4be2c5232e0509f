"""The links in a mail that lead back here: made when it is composed, read when they are opened.

What a link carries is sealed: whoever gets the mail can't read or change it. It is all that a redirect needs, so the
store is not asked before one.
"""

from functions.domain import track_tokens
from functions.domain.errors import NotFound
from functions.domain.link_targets import may_follow, target
from functions.domain.ports import Clock, Sealer, Unsealable
from functions.domain.track_tokens import Kind, Tracked

URL_LIMIT = 2000  # characters: several mail programs cut links at about 2,083
_LETTERS: dict[Kind, str] = {"open": "o", "click": "c", "unsubscribe": "u"}


class TrackLinks:
    def __init__(self, ring: Sealer, clock: Clock, public_url: str) -> None:
        self._ring = ring
        self._clock = clock
        self._base = f"{public_url}/t/"

    def pixel(self, owner: str, send_id: str) -> str:
        return self._url(Tracked("open", owner, send_id, self._clock().date()))

    def click(self, owner: str, send_id: str, index: int, url: str) -> str:
        """`url` itself where it can't be tracked: it is no http(s) URL, one of these links already, or too long."""
        to = target(url)
        if to is None or to.startswith(self._base):
            return url
        try:
            made = self._url(Tracked("click", owner, send_id, self._clock().date(), index=index, url=to))
        except ValueError:
            return url
        return made if len(made) <= URL_LIMIT else url

    def unsubscribe(self, owner: str, send_id: str, address: str) -> str:
        return self._url(Tracked("unsubscribe", owner, send_id, self._clock().date(), address=address))

    def read(self, kind: Kind, token: str) -> Tracked:
        """Raises NotFound for whatever is not, or no more, a link of this kind; Unavailable without its key."""
        try:
            tracked = track_tokens.unpack(kind, self._ring.open(token, _context(kind)))
        except (Unsealable, ValueError) as exc:
            raise _nothing() from exc
        if tracked.expired(self._clock()) or (kind == "click" and not may_follow(tracked.url)):
            raise _nothing()
        return tracked

    def _url(self, tracked: Tracked) -> str:
        sealed = self._ring.seal(track_tokens.pack(tracked), _context(tracked.kind))
        return f"{self._base}{_LETTERS[tracked.kind]}/{sealed}"


def _context(kind: Kind) -> str:
    return f"track-{kind}"


def _nothing() -> NotFound:
    return NotFound("This link leads nowhere.", remedy="It may have been cut when it was copied, or be too old.")
