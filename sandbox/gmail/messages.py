"""What is stored of a message in one account's mailbox."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = 65536


@dataclass(frozen=True)
class Body:
    """Where the bytes after the header block are."""

    file: str
    start: int
    size: int


@dataclass(frozen=True)
class Copy:
    """A message to store in one account's mailbox. `labels` in Gmail's words: SENT, INBOX, UNREAD."""

    account: str
    labels: tuple[str, ...]
    head: bytes
    body: Body
    message_id: str
    subject: str
    sender: str
    recipients: str
    snippet: str
    words: tuple[str, str, str, str]  # sender, recipients, subject, everything


@dataclass(frozen=True)
class Message:
    """A stored message. `at`: Unix milliseconds; `path` holds the body from `body.start` on."""

    account: str
    id: str
    thread_id: str
    labels: tuple[str, ...]
    head: bytes
    body: Body
    at: int
    history_id: int
    message_id: str
    subject: str
    sender: str
    recipients: str
    snippet: str
    path: Path

    @property
    def size(self) -> int:
        return len(self.head) + self.body.size

    def blocks(self) -> Iterator[bytes]:
        """The whole message, as it is stored."""
        yield self.head
        with self.path.open("rb") as file:
            file.seek(self.body.start)
            left = self.body.size
            while left and (block := file.read(min(BLOCK, left))):
                left -= len(block)
                yield block

    def raw(self) -> bytes:
        return b"".join(self.blocks())


@dataclass(frozen=True)
class Change:
    """A record of the history: the message was added, or lost a label."""

    id: int
    message: Message
    label_removed: str | None
