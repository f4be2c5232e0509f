"""The JSON of `POST /api/gmail/send/` into a SendRequest, or every problem at once with its pointer. Never a crash."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, cast

from functions.domain.addresses import Address, email_problem, name_problem
from functions.domain.archives import Budget
from functions.domain.attachment_parsing import parse_attachments
from functions.domain.characters import label_problem
from functions.domain.errors import InvalidMessage
from functions.domain.fields import Fields, Problems, pointer_to
from functions.domain.header_rules import HEADERS_LIMIT
from functions.domain.ids import looks_like
from functions.domain.messages import (
    RECIPIENTS_LIMIT,
    REPLY_TO_LIMIT,
    body_limit_problem,
    check_counts,
    check_headers,
    subject_problem,
)
from functions.domain.send_requests import Recipient, SendRequest, TemplateUse, Tracking, UploadedFile
from functions.domain.send_times import send_at

BATCH_LIMIT = 1_000  # messages one request may make
TAGS_LIMIT, TAG_LENGTH = 20, 64
METADATA_LIMIT, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 64, 500

_FIELDS = (
    "account", "from", "to", "cc", "bcc", "reply_to", "subject", "text", "html", "template", "attachments",
    "in_reply_to_send", "thread_id", "headers", "tags", "metadata", "tracking", "unsubscribe", "transactional",
    "send_at", "cancel_if", "if_unknown", "signature", "wait", "dry_run", "recipients",
)  # fmt: skip
_CANCEL_IF = ("replied", "bounced")
_THREAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


def parse_send(
    body: object, *, now: datetime, files: Sequence[UploadedFile] = (), budget: Budget | None = None
) -> SendRequest:
    """Read a decoded JSON body; `files` are the file parts of a multipart request, and come after its attachments.
    `budget` is what looking into those has left for looking into these.

    Raises InvalidMessage with at most 50 FieldErrors.
    """
    problems = Problems()
    fields = Fields(body, "", problems, _FIELDS)
    template = _template(fields)
    recipients = _recipients(fields, template, now)
    attachments = parse_attachments(fields, files, budget)
    headers = _headers(fields)
    request = SendRequest(
        account=fields.text("account", _account_problem),
        sender=_address(fields.data["from"], "/from", problems) if fields.has("from") else None,
        to=_addresses(fields, "to", RECIPIENTS_LIMIT),
        cc=_addresses(fields, "cc", RECIPIENTS_LIMIT),
        bcc=_addresses(fields, "bcc", RECIPIENTS_LIMIT),
        reply_to=_addresses(fields, "reply_to", REPLY_TO_LIMIT),
        subject=fields.text("subject", subject_problem),
        text=fields.text("text", body_limit_problem),
        html=fields.text("html", body_limit_problem),
        template=template,
        attachments=attachments,
        in_reply_to_send=_id(fields, "in_reply_to_send", "snd"),
        thread_id=fields.text("thread_id", lambda v: "" if _THREAD.fullmatch(v) else "This is no Gmail thread id."),
        headers=headers,
        tags=_tags(fields),
        metadata=tuple(_metadata(fields)),
        tracking=_tracking(fields),
        unsubscribe=fields.boolean("unsubscribe") or False,
        transactional=fields.boolean("transactional") or False,
        send_at=send_at(fields, now),
        cancel_if=_cancel_if(fields),
        if_unknown=cast(Literal["hold", "resend"], fields.choice("if_unknown", ("hold", "resend")) or "hold"),
        signature=fields.boolean("signature") or False,
        wait=fields.boolean("wait") is not False,
        dry_run=fields.boolean("dry_run") or False,
        recipients=recipients,
    )
    _check_together(fields)
    problems.raise_as(InvalidMessage)
    return request


def _check_together(fields: Fields) -> None:
    """What no field can be wrong about alone. Asks what was given, so that a wrong value gives one error, not two."""
    has = fields.has
    named = [fields.data[name] for name in ("to", "cc", "bcc") if has(name)]
    if has("recipients") and has("to"):
        fields.wrong("to", "Give either `to` or `recipients`.")
    elif all(isinstance(value, list) and len(value) <= RECIPIENTS_LIMIT for value in named):
        recipients = sum(map(len, named)) + has("recipients")
        check_counts(fields.problems, recipients, 0)
        if fields.data.get("unsubscribe") is True and recipients > 1:
            fields.wrong("unsubscribe", "The link is one person's: give a single recipient, or `recipients`.")
    for name in ("in_reply_to_send", "thread_id"):
        if has("recipients") and has(name):
            fields.wrong(name, "A message to several `recipients` starts a thread with each of them.")
    if has("template"):
        for name in ("text", "html"):
            if has(name):
                fields.wrong(name, "The template gives the body: give either `template` or `text` and `html`.")
    else:
        if not has("text") and not has("html"):
            fields.wrong("text", "A message needs `text`, `html` or both, or a `template`.")
        if not has("subject") and not has("in_reply_to_send"):
            fields.wrong("subject", "This is required; it may be empty.")


def _address(value: Any, at: str, problems: Problems) -> Address | None:
    """A bare address as a string, or {"email", "name"}."""
    if isinstance(value, str):
        if problem := email_problem(value):
            problems.add(at, problem)
            return None
        return Address(value)
    if not isinstance(value, dict):
        problems.add(at, 'This must be an address such as "ana@example.com", or {"email": "…", "name": "…"}.')
        return None
    fields = Fields(value, at, problems, ("email", "name"))
    email = fields.text("email", email_problem, required=True)
    name = fields.text("name", name_problem)
    return Address(email, name or "") if email is not None else None


def _addresses(fields: Fields, name: str, limit: int) -> tuple[Address, ...]:
    found = [_address(value, at, fields.problems) for at, value in fields.items(name, limit)]
    return tuple(address for address in found if address)


def _account_problem(value: str) -> str:
    return "" if looks_like("acc", value) else email_problem(value)


def _id(fields: Fields, name: str, prefix: str, *, required: bool = False) -> str | None:
    detail = f"This must be an id like {prefix}_…."
    return fields.text(name, lambda value: "" if looks_like(prefix, value) else detail, required=required)


def _template(fields: Fields) -> TemplateUse | None:
    if not fields.has("template"):
        return None
    inner = Fields(fields.data["template"], "/template", fields.problems, ("id", "version", "variables"))
    found = _id(inner, "id", "tpl", required=isinstance(fields.data["template"], dict))
    version = inner.integer("version", 1, 1_000_000)
    return TemplateUse(found or "", version, inner.json_object("variables"))


def _recipients(fields: Fields, template: TemplateUse | None, now: datetime) -> tuple[Recipient, ...]:
    found = []
    for at, value in fields.items("recipients", BATCH_LIMIT):
        inner = Fields(value, at, fields.problems, ("to", "variables", "send_at"))
        if isinstance(value, dict) and not inner.has("to"):
            inner.wrong("to", "This is required.")
        to = _address(value["to"], pointer_to(at, "to"), fields.problems) if inner.has("to") else None
        if inner.has("variables") and template is None:
            inner.wrong("variables", "Variables need a `template`.")
        variables: Mapping[str, Any] = inner.json_object("variables")
        at_time = send_at(inner, now)
        if to:
            found.append(Recipient(to, variables, at_time))
    if fields.data.get("recipients") == []:
        fields.wrong("recipients", "At least one recipient is needed.")
    return tuple(found)


def _headers(fields: Fields) -> tuple[tuple[str, str], ...]:
    headers = []
    for at, name, value in fields.pairs("headers", HEADERS_LIMIT):
        if isinstance(value, str):
            headers.append((name, value))
        else:
            fields.problems.add(at, "This must be a string.")
    check_headers(fields.problems, tuple(headers))
    return tuple(headers)


def _tracking(fields: Fields) -> Tracking:
    if not fields.has("tracking"):
        return Tracking()
    inner = Fields(fields.data["tracking"], "/tracking", fields.problems, ("opens", "clicks"))
    return Tracking(inner.boolean("opens"), inner.boolean("clicks"))


def _tags(fields: Fields) -> tuple[str, ...]:
    tags: list[str] = []
    for at, value in fields.items("tags", TAGS_LIMIT):
        if problem := _short_problem(value, TAG_LENGTH):
            fields.problems.add(at, problem)
        elif value in tags:
            fields.problems.add(at, "This tag is given twice.")
        else:
            tags.append(value)
    return tuple(tags)


def _short_problem(value: Any, limit: int) -> str:
    if not isinstance(value, str):
        return "This must be a string."
    if not 0 < len(value) <= limit:
        return f"This must have 1 to {limit} characters; it has {len(value)}."
    return label_problem(value)


def _metadata(fields: Fields) -> Iterator[tuple[str, str]]:
    for at, key, value in fields.pairs("metadata", METADATA_LIMIT):
        if problem := _short_problem(key, METADATA_KEY_LENGTH):
            fields.problems.add(at, f"The name: {problem}")
        elif not isinstance(value, str):
            fields.problems.add(at, "This must be a string.")
        elif len(value) > METADATA_VALUE_LENGTH:
            fields.problems.add(at, f"At most {METADATA_VALUE_LENGTH} characters are allowed; these are {len(value)}.")
        elif problem := body_limit_problem(value):
            fields.problems.add(at, problem)
        else:
            yield key, value


def _cancel_if(fields: Fields) -> tuple[Literal["replied", "bounced"], ...]:
    found = []
    for at, value in fields.items("cancel_if", len(_CANCEL_IF)):
        if value not in _CANCEL_IF:
            fields.problems.add(at, f"This must be one of: {', '.join(_CANCEL_IF)}.")
        elif value in found:
            fields.problems.add(at, "This is given twice.")
        else:
            found.append(value)
    return tuple(found)
