"""What became of every message: the list with its filters, one send in detail, its exact MIME."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from functions.domain import records, sends
from functions.domain.accounts import GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import BlobMissing, IntegrationError, NotFound
from functions.domain.google_ports import Gmail
from functions.domain.ids import looks_like
from functions.domain.mime import compose
from functions.domain.ports import Blobs, Clock, Documents, Query
from functions.domain.sends import Send, Status
from functions.services import contents
from functions.services.tokens import Tokens, path

# The fields of a record that the history is filtered by; `to` and `tag` are kept as labels.
FIELDS = ("account", "status", "template", "trigger", "batch")
# A page that needs filtering after the query reads at most this many records before it is handed out as it is.
SCAN_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class SendPage:
    sends: tuple[Send, ...]
    next: str | None


class History:
    def __init__(self, documents: Documents, blobs: Blobs, gmail: Gmail, tokens: Tokens, clock: Clock) -> None:
        self._documents = documents
        self._blobs = blobs
        self._gmail = gmail
        self._tokens = tokens
        self._clock = clock

    def page(
        self,
        caller: Caller,
        filters: Mapping[str, str],
        *,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        after: str | None,
    ) -> SendPage:
        """Newest first. `filters` by name: account, status, to, template, trigger, batch, tag."""
        labels = [f"{kind}:{filters[kind]}" for kind in ("to", "tag") if kind in filters]
        equals = {name: filters[name] for name in FIELDS if name in filters}
        found: list[Send] = []
        read = 0
        while True:
            page = self._documents.query(
                Query(
                    f"owners/{caller.owner}/sends",
                    equals=equals,
                    # A query takes one element of one list: a second label is looked for in what comes back.
                    contains=("labels", labels[0]) if labels else None,
                    order=("created_at", "desc"),
                    since=since,
                    until=until,
                    limit=limit - len(found),
                    after=after,
                )
            )
            read += len(page.documents)
            for document in page.documents:
                send = records.from_data(Send, document.data)
                if caller.may_use(send.account) and all(label in send.labels for label in labels[1:]):
                    found.append(self._as_seen(send))
            after = page.next
            if after is None or len(found) >= limit or read >= SCAN_LIMIT:
                return SendPage(tuple(found), after)

    def get(self, caller: Caller, send_id: str) -> Send:
        """Raises NotFound: for another owner's send just as for none."""
        document = self._documents.get(f"owners/{caller.owner}/sends/{send_id}") if looks_like("snd", send_id) else None
        send = records.from_data(Send, document.data) if document else None
        if send is None or not caller.may_use(send.account):
            raise NotFound("There is no send with this id.")
        return self._as_seen(send)

    def mime(self, send: Send) -> bytes:
        """The message as Gmail keeps it where we may read it, else as it was handed to Gmail. Raises NotFound."""
        if send.gmail_message_id:
            document = self._documents.get(path(send.owner, send.account))
            account = records.from_data(GmailAccount, document.data) if document else None
            if account and account.can_read:
                try:
                    return self._tokens.with_token(account, partial(self._gmail.raw, message_id=send.gmail_message_id))
                except IntegrationError:
                    pass  # deleted there, or Gmail is away: what we stored says the same
        document = self._documents.get(contents.path(send.owner, send.id))
        if document is None:
            raise NotFound("The content of this send is no longer kept.")
        try:
            content, message = contents.load(self._blobs, document.data)
            mime = compose(message, date=content.date, message_id=content.message_id, boundary_seed=send.id)
            return b"".join(mime.blocks())
        except BlobMissing:
            raise NotFound("The attachments of this send are no longer kept.") from None

    def _as_seen(self, send: Send) -> Send:
        """An attempt that has been silent for too long counts as unknown, whether or not anybody noted it yet."""
        if not send.expired(self._clock()):
            return send
        return sends.settle_unknown(send, send.attempt_id, "The sending process ended before Gmail's answer was noted.")


def explanation(send: Send) -> str:
    """In one sentence: why the send is in the state it is in."""
    last = send.attempts[-1] if send.attempts else None
    at = f" It goes out at {send.due_at:%Y-%m-%d %H:%M:%S} UTC." if send.due_at else ""
    match send.status:
        case Status.SENT:
            return "Gmail accepted the message."
        case Status.FAILED:
            return f"It was not sent: {last.detail} {last.remedy}".strip() if last else "It was not sent."
        case Status.UNKNOWN:
            return _unknown(send)
        case Status.SENDING:
            return "It is being handed to Gmail right now."
        case Status.CANCELLED:
            return f"It was cancelled before it went out: {send.waits_detail or 'its owner cancelled it'}."
        case Status.SCHEDULED:
            return f"It is scheduled.{at}"
    if send.waits_for:
        return f"It waits: {send.waits_detail.rstrip('.')}.{at}"
    return "It waits for its turn."


def _unknown(send: Send) -> str:
    detail = send.attempts[-1].detail if send.attempts else ""
    if send.due_at:
        return f"Whether it went out is not known yet: {detail} It is being looked for in the account's Sent folder."
    if send.resent_as:
        return f"It was not found in the Sent folder, and sent again as {send.resent_as}."
    return (
        f"Whether it went out is not known: {detail} Look into the account's Sent folder; if it is not there, "
        "resend it with POST …/resend/."
    )
