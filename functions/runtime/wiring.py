"""The use cases, each with the adapters it needs, made when first used."""

from typing import TYPE_CHECKING

from functions.domain.ports import Tasks
from functions.runtime.backends import Backends
from functions.runtime.lazy import once

if TYPE_CHECKING:
    from functions.services.accounts import Accounts
    from functions.services.aliases import Aliases
    from functions.services.connecting import Connecting
    from functions.services.controlling import Controlling
    from functions.services.delivering import Delivering
    from functions.services.history import History
    from functions.services.keys import ApiKeys
    from functions.services.outbox import Outbox
    from functions.services.pacing import Pacing
    from functions.services.reconciling import Reconciling
    from functions.services.resending import Resending
    from functions.services.sending import Sending
    from functions.services.signin_links import SignInLinks
    from functions.services.sweeping import Sweeping
    from functions.services.tokens import Tokens


class App(Backends):
    """Everything a handler can ask for. One for each process."""

    @once
    def tasks(self) -> Tasks:
        url = self.settings.tasks_url
        if url.startswith("cloudtasks://"):
            from functions.adapters.cloud_tasks import CloudTasks

            project, location, queue = url.removeprefix("cloudtasks://").split("/")
            return CloudTasks(
                project=project,
                location=location,
                queue=queue,
                url=f"{self.settings.public_url}/tasks/deliver",
                service_account=self.settings.tasks_account,
                clock=self.clock,
            )
        from functions.adapters.local_queue import LocalQueue

        return LocalQueue(
            lambda owner, send_id: self.delivering.deliver(owner, send_id), lambda: self.sweeping.sweep(), self.clock
        )

    @once
    def tokens(self) -> "Tokens":
        from functions.services.tokens import Tokens

        return Tokens(self.documents, self.oauth, self.token_ring, self.clock)

    @once
    def accounts(self) -> "Accounts":
        from functions.services.accounts import Accounts

        return Accounts(self.documents, self.oauth, self.tokens)

    @once
    def aliases(self) -> "Aliases":
        from functions.services.aliases import Aliases

        return Aliases(self.documents, self.gmail, self.tokens, self.clock)

    @once
    def keys(self) -> "ApiKeys":
        from functions.services.keys import ApiKeys

        return ApiKeys(self.documents, self.clock, self.random)

    @once
    def signin_links(self) -> "SignInLinks":
        from functions.services.signin_links import SignInLinks

        return SignInLinks(self.oauth, self.link_ring, self.clock, self.random, self.settings.return_urls)

    @once
    def connecting(self) -> "Connecting":
        from functions.services.connecting import Connecting

        return Connecting(
            documents=self.documents,
            oauth=self.oauth,
            links=self.signin_links,
            ring=self.token_ring,
            tokens=self.tokens,
            accounts=self.accounts,
            aliases=self.aliases,
            controlling=self.controlling,
            clock=self.clock,
            random=self.random,
        )

    @once
    def outbox(self) -> "Outbox":
        from functions.services.outbox import Outbox

        return Outbox(self.documents)

    @once
    def pacing(self) -> "Pacing":
        from functions.services.pacing import Pacing

        return Pacing(self.documents, self.clock, self.settings.units_per_minute)

    @once
    def resending(self) -> "Resending":
        from functions.services.resending import Resending

        return Resending(self.documents, self.outbox, self.tasks, self.clock)

    @once
    def controlling(self) -> "Controlling":
        from functions.services.controlling import Controlling

        return Controlling(self.documents, self.outbox, self.resending, self.tasks, self.clock)

    @once
    def reconciling(self) -> "Reconciling":
        from functions.services.reconciling import Reconciling

        return Reconciling(
            documents=self.documents,
            outbox=self.outbox,
            gmail=self.gmail,
            tokens=self.tokens,
            tasks=self.tasks,
            resending=self.resending,
            clock=self.clock,
        )

    @once
    def delivering(self) -> "Delivering":
        from functions.services.delivering import Delivering

        return Delivering(
            documents=self.documents,
            outbox=self.outbox,
            blobs=self.blobs,
            gmail=self.gmail,
            tokens=self.tokens,
            pacing=self.pacing,
            tasks=self.tasks,
            reconciling=self.reconciling,
            clock=self.clock,
            random=self.random,
        )

    @once
    def sweeping(self) -> "Sweeping":
        from functions.services.sweeping import Sweeping

        return Sweeping(self.documents, self.tasks.enqueue, self.clock)

    @once
    def sending(self) -> "Sending":
        from functions.services.composing import Composing
        from functions.services.sending import Sending

        return Sending(
            blobs=self.blobs,
            accounts=self.accounts,
            tokens=self.tokens,
            composing=Composing(self.documents, self.gmail, self.tokens, self.aliases),
            outbox=self.outbox,
            pacing=self.pacing,
            delivering=self.delivering,
            reconciling=self.reconciling,
            clock=self.clock,
            random=self.random,
        )

    @once
    def history(self) -> "History":
        from functions.services.history import History

        return History(self.documents, self.blobs, self.gmail, self.tokens, self.clock)
