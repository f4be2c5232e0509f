"""What became of an attempt whose outcome is not known: evidence is looked for in the mailbox, never made by sending.

Gmail replaces the Message-ID, so the evidence is what the stored message keeps: the MIME boundary, which names the
send. The mailbox's history knows a message at once, the search index after a while; so it is looked for several times,
over minutes, before "not found" is believed.
"""

import contextlib
from collections.abc import Callable, Sequence
from datetime import timedelta

from functions.domain import records, retries, sends
from functions.domain.accounts import AccountStatus, GmailAccount
from functions.domain.addresses import ascii_email
from functions.domain.errors import IntegrationError, NotFound, RateLimited, ReauthRequired, Unavailable
from functions.domain.google_ports import FoundMessage, Gmail
from functions.domain.ports import Clock, Documents, Tasks
from functions.domain.records import replace
from functions.domain.sends import Send, Status
from functions.services import accounts
from functions.services.outbox import Found, Outbox, enqueue
from functions.services.resending import Resending
from functions.services.tokens import Tokens

# Where looking itself failed: soon at first, then as often as an outage of hours is worth.
AGAIN, LATER = timedelta(minutes=1), timedelta(hours=1)


class Reconciling:
    def __init__(
        self,
        *,
        documents: Documents,
        outbox: Outbox,
        gmail: Gmail,
        tokens: Tokens,
        tasks: Tasks,
        resending: Resending,
        clock: Clock,
        found: Callable[[Send], None] = lambda _: None,
    ) -> None:
        """`found` hears of a send that went out, and whose mailbox has to be looked into for what came since."""
        self._documents = documents
        self._outbox = outbox
        self._gmail = gmail
        self._tokens = tokens
        self._tasks = tasks
        self._resending = resending
        self._clock = clock
        self._tell = found

    def give_up(self, found: Found) -> Found:
        """The process that held the claim was silent for longer than an attempt can take. Raises PreconditionFailed."""
        send = found.send
        if not send.expired(self._clock()):
            return found
        detail = "The sending process ended before Gmail's answer was noted."
        lost = sends.settle_unknown(send, send.attempt_id, detail, self._clock())
        lost = replace(lost, answered=send.answered or Status.UNKNOWN)
        return self.look(self._outbox.save(found, lost))

    def look(self, found: Found) -> Found:
        """One look into the mailbox. Raises PreconditionFailed where the send was settled meanwhile."""
        send, now = found.send, self._clock()
        account = self._account(send)
        if account is None or not account.can_read:
            return self._finish(found, send)
        if account.status is not AccountStatus.CONNECTED:
            return self._failed(found, LATER)  # once it is reconnected, there is something to learn again
        try:
            # Gmail's `to:` is sure to find what stands in To; where nothing does, all that was sent is looked at.
            to = ascii_email(send.to[0].email) if send.to else ""
            at = send.attempts[-1].at
            seen = self._tokens.with_token(
                account, lambda token: self._gmail.sent_since(token, send.history_id, at, send.id, to)
            )
        except RateLimited as limited:
            return self._failed(found, max(AGAIN, timedelta(seconds=limited.retry_after or 0)))
        except ReauthRequired:
            return self._failed(found, LATER)
        except Unavailable:
            return self._failed(found, AGAIN if now - send.attempts[-1].at < LATER else LATER)
        except IntegrationError:
            return self._finish(found, send)  # Gmail refuses the look itself, and will go on to
        if message := evidence(send, seen.messages):
            settled = sends.settle_sent(send, send.attempt_id, message.at, message.id, message.thread_id)
            saved = self._outbox.save(found, settled)
            self._tell(saved.send)
            return saved
        following = retries.next_look(send.looks + 1, now)
        if following is None:
            return self._finish(found, sends.looked(send, None), looked_at_all=seen.complete)
        return self._again(self._outbox.save(found, sends.looked(send, following)))

    def answers_may_come(self, send: Send) -> None:
        """It went out a while ago, and only now a thread is known as its own; or its account had been silent for so
        long that nobody looks into its mailbox any more. Raises nothing."""
        self._tell(send)

    def _finish(self, found: Found, send: Send, *, looked_at_all: bool = False) -> Found:
        """There is nothing more to learn: what the sender chose for this case happens."""
        # Without the right to look, or where there was more than a look reads or some of it is gone, "not found" is not
        # known, and nothing is sent again by itself.
        if send.if_unknown == "resend" and looked_at_all and send.looks >= retries.LOOKS and not send.resent_as:
            with contextlib.suppress(NotFound):
                return self._resending.supersede(found, replace(send, due_at=None), asked=False)
        return self._outbox.save(found, replace(send, due_at=None))

    def _failed(self, found: Found, wait: timedelta) -> Found:
        return self._again(self._outbox.save(found, replace(found.send, due_at=self._clock() + wait)))

    def _again(self, found: Found) -> Found:
        enqueue(self._tasks, found.send)
        return found

    def _account(self, send: Send) -> GmailAccount | None:
        document = self._documents.get(accounts.path(send.owner, send.account))
        return records.from_data(GmailAccount, document.data) if document else None


def evidence(send: Send, messages: Sequence[FoundMessage]) -> FoundMessage | None:
    """The message that carries this send's mark. Ids are unguessable, so a mark is proof."""
    return next((m for m in messages if send.id in m.content_type), None)
