"""API keys: made, listed and revoked by users; checked on every call."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain import keys, records
from functions.domain.callers import Caller
from functions.domain.errors import FieldError, InvalidRequest, NotFound, PreconditionFailed, Unauthenticated
from functions.domain.ids import RandomBytes, looks_like, random_id
from functions.domain.keys import ApiKey
from functions.domain.ports import Clock, Create, Delete, Documents, Query, Update

# `last_used_at` is exact to this much: writing it at every call would make a hot document of every busy key.
LAST_USED_STEP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class KeyPage:
    keys: tuple[ApiKey, ...]
    next: str | None


class ApiKeys:
    """A key lies at `keys/{id}`, where it is found before its owner is known, with the owner as a field."""

    def __init__(self, documents: Documents, clock: Clock, random: RandomBytes) -> None:
        self._documents = documents
        self._clock = clock
        self._random = random

    def create(
        self,
        owner: str,
        *,
        name: str,
        scopes: tuple[str, ...],
        accounts: tuple[str, ...] | None,
        expires_at: datetime | None,
    ) -> tuple[ApiKey, str]:
        """The key's record and, this once, the key itself. Raises InvalidRequest."""
        now = self._clock()
        if expires_at is not None and expires_at <= now:
            detail = "This lies in the past."
            raise InvalidRequest(f"/expires_at: {detail}", errors=[FieldError("/expires_at", detail)])
        secret = keys.new_secret(self._random)
        key = ApiKey(
            id=random_id("key", self._random),
            owner=owner,
            name=name,
            secret_sha256=keys.digest(secret),
            scopes=scopes,
            accounts=accounts,
            created_at=now,
            expires_at=expires_at,
        )
        self._documents.commit([Create(path(key.id), records.to_data(key))])
        return key, keys.token(key.id, secret)

    def page(self, owner: str, limit: int, after: str | None) -> KeyPage:
        """Newest first."""
        page = self._documents.query(
            Query("keys", equals={"owner": owner}, order=("created_at", "desc"), limit=limit, after=after)
        )
        return KeyPage(tuple(records.from_data(ApiKey, d.data) for d in page.documents), page.next)

    def revoke(self, owner: str, key_id: str) -> None:
        """Raises NotFound: for another owner's key just as for none."""
        key = self._find(key_id)
        if key is None or key.owner != owner:
            raise NotFound("There is no API key with this id.")
        self._documents.commit([Delete(path(key_id))])

    def authenticate(self, token: str) -> Caller:
        """Raises Unauthenticated, in the same words whatever is wrong with the key."""
        parsed = keys.parse_token(token)
        key = self._find(parsed[0]) if parsed else None
        now = self._clock()
        if parsed is None or key is None or not key.matches(parsed[1]) or key.expired(now):
            raise Unauthenticated("The API key is not valid: it is unknown, was revoked, or has expired.")
        if key.last_used_at is None or now - key.last_used_at > LAST_USED_STEP:
            self._note_use(key, now)
        return Caller(
            owner=key.owner,
            kind="key",
            scopes=frozenset(key.scopes),
            accounts=None if key.accounts is None else frozenset(key.accounts),
            key_id=key.id,
        )

    def _find(self, key_id: str) -> ApiKey | None:
        document = self._documents.get(path(key_id)) if looks_like("key", key_id) else None
        return records.from_data(ApiKey, document.data) if document else None

    def _note_use(self, key: ApiKey, now: datetime) -> None:
        try:
            self._documents.commit([Update(path(key.id), {"last_used_at": now})])
        except PreconditionFailed:
            raise Unauthenticated("The API key is not valid: it is unknown, was revoked, or has expired.") from None


def path(key_id: str) -> str:
    return f"keys/{key_id}"
