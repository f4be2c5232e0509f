"""Accounts, their owners and keys, and what comes into their mailboxes."""

from typing import TYPE_CHECKING

from functions.runtime import events
from functions.runtime.lazy import once
from functions.runtime.queue_wiring import Queue

if TYPE_CHECKING:
    from functions.services.accounts import Accounts
    from functions.services.aliases import Aliases
    from functions.services.connecting import Connecting
    from functions.services.disconnecting import Disconnecting
    from functions.services.grants import Grants
    from functions.services.incoming import Incoming
    from functions.services.keys import ApiKeys
    from functions.services.mailbox import MailboxSync
    from functions.services.owners import Owners
    from functions.services.parked_grants import ParkedGrants
    from functions.services.signin_links import SignInLinks
    from functions.services.standing import Standings
    from functions.services.suppressions import Suppressions
    from functions.services.tokens import Tokens
    from functions.services.watching import Watching


class AccountsAndMailboxes(Queue):
    """A part of the App."""

    @once
    def tokens(self) -> "Tokens":
        from functions.services.tokens import Tokens

        return Tokens(self.documents, self.oauth, self.token_ring, self.clock, self.announcing, events.reauth_required)

    @once
    def owners(self) -> "Owners":
        from functions.services.owners import Owners

        return Owners(self.documents)

    @once
    def suppressions(self) -> "Suppressions":
        from functions.services.suppressions import Suppressions

        return Suppressions(self.documents, self.timeline, self.clock)

    @once
    def standings(self) -> "Standings":
        from functions.services.standing import Standings

        return Standings(self.documents)

    @once
    def accounts(self) -> "Accounts":
        from functions.services.accounts import Accounts

        return Accounts(self.documents)

    @once
    def grants(self) -> "Grants":
        from functions.services.grants import Grants

        return Grants(self.documents, self.oauth, self.clock)

    @once
    def disconnecting(self) -> "Disconnecting":
        from functions.services.disconnecting import Disconnecting

        return Disconnecting(
            self.documents,
            self.accounts,
            self.grants,
            self.tokens,
            lambda *account: self.controlling.cancel_all(*account),
            lambda account: self.watching.stop(account),
            self.announcing,
        )

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
    def parked_grants(self) -> "ParkedGrants":
        from functions.services.parked_grants import ParkedGrants

        return ParkedGrants(self.documents, self.token_ring, self.clock, self.random, self.grants)

    @once
    def connecting(self) -> "Connecting":
        from functions.services.connecting import Connecting

        return Connecting(
            documents=self.documents,
            oauth=self.oauth,
            links=self.signin_links,
            parked=self.parked_grants,
            tokens=self.tokens,
            accounts=self.accounts,
            aliases=self.aliases,
            grants=self.grants,
            controlling=self.controlling,
            clock=self.clock,
            connected=lambda account: self.watching.start(account),
            announcing=self.announcing,
        )

    @once
    def incoming(self) -> "Incoming":
        from functions.services.incoming import Incoming

        return Incoming(self.documents, self.gmail, self.tokens)

    @once
    def mailbox_sync(self) -> "MailboxSync":
        from functions.services.mailbox import MailboxSync

        return MailboxSync(
            documents=self.documents,
            gmail=self.gmail,
            tokens=self.tokens,
            incoming=lambda: self.incoming,
            timeline=self.timeline,
            suppress=lambda *what: self.suppressions.hard_bounced(*what),
            clock=self.clock,
        )

    @once
    def watching(self) -> "Watching":
        from functions.services.watching import Watching

        return Watching(
            documents=self.documents,
            gmail=self.gmail,
            tokens=self.tokens,
            sync=lambda: self.mailbox_sync,
            clock=self.clock,
            topic=self.settings.gmail_topic,
            local=self.settings.local,
            refused=events.watch_refused,
        )
