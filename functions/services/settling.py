"""Writing down what became of an attempt, though the store may be away, or the claim given up meanwhile."""

import time
from collections.abc import Callable

from functions.domain import sends
from functions.domain.accounts import GmailAccount
from functions.domain.errors import PreconditionFailed, Unavailable
from functions.domain.ports import Clock, Update, Write
from functions.domain.sends import Send, Status
from functions.services import accounts
from functions.services.outbox import Found, Outbox

# `last_sent_at` is exact to this much (seconds), so that a busy account is no hot document.
LAST_SENT_STEP = 60.0
# Seconds between tries while the store is away. Only this process knows how the attempt ended; when it stops trying,
# the lease runs out, and what was certainly not sent can't be told from what was.
PATIENCE = (1.0, 4.0, 10.0, 30.0)
TRIES = 5  # against whoever looks for the same send at the same moment


class Settling:
    def __init__(self, outbox: Outbox, clock: Clock, sleep: Callable[[float], None] = time.sleep) -> None:
        self._outbox = outbox
        self._clock = clock
        self._sleep = sleep

    def settle(self, found: Found, account: GmailAccount, after: Send) -> Send:
        """The send as it is on record then. What Gmail did stays done, so a failing store changes no answer."""
        for wait in (*PATIENCE, 0.0):
            try:
                return self._save(found, account, after)
            except Unavailable:
                self._sleep(wait)
        return after

    def _save(self, found: Found, account: GmailAccount, after: Send) -> Send:
        for also in (self._last_sent(account, after), []):
            try:
                return self._outbox.save(found, after, *also).send
            except PreconditionFailed:
                there = self._outbox.find(after.owner, after.id)
                if there is None or there.version != found.version:
                    break
            # The send is as it was, so it is the account that is gone: settle without it.
        else:
            return after
        if there and there.send.status is Status.SENDING and there.send.attempt_id == after.attempt_id:
            # The claim stands; a reader was faster than we are, and an open was counted. It changes nothing here.
            return self._save(Found(found.send, there.version), account, after)
        return self._late(there, after)

    def _late(self, there: Found | None, after: Send) -> Send:
        """Somebody else wrote: the lease ran out under a slow attempt, and a late success beats `unknown`; or it was
        ourselves, and only the answer was lost."""
        for _ in range(TRIES):
            if there is None:
                return after
            late = there.send.status is Status.UNKNOWN and there.send.attempt_id == after.attempt_id
            if not late or after.status is not Status.SENT:
                return there.send
            ids = after.gmail_message_id or "", after.gmail_thread_id or ""
            settled = sends.settle_sent(there.send, after.attempt_id, after.sent_at or self._clock(), *ids)
            try:
                return self._outbox.save(there, settled).send
            except PreconditionFailed:
                there = self._outbox.find(after.owner, after.id)
        return after

    def _last_sent(self, account: GmailAccount, send: Send) -> list[Write]:
        if send.status is not Status.SENT:
            return []
        since = account.last_sent_at
        if since is not None and abs((self._clock() - since).total_seconds()) < LAST_SENT_STEP:
            return []
        return [Update(accounts.path(account.owner, account.id), {"last_sent_at": send.sent_at})]
