"""A logged webhook once more, because its owner chose so: through the trigger as it is now, as a new delivery."""

from functions.domain.callers import Caller
from functions.domain.errors import Conflict, PreconditionFailed
from functions.domain.hook_deliveries import HookDelivery
from functions.domain.ids import RandomBytes, derived_id, random_id
from functions.domain.ports import Clock
from functions.domain.records import replace
from functions.domain.triggers import Trigger
from functions.services import hook_log
from functions.services.accepting import Accepting, Webhook
from functions.services.hook_log import HookLog


class Replaying:
    def __init__(self, log: HookLog, accepting: Accepting, clock: Clock, random: RandomBytes) -> None:
        self._log = log
        self._accepting = accepting
        self._clock = clock
        self._random = random

    def replay(
        self, caller: Caller, trigger: Trigger, delivery_id: str, key: str | None = None
    ) -> tuple[HookDelivery, bool]:
        """The new delivery, which names the old one, and whether it is new: under the same `key`, it is made once.
        What the old one sent is sent again.

        Raises NotFound; Conflict where the body is no longer kept; Unavailable.
        """
        old = self._log.get(caller, trigger, delivery_id)
        new_id = derived_id("whd", trigger.id, "replay", old.id, key) if key else random_id("whd", self._random)
        if key and (first := self._log.find(trigger.owner, new_id)):
            return first.delivery, False
        body = self._log.body(old)
        if body is None:
            raise Conflict(hook_log.GONE, remedy="Have its sender deliver it again.")
        webhook = Webhook(body, old.content_type, event=old.event)
        made = self._accepting.make(trigger, webhook, new_id, self._clock())
        made = replace(made, delivery=replace(made.delivery, name=old.name, replay_of=old.id))
        try:
            self._accepting.commit(made)
        except PreconditionFailed:
            if first := self._log.find(trigger.owner, new_id):
                return first.delivery, False
            raise Conflict("This replay was asked for before, and its log has ended.") from None
        self._accepting.enqueue(made)
        return made.delivery, True
