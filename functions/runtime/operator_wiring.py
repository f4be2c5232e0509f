"""What operators do, from the command line: to all accounts, and to everything of one owner. No function uses it."""

from typing import TYPE_CHECKING

from functions.runtime.content_wiring import Contents
from functions.runtime.lazy import once

if TYPE_CHECKING:
    from functions.services.erasing import Erasing
    from functions.services.exporting import Exporting
    from functions.services.resealing import Resealing
    from functions.services.restoring import Restoring
    from functions.services.revoking import Revoking


class ForOperators(Contents):
    """A part of the App."""

    @once
    def erasing(self) -> "Erasing":
        from functions.services.erasing import Erasing

        return Erasing(
            documents=self.documents,
            blobs=self.blobs,
            grants=self.grants,
            tokens=self.tokens,
            discard=lambda document: self.parked_grants.discard(document),
            disconnected=lambda account: self.watching.stop(account),
        )

    @once
    def exporting(self) -> "Exporting":
        from functions.services.exporting import Exporting

        return Exporting(self.erasing)

    @once
    def revoking(self) -> "Revoking":
        from functions.services.revoking import Revoking

        return Revoking(self.documents, self.oauth, self.tokens, lambda document: self.parked_grants.open(document))

    @once
    def resealing(self) -> "Resealing":
        from functions.services.resealing import Resealing

        return Resealing(self.documents, self.blobs, self.token_ring, self.random)

    @once
    def restoring(self) -> "Restoring":
        from functions.services.restoring import Restoring

        return Restoring(self.documents, self.outbox, self.clock, self.random)
