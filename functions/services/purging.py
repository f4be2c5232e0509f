"""Removing attachments that nobody needs any more: deleted, expired or abandoned, and no send's file either.

In three steps, each of which can be the last one before the process dies: the record is marked, so that no send can
refer to it; the blob goes; the record goes. What is half done lies in the past with its `purge_at` and is found again.
"""

from functions.domain import records
from functions.domain.attachments import AttachmentStatus, StoredAttachment
from functions.domain.errors import PreconditionFailed
from functions.domain.ports import Blobs, Clock, Delete, Document, Documents, Query, Update
from functions.domain.records import replace

BATCH = 50  # a sweep; each takes about three calls


class Purging:
    def __init__(self, documents: Documents, blobs: Blobs, clock: Clock) -> None:
        self._documents = documents
        self._blobs = blobs
        self._clock = clock

    def purge(self) -> bool:
        """False: there is more, for the next sweep. Raises Unavailable."""
        page = self._documents.query(
            Query("attachments", order=("purge_at", "asc"), until=self._clock(), limit=BATCH, group=True)
        )
        for document in page.documents:
            self._remove(document)
        return page.next is None

    def _remove(self, document: Document) -> None:
        attachment, version = records.from_data(StoredAttachment, document.data), document.version
        try:
            if attachment.status is not AttachmentStatus.DELETED:
                marked = replace(attachment, status=AttachmentStatus.DELETED)
                (version,) = self._documents.commit(
                    [Update(document.path, records.changes(attachment, marked), version=version)]
                )
            self._blobs.delete(attachment.blob)
            self._documents.commit([Delete(document.path, version=version)])
        except PreconditionFailed:
            return  # a send kept it, or another sweep is at it
