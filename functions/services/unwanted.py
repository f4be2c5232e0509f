"""Whether a send that waited is still wanted when its time comes."""

from datetime import timedelta

from functions.domain.accounts import GmailAccount
from functions.domain.batches import BatchStatus
from functions.domain.records import replace
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

    def look(self, send: Send, account: GmailAccount) -> tuple[str, Send]:
        """Why it is not to go out, empty where it is; and the send as it may go out: where its message is not made yet,
        without those who must not get it. Raises NotYet, Unavailable, RateLimited."""
        reason, left = self._of_batch(send), send
        if not reason:
            reason, left = self._of_recipients(send)
        return reason or self._overtaken.reason(send, account), left

    def _of_batch(self, send: Send) -> str:
        if send.batch is None or send.resend_of:  # sent again, it goes out on its own: that was asked for
            return ""
        status = self._batches.status(send.owner, send.batch)
        if status is BatchStatus.OPEN:
            raise NotYet("its batch is not complete yet")
        return "the request that made its batch was cut off" if status is BatchStatus.ABANDONED else ""

    def _of_recipients(self, send: Send) -> tuple[str, Send]:
        addresses = [a.email for a in (*send.to, *send.cc, *send.bcc)]
        standing = self._standings.of(send.owner, addresses)
        out = {a: reason for a in addresses if (reason := standing.reason(a, send.transactional))}
        if not out:
            return "", send
        to, cc, bcc = (tuple(a for a in some if a.email not in out) for some in (send.to, send.cc, send.bcc))
        # What is composed says whom it is to; and copies of what is to nobody any more don't go out.
        if send.composed or not (to or cc or bcc) or (send.to and not to):
            return next(iter(out.values())), send
        return "", replace(send, to=to, cc=cc, bcc=bcc)
