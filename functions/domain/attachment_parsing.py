"""The attachments of a send request: inline base64, uploaded before, or file parts of the same request."""

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from functions.domain.archives import Budget, archive_problem
from functions.domain.attachment_rules import (
    content_id_problem,
    content_type_problem,
    filename_problem,
    guess_content_type,
)
from functions.domain.fields import Fields, Problems, pointer_to
from functions.domain.ids import looks_like
from functions.domain.messages import ATTACHMENTS_LIMIT, MIME_LIMIT, Attachment, check_content_ids
from functions.domain.send_requests import AttachmentRef, UploadedFile

_FIELDS = ("id", "filename", "content_type", "content", "content_id")


def parse_attachments(
    fields: Fields, files: Sequence[UploadedFile], budget: Budget | None = None
) -> tuple[Attachment | AttachmentRef, ...]:
    """Read `attachments`, then `files`, whose pointers count on from there. `budget` is what looking into `files` has
    left of it."""
    problems, budget = fields.problems, budget or Budget()
    items = list(fields.items("attachments", ATTACHMENTS_LIMIT))
    found = [_attachment(value, at, problems, budget) for at, value in items]
    check_content_ids(problems, [_content_id(value) for _, value in items])
    for index, file in enumerate(files, len(found)):
        found.append(_uploaded(file, pointer_to("/attachments", index), problems))
    if len(files) and len(found) > ATTACHMENTS_LIMIT:
        fields.wrong("attachments", f"At most {ATTACHMENTS_LIMIT} are allowed; these are {len(found)}.")
    size = sum(attachment.size for attachment in found if isinstance(attachment, Attachment))
    if size > MIME_LIMIT:
        fields.wrong("attachments", f"These have {size} bytes; Gmail takes at most {MIME_LIMIT}, encoded.")
    return tuple(attachment for attachment in found if attachment)


def _attachment(value: Any, at: str, problems: Problems, budget: Budget) -> Attachment | AttachmentRef | None:
    fields = Fields(value, at, problems, _FIELDS)
    if not isinstance(value, dict):
        return None
    content_id = fields.text("content_id", content_id_problem) or ""
    by_id = fields.has("id")
    filename = fields.text("filename", filename_problem, required=not by_id)
    content_type = fields.text("content_type", content_type_problem)
    if by_id:
        if fields.has("content"):
            fields.wrong("content", "Give either `id` or `content`.")
        found = fields.text("id", _id_problem)
        return AttachmentRef(found, filename, content_type, content_id) if found else None
    content = _content(fields)
    if content is None or filename is None:
        return None
    if problem := archive_problem(filename, (content,), budget):
        fields.wrong("content", problem)
    content_type = content_type or guess_content_type(filename)
    digest = sha256(content).hexdigest()
    return Attachment(filename, content_type, len(content), digest, content_id, lambda: iter((content,)))


def _content_id(value: Any) -> str:
    """As it was given, whatever else is wrong with the attachment, so that two equal ones are always told."""
    given = value.get("content_id") if isinstance(value, dict) else None
    return given if isinstance(given, str) and not content_id_problem(given) else ""


def _id_problem(value: str) -> str:
    return "" if looks_like("att", value) else "This must be an id like att_…."


def _content(fields: Fields) -> bytes | None:
    value = fields.text("content")
    if value is None:
        if not fields.has("content"):
            fields.wrong("content", "This is required, or an `id`.")
        return None
    try:
        return a2b_base64(value, strict_mode=True)
    except (Base64Error, ValueError):
        pass
    try:
        # Many libraries wrap base64 into lines (RFC 2045); that changes nothing about what it means.
        return a2b_base64(value.replace("\r", "").replace("\n", ""), strict_mode=True)
    except (Base64Error, ValueError):
        fields.wrong("content", "This is not base64 (RFC 4648 §4, with padding).")
        return None


def _uploaded(file: UploadedFile, at: str, problems: Problems) -> Attachment | None:
    content_type = file.content_type or guess_content_type(file.filename)
    for name, problem in (
        ("filename", filename_problem(file.filename)),
        ("content_type", content_type_problem(content_type)),
        ("content", file.problem),
        ("content_id", content_id_problem(file.content_id) if file.content_id else ""),
    ):
        if problem:
            problems.add(pointer_to(at, name), problem)
    return Attachment(file.filename, content_type, file.size, file.sha256, file.content_id, file.source)
