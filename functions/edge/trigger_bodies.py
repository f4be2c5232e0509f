"""The bodies of the `triggers` function into typed values."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from werkzeug.datastructures import Headers

from functions.domain import signatures, triggers
from functions.domain.addresses import email_problem
from functions.domain.characters import line_problem
from functions.domain.errors import InvalidRequest
from functions.domain.fields import Fields, Problems
from functions.domain.ids import looks_like
from functions.domain.templates import HTML_LIMIT, LINE_LIMIT, TEXT_LIMIT
from functions.domain.triggers import TriggerFields
from functions.edge import trigger_parts
from functions.edge.field_rules import name_problem, sized
from functions.edge.trigger_parts import HEADER
from functions.services.trigger_tests import Trial

BODY_LIMIT = 768 << 10  # bytes: more than any trigger takes, and less than Firestore keeps in one document
TEST_LIMIT = 4 << 20  # a whole webhook as a JSON string: each of its bytes may be escaped
_FIELDS = (
    "name", "enabled", "account", "template", "subject", "html", "text", "scheme", "hmac", "filter", "mapping",
    "allowed_domains", "delay_seconds", "rate", "transactional",
)  # fmt: skip
# What an answer has besides: PUT reads over it, so that a trigger can be changed and sent back as it is.
_SHOWN = ("id", "url", "failures", "failing_since", "problem", "created_at", "updated_at")
_HEADERS_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Rotation:
    secret: str | None
    overlap: timedelta


def parse(body: dict[str, Any]) -> TriggerFields:
    """A whole trigger, as PUT takes it: of its secrets it may say what was shown of them. Raises InvalidRequest."""
    return _parse(body)[0]


def parse_new(body: dict[str, Any]) -> tuple[TriggerFields, tuple[str, ...]]:
    """With the secrets that its sender made; without any, one is to be made. Raises InvalidRequest."""
    return _parse(body, with_secrets=True)


def parse_rotation(body: dict[str, Any]) -> Rotation:
    """Raises InvalidRequest."""
    problems = Problems()
    fields = Fields(body, "", problems, ("secret", "overlap_seconds"))
    secret = fields.text("secret", limit=300)
    seconds = fields.integer("overlap_seconds", 0, int(triggers.OVERLAP_LIMIT.total_seconds()))
    problems.raise_as(InvalidRequest)
    return Rotation(secret, triggers.OVERLAP if seconds is None else timedelta(seconds=seconds))


def parse_test(body: dict[str, Any]) -> Trial:
    """`{"payload": any JSON}`, `{"body": text, "content_type", "headers": {…}}` or `{"delivery": "whd_…"}`.

    With headers, the signature is looked at. Raises InvalidRequest.
    """
    problems = Problems()
    fields = Fields(body, "", problems, ("payload", "body", "content_type", "headers", "delivery"))
    given = [name for name in ("payload", "body", "delivery") if name in body]
    if len(given) != 1:
        problems.add("", "Give one of `payload`, `body` and `delivery`.")
    delivery = fields.text("delivery", lambda v: "" if looks_like("whd", v) else "This is no delivery's id.")
    raw = fields.text("body")
    content_type = fields.text("content_type", line_problem, limit=200) or "application/json"
    headers = None
    if fields.has("headers"):
        headers = Headers()
        for at, name, value in fields.pairs("headers", _HEADERS_LIMIT):
            if not isinstance(value, str) or line_problem(value) or not HEADER.fullmatch(name):
                problems.add(at, "This must be a header: a name, and a value on one line.")
            else:
                headers.add(name, value)
        if "body" not in given:
            fields.wrong("headers", "They go with the `body` that was signed, as it came.")
    problems.raise_as(InvalidRequest)
    if "payload" in given:
        raw = json.dumps(body["payload"])
    return Trial(delivery or "", (raw or "").encode("utf-8", "surrogatepass"), content_type, headers)


def _parse(body: dict[str, Any], *, with_secrets: bool = False) -> tuple[TriggerFields, tuple[str, ...]]:
    problems = Problems()
    fields = Fields(body, "", problems, (*_FIELDS, "secrets", *(() if with_secrets else _SHOWN)))
    scheme = fields.choice("scheme", signatures.SCHEMES) or ""
    if not fields.has("scheme"):
        fields.wrong("scheme", f"This is required; it is one of: {', '.join(signatures.SCHEMES)}.")
    template, version = trigger_parts.template(fields)
    delay = fields.integer("delay_seconds", 0, int(triggers.DELAY_LIMIT.total_seconds()))
    found = TriggerFields(
        name=fields.text("name", name_problem, limit=triggers.NAME_LIMIT, required=True) or "",
        scheme=scheme,
        mapping=trigger_parts.mapping(fields),
        enabled=fields.boolean("enabled") is not False,
        account=fields.text("account", lambda v: "" if looks_like("acc", v) else email_problem(v)) or "",
        template=template,
        template_version=version,
        subject=fields.text("subject", sized(LINE_LIMIT, line_problem)) or "",
        html=fields.text("html", sized(HTML_LIMIT)) or "",
        text=fields.text("text", sized(TEXT_LIMIT)),
        hmac=trigger_parts.hmac(fields, scheme),
        filter=fields.text("filter", limit=triggers.EXPRESSION_LIMIT) or "",
        allowed_domains=trigger_parts.domains(fields),
        delay_seconds=delay or 0,
        rate=trigger_parts.rate(fields),
        transactional=fields.boolean("transactional") or False,
    )
    secrets = trigger_parts.secrets(fields, scheme) if with_secrets else trigger_parts.shown_secrets(fields)
    _check_together(fields, found)
    problems.raise_as(InvalidRequest)
    return found, secrets


def _check_together(fields: Fields, found: TriggerFields) -> None:
    """What no field can be wrong about alone."""
    written = [name for name in ("subject", "html", "text") if fields.has(name)]
    if fields.has("template"):
        for name in written:
            fields.wrong(name, "The template gives the message: leave this out, or the `template`.")
    else:
        if "subject" not in written:
            fields.wrong("subject", "A trigger needs a `template`, or a `subject` with `html`, `text` or both.")
        if not found.html and not found.text:
            fields.wrong("html", "A trigger needs a `template`, or a `subject` with `html`, `text` or both.")
    rules = found.mapping
    by_path = [rule for rule in (*rules.to, *rules.cc, *rules.bcc, *rules.reply_to) if rule.path]
    if by_path and not fields.data.get("allowed_domains"):
        fields.wrong(
            "allowed_domains",
            'An address that a payload gives needs a domain that is allowed: ["example.com"], or ["*"] for every one.',
        )
