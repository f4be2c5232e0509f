"""A world with triggers, and with whoever signs webhooks for them."""

import base64
import hmac
import json
import os
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import Headers

from functions.adapters.jmespath_paths import JmesPaths
from functions.adapters.liquid_templates import LiquidTemplates
from functions.domain import webhooks
from functions.domain.ports import Documents
from functions.domain.templates import TemplateBody, TemplateFields, Variable
from functions.domain.triggers import Mapping, RecipientRule, Trigger, TriggerFields
from functions.services.accepting import Accepting
from functions.services.aliases import Aliases
from functions.services.completing import Completing
from functions.services.composing import Composing
from functions.services.hook_log import HookLog
from functions.services.personalising import Personalising
from functions.services.receiving import Answer, Receiving
from functions.services.replaying import Replaying
from functions.services.template_checks import TemplateChecks
from functions.services.template_versions import TemplateVersions
from functions.services.templates import Templates
from functions.services.trigger_checks import TriggerChecks
from functions.services.trigger_health import TriggerHealth
from functions.services.trigger_keys import TriggerKeys
from functions.services.trigger_rates import TriggerRates
from functions.services.trigger_tests import TriggerTests
from functions.services.triggers import Triggers
from tests.services.fakes import CALLER, OWNER, Sealer, World, _none

PAYLOAD: dict[str, Any] = {"order": {"number": "1042"}, "customer": {"name": "Grace", "email": "grace@example.com"}}
MAPPING = Mapping({"number": "order.number", "name": "customer.name"}, to=(RecipientRule(path="customer.email"),))


def fields(**changed: Any) -> TriggerFields:
    given: dict[str, Any] = {
        "name": "Order paid",
        "scheme": "standard-webhooks",
        "mapping": MAPPING,
        "subject": "Order {{ number }}",
        "html": "<p>Dear {{ name }}, thank you for {{ number }}.</p>",
        "allowed_domains": ("example.com",),
        **changed,
    }
    if "template" in changed:
        given |= {"subject": "", "html": ""}
    return TriggerFields(**given)


@dataclass
class HookWorld(World):
    """Two of them over one store are two instances."""

    def beside(self, documents: Documents) -> "HookWorld":
        other = HookWorld(documents, self.directory, self.clock, self.units, self.topic)
        other.mailbox, other.oauth, other.tasks, other.hooks = self.mailbox, self.oauth, self.tasks, self.hooks
        other.wire()
        return other

    def wire(self) -> None:
        super().wire()
        documents, clock, ring = self.documents, self.clock, Sealer()
        self.paths, self.templating = JmesPaths(), LiquidTemplates()
        versions = TemplateVersions(documents)
        template_checks = TemplateChecks(documents, versions, lambda: self.templating)
        self.templates = Templates(documents, versions, template_checks, clock, os.urandom)
        checks = TriggerChecks(versions, lambda: self.templating, self.paths)
        self.trigger_keys = TriggerKeys(documents, ring, clock)
        self.triggers = Triggers(documents, self.accounts, checks, self.trigger_keys, clock, os.urandom)
        self.trigger_health = TriggerHealth(documents, self.announcing, clock)
        self.hook_log = HookLog(documents, ring, clock)
        self.accepting = Accepting(
            documents=documents,
            blobs=lambda: self.blobs,
            outbox=self.outbox,
            log=self.hook_log,
            ring=ring,
            paths=self.paths,
            tasks=lambda: self.tasks,
            random=os.urandom,
        )
        self.receiving = Receiving(
            keys=self.trigger_keys,
            accepting=self.accepting,
            log=self.hook_log,
            outbox=self.outbox,
            rates=TriggerRates(documents, clock),
            health=self.trigger_health,
            clock=clock,
        )
        self.replaying = Replaying(self.hook_log, self.accepting, clock, os.urandom)
        self.trigger_tests = TriggerTests(
            triggers=self.triggers,
            checks=checks,
            keys=self.trigger_keys,
            log=self.hook_log,
            standings=self.standings,
            templating=lambda: self.templating,
            paths=self.paths,
            clock=clock,
        )
        aliases = Aliases(documents, self.gmail, self.tokens, clock)
        self.completing = Completing(
            documents=documents,
            blobs=self.blobs,
            ring=ring,
            outbox=self.outbox,
            standings=self.standings,
            composing=Composing(documents, self.gmail, self.tokens, aliases, _none, lambda: self.templates, clock),
            personalising=Personalising(lambda: self.templating, _none),
            log=self.hook_log,
            health=self.trigger_health,
            clock=clock,
            random=os.urandom,
        )

    def trigger(self, **changed: Any) -> "Hook":
        made, secret = self.triggers.create(CALLER, fields(**changed), ())
        return Hook(self, made, secret)

    def template(self, html: str = "<p>Order {{ number }}</p>") -> str:
        body = TemplateBody(
            "Order {{ number }}", html, variables=(Variable("number"), Variable("name", required=False))
        )
        made = self.templates.create(OWNER, TemplateFields("Order", body))
        return self.templates.publish(OWNER, made.id).id


@dataclass
class Hook:
    world: HookWorld
    made: Trigger
    secret: str

    @property
    def id(self) -> str:
        return self.made.id

    def now(self) -> Trigger:
        return self.world.triggers.get(CALLER, self.id)

    def put(self, **changed: Any) -> Trigger:
        return self.world.triggers.put(CALLER, self.id, fields(**changed))

    def post(
        self, payload: Any = PAYLOAD, name: str = "", *, at: "HookWorld | None" = None, secret: str = "", **headers: str
    ) -> Answer:
        """Signed now; at another instance with `at`."""
        world = at or self.world
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        given = signed(
            secret or self.secret, name or f"msg_{os.urandom(8).hex()}", int(world.clock().timestamp()), body
        )
        given.update({key.replace("_", "-"): value for key, value in headers.items()})
        return world.receiving.receive(self.id, given, body, "application/json")

    def log(self, verdict: str = "") -> list[Any]:
        return list(self.world.hook_log.page(CALLER, self.made, verdict, 100, None).deliveries)


def signed(secret: str, name: str, at: int, body: bytes) -> Headers:
    """By the text of the standard, not by our own code."""
    key = base64.b64decode(secret.removeprefix(webhooks.SECRET_PREFIX))
    digest = hmac.digest(key, f"{name}.{at}.".encode() + body, "sha256")
    return Headers(
        {
            "webhook-id": name,
            "webhook-timestamp": str(at),
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }
    )
