"""Files that were uploaded before: read, referred to by sends, deleted.

"Nothing is lost" means that a send which was accepted keeps its files, though the attachment be deleted or expire
before it goes out. The send's content names the same blob, and `resolve` notes on the attachment's record until when
that is needed. Two who change one record at the same moment are told apart by its version:

- `resolve`, then `delete`: the deletion finds the record changed and reads it again; the blob stays until `kept_until`;
- `delete`, then `resolve`: the note can't be written, the record is read again, and the send is refused;
- `kept_until` is far enough already, so there is nothing to note: every later deletion keeps the blob until then, too;
- `resolve` and the sweep: the sweep marks a record before it touches the blob, and only once `kept_until` has passed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.domain import attachments, records
from functions.domain.attachments import AttachmentStatus, StoredAttachment
from functions.domain.callers import Caller
from functions.domain.errors import BlobMissing, Conflict, InvalidMessage, NotFound, PreconditionFailed
from functions.domain.fields import Problems
from functions.domain.ids import looks_like
from functions.domain.messages import Attachment
from functions.domain.ports import Blobs, Clock, Document, Documents, Query, Update
from functions.domain.send_requests import AttachmentRef
from functions.services import TRIES, retry_if_stale
from functions.services.contents import BlobSource

UNKNOWN = "There is no attachment with this id."


@dataclass(frozen=True, slots=True)
class FoundAttachment:
    """An attachment, with the version of the record it was read from."""

    attachment: StoredAttachment
    version: str


@dataclass(frozen=True, slots=True)
class AttachmentPage:
    attachments: tuple[StoredAttachment, ...]
    next: str | None


class Attachments:
    """They belong to the owner, not to an account: any account's sends may refer to them."""

    def __init__(self, documents: Documents, blobs: Blobs, clock: Clock) -> None:
        self._documents = documents
        self._blobs = blobs
        self._clock = clock

    def page(self, caller: Caller, limit: int, after: str | None) -> AttachmentPage:
        """Those that a send can refer to, newest first."""
        key = {} if caller.accounts is None else {"key": caller.key_id}
        page = self._documents.query(
            Query(
                f"owners/{caller.owner}/attachments",
                equals={"status": AttachmentStatus.READY.value, **key},
                order=("created_at", "desc"),
                limit=limit,
                after=after,
            )
        )
        listed = (records.from_data(StoredAttachment, d.data) for d in page.documents)
        now = self._clock()
        return AttachmentPage(tuple(a for a in listed if not attachments.usable_problem(a, caller, now)), page.next)

    def get(self, caller: Caller, attachment_id: str) -> StoredAttachment:
        """Raises NotFound: for another owner's just as for none."""
        return self.find(caller, attachment_id).attachment

    def find(self, caller: Caller, attachment_id: str) -> FoundAttachment:
        """Raises NotFound."""
        document = self._documents.get(path(caller.owner, attachment_id)) if looks_like("att", attachment_id) else None
        there = found(document)
        if there is None or not there.attachment.belongs_to(caller) or there.attachment.expires_at <= self._clock():
            raise NotFound(UNKNOWN)
        return there

    def content(self, caller: Caller, attachment_id: str) -> tuple[StoredAttachment, Iterator[bytes]]:
        """The file's bytes, a block at a time. Raises NotFound; Conflict while it is not there yet."""
        attachment = self.get(caller, attachment_id)
        if attachment.status is AttachmentStatus.WAITING:
            raise Conflict("This file has not been uploaded yet.", remedy="Upload it, then call POST …/complete/.")
        try:
            return attachment, self._blobs.read(attachment.blob)
        except BlobMissing:
            raise NotFound("This file is no longer kept.") from None

    @retry_if_stale  # a send has just asked for it: what it noted counts
    def delete(self, caller: Caller, attachment_id: str) -> None:
        """No new send can refer to it. Raises NotFound, Conflict."""
        there = self.find(caller, attachment_id)
        self.save(there, attachments.deleted(there.attachment, self._clock()))

    def resolve(
        self, caller: Caller, refs: Sequence[AttachmentRef], needed_until: datetime, at: Sequence[str]
    ) -> tuple[Attachment, ...]:
        """What a send refers to, in the order of `refs`, each kept until `needed_until` at least.

        `at` are the pointers of `refs` in the request. Raises InvalidMessage with all that can't be referred to, then
        nothing of it is kept for longer; Conflict.
        """
        ids = list(dict.fromkeys(ref.id for ref in refs))
        documents = self._documents.get_many([path(caller.owner, i) for i in ids])
        there = {i: found(document) for i, document in zip(ids, documents, strict=True)}
        self._check(caller, there, refs, at)
        resolved = []
        for attachment_id, first in there.items():
            try:
                resolved.append(self._kept(caller, attachment_id, first, needed_until))
            except NotFound:  # deleted a moment ago
                self._check(caller, {**there, attachment_id: None}, refs, at)
        by_id = {attachment.id: attachment for attachment in resolved}
        return tuple(self._as_part(by_id[ref.id], ref) for ref in refs)

    def keep(self, owner: str, blobs: Iterable[str], until: datetime) -> None:
        """For a send that is on record already and goes out later than was planned: keep those of its blobs that are
        attachments for longer. Raises Conflict; a file that is gone stays gone."""
        for name in blobs:
            kind, _, rest = name.partition("/")
            if kind == "attachments":
                self._keep(owner, rest.split("/")[1], until)

    def save(self, before: FoundAttachment, after: StoredAttachment) -> FoundAttachment:
        """Raises PreconditionFailed where somebody else changed it meanwhile."""
        changes = records.changes(before.attachment, after)
        (version,) = self._documents.commit([Update(path(after.owner, after.id), changes, version=before.version)])
        return FoundAttachment(after, version)

    def _check(
        self, caller: Caller, there: dict[str, FoundAttachment | None], refs: Sequence[AttachmentRef], at: Sequence[str]
    ) -> None:
        problems, now = Problems(), self._clock()
        for ref, pointer in zip(refs, at, strict=True):
            known = there[ref.id]
            if problem := attachments.usable_problem(known.attachment if known else None, caller, now):
                problems.add(f"{pointer}/id", problem)
        problems.raise_as(InvalidMessage)

    def _kept(
        self, caller: Caller, attachment_id: str, first: FoundAttachment | None, until: datetime
    ) -> StoredAttachment:
        """Raises NotFound where it can't be referred to any more."""
        there = first
        for _ in range(TRIES):
            now = self._clock()
            if there is None or attachments.usable_problem(there.attachment, caller, now):
                raise NotFound(UNKNOWN)
            kept = attachments.kept(there.attachment, until)
            if kept is there.attachment:
                return kept
            try:
                return self.save(there, kept).attachment
            except PreconditionFailed:  # another send kept it, or it was deleted
                there = found(self._documents.get(path(caller.owner, attachment_id)))
        raise Conflict

    @retry_if_stale
    def _keep(self, owner: str, attachment_id: str, until: datetime) -> None:
        there = found(self._documents.get(path(owner, attachment_id)))
        if there is None or there.attachment.purge_at <= self._clock():
            return
        kept = attachments.kept(there.attachment, until)
        if kept is not there.attachment:
            self.save(there, kept)

    def _as_part(self, attachment: StoredAttachment, ref: AttachmentRef) -> Attachment:
        return Attachment(
            ref.filename or attachment.filename,
            ref.content_type or attachment.content_type,
            attachment.size,
            attachment.sha256,
            ref.content_id,
            BlobSource(self._blobs, attachment.blob, shared=True),
        )


def path(owner: str, attachment_id: str) -> str:
    return f"owners/{owner}/attachments/{attachment_id}"


def blob(owner: str, attachment_id: str) -> str:
    return f"attachments/{owner}/{attachment_id}/file"


def found(document: Document | None) -> FoundAttachment | None:
    return FoundAttachment(records.from_data(StoredAttachment, document.data), document.version) if document else None
