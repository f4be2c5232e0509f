"""Whether a send that waited is still wanted when its time comes."""

from datetime import timedelta

from functions.domain.accounts import GmailAccount
from functions.domain.batches import BatchStatus
from functions.domain.sends import Send
from functions.services.batches import Batches
from functions.services.overtaken import Overtaken
from functions.services.standing import Standings

# Its batch is being written: seconds, or until the request that was cut off is repeated, or given up.
SOON = timedelta(seconds=30)


class NotYet(Exception):
    """It can't be told yet: ask again in SOON."""


class Unwanted:
    def __init__(self, batches: Batches, standings: Standings, overtaken: Overtaken) -> None:
        self._batches = batches
        self._standings = standings
        self._overtaken = overtaken

    def reason(self, send: Send, account: GmailAccount) -> str:
        """Why it is not to go out; empty where it is. Raises NotYet, Unavailable, RateLimited."""
        return self._of_batch(send) or self._of_recipients(send) or self._overtaken.reason(send, account)

    def _of_batch(self, send: Send) -> str:
        if send.batch is None or send.resend_of:  # sent again, it goes out on its own: that was asked for
            return ""
        status = self._batches.status(send.owner, send.batch)
        if status is BatchStatus.OPEN:
            raise NotYet("its batch is not complete yet")
        return "the request that made its batch was cut off" if status is BatchStatus.ABANDONED else ""

    def _of_recipients(self, send: Send) -> str:
        addresses = [a.email for a in (*send.to, *send.cc, *send.bcc)]
        standing = self._standings.of(send.owner, addresses)
        return next((reason for a in addresses if (reason := standing.reason(a, send.transactional))), "")
