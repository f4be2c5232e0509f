"""Whether a follow-up is still wanted when its time comes (`cancel_if`)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.domain.accounts import GmailAccount
from functions.domain.errors import IntegrationError, RateLimited, Unavailable
from functions.domain.sends import Send
from functions.services.outbox import Outbox
from functions.services.tokens import Tokens

if TYPE_CHECKING:
    from functions.domain.google_ports import Gmail
    from functions.services.incoming import Incoming

REASONS = {
    "replied": "the message it follows up on was answered",
    "bounced": "the message it follows up on came back",
}


class Overtaken:
    """`incoming` is asked for when a thread has to be looked into: few sends are follow-ups."""

    def __init__(self, outbox: Outbox, gmail: "Gmail", tokens: Tokens, incoming: "Callable[[], Incoming]") -> None:
        self._outbox = outbox
        self._gmail = gmail
        self._tokens = tokens
        self._incoming = incoming

    def reason(self, send: Send, account: GmailAccount) -> str:
        """Why it is not wanted any more; empty where it is. Raises Unavailable, RateLimited: ask again later."""
        if not send.cancel_if or send.in_reply_to_send is None:
            return ""
        original = self._outbox.find(send.owner, send.in_reply_to_send)
        if original is None:
            return ""
        happened = self._noted(original.send) or self._in_mailbox(original.send, account)
        return next((REASONS[what] for what in send.cancel_if if what in happened), "")

    def _noted(self, original: Send) -> frozenset[str]:
        counts = {"replied": original.replies, "bounced": original.bounces}
        return frozenset(what for what, count in counts.items() if count)

    def _in_mailbox(self, original: Send, account: GmailAccount) -> frozenset[str]:
        """What the mailbox shows and nobody has noted yet: a push may be on its way."""
        thread_id, sent_at = original.gmail_thread_id, original.sent_at
        if not thread_id or sent_at is None or original.account != account.id or not account.can_read:
            return frozenset()
        try:
            messages = self._tokens.with_token(account, lambda token: self._gmail.thread(token, thread_id))
            events = [event for m in messages for event in self._incoming().events(account, m, [original])]
        except (Unavailable, RateLimited):
            raise
        except IntegrationError:
            return frozenset()  # the thread was deleted, or may not be read any more: nothing can be known
        return frozenset(event.type for event in events)
