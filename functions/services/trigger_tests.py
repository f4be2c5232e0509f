"""What a trigger makes of a payload, before it makes anything: nothing is written, and nothing goes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.domain import mail_warnings, mapping, payloads, recipes, signatures
from functions.domain.callers import Caller
from functions.domain.errors import Conflict, FieldError, IntegrationError
from functions.domain.mapping import Mapped, MappingFailed
from functions.domain.payloads import BadPayload
from functions.domain.ports import Clock
from functions.domain.records import replace
from functions.domain.signed_headers import Headers, Unsigned
from functions.domain.template_ports import Rendered, Templating
from functions.domain.trigger_ports import Paths
from functions.domain.triggers import Trigger
from functions.services import hook_log
from functions.services.accepting import recipe
from functions.services.hook_log import HookLog
from functions.services.standing import Standings
from functions.services.trigger_checks import TriggerChecks
from functions.services.trigger_keys import TriggerKeys
from functions.services.triggers import Triggers


@dataclass(frozen=True, slots=True)
class Trial:
    """A logged `delivery`, or a body; with `headers`, its signature is looked at as well."""

    delivery: str = ""
    body: bytes = b""
    content_type: str = "application/json"
    headers: Headers | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """`signature` "" where it holds, else the reason; None where none was given. `passes` None: not known."""

    signature: str | None = None
    passes: bool | None = None
    mapped: Mapped | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    rendered: Rendered | None = None
    warnings: tuple[mail_warnings.Warning, ...] = ()
    problems: tuple[FieldError, ...] = ()

    def wrong(self, pointer: str, detail: str) -> "Tried":
        return replace(self, problems=(*self.problems, FieldError(pointer, detail)))


class TriggerTests:
    def __init__(
        self,
        *,
        triggers: Triggers,
        checks: TriggerChecks,
        keys: TriggerKeys,
        log: HookLog,
        standings: Standings,
        templating: Callable[[], Templating],
        paths: Paths,
        clock: Clock,
    ) -> None:
        self._triggers = triggers
        self._checks = checks
        self._keys = keys
        self._log = log
        self._standings = standings
        self._templating = templating
        self._paths = paths
        self._clock = clock

    def test(self, caller: Caller, trigger: Trigger, asked: Trial) -> Tried:
        """Raises NotFound; Conflict where the delivery's body is no longer kept. All else stands in `problems`."""
        if asked.delivery:
            logged = self._log.get(caller, trigger, asked.delivery)
            body = self._log.body(logged)
            if body is None:
                raise Conflict(hook_log.GONE, remedy="Paste a payload instead: `payload`.")
            asked = Trial(body=body, content_type=logged.content_type)
        tried = self._signature(trigger, asked)
        if problem := self._triggers.problems([trigger]).get(trigger.id):
            tried = tried.wrong("/account", problem["detail"])
        fields = trigger.fields
        try:
            payload = payloads.parse(asked.body, asked.content_type)
            tried = replace(tried, passes=mapping.wanted(fields.filter, payload, self._paths))
            found = mapping.mapped(fields.mapping, fields.allowed_domains, payload, self._paths)
        except BadPayload as bad:
            return tried.wrong("/payload", bad.detail)
        except MappingFailed as failed:
            return tried.wrong(failed.pointer, failed.detail)
        tried = self._recipients(trigger, replace(tried, mapped=found, variables=found.variables))
        return self._message(trigger, found, tried)

    def _signature(self, trigger: Trigger, asked: Trial) -> Tried:
        if asked.headers is None:
            return Tried()
        now, fields = self._clock(), trigger.fields
        secrets = self._keys.opened(trigger).signing(now)
        try:
            signatures.verify(fields.scheme, asked.headers, asked.body, secrets, now, fields.hmac)
        except Unsigned as refused:
            return Tried(signature=refused.reason).wrong("/headers", refused.detail)
        return Tried(signature="")

    def _recipients(self, trigger: Trigger, tried: Tried) -> Tried:
        assert tried.mapped  # noqa: S101 - it is what the recipients are taken from
        asked = {"to": tried.mapped.to, "cc": tried.mapped.cc, "bcc": tried.mapped.bcc}
        standing = self._standings.of(trigger.owner, [a.email for people in asked.values() for a in people])
        left = 0
        for name, people in asked.items():
            for index, address in enumerate(people):
                if reason := standing.reason(address.email, trigger.fields.transactional):
                    tried = tried.wrong(f"/{name}/{index}", f"The suppression list forbids it: {reason}.")
                else:
                    left += 1
        detail = self._triggers.day_problem(trigger, left)
        return tried.wrong("/mapping", detail) if detail else tried

    def _message(self, trigger: Trigger, found: Mapped, tried: Tried) -> Tried:
        made = recipe(trigger, found)
        try:
            if made.template:
                version = self._checks.template(trigger.owner, trigger.fields)
            else:
                version = recipes.written(made, self._clock())
            rendered = self._templating().render(version, made.variables, "/mapping/variables")
        except IntegrationError as error:
            for one in error.errors or [FieldError("", error.detail)]:
                tried = tried.wrong(one.pointer, one.detail)
            return tried
        return replace(tried, rendered=rendered, warnings=tuple(mail_warnings.warnings(rendered)))
