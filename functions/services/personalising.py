"""From a draft to one recipient's message: the template filled in, signature, unsubscribe link, tracking."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.domain import decorating
from functions.domain.errors import FieldError, InvalidMessage
from functions.domain.messages import Address, Message
from functions.domain.template_values import UNSUBSCRIBE_PLACEHOLDER

if TYPE_CHECKING:
    from functions.domain.template_ports import Templating
    from functions.services.composing import Draft
    from functions.services.track_links import TrackLinks

SIGNATURE = '<br clear="all"><div class="gmail_signature" dir="ltr">{}</div>'
SIGNATURE_TEXT = "\r\n-- \r\n{}"  # RFC 3676 §4.3


@dataclass(frozen=True, slots=True)
class Personal:
    """A message, and what became of the wish to follow it."""

    message: Message
    opens: bool
    clicks: bool


class Personalising:
    """`templating` and `links` are asked only by messages that need them."""

    def __init__(self, templating: "Callable[[], Templating]", links: "Callable[[], TrackLinks]") -> None:
        self._templating = templating
        self._links = links

    def message(
        self,
        draft: "Draft",
        send_id: str,
        to: tuple[Address, ...],
        variables: Mapping[str, Any],
        at: str = "/template/variables",
    ) -> Personal:
        """Raises MissingVariable, InvalidMessage with pointers below `at` where a variable is wrong."""
        request, owner = draft.request, draft.account.owner
        subject, text, html = draft.subject, request.text, request.html
        named = decorating.WRITTEN
        if draft.template:
            # With the send's id, which nobody knows who gives a variable's value.
            stand_in = f"{UNSUBSCRIBE_PLACEHOLDER}{send_id}"
            named = decorating.exactly(stand_in)
            rendered = self._templating().render(draft.template, variables, at, stand_in)
            subject = rendered.subject if subject is None else subject
            text, html = rendered.text, rendered.html or None
        if draft.signature:
            text, html = self._signed(draft.signature, text, html)
        recipients = (*to, *request.cc, *request.bcc)
        wanted = request.unsubscribe or decorating.names_unsubscribe(text, html, named=named)
        unsubscribe = self._unsubscribe(owner, send_id, recipients) if wanted else ""
        account, tracking = draft.account, request.tracking
        opens = html is not None and (account.track_opens if tracking.opens is None else tracking.opens)
        clicks = html is not None and (account.track_clicks if tracking.clicks is None else tracking.clicks)
        if html is not None:
            links = self._links() if opens or clicks else None
            html = decorating.decorate(
                html,
                click=(lambda index, url: links.click(owner, send_id, index, url)) if links and clicks else None,
                pixel=links.pixel(owner, send_id) if links and opens else None,
                unsubscribe=unsubscribe or None,
                named=named,
            )
        if text is not None and unsubscribe:
            text = decorating.decorate_text(text, unsubscribe=unsubscribe, named=named)
        message = Message(
            sender=draft.sender,
            to=to,
            cc=request.cc,
            bcc=request.bcc,
            reply_to=request.reply_to,
            subject=subject or "",
            text=text,
            html=html,
            attachments=draft.attachments,
            headers=request.headers,
            in_reply_to=draft.references[-1] if draft.references else "",
            references=draft.references,
            unsubscribe=unsubscribe,
        )
        return Personal(message, opens, clicks)

    def _signed(self, signature: str, text: str | None, html: str | None) -> tuple[str | None, str | None]:
        if html is not None:
            html = decorating.append(html, SIGNATURE.format(signature))
        if text is not None:
            text += SIGNATURE_TEXT.format(self._templating().text(signature))
        return text, html

    def _unsubscribe(self, owner: str, send_id: str, recipients: tuple[Address, ...]) -> str:
        """RFC 8058 §4: the link is one recipient's."""
        if len(recipients) != 1:
            detail = "The link is one person's: give a single recipient, or `recipients`."
            raise InvalidMessage(f"/unsubscribe: {detail}", errors=[FieldError("/unsubscribe", detail)])
        return self._links().unsubscribe(owner, send_id, recipients[0].email)
