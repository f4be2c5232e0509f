"""The triggers of an owner: made, listed, changed, their secrets rotated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from functions.domain import accounts as account_rules
from functions.domain import pacing, records, signatures, triggers
from functions.domain.accounts import GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import Conflict, FieldError, InvalidRequest, NotFound
from functions.domain.ids import RandomBytes, looks_like, random_id
from functions.domain.messages import Address
from functions.domain.ports import Clock, Create, Delete, Document, Documents, Query, Unsealable, Update
from functions.domain.triggers import MAX_TRIGGERS, Trigger, TriggerFields, TriggerSecret
from functions.services import accounts, retry_if_stale, trigger_rates
from functions.services.accounts import Accounts
from functions.services.trigger_checks import TriggerChecks
from functions.services.trigger_keys import TriggerKeys, path

Problem = Mapping[str, Any]  # code, detail, remedy


@dataclass(frozen=True, slots=True)
class TriggerPage:
    triggers: tuple[Trigger, ...]
    next: str | None


class Triggers:
    """A trigger lies at `triggers/{id}`, where it is found before its owner is known, with the owner as a field. A key
    that is limited to some accounts sees and makes triggers of these alone."""

    def __init__(
        self,
        documents: Documents,
        accounts: Accounts,
        checks: TriggerChecks,
        keys: TriggerKeys,
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        self._documents = documents
        self._accounts = accounts
        self._checks = checks
        self._keys = keys
        self._clock = clock
        self._random = random

    def page(self, caller: Caller, limit: int, after: str | None) -> TriggerPage:
        """Newest first."""
        page = self._documents.query(
            Query(
                "triggers",
                equals={"owner": caller.owner},
                among=caller.among(),
                order=("created_at", "desc"),
                limit=limit,
                after=after,
            )
        )
        return TriggerPage(tuple(_trigger(d) for d in page.documents), page.next)

    def get(self, caller: Caller, trigger_id: str) -> Trigger:
        """Raises NotFound: for another owner's trigger just as for none."""
        return _trigger(self._document(caller, trigger_id))

    def create(self, caller: Caller, fields: TriggerFields, secrets: Sequence[str]) -> tuple[Trigger, str]:
        """The trigger and, where none was given, its secret, this once.

        Raises InvalidRequest with all that is wrong, NotFound for the account, Conflict where there are too many.
        """
        account = self._account(caller, fields)
        self._checks.check(caller.owner, fields)
        here = Query("triggers", equals={"owner": caller.owner}, order=("created_at", "desc"), limit=MAX_TRIGGERS)
        if len(self._documents.query(here).documents) >= MAX_TRIGGERS:
            raise Conflict(f"There are {MAX_TRIGGERS} triggers, which is the most.", remedy="Delete one first.")
        now, made = self._clock(), "" if secrets else signatures.new_secret(fields.scheme, self._random)
        trigger_id = random_id("trg", self._random)
        sealed = self._keys.sealed(caller.owner, trigger_id, secrets or [made])
        bare = Trigger(
            id=trigger_id,
            owner=caller.owner,
            account=account.id,
            sender=Address(account.email, account.name),
            fields=fields,
            created_at=now,
            updated_at=now,
            secrets=tuple(TriggerSecret(one, now) for one in sealed),
        )
        trigger = triggers.written(bare, fields, account.id, bare.sender, now)
        self._documents.commit([Create(path(trigger.id), records.to_data(trigger))])
        self._keys.forget(trigger.id)
        return trigger, made

    def put(self, caller: Caller, trigger_id: str, fields: TriggerFields) -> Trigger:
        """Its secrets stay. Raises NotFound, Conflict; InvalidRequest with all that is wrong."""
        before = self.get(caller, trigger_id)
        account_id, sender = before.account, before.sender
        if fields.account != before.account:  # the one it has may be disconnected: it can be disabled all the same
            account = self._account(caller, fields)
            account_id, sender = account.id, Address(account.email, account.name)
        self._checks.check(caller.owner, fields)

        def change(before: Trigger) -> Trigger:
            if fields.scheme != before.fields.scheme:
                self._check_secrets(before, fields.scheme)
            return triggers.written(before, fields, account_id, sender, self._clock())

        return self._change(caller, trigger_id, change)

    def rotate(self, caller: Caller, trigger_id: str, secret: str | None, overlap: timedelta) -> tuple[Trigger, str]:
        """A new secret, shown this once; the ones before it count beside it for `overlap`.

        Raises NotFound, Conflict; InvalidRequest where the secret is none for the trigger's scheme.
        """
        scheme = self.get(caller, trigger_id).fields.scheme
        text = secret or signatures.new_secret(scheme, self._random)
        try:
            signatures.secret_bytes(scheme, text)
        except ValueError as error:
            raise InvalidRequest(f"/secret: {error}", errors=[FieldError("/secret", str(error))]) from None
        (sealed,) = self._keys.sealed(caller.owner, trigger_id, [text])
        changed = self._change(
            caller, trigger_id, lambda before: triggers.rotated(before, sealed, self._clock(), overlap)
        )
        return changed, text

    def delete(self, caller: Caller, trigger_id: str) -> None:
        """What it has accepted goes out all the same. Raises NotFound."""
        document = self._document(caller, trigger_id)
        self._documents.commit([Delete(document.path), Delete(trigger_rates.path(caller.owner, trigger_id))])
        self._keys.forget(trigger_id)

    def problems(self, found: Sequence[Trigger]) -> dict[str, Problem]:
        """By trigger: what is the matter with its account, where something is."""
        ids = list(dict.fromkeys((t.owner, t.account) for t in found))
        documents = self._documents.get_many([accounts.path(*one) for one in ids]) if ids else []
        of_account = {one: _account_problem(document) for one, document in zip(ids, documents, strict=True)}
        return {t.id: problem for t in found if (problem := of_account[t.owner, t.account])}

    def day_problem(self, trigger: Trigger, recipients: int) -> str:
        """What is wrong with so many of one message; empty where it fits into a day of the account."""
        document = self._documents.get(accounts.path(trigger.owner, trigger.account))
        account = records.from_data(GmailAccount, document.data) if document else None
        return pacing.day_problem(account.email, account.daily_limit, recipients) if account else ""

    def _account(self, caller: Caller, fields: TriggerFields) -> GmailAccount:
        account = self._accounts.resolve(caller, fields.account or None)
        account.require_send()
        return account

    def _check_secrets(self, before: Trigger, scheme: str) -> None:
        """Those it has sign in the new scheme, too."""
        for secret in before.signing(self._clock()):
            try:
                signatures.secret_bytes(scheme, self._keys.text(before, secret))
            except (ValueError, Unsealable):
                detail = f"The trigger's secrets are none for `{scheme}`: delete it, and make another."
                raise InvalidRequest(f"/scheme: {detail}", errors=[FieldError("/scheme", detail)]) from None

    @retry_if_stale
    def _change(self, caller: Caller, trigger_id: str, change: Callable[[Trigger], Trigger]) -> Trigger:
        document = self._document(caller, trigger_id)
        before = _trigger(document)
        after = change(before)
        self._documents.commit([Update(document.path, records.changes(before, after), version=document.version)])
        self._keys.forget(trigger_id)
        return after

    def _document(self, caller: Caller, trigger_id: str) -> Document:
        document = self._documents.get(path(trigger_id)) if looks_like("trg", trigger_id) else None
        if document is None or document.data["owner"] != caller.owner or not caller.may_use(document.data["account"]):
            raise NotFound("There is no trigger with this id.")
        return document


def _trigger(document: Document) -> Trigger:
    return records.from_data(Trigger, document.data)


def _account_problem(document: Document | None) -> Problem | None:
    if document is None:
        return {
            "code": "not_found",
            "detail": "The account of this trigger was disconnected: what comes is put on record, and not sent.",
            "remedy": "Connect it again, or give the trigger another account.",
        }
    return account_rules.problem(records.from_data(GmailAccount, document.data))
