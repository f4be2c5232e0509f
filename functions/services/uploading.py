"""Taking in files: through a function, block by block, or past it to a signed URL of the blob store.

The record comes first and the file after it, so that whatever an upload leaves behind which ends in the middle has a
record that the sweep finds. While it is `waiting`, it is in no list and no send can refer to it.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime

from functions.domain import attachments, records
from functions.domain.archives import Scan
from functions.domain.attachments import AttachmentStatus, StoredAttachment, UploadRequest
from functions.domain.callers import Caller
from functions.domain.errors import BlobMissing, Conflict, FieldError, InvalidRequest, NotFound, PreconditionFailed
from functions.domain.ids import RandomBytes, random_id
from functions.domain.ports import Blobs, Clock, Create, Delete, Documents, SignedUpload
from functions.domain.records import replace
from functions.services.attachments import UNKNOWN, Attachments, FoundAttachment, blob, path


class Uploading:
    def __init__(
        self, documents: Documents, blobs: Blobs, attachments: Attachments, clock: Clock, random: RandomBytes
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._attachments = attachments
        self._clock = clock
        self._random = random

    def store(
        self,
        caller: Caller,
        filename: str,
        content_type: str,
        blocks: Iterable[bytes],
        expires_at: Callable[[], datetime],
    ) -> StoredAttachment:
        """Store a file whose name and type are fine already. `expires_at` is asked when all of it was read.

        Raises InvalidRequest for what is in it, what `blocks` and `expires_at` raise, Unavailable; then nothing of it
        is left.
        """
        there = self._begin(caller, filename, content_type, self._clock() + attachments.EXPIRES_IN)
        attachment, scan = there.attachment, Scan(filename)
        try:
            info = self._blobs.write(attachment.blob, scan.through(blocks))
            expires = expires_at()
            _refuse("content", scan.problem)
            done = attachments.ready(replace(attachment, expires_at=expires), info.size, info.sha256)
            return self._attachments.save(there, done).attachment
        except BaseException:
            self._forget(attachment)
            raise

    def reserve(self, caller: Caller, asked: UploadRequest) -> tuple[StoredAttachment, SignedUpload]:
        """A place for a file, and the request that stores it there. Raises Unavailable."""
        now = self._clock()
        there = self._begin(
            caller,
            asked.filename,
            asked.content_type,
            asked.expires_at,
            size=asked.size,
            sha256=asked.sha256,
            upload_until=now + attachments.ABANDONED,  # an upload that began in time may take its time
        )
        attachment = there.attachment
        return attachment, self._blobs.upload_url(attachment.blob, asked.size, now + attachments.URL_WORKS_FOR)

    def complete(self, caller: Caller, attachment_id: str) -> StoredAttachment:
        """Look at a file that was stored past us. Asked twice, it is looked at once.

        Raises NotFound; Conflict while the file is not there; InvalidRequest for what it is, and then it is deleted: a
        signed URL stores only once.
        """
        there = self._attachments.find(caller, attachment_id)
        if there.attachment.status is AttachmentStatus.READY:
            return there.attachment
        try:
            done = self._looked_at(there.attachment)
        except InvalidRequest:
            with contextlib.suppress(PreconditionFailed):
                self._attachments.save(there, attachments.deleted(there.attachment, self._clock()))
            raise
        try:
            return self._attachments.save(there, done).attachment
        except PreconditionFailed:  # somebody else completed it, or deleted it
            now_there = self._attachments.find(caller, attachment_id).attachment
            if now_there.status is AttachmentStatus.READY:
                return now_there
            raise NotFound(UNKNOWN) from None

    def _looked_at(self, attachment: StoredAttachment) -> StoredAttachment:
        digest, size, scan = hashlib.sha256(), 0, Scan(attachment.filename)
        try:
            blocks = self._blobs.read(attachment.blob)
        except BlobMissing:
            raise Conflict(
                "The file has not arrived.", remedy="Make the request in `upload` first, until it is answered with 2xx."
            ) from None
        for block in scan.through(blocks):
            digest.update(block)
            size += len(block)
        sha256 = digest.hexdigest()
        if size != attachment.size:
            _refuse("size", f"The file has {size} bytes; {attachment.size} were announced.")
        if attachment.sha256 and attachment.sha256 != sha256:
            _refuse("sha256", f"The file's SHA-256 is {sha256}; another one was announced.")
        _refuse("content", scan.problem)
        return attachments.ready(attachment, size, sha256)

    def _begin(
        self,
        caller: Caller,
        filename: str,
        content_type: str,
        expires_at: datetime,
        *,
        size: int = 0,
        sha256: str = "",
        upload_until: datetime | None = None,
    ) -> FoundAttachment:
        now, attachment_id = self._clock(), random_id("att", self._random)
        attachment = StoredAttachment(
            id=attachment_id,
            owner=caller.owner,
            status=AttachmentStatus.WAITING,
            filename=filename,
            content_type=content_type,
            created_at=now,
            expires_at=expires_at,
            purge_at=now + attachments.ABANDONED,
            blob=blob(caller.owner, attachment_id),
            size=size,
            sha256=sha256,
            upload_until=upload_until,
            key=caller.key_id,
        )
        (version,) = self._documents.commit([Create(path(caller.owner, attachment_id), records.to_data(attachment))])
        return FoundAttachment(attachment, version)

    def _forget(self, attachment: StoredAttachment) -> None:
        """At once; what can't be done now the sweep does."""
        with contextlib.suppress(Exception):
            self._blobs.delete(attachment.blob)
            self._documents.commit([Delete(path(attachment.owner, attachment.id))])


def _refuse(field: str, problem: str) -> None:
    if problem:
        raise InvalidRequest(f"/{field}: {problem}", errors=[FieldError(f"/{field}", problem)])
