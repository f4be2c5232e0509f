"""A message that came into a thread of ours, as events of our sends: one set of rules for all who ask."""

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from functions.domain import bounce_rules, bounces, replies
from functions.domain.accounts import GmailAccount
from functions.domain.bounces import Bounce
from functions.domain.errors import NotFound, PreconditionFailed
from functions.domain.events import Event, EventType
from functions.domain.ids import derived_id
from functions.domain.ports import Documents, Update
from functions.domain.received import Received, kept
from functions.domain.records import replace
from functions.domain.replies import Judged, Kind
from functions.domain.sends import Send
from functions.services import outbox
from functions.services.tokens import Tokens

if TYPE_CHECKING:
    from functions.domain.google_ports import Gmail

READ_BACK = 5  # Message-IDs of one thread's sends that are asked for; each costs 20 quota units


class Incoming:
    def __init__(self, documents: Documents, gmail: "Gmail", tokens: Tokens) -> None:
        self._documents = documents
        self._gmail = gmail
        self._tokens = tokens

    def events(self, account: GmailAccount, message: Received, sends: Sequence[Send]) -> list[Event]:
        """What the message says of our sends in its thread, oldest send first; nothing where it says nothing, or is
        not to be believed. Their ids are derived from it, so that a second look changes nothing.

        Raises what Gmail raises.
        """
        own = {account.email.casefold(), *(alias.email.casefold() for alias in account.aliases)}
        judged = replies.judge(message, own)
        if judged.kind is Kind.OWN:
            return []
        if judged.kind is Kind.REPORT and not bounces.vouched_for(message):
            return []
        send = replies.answered(message, self._with_message_ids(account, message, sends))
        if send is None:
            return []
        if judged.kind is Kind.REPORT:
            report = self._report(account, message)
            recipients = [a.email for a in (*send.to, *send.cc, *send.bcc)]
            return [_bounced(send, message, bounce) for bounce in bounces.read(message, report, recipients)]
        return [_answered(send, message, judged)]

    def _report(self, account: GmailAccount, message: Received) -> str:
        try:
            return self._tokens.with_token(account, partial(self._gmail.delivery_status, message_id=message.id))
        except NotFound:  # the owner was faster, and deleted it; its headers are left
            return ""

    def _with_message_ids(self, account: GmailAccount, message: Received, sends: Sequence[Send]) -> Sequence[Send]:
        """Where a thread has several of our sends, the Message-IDs that Gmail gave them tell which one was answered.
        They are asked for when it first matters, and kept: few threads ever need them."""
        known = {send.rfc822_message_id for send in sends}
        if len(sends) < 2 or not message.references or not known.isdisjoint(message.references):
            return sends
        unknown = [s for s in sends if s.gmail_message_id and not s.rfc822_message_id][:READ_BACK]
        found = {send.id: self._message_id(account, send) for send in unknown}
        return [replace(s, rfc822_message_id=found.get(s.id, "") or s.rfc822_message_id) for s in sends]

    def _message_id(self, account: GmailAccount, send: Send) -> str:
        stored = send.gmail_message_id or ""
        try:
            headers = self._tokens.with_token(account, lambda token: self._gmail.headers(token, stored, ["Message-ID"]))
        except NotFound:
            return ""
        found = headers.get("message-id", "").strip()
        if found:
            with contextlib.suppress(PreconditionFailed):  # the send is not on record any more
                self._documents.commit([Update(outbox.path(send.owner, send.id), {"rfc822_message_id": found})])
        return found


def _answered(send: Send, message: Received, judged: Judged) -> Event:
    human = judged.kind is Kind.HUMAN
    kind: EventType = "replied" if human else "autoreplied"
    names = ["auto-submitted"] if human else [judged.header]
    return Event(
        id=derived_id("evt", kind, send.id, message.id),
        owner=send.owner,
        send=send.id,
        account=send.account,
        type=kind,
        at=message.at,
        recipient=next((a.email for a in (*send.to, *send.cc, *send.bcc) if a.email.casefold() == message.sender), ""),
        verdict=judged.kind.value,
        reason=judged.reason,
        rules=replies.RULES,
        evidence={"from": message.sender, "gmail_message_id": message.id, "headers": kept(message, names)},
    )


def _bounced(send: Send, message: Received, bounce: Bounce) -> Event:
    kind: EventType = "delayed" if bounce.delayed else "bounced"
    return Event(
        id=derived_id("evt", kind, send.id, message.id, bounce.recipient.casefold()),
        owner=send.owner,
        send=send.id,
        account=send.account,
        type=kind,
        at=message.at,
        recipient=bounce.recipient,
        verdict="" if bounce.delayed else "hard" if bounce.hard else "soft",
        reason=bounce.reason,
        rules=bounce_rules.RULES,
        evidence={
            "category": bounce.category.value,
            "action": bounce.action,
            "status": bounce.status,
            "diagnostic": bounce.diagnostic,
            "remote": bounce.remote,
            "gmail_message_id": message.id,
            "headers": kept(message, ["authentication-results"], limit=1000),
        },
    )
