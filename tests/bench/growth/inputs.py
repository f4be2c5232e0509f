"""What a day is assumed to be like, and what was measured. `python -m tests.bench.growth --set` changes any of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """Seconds. The CPU is docs/performance.md's, of a busy machine of two cores: a vCPU may do better, or worse."""

    send_cpu: float = 0.0111  # a warm send on Firestore
    deliver_cpu: float = 0.0133  # reads more: by its round trips, and not measured by itself
    hit_cpu: float = 0.0060  # an open or click, likewise
    push_cpu: float = 0.0060  # a push with its look, likewise
    event_cpu: float = 0.0060  # an event told to an endpoint, likewise
    cold_cpu: float = 0.65  # hello's 0.23, times 2.83
    cold_start: float = 1.5  # until an instance answers: CPU, and what the platform needs; not measured there
    gmail: float = 0.5  # a send: docs/operations.md
    gmail_spread: float = 0.4  # of its logarithm
    gmail_read: float = 0.1  # a look
    store: float = 0.008  # a call of Firestore within a region; not measured
    told: float = 0.3  # until an endpoint has answered


@dataclass(frozen=True)
class Habits:
    """A made-up but usual company: what it does with mail. Shares are of sends, unless something else is said."""

    waited: float = 0.5  # the caller waits for Gmail
    batched: float = 0.25  # in a batch, at once; the rest goes through the queue one by one
    batch: int = 1_000  # at most so many at once
    hits: float = 0.8  # opens and clicks, machines' included
    answers: float = 0.1
    told: float = 0.5  # events that an endpoint hears of
    mail: float = 30  # what comes into a mailbox in a day, and makes Gmail push
    eager: float = 0.8  # accounts that sent in the last two days
    consumers: float = 0.3  # accounts at gmail.com: 500 recipients a day instead of 2,000
    log_bytes: float = 600  # a line; each request, and each state that a send comes to, has one
    push_bytes: float = 2_000  # published and delivered: at least 1,000 each
    content_bytes: float = 9_000  # of a message: text and HTML
    # An index entry: the names of a document and its parent, the field's name and value, 32 bytes:
    # https://firebase.google.com/docs/firestore/storage-size
    entry_bytes: float = 200
    # Of a day's sends in each hour, for people in some time zones.
    hours: tuple[int, ...] = (1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 10, 9, 8, 9, 10, 9, 8, 6, 4, 3, 2, 2, 1, 1)


@dataclass(frozen=True)
class Scale:
    sends: int  # a day
    accounts: int


SCALES = (
    Scale(10, 10),
    Scale(100, 10),
    Scale(1_000, 100),
    Scale(10_000, 1_000),
    Scale(100_000, 10_000),
    Scale(1_000_000, 100_000),
    Scale(10_000_000, 1_000_000),
)
