"""Files that are uploaded once and referred to by any number of sends.

A file lies in the blob store once. Three times matter for how long:

- `expires_at`: until then new sends may refer to it;
- `kept_until`: until then sends that were accepted need its bytes, whatever becomes of the attachment;
- `purge_at`: the sweep looks at the record then, and removes both. Never earlier than `kept_until`.

A record is there before a byte is stored, so nothing lies in the store that no record knows of.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from functions.domain.attachment_rules import content_type_problem, filename_problem, guess_content_type
from functions.domain.callers import Caller
from functions.domain.fields import Fields, Problems
from functions.domain.messages import MIME_LIMIT
from functions.domain.records import replace
from functions.domain.times import parse

FILE_LIMIT = MIME_LIMIT  # bytes: what is larger fits into no message, however it is encoded
EXPIRES_IN = timedelta(days=30)
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=366)
URL_WORKS_FOR = timedelta(hours=1)
ABANDONED = timedelta(days=1)  # an upload that is not complete by then never will be

# A send can go out later than was planned: Gmail asks to wait, or its owner has to reconnect first. So its files are
# kept for longer than it asked for. And when that has to be written, then for much longer, or a file in daily use would
# be written with every send.
LEEWAY = timedelta(days=30)
AHEAD = timedelta(days=60)


class AttachmentStatus(StrEnum):
    WAITING = "waiting"  # for its bytes
    READY = "ready"
    DELETED = "deleted"  # gone for its owner; the record stays while accepted sends need the bytes


@dataclass(frozen=True)
class StoredAttachment:
    """`size` and `sha256` (hex) are what was announced until the file is there; `sha256` may be empty until then."""

    id: str
    owner: str
    status: AttachmentStatus
    filename: str
    content_type: str
    created_at: datetime
    expires_at: datetime
    purge_at: datetime
    blob: str
    size: int = 0  # bytes
    sha256: str = ""
    kept_until: datetime | None = None
    upload_until: datetime | None = None  # a signed URL may still store the blob
    key: str = ""  # the API key that uploaded it

    def belongs_to(self, caller: Caller) -> bool:
        """A key for some accounts only has what it uploaded: it must not learn what other accounts send."""
        mine = caller.accounts is None or self.key == caller.key_id != ""
        return mine and self.owner == caller.owner and self.status is not AttachmentStatus.DELETED


def ready(attachment: StoredAttachment, size: int, sha256: str) -> StoredAttachment:
    return _timed(replace(attachment, status=AttachmentStatus.READY, size=size, sha256=sha256))


def kept(attachment: StoredAttachment, until: datetime) -> StoredAttachment:
    """As it has to be for a send that needs it until then: the same where it is kept for long enough."""
    if attachment.kept_until and attachment.kept_until >= until + LEEWAY:
        return attachment
    return _timed(replace(attachment, kept_until=until + AHEAD))


def deleted(attachment: StoredAttachment, now: datetime) -> StoredAttachment:
    """Also of one that has expired. Its bytes stay for as long as accepted sends need them."""
    return _timed(replace(attachment, status=AttachmentStatus.DELETED), now)


def _timed(attachment: StoredAttachment, gone: datetime | None = None) -> StoredAttachment:
    """A blob that is removed while a signed URL still works could be stored again, and nobody would know of it."""
    times = (gone or attachment.expires_at, attachment.kept_until, attachment.upload_until)
    return replace(attachment, purge_at=max(time for time in times if time))


def usable_problem(attachment: StoredAttachment | None, caller: Caller, now: datetime) -> str:
    """Why a send can't refer to it, or ""."""
    if attachment is None or not attachment.belongs_to(caller):
        return "There is no attachment with this id."
    if attachment.expires_at <= now:
        return f"This attachment expired at {attachment.expires_at:%Y-%m-%d %H:%M:%S} UTC: upload the file again."
    if attachment.status is AttachmentStatus.WAITING:
        return "This file has not been uploaded completely: upload it, then call POST …/complete/."
    return ""


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A file that is to be uploaded past us. `sha256` "" is not checked."""

    filename: str
    content_type: str
    size: int
    sha256: str
    expires_at: datetime


_SHA256 = frozenset("0123456789abcdef")


def parse_upload(body: object, now: datetime, problems: Problems) -> UploadRequest:
    """Adds to `problems` what is wrong."""
    fields = Fields(body, "", problems, ("filename", "content_type", "size", "sha256", "expires_at", "expires_in"))
    filename = fields.text("filename", filename_problem, required=True) or ""
    content_type = fields.text("content_type", content_type_problem) or guess_content_type(filename)
    size = fields.integer("size", 1, FILE_LIMIT)
    if not fields.has("size"):
        fields.wrong("size", "This is required: the file's size in bytes.")
    sha256 = fields.text("sha256", _sha256_problem) or ""
    return UploadRequest(filename, content_type, size or 0, sha256, parse_expiry(fields, now))


def parse_expiry(fields: Fields, now: datetime) -> datetime:
    """`expires_at` or `expires_in`; 30 days where both are absent."""
    given, seconds = fields.text("expires_at", limit=40), None
    if not fields.has("expires_at"):
        seconds = fields.integer("expires_in", int(SHORTEST.total_seconds()), int(LONGEST.total_seconds()))
        return now + (timedelta(seconds=seconds) if seconds else EXPIRES_IN)
    if fields.has("expires_in"):
        fields.wrong("expires_in", "Give either `expires_at` or `expires_in`.")
    at = parse(given) if given else None
    if at is None:
        fields.wrong("expires_at", "This must be an RFC 3339 time such as 2027-01-31T12:00:00Z.")
    elif at <= now or at > now + LONGEST:
        fields.wrong("expires_at", f"This must lie ahead, by {LONGEST.days} days at most.")
    else:
        return at
    return now + EXPIRES_IN


def _sha256_problem(value: str) -> str:
    return "" if len(value) == 64 and set(value) <= _SHA256 else "This must be 64 hexadecimal digits, in lower case."
