"""Composing what was accepted before it was composed: when it is due, and again only if the process died in it."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

from functions.domain import recipes
from functions.domain.accounts import GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import IntegrationError, PreconditionFailed, Unavailable
from functions.domain.ids import RandomBytes, random_id
from functions.domain.mime import compose, verify
from functions.domain.ports import Blobs, Clock, Documents, Put, Sealer, Write
from functions.domain.recipes import Recipe
from functions.domain.records import replace
from functions.domain.send_requests import SendRequest, TemplateUse
from functions.domain.sends import Send
from functions.services import contents, recording, retry_if_stale, unmade
from functions.services.accepting import DELIVERY, REMEDY
from functions.services.composing import Composing, Draft
from functions.services.hook_log import HookLog
from functions.services.outbox import Found, Outbox
from functions.services.personalising import Personalising
from functions.services.provisional import Provisional
from functions.services.standing import Standings
from functions.services.trigger_health import Failure, TriggerHealth


class Completing:
    def __init__(
        self,
        *,
        documents: Documents,
        blobs: Blobs,
        ring: Sealer,
        outbox: Outbox,
        standings: Standings,
        composing: Composing,
        personalising: Personalising,
        log: HookLog,
        health: TriggerHealth,
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._ring = ring
        self._outbox = outbox
        self._standings = standings
        self._composing = composing
        self._personalising = personalising
        self._log = log
        self._health = health
        self._clock = clock
        self._random = random

    def complete(self, found: Found, account: GmailAccount) -> Found:
        """The send with its content on record. Nothing else of it changes, and nothing goes out.

        Raises what is wrong with the message for good; Unavailable, RateLimited; PreconditionFailed where somebody else
        changed the send meanwhile.
        """
        send = found.send
        recipe, blob = self._recipe(send)
        account.require_send()
        standing = self._standings.of(send.owner, [a.email for a in (*send.to, *send.cc, *send.bcc)])
        draft = self._draft(send, account, recipe, standing.kept_for)
        personal = self._personalising.message(draft, send.id, send.to, recipe.variables, "/mapping/variables")
        now, message_id = self._clock(), recording.message_id(send.id, draft)
        mime = compose(personal.message, date=now, message_id=message_id, boundary_seed=send.id)
        verify(mime, personal.message)
        composed = recording.composed(send, draft, personal, mime)
        blobs = Provisional(self._blobs, f"sends/{send.owner}/{send.id}/{random_id('atm', self._random)}/")
        content = contents.store(
            blobs,
            blobs.prefix,
            personal.message,
            date=now,
            message_id=message_id,
            thread_id=None,
            expires_at=recording.expires(composed, standing.kept_for),
        )
        try:
            saved = self._outbox.save(found, composed, Put(contents.path(send.owner, send.id), content))
        except PreconditionFailed:
            blobs.drop()
            raise
        if blob:
            self._tell(lambda: self._blobs.delete(blob))
        self._tell(lambda: self._health.well(send.trigger or ""))
        return saved

    def noting(self, send: Send, error: IntegrationError) -> list[Write]:
        """What to write besides where it never can be composed: so it is told where the webhook is logged. Raises
        Unavailable."""
        return self._log.failing(send.owner, send.metadata.get(DELIVERY, ""), error.code, error.detail, REMEDY)

    def failed(self, send: Send, error: IntegrationError) -> None:
        """That is on record: one more failure of its trigger."""
        failure = Failure(error.code, error.detail, send.metadata.get(DELIVERY, ""), send.id)
        self._tell(lambda: self._health.failed(send.trigger or "", failure))

    @retry_if_stale
    def _recipe(self, send: Send) -> tuple[Recipe, str]:
        """And the name of its blob, where it has one."""
        place = contents.path(send.owner, send.id)
        document = self._documents.get(place)
        try:
            return unmade.load(self._blobs, self._ring, send, document.data if document else None)
        except IntegrationError:
            if self._documents.get(place) != document:  # sealed again meanwhile, in another blob
                raise PreconditionFailed from None
            raise

    def _draft(self, send: Send, account: GmailAccount, recipe: Recipe, kept_for: timedelta) -> Draft:
        template = TemplateUse(recipe.template, recipe.version) if recipe.template else None
        request = SendRequest(
            account=account.id,
            to=send.to,
            cc=send.cc,
            bcc=send.bcc,
            reply_to=send.reply_to,
            template=template,
            tags=send.tags,
            metadata=tuple(send.metadata.items()),
            send_at=send.send_at,
            transactional=send.transactional,
        )
        draft = self._composing.draft(Caller(send.owner, "user"), account, request, kept_for)
        if template:
            return draft
        return replace(draft, template=recipes.written(recipe, self._clock()), subject=None)

    def _tell(self, what: Callable[[], None]) -> None:
        """What became of the send is on record already; what follows from it may be lost with the store."""
        with contextlib.suppress(Unavailable):
            what()
