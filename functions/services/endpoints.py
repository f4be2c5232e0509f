"""The endpoints of an owner: where outbound events go, and the secrets that sign them."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain import records, webhooks
from functions.domain.callers import Caller
from functions.domain.deliveries import disable, well
from functions.domain.errors import Conflict, Forbidden, NotFound
from functions.domain.ids import RandomBytes, looks_like, random_id
from functions.domain.ports import Clock, Create, Delete, Document, Documents, Query, Sealer, Unsealable, Update
from functions.domain.records import replace
from functions.domain.webhooks import MAX_ENDPOINTS, SigningSecret, WebhookEndpoint
from functions.services import retry_if_stale
from functions.services.announcing import Announcing, collection


@dataclass(frozen=True, slots=True)
class EndpointPage:
    endpoints: tuple[WebhookEndpoint, ...]
    next: str | None


class Endpoints:
    """Only callers who may see all of an owner's accounts: an endpoint hears of every one of them."""

    def __init__(
        self, documents: Documents, announcing: Announcing, ring: Sealer, clock: Clock, random: RandomBytes
    ) -> None:
        self._documents = documents
        self._announcing = announcing
        self._ring = ring
        self._clock = clock
        self._random = random

    def page(self, caller: Caller, limit: int, after: str | None) -> EndpointPage:
        """Oldest first."""
        _check(caller)
        page = self._documents.query(
            Query(collection(caller.owner), order=("created_at", "asc"), limit=limit, after=after)
        )
        return EndpointPage(tuple(_endpoint(d) for d in page.documents), page.next)

    def get(self, caller: Caller, endpoint_id: str) -> WebhookEndpoint:
        """Raises NotFound: for another owner's endpoint just as for none."""
        _check(caller)
        return _endpoint(self._document(caller.owner, endpoint_id))

    def find(self, owner: str, endpoint_id: str) -> WebhookEndpoint | None:
        document = self._documents.get(path(owner, endpoint_id)) if looks_like("end", endpoint_id) else None
        return _endpoint(document) if document else None

    def create(
        self, caller: Caller, *, url: str, events: tuple[str, ...], enabled: bool, secret: bytes | None
    ) -> tuple[WebhookEndpoint, str]:
        """The endpoint and, this once, its secret. Raises Conflict where there are too many."""
        _check(caller)
        here = self._documents.query(
            Query(collection(caller.owner), order=("created_at", "asc"), limit=MAX_ENDPOINTS + 1)
        )
        if len(here.documents) >= MAX_ENDPOINTS:
            raise Conflict(f"There are {MAX_ENDPOINTS} endpoints, which is the most.", remedy="Delete one first.")
        now, secret = self._clock(), secret or webhooks.new_secret(self._random)
        endpoint_id = random_id("end", self._random)
        endpoint = WebhookEndpoint(
            id=endpoint_id,
            owner=caller.owner,
            url=url,
            events=events,
            created_at=now,
            secrets=(SigningSecret(self._ring.seal(secret, context(caller.owner, endpoint_id)), now),),
        )
        endpoint = _switched(endpoint, enabled=enabled, now=now)
        self._documents.commit([Create(path(caller.owner, endpoint_id), records.to_data(endpoint))])
        self._announcing.forget(caller.owner)
        return endpoint, webhooks.secret_text(secret)

    def put(
        self, caller: Caller, endpoint_id: str, *, url: str, events: tuple[str, ...], enabled: bool
    ) -> WebhookEndpoint:
        """Its secrets stay. Enabling it again forgets why it was disabled. Raises NotFound, Conflict."""

        def change(before: WebhookEndpoint) -> WebhookEndpoint:
            if url != before.url:
                before = well(before)  # what failed was another one
            return _switched(replace(before, url=url, events=events), enabled=enabled, now=self._clock())

        return self._change(caller, endpoint_id, change)

    def rotate(
        self, caller: Caller, endpoint_id: str, secret: bytes | None, overlap: timedelta
    ) -> tuple[WebhookEndpoint, str]:
        """A new secret, shown this once; the ones before it sign beside it for `overlap`. Raises NotFound, Conflict."""
        fresh = secret or webhooks.new_secret(self._random)
        sealed = self._ring.seal(fresh, context(caller.owner, endpoint_id))
        changed = self._change(
            caller, endpoint_id, lambda before: webhooks.rotated(before, sealed, self._clock(), overlap)
        )
        return changed, webhooks.secret_text(fresh)

    def delete(self, caller: Caller, endpoint_id: str) -> None:
        """What still waits for it is never delivered. Raises NotFound."""
        _check(caller)
        document = self._document(caller.owner, endpoint_id)
        self._documents.commit([Delete(document.path)])
        self._announcing.forget(caller.owner)

    def secrets(self, endpoint: WebhookEndpoint) -> list[bytes]:
        """Those that sign now, the newest first; none where their key is gone. Raises Unavailable."""
        found = []
        for secret in endpoint.signing(self._clock()):
            try:
                found.append(self._ring.open(secret.sealed, context(endpoint.owner, endpoint.id)))
            except Unsealable:
                continue
        return found

    def note(self, tried: WebhookEndpoint, fares: "Change") -> None:
        """How it fares, unless its owner has changed it since it was tried."""
        if fares(tried) != tried:
            with contextlib.suppress(Conflict):  # of very many at the same moment one may go unnoted
                self._note(tried, fares)

    @retry_if_stale
    def _note(self, tried: WebhookEndpoint, fares: "Change") -> None:
        document = self._documents.get(path(tried.owner, tried.id))
        if document is None or (before := _endpoint(document)).url != tried.url or not before.enabled:
            return
        changes = records.changes(before, fares(before))
        self._documents.commit([Update(document.path, changes, version=document.version)])
        self._announcing.forget(tried.owner)

    @retry_if_stale
    def _change(self, caller: Caller, endpoint_id: str, change: "Change") -> WebhookEndpoint:
        _check(caller)
        document = self._document(caller.owner, endpoint_id)
        before = _endpoint(document)
        after = change(before)
        self._documents.commit([Update(document.path, records.changes(before, after), version=document.version)])
        self._announcing.forget(caller.owner)
        return after

    def _document(self, owner: str, endpoint_id: str) -> Document:
        document = self._documents.get(path(owner, endpoint_id)) if looks_like("end", endpoint_id) else None
        if document is None:
            raise NotFound("There is no endpoint with this id.")
        return document


Change = Callable[[WebhookEndpoint], WebhookEndpoint]


def path(owner: str, endpoint_id: str) -> str:
    return f"{collection(owner)}/{endpoint_id}"


def _endpoint(document: Document) -> WebhookEndpoint:
    return records.from_data(WebhookEndpoint, document.data)


def context(owner: str, endpoint_id: str) -> str:
    """Binds a sealed secret to its endpoint, so that two can't be swapped."""
    return f"webhook-secret|{owner}|{endpoint_id}"


def _check(caller: Caller) -> None:
    if caller.accounts is not None:
        raise Forbidden(
            "This API key is limited to some accounts, and an endpoint hears of all of them.",
            remedy="Use a key that is not limited to accounts, or sign in as a user.",
        )


def _switched(endpoint: WebhookEndpoint, *, enabled: bool, now: datetime) -> WebhookEndpoint:
    if enabled == endpoint.enabled:
        return endpoint
    if not enabled:
        return disable(endpoint, "Its owner disabled it.", now)
    return replace(well(endpoint), enabled=True, disabled_reason="", disabled_at=None)
