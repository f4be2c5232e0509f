"""Triggers: what a signed webhook turns into an email, by rules that its owner made. Pure.

Nothing of a payload is believed but what the rules ask for: the owner, the account and the template are the trigger's.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from functions.domain.messages import Address
from functions.domain.records import replace
from functions.domain.signatures import HmacRules

MAX_TRIGGERS = 100  # of one owner
MAX_SECRETS = 4  # that are active at one time
OVERLAP = timedelta(hours=24)  # how long an old secret counts beside its successor
OVERLAP_LIMIT = timedelta(days=7)

NAME_LIMIT = 100  # characters
EXPRESSION_LIMIT = 1_000  # characters of one JMESPath expression
VARIABLES_LIMIT = 50
RECIPIENTS_LIMIT = 50  # rules for to, cc and bcc together
DOMAINS_LIMIT = 50
ANY_DOMAIN = "*"
DELAY_LIMIT = timedelta(days=30)
PER_MINUTE_LIMIT, PER_DAY_LIMIT = 100_000, 1_000_000

BODY_LIMIT = 1 << 20  # bytes of a webhook; the largest that a provider sends is Shopify's, of some hundred thousand
BODY_KEPT_FOR = timedelta(days=7)
# A delivery's record is what a repeated one is known by; providers repeat for three days at most.
DELIVERY_KEPT_FOR = timedelta(days=31)

FAILING_AT = 5  # failures in a row, of which the owner is told once


@dataclass(frozen=True, slots=True)
class TriggerSecret:
    """What the sender signs with, sealed."""

    sealed: str
    created_at: datetime
    expires_at: datetime | None = None  # of one that has a successor


@dataclass(frozen=True, slots=True)
class RecipientRule:
    """One fixed address, or a path to one address or a list of them in the payload; exactly one of the two."""

    email: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """What is taken out of a payload. `variables`: JMESPath expressions by the template's names."""

    variables: dict[str, str] = field(default_factory=dict)
    to: tuple[RecipientRule, ...] = ()
    cc: tuple[RecipientRule, ...] = ()
    bcc: tuple[RecipientRule, ...] = ()
    reply_to: tuple[RecipientRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """How many deliveries may make a message. None: as many as come."""

    per_minute: int | None = None
    per_day: int | None = None


@dataclass(frozen=True)
class TriggerFields:
    """What its owner writes.

    `template` is a template's id, of which `template_version` None is the published one at the time; without it,
    `subject` with `html` or `text` or both, in Liquid. `hmac` goes with the scheme of that name, and with no other.
    """

    name: str
    scheme: str
    mapping: Mapping
    enabled: bool = True
    account: str = ""  # an id; as it is asked for, an address or nothing, too
    template: str = ""
    template_version: int | None = None
    subject: str = ""
    html: str = ""
    text: str | None = None
    hmac: HmacRules | None = None
    filter: str = ""  # JMESPath; empty: every payload counts
    allowed_domains: tuple[str, ...] = ()  # in lower case; "*": every one
    delay_seconds: int = 0
    rate: Rate = Rate()
    transactional: bool = False


@dataclass(frozen=True)
class Trigger:
    """`sender` is the account's address as it was when the trigger was saved: shown until a message is composed.

    `failures` in a row since `failing_since`, up to FAILING_AT, where its owner is told.
    """

    id: str  # trg_…
    owner: str
    account: str  # acc_…
    sender: Address
    fields: TriggerFields
    created_at: datetime
    updated_at: datetime
    secrets: tuple[TriggerSecret, ...]  # the newest first
    template: str = ""  # as in `fields`: an index is of a field of the record
    failures: int = 0
    failing_since: datetime | None = None

    def signing(self, now: datetime) -> list[TriggerSecret]:
        """The secrets that count now."""
        return [s for s in self.secrets if s.expires_at is None or s.expires_at > now]


def rotated(trigger: Trigger, sealed: str, now: datetime, overlap: timedelta) -> Trigger:
    """With a new secret. The ones before count for `overlap` more; of too many, the oldest goes."""
    until = now + overlap
    old = [replace(s, expires_at=min(s.expires_at or until, until)) for s in trigger.signing(now)]
    kept = [s for s in old if s.expires_at and s.expires_at > now]
    return replace(trigger, secrets=(TriggerSecret(sealed, now), *kept)[:MAX_SECRETS])


def written(trigger: Trigger, fields: TriggerFields, account: str, sender: Address, now: datetime) -> Trigger:
    """As its owner wrote it: with a clean slate, for what failed was another one."""
    fields = replace(fields, account=account)
    return replace(
        trigger,
        account=account,
        sender=sender,
        fields=fields,
        template=fields.template,
        updated_at=now,
        failures=0,
        failing_since=None,
    )


def failed(trigger: Trigger, now: datetime) -> Trigger:
    """After one more failure. Unchanged once its owner has been told: a trigger that fails is no hot document."""
    if trigger.failures >= FAILING_AT:
        return trigger
    return replace(trigger, failures=trigger.failures + 1, failing_since=trigger.failing_since or now)


def well(trigger: Trigger) -> Trigger:
    return replace(trigger, failures=0, failing_since=None)
