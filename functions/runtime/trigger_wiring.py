"""Triggers: their rules, what comes to them, and what is made of it."""

from typing import TYPE_CHECKING

from functions.runtime.content_wiring import Contents
from functions.runtime.lazy import once

if TYPE_CHECKING:
    from functions.domain.trigger_ports import Paths
    from functions.services.accepting import Accepting
    from functions.services.completing import Completing
    from functions.services.hook_log import HookLog
    from functions.services.receiving import Receiving
    from functions.services.replaying import Replaying
    from functions.services.trigger_checks import TriggerChecks
    from functions.services.trigger_health import TriggerHealth
    from functions.services.trigger_keys import TriggerKeys
    from functions.services.trigger_tests import TriggerTests
    from functions.services.triggers import Triggers


class TriggersAndWebhooks(Contents):
    """A part of the App."""

    @once
    def paths(self) -> "Paths":
        from functions.adapters.jmespath_paths import JmesPaths

        return JmesPaths()

    @once
    def trigger_keys(self) -> "TriggerKeys":
        from functions.services.trigger_keys import TriggerKeys

        return TriggerKeys(self.documents, self.token_ring, self.clock)

    @once
    def trigger_checks(self) -> "TriggerChecks":
        from functions.services.trigger_checks import TriggerChecks

        return TriggerChecks(self.template_versions, lambda: self.templating, self.paths)

    @once
    def triggers(self) -> "Triggers":
        from functions.services.triggers import Triggers

        return Triggers(self.documents, self.accounts, self.trigger_checks, self.trigger_keys, self.clock, self.random)

    @once
    def trigger_health(self) -> "TriggerHealth":
        from functions.services.trigger_health import TriggerHealth

        return TriggerHealth(self.documents, self.announcing, self.clock)

    @once
    def hook_log(self) -> "HookLog":
        from functions.services.hook_log import HookLog

        return HookLog(self.documents, self.token_ring, self.clock)

    @once
    def accepting(self) -> "Accepting":
        from functions.services.accepting import Accepting

        return Accepting(
            documents=self.documents,
            blobs=lambda: self.blobs,
            outbox=self.outbox,
            log=self.hook_log,
            ring=self.token_ring,
            paths=self.paths,
            tasks=lambda: self.tasks,
            random=self.random,
        )

    @once
    def receiving(self) -> "Receiving":
        from functions.services.receiving import Receiving
        from functions.services.trigger_rates import TriggerRates

        return Receiving(
            keys=self.trigger_keys,
            accepting=self.accepting,
            log=self.hook_log,
            outbox=self.outbox,
            rates=TriggerRates(self.documents, self.clock),
            health=self.trigger_health,
            clock=self.clock,
        )

    @once
    def replaying(self) -> "Replaying":
        from functions.services.replaying import Replaying

        return Replaying(self.hook_log, self.accepting, self.clock, self.random)

    @once
    def trigger_tests(self) -> "TriggerTests":
        from functions.services.trigger_tests import TriggerTests

        return TriggerTests(
            triggers=self.triggers,
            checks=self.trigger_checks,
            keys=self.trigger_keys,
            log=self.hook_log,
            standings=self.standings,
            templating=lambda: self.templating,
            paths=self.paths,
            clock=self.clock,
        )

    @once
    def completing(self) -> "Completing":
        from functions.services.completing import Completing

        return Completing(
            documents=self.documents,
            blobs=self.blobs,
            ring=self.token_ring,
            outbox=self.outbox,
            standings=self.standings,
            composing=self.composing,
            personalising=self.personalising,
            log=self.hook_log,
            health=self.trigger_health,
            clock=self.clock,
            random=self.random,
        )
