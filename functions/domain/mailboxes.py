"""What is remembered of a mailbox that is looked into: how far, and when again. Pure: time is an argument."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain.accounts import AccountStatus, GmailAccount

# A watch lapses after seven days; Google's advice is to renew it daily.
# https://developers.google.com/workspace/gmail/api/guides/push#renewing_mailbox_watch
RENEW_AFTER = timedelta(days=1)
# Answers that come later than this after an account's last send are not looked for.
WORTH_WATCHING = timedelta(days=30)
# How often is looked although no push came: most answers come in the first days.
EAGER = timedelta(days=2)
EAGERLY, CALMLY = timedelta(minutes=10), timedelta(hours=1)
LOCALLY = timedelta(seconds=30)
# After failures in a row.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Mailbox:
    """Beside the account's record, which others write; its id is the account's."""

    account: str
    owner: str
    history_id: str = ""  # everything up to here has been looked at
    synced_at: datetime | None = None
    watched_at: datetime | None = None
    watch_expires_at: datetime | None = None
    watch_problem: str = ""  # code of why Gmail does not push, although it was asked to
    due_at: datetime | None = None  # when something has to be done next; None: nothing, until the account sends again
    failures: int = 0  # in a row
    # Where history was lost: the threads of sends since then are looked into, from this place in their list on.
    catch_up_since: datetime | None = None
    catch_up_after: str = ""


def new(account: GmailAccount, now: datetime) -> Mailbox:
    """Nothing is known of what came so far: what was sent lately is caught up with."""
    return Mailbox(account.id, account.owner, due_at=now, catch_up_since=now - WORTH_WATCHING)


def worth_watching(account: GmailAccount, now: datetime) -> bool:
    """Whether answers may be read, and may still come."""
    last = max(account.connected_at, account.last_sent_at or account.connected_at)
    return account.status is AccountStatus.CONNECTED and account.can_read and now - last <= WORTH_WATCHING


def woken(account: GmailAccount, now: datetime) -> bool:
    """Whether, with a send now, its mailbox may have to be looked into again: by an account as it was before the send.
    A day early, because the mailbox may be left alone between the two."""
    last = max(account.connected_at, account.last_sent_at or account.connected_at)
    return now - last > WORTH_WATCHING - timedelta(days=1)


def needs_watch(mailbox: Mailbox, now: datetime) -> bool:
    return mailbox.watched_at is None or now - mailbox.watched_at >= RENEW_AFTER


def next_look(account: GmailAccount, now: datetime, *, local: bool) -> datetime:
    """When to look although no push comes: pushes get lost, and without a topic there are none."""
    if local:
        return now + LOCALLY
    last = account.last_sent_at
    return now + (EAGERLY if last is not None and now - last <= EAGER else CALMLY)


def pause(failures: int, asked: float | None, now: datetime) -> datetime:
    """After a failure; `asked`: seconds that Gmail asks to wait."""
    seconds = FIRST_PAUSE.total_seconds() * 2.0 ** min(failures, 10)
    return now + timedelta(seconds=max(min(seconds, LONGEST_PAUSE.total_seconds()), asked or 0.0))


def later(one: str, other: str) -> str:
    """The newer of two history ids: decimal numbers, which may be missing."""
    return max(one, other, key=lambda value: int(value) if value.isdecimal() else -1)
