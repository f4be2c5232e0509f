"""Messages that are accepted before they are composed: what they will be made of, sealed, where their content will be.

The content's own rules then hold for it: it is kept as long as the send is open, and large ones lie in the blob store.
"""

import zlib
from collections.abc import Callable
from datetime import datetime

from functions.domain import recipes, records
from functions.domain.contents import INLINE_BODIES, Content
from functions.domain.errors import BlobMissing, IntegrationError
from functions.domain.ids import RandomBytes, random_id
from functions.domain.owners import OwnerSettings
from functions.domain.ports import Blobs, Data, Sealer, Unsealable
from functions.domain.recipes import Recipe
from functions.domain.sends import Send

GONE = "What this message was to be made of is no longer kept."


def store(blobs: Callable[[], Blobs], ring: Sealer, random: RandomBytes, send: Send, recipe: Recipe) -> Data:
    """The document of the send's content, until it is composed. `blobs` are asked only where it is large."""
    bodies, blob = ring.seal(recipes.pack(recipe), context(send.owner, send.id)).encode("ascii"), ""
    if len(bodies) > INLINE_BODIES:
        bodies, blob = b"", blobs().write(blob_name(send.owner, send.id, random), [bodies]).name
    content = Content(
        sender=send.sender,
        to=send.to,
        cc=send.cc,
        bcc=send.bcc,
        reply_to=send.reply_to,
        subject="",
        date=send.created_at,
        message_id="",
        bodies=bodies,
        bodies_blob=blob,
        # As long as by default: what its owner chose counts from when it is composed.
        expires_at=_last(send) + OwnerSettings().contents_kept_for,
        uncomposed=True,
    )
    return records.to_data(content)


def load(blobs: Blobs, ring: Sealer, send: Send, data: Data | None) -> tuple[Recipe, str]:
    """The recipe, and the name of its blob where it has one. Raises IntegrationError where it is gone; Unavailable."""
    content = records.from_data(Content, data) if data else None
    if content is None or content.gone or not content.uncomposed:
        raise IntegrationError(GONE)
    try:
        sealed = b"".join(blobs.read(content.bodies_blob)) if content.bodies_blob else content.bodies
        return recipes.unpack(ring.open(sealed.decode("ascii"), context(send.owner, send.id))), content.bodies_blob
    except (BlobMissing, Unsealable):
        raise IntegrationError(GONE) from None
    except (ValueError, TypeError, KeyError, zlib.error) as exc:
        raise IntegrationError("What this message was to be made of can't be read.") from exc


def _last(send: Send) -> datetime:
    return max(send.created_at, send.send_at or send.created_at)


def blob_name(owner: str, send_id: str, random: RandomBytes) -> str:
    """One of the call's own: a rival with the same webhook removes its own, once it has lost."""
    return f"sends/{owner}/{send_id}/{random_id('atm', random)}/recipe"


def context(owner: str, send_id: str) -> str:
    """Binds a sealed recipe to its send."""
    return f"recipe|{owner}|{send_id}"
